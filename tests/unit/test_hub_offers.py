"""Counter-examples from overturned findings: offered to rule authors, accepted into a draft, dismissed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from deskguard.hub.fleet import library, offers, rows
from deskguard.hub.store.times import utc_text
from hub_findings import OTHERS, THEIRS, keep
from hub_parts import Hall, Visitor, a_hall
from rules_packs import HEADER, entry
from scoring_values import a_finding, decision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.scoring.values import Finding

PACK = HEADER + entry("我也没办法", say=["我没办法"], severity="high", examples=["我没办法"])
INNOCENT = "我没办法替您签字"
"""Words in which the rule of PACK is raised, and that somebody has overturned."""


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


@pytest.fixture
def author(hall: Hall) -> Visitor:
    return hall.visitor("rule-author")


@pytest.fixture
def version(hall: Hall) -> str:
    origin = library.Origin("test", "first", utc_text(hall.clock()))
    with hall.state.store.writing() as connection:
        return library.keep(connection, {"test.toml": PACK.encode()}, origin).version


def raised(start: int = 16_000, **more: Any) -> Finding:
    known = {"rule_id": "P1", "title": "我也没办法", "evidence": INNOCENT, "recording": THEIRS}
    return a_finding(start=start, **{**known, **more})


def overturn(hall: Hall, *found: Finding) -> None:
    """Confirmed, appealed, and overturned by a second reviewer."""
    keep(hall, *found)
    for one in found:
        clerk = one.recording.clerk_id
        for hour, (act, by) in enumerate((("confirm", "wu"), ("appeal", clerk), ("overturn", "li")), 3):
            at_utc = f"2026-11-29T{hour:02}:00:00+00:00"
            hall.state.night.decide(decision(one, act, by, at_utc=at_utc, why="刘某说的"))  # type: ignore[arg-type]


def address(version: str) -> str:
    return f"/rules/version/{version}/offered"


def names(page: str) -> list[str]:
    """The offers that can be marked on a page."""
    return re.findall(r'type="checkbox" name="offer" value="([0-9a-f]{20})"', page)


def audit(hall: Hall, action: str) -> list[tuple[str, dict[str, Any]]]:
    with hall.state.store.reading() as connection:
        found = connection.execute(
            sa.text("SELECT target, detail FROM hub_audit WHERE action = :action ORDER BY number"),
            {"action": action},
        )
        return [(str(target), json.loads(detail)) for target, detail in found]


def files_of(hall: Hall, version: str) -> str:
    with hall.state.store.reading() as connection:
        found = rows.files(connection, version)
    assert found is not None
    return b"".join(found.values()).decode()


def test_words_of_overturned_findings_are_offered_once_and_without_who_said_them(
    hall: Hall, author: Visitor, version: str
) -> None:
    keep(hall, raised(320_000, evidence="我没办法，您别来了"))
    overturn(hall, raised(), raised(160_000))
    page = author.get(address(version)).text
    assert names(page) == [offers.offer_id("P1", INNOCENT)]
    assert page.count(INNOCENT) == 2, "as text, and as the name of its box"
    for secret in ("clerk-7", "刘某", "您别来了"):
        assert secret not in page.partition("<main")[2]
    assert [one["n"] for _, one in audit(hall, "rules.offered")] == [1]


def test_what_is_accepted_stands_in_a_draft_as_a_counter_example(
    hall: Hall, author: Visitor, version: str
) -> None:
    overturn(hall, raised())
    (name,) = names(author.get(address(version)).text)
    answer = author.post(address(version), {"act": "accept", "offer": name, "why": "转述"})
    assert answer.status_code == 303, answer.text
    made = re.search(r"/rules/version/(\w{64})/offered", answer.headers["location"])
    assert made is not None and made[1] != version
    rules = library.loaded({"test.toml": files_of(hall, made[1]).encode()})
    assert [one.lines() for one in rules.rules["P1"].counter_examples] == [(("staff", INNOCENT),)]
    assert files_of(hall, version) == PACK, "the version it was made from stays"
    page = author.get(answer.headers["location"]).text
    assert names(page) == [] and "转述" in page
    assert audit(hall, "rules.accept") == [(name, {"rule": "P1", "version": made[1]})]
    # The rule is to be mended before this goes to any window.
    sent = author.post(f"/rules/version/{made[1]}/publish", {"windows": "*", "note": "why"})
    assert sent.status_code == 422 and "P1" in sent.text


def test_what_is_dismissed_is_offered_no_more_until_somebody_asks_again(
    hall: Hall, author: Visitor, version: str
) -> None:
    overturn(hall, raised())
    (name,) = names(author.get(address(version)).text)
    assert author.post(address(version), {"act": "dismiss", "offer": name}).status_code == 303
    assert names(author.get(address(version)).text) == []
    assert len(audit(hall, "rules.dismiss")) == 1
    assert author.post(address(version), {"act": "again", "offer": name}).status_code == 303
    assert names(author.get(address(version)).text) == [name]
    assert len(audit(hall, "rules.reoffer")) == 1


def test_several_are_accepted_at_once_and_none_where_one_cannot_be(
    hall: Hall, author: Visitor, version: str
) -> None:
    other, foreign = (
        raised(160_000, evidence="我没办法帮您刷卡"),
        raised(320_000, rule_id="X9", evidence="别的话"),
    )
    overturn(hall, raised(), other, foreign)
    found = names(author.get(address(version)).text)
    assert len(found) == 3
    refused = author.post(address(version), {"act": "accept", "offer": found})
    assert refused.status_code == 422 and "X9" in refused.text
    assert names(refused.text) == found, "nothing was kept"
    own = [one for one in found if one != offers.offer_id("X9", "别的话")]
    answer = author.post(address(version), {"act": "accept", "offer": own})
    assert answer.status_code == 303
    assert names(author.get(answer.headers["location"]).text) == [offers.offer_id("X9", "别的话")]
    with hall.state.store.reading() as connection:
        made = [one for one in rows.versions(connection) if one.parent == version]
    assert len(made) == 1, "one draft for all of them"


@pytest.mark.parametrize("offer", ["", "0" * 20, "x"])
def test_an_offer_that_is_not_there_is_refused(hall: Hall, author: Visitor, version: str, offer: str) -> None:
    overturn(hall, raised())
    answer = author.post(address(version), {"act": "accept", **({"offer": offer} if offer else {})})
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert audit(hall, "rules.accept") == []


def test_what_somebody_dealt_with_meanwhile_is_not_dealt_with_again(
    hall: Hall, author: Visitor, version: str
) -> None:
    overturn(hall, raised())
    name = offers.offer_id("P1", INNOCENT)
    author.post(address(version), {"act": "dismiss", "offer": name})
    answer = author.post(address(version), {"act": "accept", "offer": name})
    assert answer.status_code == 422
    with hall.state.store.reading() as connection:
        assert [one for one in rows.versions(connection) if one.parent == version] == []
        assert offers.settled(connection)[name].outcome == "dismissed"


def test_an_author_of_some_windows_is_offered_those_alone(hall: Hall, version: str) -> None:
    overturn(hall, raised(), raised(recording=OTHERS, evidence="我没办法开机"))
    hall.add("east", "rule-author", ("w2",))
    page = hall.visitor("east").get(address(version)).text
    assert names(page) == [offers.offer_id("P1", "我没办法开机")]
    hidden = offers.offer_id("P1", INNOCENT)
    assert hall.visitor("east").post(address(version), {"act": "accept", "offer": hidden}).status_code == 422


@pytest.mark.parametrize("role", ["supervisor", "administrator", "auditor", "reviewer", "clerk"])
def test_others_are_offered_nothing(hall: Hall, version: str, role: str) -> None:
    overturn(hall, raised())
    visitor = hall.visitor(role)
    assert visitor.get(address(version)).status_code == 403
    assert "/offered" not in visitor.get("/rules").text


def test_what_was_deleted_is_offered_no_more(hall: Hall, author: Visitor, version: str) -> None:
    from deskguard.hub.keeping import person

    overturn(hall, raised())
    with hall.state.store.writing() as connection:
        person.delete(connection, "clerk-7")
    assert INNOCENT not in author.get(address(version)).text


def test_markup_in_words_is_text(hall: Hall, author: Visitor, version: str) -> None:
    overturn(hall, raised(evidence="<script>alert(1)</script>我没办法"))
    assert "<script>alert(1)" not in author.get(address(version)).text
