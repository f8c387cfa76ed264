"""Trends and scores from sheets are those of all findings judged at once, whatever happened to them.

The same on both databases. The count here looks at every finding of the days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, get_args

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.people import Person
from deskguard.hub.keeping import person as known
from deskguard.hub.keeping.retention import sweep
from deskguard.hub.reviewing.results import Results
from deskguard.hub.reviewing.summing import Sheets
from deskguard.hub.store import settings as decided
from deskguard.hub.trends import counting
from deskguard.hub.trends.asking import Asked
from deskguard.hub.trends.counting import Dimension
from deskguard.scoring.agreement import agreement, agreement_of
from deskguard.scoring.results import scores_of_recordings, several_scores
from deskguard.scoring.review import FALLS
from deskguard.scoring.store import Wanted
from deskguard.scoring.values import MANNER, MISSING, SAID, Examined
from deskguard.settings import Settings
from hub_findings import DAY, OTHERS, THEIRS, doubtful, keep
from hub_parts import Hall
from scoring_values import a_finding, a_recording, an_examination, an_exposure, decision, manner, missing, said

if TYPE_CHECKING:
    from deskguard.hub.reviewing.results import Looked
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.values import Finding

EXAMPLES = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LAST = date(2026, 11, 29)
RECORDINGS = [
    a_recording(
        f"r{number}", window=f"w{number % 3}", clerk=f"c{number % 2}", day=LAST - timedelta(days=number)
    )
    for number in range(6)
]
SORTS: list[Any] = [
    lambda recording, start: a_finding("T03", start, recording=recording),
    # On the same words as the one before it.
    lambda recording, start: a_finding("T04", start, title="不知道", recording=recording, severity="low"),
    lambda recording, start: a_finding("T03", start, recording=recording, confidence=0.3),
    lambda recording, start: a_finding("T03", start, recording=recording, role="visitor"),
    lambda recording, start: a_finding("C03", start, recording=recording, kind="insult"),
    lambda recording, start: missing("K.greet.hello", start, recording=recording),
    lambda recording, start: said("K.greet.hello", start, recording=recording),
    lambda recording, start: said("K.no.such", start, recording=recording),
    lambda recording, start: manner("interruption", start, recording=recording),
    lambda recording, start: (
        manner("loud", start, recording=recording, value=71.26, unit="dB")
        if False
        else manner("loud", start, recording=recording, value=71.26)
    ),
]
PLACES = st.lists(st.tuples(st.integers(0, len(SORTS) - 1), st.integers(0, 4)), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("examine"), st.integers(0, 5), PLACES, st.sampled_from("ab")),
        st.tuples(
            st.just("decide"), st.integers(0, 40), st.sampled_from(["confirm", "reject", "appeal", "uphold"])
        ),
        st.tuples(st.just("tell"), st.integers(0, 5), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.sampled_from(["c0", "c1"])),
        st.tuples(st.just("sweep"), st.integers(0, 5)),
        st.tuples(st.just("sum"), st.integers(1, 4)),
    ),
    min_size=2,
    max_size=14,
)


class Night:
    """A night's store to which everything happens."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.results = Results(hall.state, Settings())
        self.sheets = Sheets(hall.state, self.results)
        self._turn = 0
        with hall.state.store.writing() as connection:
            for table in ("hub_sheets", "hub_sums", "hub_verdicts", "night_decisions", "night_spoken"):
                connection.execute(sa.delete(sa.table(table)))
            for table in ("night_findings", "night_examinations", "night_recordings"):
                connection.execute(sa.delete(sa.table(table)))

    def do(self, step: tuple[Any, ...]) -> None:
        getattr(self, f"_{step[0]}")(*step[1:])

    def _examine(self, number: int, places: list[tuple[int, int]], rules: str) -> None:
        recording = RECORDINGS[number]
        found = {
            one.finding_id: one
            for one in (SORTS[sort](recording, 16_000 + 8_000 * place) for sort, place in places)
        }
        examined = Examined(
            examination=an_examination(recording, rules * 64),
            exposure=an_exposure(visits=number),
            findings=tuple(found.values()),
        )
        self._turn += 1
        self.hall.state.night.save_examined(examined, "run", f"2026-11-30T02:00:{self._turn:02}+00:00")

    def _decide(self, place: int, act: Any) -> None:
        findings = self.hall.state.night.night().findings
        if not findings:
            return
        self._turn += 1
        made = decision(
            findings[place % len(findings)], act, f"p{self._turn}", at_utc="2026-11-30T03:00:00+00:00"
        )
        try:
            self.hall.state.night.decide(made)
        except DeskguardError as error:
            assert error.code == "not-allowed"

    def _tell(self, number: int, window: int) -> None:
        """Another window and clerk for a recording, by a run that does not examine it again."""
        there = replace(RECORDINGS[number], window_id=f"w{window}", clerk_id="c9")
        self.hall.state.night.note_told([there])
        self._turn += 1
        run = f"told-{self._turn}"
        with self.hall.state.store.writing() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO night_runs (run_id, started_utc, host, version, rules_sha256, model,"
                    " settings_sha256, card_id, workers) VALUES (:run, '', '', '', '', '', '', '', 1)"
                    " ON CONFLICT (run_id) DO NOTHING"
                ),
                {"run": run},
            )

    def _delete(self, clerk: str) -> None:
        with self.hall.state.store.writing() as connection:
            known.delete(connection, clerk)

    def _sweep(self, days: int) -> None:
        with self.hall.state.store.writing() as connection:
            decided.put(connection, [("findings_days", str(30 + days))])
        self.hall.clock.at = self.hall.clock.at.replace(month=12, day=28)
        sweep(self.hall.state)

    def _sum(self, most: int) -> None:
        self.sheets.catch_up(0.0, most)

    def finish(self) -> None:
        while self.sheets.catch_up(0.0, 2):
            pass


def told(looked: Looked, by: Dimension) -> dict[str, tuple[Any, ...]]:
    """A dimension's figures, finding by finding: phrases, visits, waiting, said, due, manner."""
    grouped: dict[str, list[Judged]] = defaultdict(list)
    for one in looked.found:
        if name := value_of(by, one.finding):
            grouped[name].append(one)
    visits: Counter[str] = Counter()
    for recording, exposure in looked.night.parts:
        if by in ("day", "window"):
            name = recording.day.isoformat() if by == "day" else recording.window_id
            visits[name] += exposure.visits
            grouped.setdefault(name, [])
    every = sum(exposure.visits for _, exposure in looked.night.parts)
    return {
        name: figures(found, looked.due, visits[name] if by in ("day", "window") else every)
        for name, found in grouped.items()
    }


def figures(found: list[Judged], due: frozenset[str], visits: int) -> tuple[Any, ...]:
    holds = [one for one in found if one.standing.state not in FALLS and one.finding.role != "visitor"]
    kinds = Counter(one.finding.kind for one in holds if one.finding.rule_id in due)
    against = [
        one
        for one in found
        if one.counts and one.finding.is_spoken and one.item is not None and not one.item.gives
    ]
    return (
        len(against),
        visits,
        sum(one.waiting is not None for one in found),
        kinds[SAID],
        kinds[SAID] + kinds[MISSING],
        sum(one.finding.kind == MANNER for one in holds),
    )


def value_of(by: Dimension, finding: Finding) -> str:
    clauses = finding.clauses
    acts = finding.rule_id.split(".") if finding.kind in (SAID, MISSING) else []
    return {
        "day": finding.recording.day.isoformat(),
        "window": finding.recording.window_id,
        "rule": finding.rule_id,
        "standard": clauses[0].standard if clauses else "",
        "scene": acts[1] if len(acts) > 1 else "",
    }[by]


def summed(hall: Hall, by: Dimension, asked: Asked) -> dict[str, tuple[Any, ...]]:
    with hall.state.store.reading() as connection:
        rows = counting.rows(connection, by, asked)
    return {
        row.key: (
            row.phrases.count,
            int(row.phrases.exposure),
            row.waiting,
            row.courtesy.said,
            row.courtesy.due,
            row.manner.count,
        )
        for row in rows
    }


def who(*windows: str) -> Person:
    return Person(account_id="a", name="n", role="supervisor", windows=windows, clerk_id="")


@EXAMPLES
@given(steps=STEPS, span=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_sheets_are_what_judging_all_at_once_gives(
    hall: Hall, steps: list[tuple[Any, ...]], span: tuple[int, int]
) -> None:
    hall.clock.at = hall.clock.at.replace(month=11, day=30)
    night = Night(hall)
    for step in steps:
        night.do(step)
    night.finish()
    first, last = LAST - timedelta(days=max(span)), LAST - timedelta(days=min(span))
    for windows in ((), ("w1",), ("w[12]",)):
        looked = night.results.look(first, last, who(*windows))
        asked = Asked(first, last, windows)
        for by in get_args(Dimension):
            assert summed(hall, by, asked) == told(looked, by), by
        with hall.state.store.reading() as connection:
            assert counting.by_severity(connection, asked) == severities(looked)
            spreads = {one.kind: one.count for one in counting.spreads(connection, asked)}
        assert spreads == dict(
            Counter(
                one.finding.title
                for one in looked.found
                if one.finding.kind == MANNER
                and one.standing.state not in FALLS
                and one.finding.role != "visitor"
            )
        )
        check_scores(night, looked, Wanted(first=first, last=last, windows=windows))


def severities(looked: Looked) -> dict[str, dict[str, int]]:
    days = {
        recording.day.isoformat(): {"low": 0, "medium": 0, "high": 0} for recording, _ in looked.night.parts
    }
    for one in looked.found:
        if one.counts and one.finding.is_spoken and one.item is not None and not one.item.gives:
            assert one.finding.severity is not None
            days[one.finding.recording.day.isoformat()][one.finding.severity] += 1
    return days


def check_scores(night: Night, looked: Looked, wanted: Wanted) -> None:
    """Scores and agreement, from sheets and from findings."""
    card, policy = night.results.card, night.results.policy
    ways: Any = [(by, per) for by in ("hall", "window", "clerk") for per in ("day", "month")]
    kept, tallies, said_of = night.sheets.tallies(wanted)
    assert agreement_of(said_of) == agreement(looked.night.findings, looked.night.standings, policy)
    found, expected = (
        scores_of_recordings(tallies, kept.imports, card, policy, ways),
        several_scores(looked.night, card, policy, ways),
    )
    for way in ways:
        assert [as_told(one) for one in found[way]] == [as_told(one) for one in expected[way]]


def as_told(score: Any) -> Any:
    """A score with the findings behind it in one order."""
    return (
        score.subject,
        score.period.name,
        score.points,
        score.grade,
        score.basis,
        [
            (one.item.item_id, one.units.counted, one.units.if_confirmed, *(sorted(each) for each in of(one)))
            for one in score.items
        ],
    )


def of(item: Any) -> tuple[tuple[str, ...], ...]:
    return item.units.findings, item.units.by_person, item.units.waiting


def test_what_is_left_to_sum_up_is_told_and_done_the_next_time(hall: Hall) -> None:
    keep(hall, a_finding(recording=THEIRS), a_finding(recording=OTHERS))
    sheets = Sheets(hall.state, Results(hall.state, Settings()))
    assert [sheets.catch_up(0.0, 1) for _ in range(3)] == [1, 0, 0]
    page = hall.visitor("supervisor").get("/trends").text
    assert "段录音没有算进来" not in page and "我不知道，你去问{谁}" in page


def test_the_list_behind_a_number_is_as_long_as_the_number(hall: Hall) -> None:
    keep(
        hall,
        a_finding(recording=THEIRS),
        a_finding(start=64_000, recording=THEIRS, role="visitor"),
        missing(start=400_000, recording=THEIRS),
        said("K.greet.hello", start=500_000, recording=THEIRS),
        doubtful(recording=OTHERS),
    )
    hall.add("narrow", "supervisor", windows=("w2",))
    wanted = {
        ("rule", "T03"): (2, 1),
        ("rule", "K.greet.hello"): (1, 0),
        ("standard", "s003"): (3, 1),
        ("standard", "s00"): (0, 0),
        ("scene", "greet"): (1, 0),
        ("window", "w1"): (2, 0),
        ("window", "w2"): (1, 1),
        ("day", DAY.isoformat()): (3, 1),
        ("day", "never"): (0, 0),
        ("window", ""): (3, 1),
    }
    for (by, key), counts in wanted.items():
        for name, many in zip(("supervisor", "narrow"), counts, strict=True):
            page = hall.visitor(name).get(f"/trends/findings?by={by}&key={key}").text
            assert page.count('<td class="said">') == many, (by, key, name)
            assert f"共 {many} " in page or f" {many} " in page
