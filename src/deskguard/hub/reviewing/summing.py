"""Sheets of recordings that keep up with the night: what changed is found by stamps and judged anew.

The night writes by itself, as a program of its own, and people decide here and on the command line. So whoever
wants sums first asks what changed: recordings examined anew or told anew, decisions, recordings that are gone.
Mostly nothing, which the counts of the tables tell. Sheet and sums change in one transaction.
"""

from __future__ import annotations

import logging
import threading
import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.reviewing import sheets
from deskguard.hub.reviewing.sheets import decided_of, listed_of, pile_of, sheet_of, tally_of, waits_of
from deskguard.hub.store import sums
from deskguard.hub.store.recordset import insert
from deskguard.scoring.store import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.people import Person
    from deskguard.hub.reviewing.queue import Open
    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.sheets import Listed
    from deskguard.hub.state import HubState
    from deskguard.hub.store.sums import Pile
    from deskguard.scoring.agreement import Decided
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.results import Night
    from deskguard.scoring.tally import Tally
    from deskguard.scoring.values import Recording

log = logging.getLogger(__name__)

LOOK_EVERY_S = 20.0
BREATH_S = 0.05
"""Between two handfuls of sheets, so that pages have their turn."""
TOGETHER = 25
"""Recordings in one transaction: with 450 findings each, as on a day at a busy window, half a second."""
PATIENCE_S = 2.0
"""How long a page waits for sheets; the rest is made behind it."""
_STAMP = sa.text(
    "SELECT (SELECT COUNT(*) FROM night_examinations) AS examinations,"
    " (SELECT MAX(examined_utc) FROM night_examinations) AS newest,"
    " (SELECT COUNT(*) FROM night_decisions) AS decisions,"
    # A run tells recordings anew without examining them again.
    " (SELECT COUNT(*) FROM night_runs) AS runs, (SELECT MAX(ended_utc) FROM night_runs) AS ended,"
    " (SELECT COUNT(*) FROM night_recordings) AS recordings,"
    " (SELECT COUNT(*) FROM night_imports) AS imports, (SELECT SUM(value) FROM night_imports) AS imported"
)
_NEWEST = """newest AS (
    SELECT * FROM (
        SELECT r.sha256, r.day, r.window_id, r.clerk_id, e.examination_id, e.examined_utc, ROW_NUMBER() OVER (
            PARTITION BY e.recording_sha256 ORDER BY e.examined_utc DESC, e.examination_id DESC
        ) AS place
        FROM night_examinations e JOIN night_recordings r ON r.sha256 = e.recording_sha256{which}
    ) t WHERE place = 1
)"""
_DECIDED = """decided AS (
    SELECT e.recording_sha256 AS sha256, COUNT(*) AS many FROM night_decisions d
    JOIN night_findings f ON f.finding_id = d.finding_id
    JOIN night_examinations e ON e.examination_id = f.examination_id{which}
    GROUP BY e.recording_sha256
)"""
_CHANGED = sa.text(
    f"""WITH {_NEWEST.format(which="")}, {_DECIDED.format(which="")}
    SELECT n.sha256, n.day FROM newest n
    LEFT JOIN hub_sheets s ON s.sha256 = n.sha256 LEFT JOIN decided d ON d.sha256 = n.sha256
    WHERE s.sha256 IS NULL OR s.examination_id <> n.examination_id OR s.examined_utc <> n.examined_utc
        OR s.decisions <> COALESCE(d.many, 0) OR s.judged_by <> :judged_by OR s.day <> n.day
        OR s.window_id <> n.window_id OR s.clerk_id <> n.clerk_id
    UNION ALL
    SELECT s.sha256, s.day FROM hub_sheets s WHERE NOT EXISTS (
        SELECT 1 FROM night_recordings r WHERE r.sha256 = s.sha256
    )
    ORDER BY day DESC, sha256"""
)
_SOME = sa.text(
    f"""WITH {_NEWEST.format(which=" WHERE r.sha256 IN :some")},
    {_DECIDED.format(which=" WHERE e.recording_sha256 IN :some")}
    SELECT n.sha256, n.day, n.window_id, n.clerk_id, n.examination_id, n.examined_utc,
        COALESCE(d.many, 0) AS decisions
    FROM newest n LEFT JOIN decided d ON d.sha256 = n.sha256"""
).bindparams(sa.bindparam("some", expanding=True))
_COLUMNS = (
    "sha256 TEXT, examination_id TEXT, examined_utc TEXT, decisions BIGINT, judged_by TEXT, day TEXT,"
    " window_id TEXT, clerk_id TEXT, items TEXT, decided TEXT, listed TEXT, waits TEXT, pile TEXT"
)
_NAMES = [one.split()[0] for one in _COLUMNS.split(", ")]


class Sheets:
    """The sheets of one hall; safe to use from several threads, and from several processes on one database."""

    def __init__(self, state: HubState, results: Results) -> None:
        self._state = state
        self._results = results
        self._turn = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        """The stamp of the store when it was looked through."""
        self._left: list[str] = []
        """What had changed then and has no sheet yet, the newest first."""

    def catch_up(self, patience_s: float = PATIENCE_S, together: int = TOGETHER) -> int:
        """Make the sheets of what changed until patience is at an end; gives how many recordings are left."""
        ends_s = time.monotonic() + patience_s
        with self._turn:
            self._look()
            while self._left:
                self._make(self._left[:together])
                del self._left[:together]
                if time.monotonic() >= ends_s:
                    break
            return len(self._left)

    @property
    def stamp(self) -> tuple[object, ...]:
        """Changes whenever sheets may have changed, or what they are of."""
        with self._turn:
            return (self._seen, len(self._left))

    def _look(self) -> None:
        """Find what changed, if anything did."""
        with self._state.store.reading() as connection:
            # What changes after the stamp was taken changes the next one.
            stamp = tuple(connection.execute(_STAMP).one())
            # A card that is chosen in the hall judges what has long been examined. By what is judged is known
            # when the rules are loaded: a hall without a night saves that second.
            judged_by = self._judged_by() if stamp[0] else ""
            if (*stamp, judged_by) != self._seen:
                changed = connection.execute(_CHANGED, {"judged_by": judged_by}) if stamp[0] else ()
                self._left = [str(sha256) for sha256, _ in changed]
                self._seen = (*stamp, judged_by)

    def tallies(self, wanted: Wanted) -> tuple[Night, list[tuple[Recording, Tally]], list[Decided]]:
        """What scores are made of for some days and windows, and what people decided there."""
        night = self._state.night.heard(wanted)
        parts = {part[0].sha256: part for part in night.parts}
        rows = _rows("sha256, items, decided", wanted, "sha256")
        found: list[tuple[Recording, Tally]] = []
        said: list[Decided] = []
        with self._state.store.reading() as connection:
            for sha256, items, decisions in connection.execute(*rows):
                if (part := parts.pop(sha256, None)) is not None:
                    found.append((part[0], tally_of(part, items)))
                    said += decided_of(decisions)
        # What has no sheet yet was heard all the same.
        found += [(part[0], tally_of(part, "{}")) for part in parts.values()]
        return night, found, said

    def listed(
        self, connection: Connection, wanted: Wanted, takes: Callable[[Listed], bool], most: int
    ) -> list[Listed]:
        """Findings against staff, the newest first; windows are wanted by their names."""
        rows = connection.execute(*_rows("day, listed", wanted, "day DESC"))
        found: list[Listed] = []
        for _, of_day in groupby(rows, key=lambda row: row.day):
            here = [one for row in of_day for one in listed_of(row.listed) if takes(one)]
            found += sorted(here, key=lambda one: (one.start_sample, one.finding_id), reverse=True)
            if len(found) >= most:
                break
        return found[:most]

    def waits(self, connection: Connection, first: date, person: Person) -> list[Open]:
        """What waits for somebody since a day, at the windows that a person may see."""
        question = sa.text("SELECT window_id, waits FROM hub_sheets WHERE day >= :first AND waits <> '[]'")
        rows = connection.execute(question, {"first": first.isoformat()})
        return [one for window_id, waits in rows if person.sees(window_id) for one in waits_of(waits)]

    def decided(self, person: Person) -> list[Decided]:
        """What people ever decided, at the windows that a person may see."""
        question = sa.text("SELECT window_id, decided FROM hub_sheets WHERE decided <> '[]'")
        with self._state.store.reading() as connection:
            rows = connection.execute(question).all()
        return [one for window_id, said in rows if person.sees(window_id) for one in decided_of(said)]

    def _judged_by(self) -> str:
        known = self._results
        return sheets.judged_by(known.card, known.policy, known.deadlines, known.due)

    def _make(self, some: Sequence[str]) -> None:
        """The sheets of some recordings."""
        # The stamps first: what changes between the two is made anew the next time.
        with self._state.store.reading() as connection:
            stamps = {row.sha256: dict(row._mapping) for row in connection.execute(_SOME, {"some": list(some)})}
        found = self._results.of_recordings(tuple(some))
        findings: dict[str, list[Judged]] = {}
        for one in found.found:
            findings.setdefault(one.finding.recording.sha256, []).append(one)
        judged_by = self._judged_by()
        rows: list[dict[str, Any]] = []
        pile: Pile = {}
        for recording, exposure in found.night.parts:
            if recording.sha256 not in stamps:
                continue
            here = findings.get(recording.sha256, [])
            known = self._results
            sheet = sheet_of((recording, exposure), here, found.due, known.card, known.policy)
            rows.append({**stamps[recording.sha256], "judged_by": judged_by, **sheet.row()})
            _lay(pile, sheet.pile)
        with self._state.store.writing() as connection:
            sums.hold(connection)
            _lay(pile, _taken_out(connection, "sha256 IN :some", {"some": list(some)}))
            insert(connection, "hub_sheets", _COLUMNS, [tuple(row[name] for name in _NAMES) for row in rows])
            sums.add(connection, pile)


def _rows(columns: str, wanted: Wanted, order: str) -> tuple[sa.TextClause, dict[str, Any]]:
    """The question for the sheets of some days, and of windows that are named; globs are left to the reader."""
    values: dict[str, Any] = wanted.days()
    where = "day >= :first AND day <= :last"
    named = [] if any(sign in one for one in wanted.windows for sign in "*?[") else list(wanted.windows)
    if named:
        where += " AND window_id IN :windows"
        values["windows"] = named
    question = sa.text(f"SELECT {columns} FROM hub_sheets WHERE {where} ORDER BY {order}")
    return question.bindparams(*([sa.bindparam("windows", expanding=True)] if named else [])), values


def drop(connection: Connection, which: str, values: Mapping[str, Any]) -> None:
    """Take recordings out of the sums that are about to be deleted; `which` is a condition on hub_sheets."""
    sums.hold(connection)
    sums.add(connection, _taken_out(connection, which, values))


def _taken_out(connection: Connection, which: str, values: Mapping[str, Any]) -> Pile:
    """Delete sheets; gives what is to be added to the sums for it."""
    names = [name for name, value in values.items() if isinstance(value, list)]
    lists: list[sa.BindParameter[Any]] = [sa.bindparam(name, expanding=True) for name in names]
    question = f"SELECT day, window_id, pile FROM hub_sheets WHERE {which}"
    pile: Pile = {}
    for row in connection.execute(sa.text(question).bindparams(*lists), values):
        _lay(pile, sums.taken(pile_of(row)))
    connection.execute(sa.text(f"DELETE FROM hub_sheets WHERE {which}").bindparams(*lists), values)
    return pile


def _lay(pile: Pile, more: Pile) -> None:
    for cell, (count, total) in more.items():
        sums.put(pile, cell, count, total)


class Follower:
    """A thread that keeps sheets up to date, so that nobody who opens a page waits for a whole night."""

    def __init__(self, sheets: Sheets, every_s: float = LOOK_EVERY_S) -> None:
        self._sheets = sheets
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sheets", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being made is finished first."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                left = self._sheets.catch_up(0.0)
            except DeskguardError as error:
                # A full disk or a server that restarts: later may be better.
                log.error("the sums of the night cannot be kept: %s", error.code)
                left = 0
            except Exception:
                # A mistake of ours must not end it: pages make their sums themselves, and say what is wrong.
                log.exception("the sums of the night stumbled")
                left = 0
            self._ended.wait(BREATH_S if left else self._every_s)
