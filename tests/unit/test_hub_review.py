"""Who looks at which finding first, who may decide, and what a clerk sees and may do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from deskguard.hub.store import settings
from deskguard.hub.store.sums import Cell, Pile, add, put
from hub_findings import OTHERS, THEIRS, doubtful, drawn, keep
from hub_parts import Hall, a_hall
from scoring_values import a_finding, decision, missing, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.scoring.values import Finding


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        opened.add("zhao", "reviewer")
        opened.add("qian", "reviewer")
        opened.add("sun", "reviewer", windows=("w2",))
        yield opened


def state_of(hall: Hall, finding: Finding) -> str:
    return hall.state.night.finding(finding.finding_id)[1].state


def test_the_fatal_comes_first_then_appeals_then_what_waits(hall: Hall) -> None:
    fatal = doubtful(64_000, rule_id="C03", kind="insult")
    appealed = doubtful(128_000)
    waiting = doubtful(256_000)
    keep(hall, fatal, appealed, waiting)
    hall.state.night.decide(decision(appealed, "confirm", "wu", at_utc="2026-11-29T03:00:00+00:00"))
    hall.state.night.decide(decision(appealed, "appeal", "clerk-7", at_utc="2026-11-29T04:00:00+00:00"))
    page = hall.visitor("reviewer").get("/review").text
    places = [page.index(f"/review/{one.finding_id}") for one in (fatal, appealed, waiting)]
    assert places == sorted(places)


def test_a_decision_is_kept_where_the_night_keeps_it_and_leads_to_the_next(hall: Hall) -> None:
    first, second = doubtful(16_000), doubtful(160_000)
    keep(hall, first, second)
    visitor = hall.visitor("reviewer")
    answer = visitor.post(f"/review/{first.finding_id}", {"act": "confirm"})
    assert answer.headers["location"].startswith(f"/review/{second.finding_id}")
    assert state_of(hall, first) == "confirmed"
    assert visitor.post(f"/review/{second.finding_id}", {"act": "reject"}).status_code == 422
    assert state_of(hall, second) == "proposed"


def test_two_who_agree_decide_and_neither_sees_the_other(hall: Hall) -> None:
    sampled = drawn()
    keep(hall, sampled)
    address = f"/review/{sampled.finding_id}"
    assert hall.visitor("zhao").post(address, {"act": "reject", "why": "听不清-zhao"}).status_code == 303
    assert state_of(hall, sampled) == "proposed"
    seen = hall.visitor("qian").get(address).text
    assert "听不清-zhao" not in seen and "0.97" not in seen
    hall.visitor("qian").post(address, {"act": "reject", "why": "不是这句"})
    assert state_of(hall, sampled) == "rejected"


def test_where_two_differ_a_third_decides_and_neither_of_them(hall: Hall) -> None:
    sampled = drawn()
    keep(hall, sampled)
    address = f"/review/{sampled.finding_id}"
    hall.visitor("zhao").post(address, {"act": "reject", "why": "听不清-zhao"})
    hall.visitor("qian").post(address, {"act": "confirm"})
    assert state_of(hall, sampled) == "proposed"
    assert hall.visitor("zhao").post(address, {"act": "confirm"}).status_code == 422
    third = hall.visitor("supervisor")
    assert "听不清-zhao" in third.get(address).text
    third.post(address, {"act": "confirm"})
    assert state_of(hall, sampled) == "confirmed"
    assert "kappa" in third.get("/review/agreement").text


def test_one_of_two_does_not_decide_the_appeal(hall: Hall) -> None:
    sampled = drawn(THEIRS)
    keep(hall, sampled)
    address = f"/review/{sampled.finding_id}"
    for name in ("zhao", "qian"):
        hall.visitor(name).post(address, {"act": "confirm"})
    hall.visitor("clerk").post(f"/mine/{sampled.finding_id}", {"act": "appeal", "why": "我没有说"})
    for name in ("zhao", "qian"):
        assert hall.visitor(name).post(address, {"act": "uphold", "why": "说了"}).status_code == 422
    assert state_of(hall, sampled) == "appealed"
    hall.visitor("supervisor").post(address, {"act": "overturn", "why": "没有说"})
    assert state_of(hall, sampled) == "overturned"


def test_windows_of_others_are_not_there(hall: Hall) -> None:
    here, elsewhere = doubtful(recording=OTHERS), doubtful()
    keep(hall, here, elsewhere)
    visitor = hall.visitor("sun")
    assert elsewhere.finding_id not in visitor.get("/review").text
    assert here.finding_id in visitor.get("/review").text
    assert visitor.get(f"/review/{elsewhere.finding_id}").status_code == 404
    assert visitor.post(f"/review/{elsewhere.finding_id}", {"act": "confirm"}).status_code == 404
    assert visitor.get(f"/review/{elsewhere.finding_id}/clip").status_code == 404


def test_a_clerk_sees_their_own_only_and_may_object_in_time(hall: Hall) -> None:
    own, another = doubtful(), doubtful(recording=OTHERS)
    keep(hall, own, another, missing(start=400_000, recording=THEIRS))
    clerk = hall.visitor("clerk")
    page = clerk.get("/mine").text
    assert own.finding_id in page and another.finding_id not in page
    assert clerk.get(f"/mine/{another.finding_id}").status_code == 404
    assert clerk.post(f"/mine/{another.finding_id}", {"act": "appeal", "why": "x"}).status_code == 404
    assert clerk.get("/review").status_code == 403
    hall.state.night.decide(decision(own, "confirm", "wu", at_utc="2026-11-29T03:00:00+00:00"))
    hall.clock.wind(days=30)
    clerk = hall.visitor("clerk")
    late = clerk.post(f"/mine/{own.finding_id}", {"act": "appeal", "why": "我没有说"})
    assert late.status_code == 422 and state_of(hall, own) == "confirmed"


def test_nobody_decides_on_what_is_about_himself(hall: Hall) -> None:
    own = doubtful()
    keep(hall, own)
    hall.add("both", "reviewer", clerk_id="clerk-7")
    visitor = hall.visitor("both")
    assert own.finding_id not in visitor.get("/review").text
    assert visitor.post(f"/review/{own.finding_id}", {"act": "reject", "why": "不是我"}).status_code == 422


def test_what_was_said_is_text_on_the_page_and_every_look_is_written_down(hall: Hall) -> None:
    one = doubtful(evidence="<script>alert(1)</script>")
    keep(hall, one)
    page = hall.visitor("reviewer").get(f"/review/{one.finding_id}").text
    assert "<script>alert(1)" not in page and "&lt;b&gt;你去问" in page
    with hall.state.store.reading() as connection:
        rows = connection.execute(sa.text("SELECT who, action, target FROM hub_audit")).all()
    assert (hall.ids["reviewer"], "finding.view", one.finding_id) in [tuple(row) for row in rows]


def test_how_loud_and_fast_it_was_is_shown_while_a_finding_holds_and_to_the_clerk(hall: Hall) -> None:
    one, praise = doubtful(), said(start=300_000, recording=THEIRS)
    keep(hall, one, praise)
    address, own = f"/review/{one.finding_id}", f"/mine/{one.finding_id}"
    reviewer, clerk = hall.visitor("reviewer"), hall.visitor("clerk")
    page = reviewer.get(address).text
    drawn = json.loads(re.findall(r'id="visit-curves">(.*?)</script>', page)[0])
    assert drawn["level"] == [[0.5, 0.5], [1.5, 9.1], [2.5, 3.0], [3, None]]
    assert drawn["pace"][:2] == [[0.5, 4.2], [1.5, 6.1]] and drawn["usual"] == 4.8
    assert [turn[2] for turn in drawn["turns"]] == ["staff", "visitor"]
    assert [mark["here"] for mark in drawn["marks"]] == [True]
    assert "+9.1" in page
    assert "visit-curves" not in reviewer.get(f"/review/{praise.finding_id}").text
    assert "visit-curves" in clerk.get(own).text
    reviewer.post(address, {"act": "reject", "why": "听错了"})
    fallen = reviewer.get(address).text
    assert "visit-curves" not in fallen and "+9.1" not in fallen and "<svg" in fallen
    assert "visit-curves" in clerk.get(own).text


def test_a_visit_without_curves_is_drawn_as_turns(hall: Hall) -> None:
    one = doubtful()
    keep(hall, one)
    with hall.state.store.writing() as connection:
        connection.execute(sa.text("UPDATE night_spoken SET curve = ''"))
    page = hall.visitor("reviewer").get(f"/review/{one.finding_id}").text
    assert "visit-curves" not in page and "<svg" in page


def test_a_clip_is_played_from_the_folder_and_nothing_beside_it(hall: Hall) -> None:
    one = doubtful()
    keep(hall, one)
    folder = hall.state.data / "heard"
    folder.mkdir()
    with hall.state.store.writing() as connection:
        settings.put(connection, [("clips_folder", str(folder))])
    visitor = hall.visitor("reviewer")
    assert visitor.get(f"/review/{one.finding_id}/clip").status_code == 404
    (folder / f"{one.finding_id}.ogg").write_bytes(b"OggS")
    assert visitor.get(f"/review/{one.finding_id}/clip").content == b"OggS"
    assert visitor.get("/review/..%2f..%2faudit.key/clip").status_code in (404, 422)


def test_scorecards_have_the_numbers_of_the_scorer(hall: Hall) -> None:
    from deskguard.hub.reviewing.results import Results
    from deskguard.scoring.points import points_text
    from deskguard.scoring.results import scores
    from deskguard.settings import Settings

    sure = a_finding(recording=THEIRS)
    keep(hall, sure, replace(sure, finding_id="f" * 20, start_sample=320_000, end_sample=340_000))
    results = Results(hall.state, Settings())
    found = scores(results.look(None, None).night, results.card, results.policy, "window", "month")
    page = hall.visitor("supervisor").get("/reports?period=2026-11").text
    assert f"<strong>{points_text(found[0].points.counted)}</strong>" in page
    detail = hall.visitor("supervisor").get("/reports/score?by=window&subject=w1&period=2026-11")
    assert detail.status_code == 200 and sure.finding_id in detail.text
    assert hall.visitor("supervisor").get("/reports?period=2026-99").status_code == 422


def test_trends_lead_from_a_number_to_its_findings(hall: Hall) -> None:
    sure = a_finding(recording=THEIRS)
    keep(hall, sure, missing(start=400_000, recording=THEIRS))
    visitor = hall.visitor("supervisor")
    for by in ("day", "window", "rule", "standard", "scene"):
        assert visitor.get(f"/trends?by={by}&first=&last=").status_code == 200
    page = visitor.get("/trends/findings?by=rule&key=T03").text
    assert sure.finding_id in page
    assert "clerk-7" not in hall.visitor("auditor").get("/trends").text
    assert hall.visitor("auditor").get("/trends/findings?by=rule&key=T03").status_code == 403


def test_a_training_compares_the_weeks_before_and_after(hall: Hall) -> None:
    keep(hall, a_finding(recording=THEIRS))
    visitor = hall.visitor("supervisor")
    made = visitor.post("/trends/training", {"day": "2026-11-28", "name": "=HYPERLINK(1)", "windows": "w*"})
    assert made.status_code == 303
    assert "=HYPERLINK(1)" in visitor.get("/trends").text
    assert visitor.post("/trends/training", {"day": "0001-01-01", "name": "x"}).status_code == 422


def test_what_desks_report_is_summed_by_day_and_window(hall: Hall) -> None:
    rows = [("2026-11-28", "w1", "hit", "T03", 3), ("2026-11-28", "w1", "hit-withdrawn", "T03", 1),
            ("2026-11-28", "w2", "hit", "T01", 3), ("2026-11-27", "w2", "visit", "", 3)]  # fmt: skip
    pile: Pile = {}
    for day, window, kind, rule, many in rows:
        put(pile, Cell("kind", window, day, kind), many)
        if rule:
            put(pile, Cell("rule", window, day, kind, rule), many)
    with hall.state.store.writing() as connection:
        add(connection, pile)
    client = hall.client_as("supervisor")
    told = client.get("/api/v1/trends?by=window&first=2026-11-28&last=2026-11-28").json()
    assert [(one["key"], one["hits"]) for one in told["rows"]] == [("w1", 2), ("w2", 3)]
    told = client.get("/api/v1/trends?by=rule&first=2026-11-01&last=2026-11-30").json()
    assert [(one["key"], one["hits"]) for one in told["rows"]] == [("T01", 3), ("T03", 2)]
