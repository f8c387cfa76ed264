"""Questions to the night's tables; each gets a connection and gives values.

Of a recording that was examined several times the newest examination counts. A finding of an older one stays if
somebody has decided on it: what people did is not lost because other rules or another model see nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.scoring import store_rows
from deskguard.scoring.occurrences import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy.engine import Connection

    from deskguard.scoring.card_choice import CardChoice
    from deskguard.scoring.imported import Imports
    from deskguard.scoring.review import Decision
    from deskguard.scoring.tally import Part
    from deskguard.scoring.values import Finding, NightRun, NotAnalysed, Recording, Spoken

_AT_ONCE = 500
"""Names in one question: SQLite takes 32,766 values, older ones 999."""
_MANY = 10_000
"""From here on all decisions are read: people make fewer of them than machines make findings."""

_NEWEST = """newest AS (
    SELECT examination_id, recording_sha256 FROM (
        SELECT e.examination_id, e.recording_sha256, ROW_NUMBER() OVER (
            PARTITION BY e.recording_sha256 ORDER BY e.examined_utc DESC, e.examination_id DESC
        ) AS place
        FROM night_examinations e JOIN night_recordings r ON r.sha256 = e.recording_sha256
        WHERE r.day >= :first AND r.day <= :last{more}
    ) t WHERE place = 1
)"""
_PARTS = f"""WITH {_NEWEST}
    SELECT r.*, e.* FROM newest n
    JOIN night_examinations e ON e.examination_id = n.examination_id
    JOIN night_recordings r ON r.sha256 = n.recording_sha256"""  # noqa: S608 - no value stands in it
_SHOWN = "r.*, e.rules_sha256, e.model, e.examined_utc, f.*"
_TURNS = f"""
    SELECT {_SHOWN}, ROW_NUMBER() OVER (
        PARTITION BY f.finding_id ORDER BY e.examined_utc DESC, e.examination_id DESC
    ) AS turn
    FROM night_findings f
    JOIN night_examinations e ON e.examination_id = f.examination_id
    JOIN night_recordings r ON r.sha256 = e.recording_sha256"""  # noqa: S608 - the same
# To rank all of a month's findings by their age would sort them with all their words: of the newest examination
# they are the newest, and few recordings have another.
_FINDINGS = f"""WITH {_NEWEST}
    SELECT {_SHOWN} FROM newest n
    JOIN night_examinations e ON e.examination_id = n.examination_id
    JOIN night_recordings r ON r.sha256 = n.recording_sha256
    JOIN night_findings f ON f.examination_id = n.examination_id
    UNION ALL
    SELECT {_SHOWN} FROM newest n
    JOIN night_examinations e ON e.recording_sha256 = n.recording_sha256
    JOIN night_recordings r ON r.sha256 = n.recording_sha256
    JOIN night_findings f ON f.examination_id = e.examination_id
    WHERE e.examination_id <> n.examination_id AND EXISTS (
        SELECT 1 FROM night_decisions d WHERE d.finding_id = f.finding_id AND d.act <> 'acknowledge'
    ) AND NOT EXISTS (
        SELECT 1 FROM night_findings g JOIN night_examinations o ON o.examination_id = g.examination_id
        WHERE g.finding_id = f.finding_id AND (o.examined_utc > e.examined_utc
            OR (o.examined_utc = e.examined_utc AND o.examination_id > e.examination_id))
    )"""  # noqa: S608 - the same
_ONE_FINDING = f"SELECT * FROM ({_TURNS} WHERE f.finding_id = :finding_id) t WHERE turn = 1"  # noqa: S608
_SOME_FINDINGS = f"SELECT * FROM ({_TURNS} WHERE f.finding_id IN :ids) t WHERE turn = 1"  # noqa: S608
_OF_RECORDING = f"SELECT * FROM ({_TURNS} WHERE r.sha256 = :sha256) t WHERE turn = 1"  # noqa: S608
_DECIDED = f"""SELECT * FROM ({_TURNS} WHERE f.finding_id IN (
        SELECT d.finding_id FROM night_decisions d WHERE d.act = :act
    )) t WHERE turn = 1"""  # noqa: S608 - the same
_STILL_NOT_ANALYSED = """
    SELECT n.* FROM night_not_analysed n JOIN night_runs s ON s.run_id = n.run_id
    WHERE NOT EXISTS (
        SELECT 1 FROM night_not_analysed m JOIN night_runs t ON t.run_id = m.run_id
        WHERE m.path = n.path AND (t.started_utc > s.started_utc
            OR (t.started_utc = s.started_utc AND t.run_id > s.run_id))
    ) AND NOT EXISTS (
        SELECT 1 FROM night_recordings r JOIN night_examinations e ON e.recording_sha256 = r.sha256
        WHERE r.path = n.path AND e.examined_utc > s.started_utc
    )"""

IN_THE_SOUND = ("too-quiet", "wrong-language", "empty-audio", "not-audio")
"""Why a recording is left out that the same program would leave out again; all other reasons may pass by."""
_REFUSED = """
    SELECT n.* FROM night_not_analysed n JOIN night_runs s ON s.run_id = n.run_id
    WHERE n.path = :path AND n.reason IN :reasons AND s.started_utc > :since AND s.rules_sha256 = :rules
        AND s.model = :model AND s.settings_sha256 = :settings AND s.version = :version
    ORDER BY s.started_utc DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of what is stored; without anything, all of it."""

    first: date | None = None
    last: date | None = None
    """Included."""
    windows: tuple[str, ...] = ()
    """With * for anything; none: all."""
    clerks: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    """By their sha256, a few hundred at most; none: all."""

    def days(self) -> dict[str, str]:
        """The range of days as text."""
        return {
            "first": "0000" if self.first is None else self.first.isoformat(),
            "last": "9999" if self.last is None else self.last.isoformat(),
        }

    def narrowing(self) -> tuple[str, dict[str, Any]]:
        """What of it a database can look for by itself, as a condition on recordings `r` and its values."""
        named = {
            "window_id": [] if any(map(_is_pattern, self.windows)) else list(self.windows),
            "clerk_id": [] if any(map(_is_pattern, self.clerks)) else list(self.clerks),
            "sha256": list(self.recordings),
        }
        values = {f"only_{name}": found for name, found in named.items() if found}
        return "".join(f" AND r.{name[5:]} IN :{name}" for name in values), values

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether a row's window and clerk are wanted."""
        return _is_one_of(row["window_id"], self.windows) and _is_one_of(row["clerk_id"], self.clerks)


def done(connection: Connection, examination_ids: Iterable[str]) -> set[str]:
    """Those of the examinations that have been made."""
    found: set[str] = set()
    question = sa.text("SELECT examination_id FROM night_examinations WHERE examination_id IN :ids")
    for ids in _in_parts(sorted(set(examination_ids))):
        found |= {row["examination_id"] for row in _rows(connection, question, ids=ids)}
    return found


def parts(connection: Connection, wanted: Wanted) -> list[Part]:
    """Every examined recording once, with what there was in it, by day, window and path."""
    rows = _wanted(connection, _PARTS, wanted)
    found = [(store_rows.recording_of(row), store_rows.exposure_of(row)) for row in rows]
    return sorted(found, key=lambda one: _order(one[0]))


def findings(connection: Connection, wanted: Wanted) -> list[tuple[Finding, str]]:
    """The findings that hold, each with when its recording was examined, in order of recording and place."""
    recordings: dict[str, Recording] = {}
    found = []
    for row in _wanted(connection, _FINDINGS, wanted):
        if (recording := recordings.get(row["sha256"])) is None:
            recording = recordings[row["sha256"]] = store_rows.recording_of(row)
        found.append((store_rows.finding_of(row, recording), str(row["examined_utc"])))
    return sorted(found, key=lambda one: (_order(one[0].recording), one[0].start_sample, one[0].finding_id))


def some_findings(connection: Connection, finding_ids: Iterable[str]) -> list[tuple[Finding, str]]:
    """Findings by their names, as they were seen last, each with when."""
    question = sa.text(_SOME_FINDINGS)
    return [
        (store_rows.finding_of(row), row["examined_utc"])
        for ids in _in_parts(sorted(set(finding_ids)))
        for row in _rows(connection, question, ids=ids)
    ]


def finding(connection: Connection, finding_id: str) -> tuple[Finding, str] | None:
    """A finding as it was seen last, and when."""
    rows = _rows(connection, sa.text(_ONE_FINDING), finding_id=finding_id)
    return next(((store_rows.finding_of(row), row["examined_utc"]) for row in rows), None)


def findings_of(connection: Connection, recording_sha256: str) -> list[Finding]:
    """Everything that was ever found in a recording, as it was seen last."""
    rows = _rows(connection, sa.text(_OF_RECORDING), sha256=recording_sha256)
    return [store_rows.finding_of(row) for row in rows]


def findings_decided(connection: Connection, act: str, wanted: Wanted) -> list[tuple[Finding, str]]:
    """Findings on which somebody has once taken an act, as `findings` gives them; of whatever day."""
    found = [
        (store_rows.finding_of(row), str(row["examined_utc"]))
        for row in _rows(connection, sa.text(_DECIDED), act=act)
        if wanted.takes(row)
    ]
    return sorted(found, key=lambda one: (_order(one[0].recording), one[0].start_sample, one[0].finding_id))


def ids_like(connection: Connection, beginning: str) -> list[str]:
    """Names of findings that begin so, a few at most."""
    question = sa.text(
        "SELECT DISTINCT finding_id FROM night_findings WHERE finding_id LIKE :like ORDER BY finding_id LIMIT 5"
    )
    return [row["finding_id"] for row in _rows(connection, question, like=f"{beginning}%")]


def decisions(connection: Connection, finding_ids: Iterable[str] | None = None) -> list[Decision]:
    """All decisions, or those on some findings; of each finding the oldest first."""
    every = "SELECT * FROM night_decisions"
    order = " ORDER BY finding_id, number"
    wanted = None if finding_ids is None else set(finding_ids)
    if wanted is None or len(wanted) > _MANY:
        rows = _rows(connection, sa.text(every + order))
        return [store_rows.decision_of(row) for row in rows if wanted is None or row["finding_id"] in wanted]
    question = sa.text(every + " WHERE finding_id IN :ids" + order)
    return [
        store_rows.decision_of(row)
        for ids in _in_parts(sorted(wanted))
        for row in _rows(connection, question, ids=ids)
    ]


def spoken(connection: Connection, recording_sha256: str) -> list[Spoken]:
    """What was said in a recording by its newest examination, as far as it was kept."""
    question = sa.text(
        """SELECT s.* FROM night_spoken s WHERE s.examination_id = (
            SELECT examination_id FROM night_examinations WHERE recording_sha256 = :sha256
            ORDER BY examined_utc DESC, examination_id DESC LIMIT 1
        ) ORDER BY s.number"""
    )
    return [store_rows.spoken_of(row) for row in _rows(connection, question, sha256=recording_sha256)]


def not_analysed(connection: Connection, run_id: str | None = None) -> list[NotAnalysed]:
    """What a run could not examine; without one, whatever nobody has been able to examine since."""
    if run_id is None:
        rows = _rows(connection, sa.text(_STILL_NOT_ANALYSED))
    else:
        question = sa.text("SELECT * FROM night_not_analysed WHERE run_id = :run_id")
        rows = _rows(connection, question, run_id=run_id)
    found = [store_rows.not_analysed_of(row) for row in rows]
    return sorted(found, key=lambda one: (one.path, one.reason))


def refused(connection: Connection, like: NightRun, path: str, since_utc: str) -> NotAnalysed | None:
    """Why a run like this one, begun after `since_utc`, could not examine a file for what is in it."""
    question = sa.text(_REFUSED)
    rows = _rows(
        connection,
        question,
        path=store_rows.storable(path),
        reasons=list(IN_THE_SOUND),
        since=since_utc,
        rules=like.rules_sha256,
        model=like.model,
        settings=like.settings_sha256,
        version=like.version,
    )
    return next((store_rows.not_analysed_of(row) for row in rows), None)


def imports(connection: Connection) -> Imports:
    """All ratings and counts that were read in."""
    question = sa.text("SELECT * FROM night_imports ORDER BY source, number")
    return store_rows.imports_of(list(_rows(connection, question)))


def card_choices(connection: Connection) -> list[CardChoice]:
    """Which scorecards were chosen, the oldest first."""
    question = sa.text("SELECT * FROM night_card_choices ORDER BY serial")
    return [store_rows.card_choice_of(row) for row in _rows(connection, question)]


def runs(connection: Connection) -> list[dict[str, Any]]:
    """All runs, newest first."""
    return [
        dict(row) for row in _rows(connection, sa.text("SELECT * FROM night_runs ORDER BY started_utc DESC"))
    ]


def _order(recording: Recording) -> tuple[date, str, str, str]:
    """Sorted here: a database may sort text by the customs of some language."""
    return recording.day, recording.window_id, recording.path, recording.sha256


def _wanted(connection: Connection, question: str, wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    """The rows of a question that begins with the newest examinations."""
    more, values = wanted.narrowing()
    rows = _rows(connection, sa.text(question.format(more=more)), **wanted.days(), **values)
    return (row for row in rows if wanted.takes(row))


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or name in patterns or matches(name, patterns)


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _rows(connection: Connection, question: sa.TextClause, **values: Any) -> Iterator[Mapping[str, Any]]:
    lists = [name for name, value in values.items() if isinstance(value, list)]
    bound = question.bindparams(*(sa.bindparam(name, expanding=True) for name in lists))
    answer = connection.execute(bound, values)
    names = tuple(answer.keys())
    for row in answer:
        yield dict(zip(names, row, strict=True))


def _in_parts(names: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(names), _AT_ONCE):
        yield list(names[at : at + _AT_ONCE])
