"""What must hold of any night: sums are sums, parts add up, and nothing counts before it may."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.scoring.card_files import find_card, load_card
from deskguard.scoring.importing import read_imports
from deskguard.scoring.occurrences import occurrences
from deskguard.scoring.periods import PERS, period_of
from deskguard.scoring.points import rounded
from deskguard.scoring.policy import Policy
from deskguard.scoring.rates import poisson_interval
from deskguard.scoring.results import Night, scores
from deskguard.scoring.review import STANDS, standings
from deskguard.scoring.store_engine import parse_place
from deskguard.scoring.tally import Tally, alone, day_tallies, rolled_up, together
from deskguard.scoring.values import Exposure
from scoring_values import (
    GRADES,
    HEADER,
    a_finding,
    a_recording,
    a_section,
    an_item,
    card_file,
    decision,
    figure,
    manner,
    missing,
)

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import By, Part
    from deskguard.scoring.values import Finding

POLICY = Policy()
_FIRST = date(2026, 10, 25)
_ITEMS = (
    an_item("a", 0.35, select='{rules = ["T0*"]}', cap=figure(7)),
    an_item("b", 1.5, select='{kinds = ["quarrel"]}', per='"visit"'),
    an_item("c", 3, select='{manner = ["*"]}', per='"day"', review="true"),
    an_item("d", 40, select='{kinds = ["insult"]}', fatal="true"),
)
_MORE = (
    an_item("e", 0.07, select='{acts = ["K.*"]}', per='"100-visits"', cap=figure(5)),
    an_item("f", 5, select='{rules = ["T1*"]}', per='"period"'),
)


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scorecard]:
    """The same items by points, by weights, off a base, and by the day."""
    folder = tmp_path_factory.mktemp("cards")
    header = HEADER + 'fatal_grade = "不称职"\n'

    def both(**worth: tuple[float, float]) -> list[str]:
        one, two = ({key: figure(value[at]) for key, value in worth.items()} for at in (0, 1))
        return [
            a_section(*_ITEMS, points=None, **one),
            a_section(*_MORE, section_id="two", points=None, **two),
        ]

    files: dict[str, Path] = {
        "points": card_file(folder, *both(points_=(60, 40)), GRADES, header=header, name="points"),
        "weights": card_file(folder, *both(weight=(62.5, 37.5)), GRADES, header=header, name="weights"),
        "base": card_file(
            folder, *both(cap=(80, 30)), GRADES, header=header + f"base = {figure(100)}\n", name="base"
        ),
        "day": card_file(
            folder, *both(points_=(60, 40)), GRADES, header=header.replace('"month"', '"day"'), name="day"
        ),
    }
    return {name: load_card(path) for name, path in files.items()}


CARDS = st.sampled_from(["points", "weights", "base", "day"])


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """A few recordings of two windows over some weeks, with findings that may lie on one another."""
    parts: list[Part] = []
    findings: dict[str, Finding] = {}
    for number in range(draw(st.integers(1, 6))):
        recording = a_recording(
            f"r{number}",
            window=draw(st.sampled_from(["w1", "w2"])),
            clerk=draw(st.sampled_from(["c1", "c2", ""])),
            day=_FIRST + timedelta(days=draw(st.integers(0, 80))),
        )
        exposure = Exposure(
            visits=draw(st.integers(0, 60)), audio_samples=10**8, staff_samples=draw(st.integers(0, 10**8))
        )
        parts.append((recording, exposure))
        for _ in range(draw(st.integers(0, 8))):
            finding = _finding(draw, recording)
            findings[finding.finding_id] = finding
    acts = st.sampled_from(["confirm", "reject", "appeal", "uphold", "overturn"])
    decisions = [
        decision(name, act, by=f"p{at}")
        for at, (name, act) in enumerate(
            draw(st.lists(st.tuples(st.sampled_from(sorted(findings) or ["none"]), acts), max_size=8))
        )
    ]
    return Night(parts=tuple(parts), findings=tuple(findings.values()), standings=standings(decisions))


def _finding(draw: st.DrawFn, recording: object) -> Finding:
    common = {
        "recording": recording,
        "start": draw(st.integers(0, 12)) * 4_000,
        "visit_id": draw(st.sampled_from(["", "v1", "v2"])),
        "role": draw(st.sampled_from(["staff", "staff", "unknown", "visitor"])),
    }
    sort = draw(st.integers(0, 5))
    if sort == 0:
        return missing(draw(st.sampled_from(["K.bye", "K.greet.hello"])), **common)
    if sort == 1:
        return manner(draw(st.sampled_from(["loud", "interruption"])), **common)
    rule, kind = draw(
        st.sampled_from(
            [("T01", "phrase"), ("T02", "phrase"), ("T11", "phrase"), ("C02", "quarrel"), ("C03", "insult")]
        )
    )
    return a_finding(
        rule,
        kind=kind,
        length=draw(st.sampled_from([4_000, 8_000, 16_000])),
        confidence=draw(st.sampled_from([0.5, 0.9])),
        softened=draw(st.booleans()),
        needs_person=draw(st.integers(0, 5)) == 0,
        **common,
    )


@given(night=nights(), name=CARDS, by=st.sampled_from(["hall", "window", "clerk"]))
def test_every_total_is_the_sum_of_its_parts(
    cards: dict[str, Scorecard], night: Night, name: str, by: By
) -> None:
    for per in PERS:
        for score in scores(night, cards[name], POLICY, by, per):
            for which in ("counted", "if_confirmed"):
                sections = sum(getattr(one.points, which) for one in score.sections)
                assert getattr(score.points, which) == score.base + sections + getattr(score.lift, which)
                assert 0 <= getattr(score.points, which) <= score.full
                for one in score.sections:
                    items = sum(getattr(item.points, which) for item in one.items)
                    assert getattr(one.earned, which) == one.full + items + getattr(one.lift, which)
            assert score.points.if_confirmed <= score.points.counted


@given(night=nights(), name=CARDS, by=st.sampled_from(["hall", "window", "clerk"]))
def test_tallies_roll_up_to_the_same_whichever_way(
    cards: dict[str, Scorecard], night: Night, name: str, by: By
) -> None:
    """Days to weeks, months and years, months to years, and everything at once: the same counts."""
    card = cards[name]
    happened = occurrences(night.findings, night.standings, card, POLICY)
    days = day_tallies(alone(night.parts, happened, card), card, by)
    years = rolled_up(days, "year")
    for per in ("day", "week", "month"):
        by_year: dict[tuple[str, int], list[Tally]] = {}
        for (subject, period), tally in rolled_up(days, per).items():  # type: ignore[arg-type]
            by_year.setdefault((subject, period.first.year), []).append(tally)
        if per != "week":
            assert {key: plain(together(several)) for key, several in by_year.items()} == {
                (subject, period.first.year): plain(tally) for (subject, period), tally in years.items()
            }
    whole = together(list(days.values()))
    assert whole.recordings == len(night.parts)
    assert whole.exposure == sum((exposure for _, exposure in night.parts), Exposure())
    assert sum(len(one.findings) + len(one.waiting) for one in whole.items.values()) == len(happened)


def plain(tally: Tally) -> tuple[object, ...]:
    """A tally whatever the order it was added up in."""
    items = {
        name: (one.counted, one.if_confirmed, sorted(one.findings), sorted(one.waiting))
        for name, one in tally.items.items()
    }
    return tally.exposure, tally.recordings, tally.windows, items


@given(night=nights())
def test_a_month_is_what_reckoning_everything_at_once_gives(cards: dict[str, Scorecard], night: Night) -> None:
    """The points of a month against a plain count over its findings, caps and all."""
    card = cards["points"]
    happened = [one for one in occurrences(night.findings, night.standings, card, POLICY) if one.is_counted]
    for score in scores(night, card, POLICY, "hall", "month"):
        mine = [one for one in happened if period_of(one.lead.recording.day, "month") == score.period]
        visits = sum(
            one.visits for recording, one in night.parts if period_of(recording.day, "month") == score.period
        )
        for line in score.items:
            of_item = [one for one in mine if one.item_id == line.item.item_id]
            units = {
                "occurrence": len(of_item),
                "visit": len({(o.lead.recording, o.lead.visit_id or o.lead.finding_id) for o in of_item}),
                "day": len({o.lead.recording.day for o in of_item}),
                "period": min(1, len(of_item)),
                "100-visits": Fraction(100 * len(of_item), max(30, visits)),
            }[line.item.per]
            most = line.item.cap.hundredths if line.item.cap else 10**9
            assert -line.points.counted == min(most, rounded(Fraction(line.item.each.hundredths) * units))


@given(night=nights(), name=CARDS)
def test_a_year_is_the_mean_of_its_periods(cards: dict[str, Scorecard], night: Night, name: str) -> None:
    card = cards[name]
    own = scores(night, card, POLICY, "window", card.period)
    for year in scores(night, card, POLICY, "window", "year"):
        mine = [one for one in own if one.subject == year.subject and year.period.holds(one.period)]
        assert list(year.parts) == mine
        assert year.points.counted == rounded(Fraction(sum(one.points.counted for one in mine), len(mine)))
        together_units: Counter[str] = Counter()
        for one in mine:
            together_units.update({line.item.item_id: line.units.counted for line in one.items})
        assert together_units == Counter({line.item.item_id: line.units.counted for line in year.items})


@given(night=nights(), name=CARDS)
def test_the_order_in_which_findings_come_does_not_matter(
    cards: dict[str, Scorecard], night: Night, name: str
) -> None:
    turned = replace(night, findings=night.findings[::-1], parts=night.parts[::-1])
    first, second = (scores(one, cards[name], POLICY, "window", "month") for one in (night, turned))
    assert [one.points for one in first] == [one.points for one in second]


@given(night=nights(), name=CARDS)
def test_nothing_counts_before_it_may(cards: dict[str, Scorecard], night: Night, name: str) -> None:
    card = cards[name]
    fatal = {item.item_id for _, item in card.items() if item.fatal or item.review}
    for one in occurrences(night.findings, night.standings, card, POLICY):
        standing = night.standings.get(one.lead.finding_id)
        by_person = standing is not None and standing.state in STANDS
        if one.is_counted and not by_person:
            assert one.item_id not in fatal
            assert one.lead.role == "staff"
            assert not one.lead.needs_person
            assert not one.lead.softened
            assert one.lead.confidence is None or one.lead.confidence >= POLICY.min_confidence
        ids = [other.finding_id for other in one.findings]
        assert len(ids) == len(set(ids))
    seen = [
        other.finding_id
        for one in occurrences(night.findings, night.standings, card, POLICY)
        for other in one.findings
    ]
    assert len(seen) == len(set(seen))


@given(st.integers(0, 3_000))
def test_intervals_hold_the_count_and_grow(count: int) -> None:
    low, high = poisson_interval(count)
    assert low <= count < high
    assert poisson_interval(count + 1)[0] > low
    assert poisson_interval(count + 1)[1] > high


_LINES = bundled("config/scorecards/recommended.toml").read_text(encoding="utf-8").splitlines()
_VALUES = st.sampled_from(
    [
        "0",
        "-1",
        "1e400",
        "nan",
        "inf",
        "true",
        '""',
        '"x"',
        "[]",
        "[1]",
        "{}",
        "{value=1}",
        "2026-11-21",
        '["*"]',
        '{value=0.001,why="x"}',
        '"month"',
        "[[]]",
        '{blank="b",clause="c",quote="q"}',
        "99999999",
    ]
)


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(_LINES) - 1), st.sampled_from(["drop", "twice", "value", "key"]), _VALUES),
        min_size=1,
        max_size=4,
    )
)
def test_any_scorecard_is_read_or_refused_in_words(
    changes: list[tuple[int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [[line] for line in _LINES]
    for at, what, value in changes:
        line = _LINES[at]
        key, equals, _ = line.partition(" = ")
        lines[at] = {
            "drop": [],
            "twice": [line, line],
            "value": [f"{key} = {value}" if equals else line],
            "key": [f"{key}x = {value}" if equals else line],
        }[what]
    path = tmp_path_factory.getbasetemp() / "changed.toml"
    path.write_text("\n".join(line for each in lines for line in each), encoding="utf-8")
    try:
        card = load_card(path)
    except DeskguardError as error:
        assert error.remedy
        assert error.code in ("bad-card", "bad-toml")
    else:
        assert card.blanks() or list(card.figures())


@given(st.text("w窗口,;\t\n\"'0123456789-年月.x非常满意visitor period", max_size=80))
def test_any_table_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "table.csv"
    path.write_text("window,period,visitor,commended\n" + text, encoding="utf-8", newline="")
    try:
        found = read_imports(path, find_card("recommended"))
    except DeskguardError as error:
        assert error.remedy
    else:
        assert all(100 <= one.value <= 500 for one in found.ratings)
        assert all(one.count >= 0 for one in found.counts)


@given(st.text(max_size=40), st.sampled_from(["postgresql", "postgres", "mysql", "sqlite", ""]))
def test_any_place_with_a_scheme_is_understood_or_refused_in_words(rest: str, scheme: str) -> None:
    try:
        url = parse_place(f"{scheme}://{rest}")
    except DeskguardError as error:
        assert error.code == "bad-store"
    else:
        assert url.database
