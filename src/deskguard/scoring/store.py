"""What the nights found, in one SQLite file or a PostgreSQL database, for several writers at once.

An examination is kept whole or not at all, and keeping it again changes nothing: whoever is killed half way
does it once more. A recording is known by its content, an examination by content, rules, model and settings, so
that "done" can be asked before any work. Decisions are only added. Text is redacted before it comes here.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from deskguard.errors import DeskguardError
from deskguard.privacy.redact import redact
from deskguard.scoring import store_reading as reading
from deskguard.scoring import store_rows
from deskguard.scoring import store_tables as tables
from deskguard.scoring.identity import recognised
from deskguard.scoring.results import Night
from deskguard.scoring.review import check, fold, standings
from deskguard.scoring.store_engine import (
    explained,
    for_reading,
    is_taken,
    is_worth_another_try,
    open_engine,
    shown_place,
)
from deskguard.scoring.store_reading import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

    from deskguard.scoring.card_choice import CardChoice
    from deskguard.scoring.imported import Imports
    from deskguard.scoring.review import Act, Deadlines, Decision, Standing
    from deskguard.scoring.values import (
        Examined,
        Finding,
        NightRun,
        NotAnalysed,
        Recording,
        Spoken,
    )

_Outcome = TypeVar("_Outcome")
_TRIES = 5
_LEAST_OF_ID = 4
_EVERYTHING = Wanted()

__all__ = ["NightStore", "Wanted", "keep_choice"]


class NightStore:
    """The results of all nights; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.place = shown_place(engine)
        """Where it lies, in words."""

    @classmethod
    def open(cls, place: str, password: str | None = None, *, create: bool = True) -> NightStore:
        """The store at a place, made or brought up to date when needed; raises DeskguardError."""
        return cls(open_engine(place, password, create=create))

    def close(self) -> None:
        """Close all connections; the store can be used no more."""
        self._engine.dispose()

    # ---- writing ----

    def begin_run(self, run: NightRun) -> None:
        """Record the start of a run; a second time changes nothing."""
        row = {name: getattr(run, name) for name in run.__dataclass_fields__}
        row["started_utc"] = store_rows.utc_text(run.started_utc)
        self._write(lambda connection: self._put(connection, tables.RUNS, [row], ("run_id",), keep=True))

    def end_run(self, run_id: str, ended_utc: str, reason: str, summary: Mapping[str, Any]) -> None:
        """Record how a run ended, with its figures."""
        values = {
            "ended_utc": store_rows.utc_text(ended_utc),
            "reason": reason,
            "summary": json.dumps(summary, ensure_ascii=False),
        }
        runs = tables.RUNS
        change = sa.update(runs).where(runs.c.run_id == run_id).values(values)
        self._write(lambda connection: connection.execute(change))

    def done(self, examination_ids: Iterable[str]) -> set[str]:
        """Those of the examinations that are here already and need not be made again."""
        return self._read(lambda connection: reading.done(connection, examination_ids))

    def note_recordings(self, recordings: Iterable[Recording]) -> None:
        """What is told of recordings now, path, window, clerk and day; findings in them follow."""
        rows = [store_rows.recording_row(one) for one in recordings]
        self._write(lambda connection: self._put(connection, tables.RECORDINGS, rows, ("sha256",)))

    def file_hash(self, path: str, size: int, modified_ns: int) -> str | None:
        """The sha256 of a file that was read before and does not look written to since."""
        question = sa.select(tables.FILES.c.sha256).where(
            tables.FILES.c.path == store_rows.storable(path),
            tables.FILES.c.size == size,
            tables.FILES.c.modified_ns == modified_ns,
        )
        return self._read(lambda connection: connection.execute(question).scalar())

    def note_file(self, path: str, size: int, modified_ns: int, sha256: str) -> None:
        """Keep a file's sha256 for the next night: to read a month of recordings for it takes hours."""
        row = {"path": store_rows.storable(path), "size": size, "modified_ns": modified_ns, "sha256": sha256}
        self._write(lambda connection: self._put(connection, tables.FILES, [row], ("path",)))

    def note_told(self, recordings: Iterable[Recording]) -> None:
        """The same of recordings that were not opened: their length and channels stay as they were found."""
        rows = [
            {**store_rows.recording_row(one), "duration_samples": None, "roles": None} for one in recordings
        ]
        change = sa.text(
            "UPDATE night_recordings SET path = :path, window_id = :window_id, clerk_id = :clerk_id,"
            " day = :day, started_at = :started_at WHERE sha256 = :sha256"
        )
        if rows:
            self._write(lambda connection: connection.execute(change, rows))

    def save_examined(self, examined: Examined, run_id: str, examined_utc: str) -> None:
        """Keep all that an examination yielded, instead of what the same one yielded before.

        Findings that were known already keep their names, so that decisions go on to apply; those that somebody
        has decided on stay even if they are not found any more.
        """
        self._write(lambda connection: self._save(connection, examined, run_id, examined_utc))

    def save_not_analysed(self, run_id: str, several: Iterable[NotAnalysed]) -> None:
        """Keep what a run could not examine, and why."""
        rows = [store_rows.not_analysed_row(one, run_id) for one in several]
        key = ("run_id", "path", "reason")
        self._write(lambda connection: self._put(connection, tables.NOT_ANALYSED, rows, key))

    def decide(self, decision: Decision, deadlines: Deadlines | None = None) -> Standing:
        """Add a decision; raises DeskguardError where it is not allowed, and changes nothing then."""
        kept = replace(decision, by=decision.by.strip(), why=redact(decision.why.strip()))
        return self._write(lambda connection: self._decide(connection, kept, deadlines))

    def replace_imports(self, source: str, imports: Imports) -> None:
        """Keep the ratings and counts of a source, such as a file's name, instead of those it had before."""
        table = tables.IMPORTS
        rows = list(store_rows.import_rows(imports, source))

        def change(connection: Connection) -> None:
            connection.execute(sa.delete(table).where(table.c.source == source))
            self._put(connection, table, rows, ("source", "number"))

        self._write(change)

    # ---- reading ----

    def night(self, wanted: Wanted = _EVERYTHING, deadlines: Deadlines | None = None) -> Night:
        """All that scores are made of."""

        def read(connection: Connection) -> Night:
            found = _with_decisions(connection, reading.findings(connection, wanted), deadlines)
            parts = tuple(reading.parts(connection, wanted))
            return replace(found, parts=parts, imports=reading.imports(connection))

        return self._read(read)

    def decided(self, act: Act, wanted: Wanted = _EVERYTHING, deadlines: Deadlines | None = None) -> Night:
        """The findings of whatever day on which somebody has once taken an act, and where they stand now."""

        def read(connection: Connection) -> Night:
            return _with_decisions(connection, reading.findings_decided(connection, act, wanted), deadlines)

        return self._read(read)

    def heard(self, wanted: Wanted = _EVERYTHING) -> Night:
        """The same without findings: what there was to find something in, and what was read in."""

        def read(connection: Connection) -> Night:
            return Night(parts=tuple(reading.parts(connection, wanted)), imports=reading.imports(connection))

        return self._read(read)

    def findings(
        self, finding_ids: Iterable[str], deadlines: Deadlines | None = None
    ) -> dict[str, tuple[Finding, Standing]]:
        """Findings by their ids, and where they stand; those that are not known are left out."""

        def read(connection: Connection) -> dict[str, tuple[Finding, Standing]]:
            found = reading.some_findings(connection, finding_ids)
            examined = {one.finding_id: examined_utc for one, examined_utc in found}
            standing = standings(reading.decisions(connection, examined), deadlines, examined)
            return {one.finding_id: (one, standing[one.finding_id]) for one, _ in found}

        return self._read(read)

    def finding(self, name: str, deadlines: Deadlines | None = None) -> tuple[Finding, Standing]:
        """A finding by its id, or an unmistakable beginning of it, and where it stands; else DeskguardError."""

        def read(connection: Connection) -> tuple[Finding, Standing]:
            finding, examined_utc = self._finding(connection, name)
            made = reading.decisions(connection, [finding.finding_id])
            return finding, fold(made, deadlines, examined_utc)

        return self._read(read)

    def spoken(self, recording_sha256: str) -> list[Spoken]:
        """What was said in a recording, as far as texts are kept."""
        return self._read(lambda connection: reading.spoken(connection, recording_sha256))

    def not_analysed(self, run_id: str | None = None) -> list[NotAnalysed]:
        """What a run could not examine; without one, what nobody has examined since it was last tried."""
        return self._read(lambda connection: reading.not_analysed(connection, run_id))

    def findings_of(self, sha256: str) -> list[Finding]:
        """All findings in a recording, of whichever examination, by the names they are kept under."""
        return self._read(lambda connection: list(reading.findings_of(connection, sha256)))

    def refused(self, like: NightRun, path: str, since_utc: str) -> NotAnalysed | None:
        """Why a run with the same rules, model and settings, begun after `since_utc`, left a file out.

        Only for what lies in its sound: what else kept it from being examined may be over now.
        """
        since = store_rows.utc_text(since_utc)
        return self._read(lambda connection: reading.refused(connection, like, path, since))

    def runs(self) -> list[dict[str, Any]]:
        """All runs as they were recorded, newest first; `summary` is a table, or None while a run goes on."""
        rows = self._read(reading.runs)
        return [
            {**row, "summary": None if row["summary"] is None else json.loads(row["summary"])} for row in rows
        ]

    def card_choices(self) -> list[CardChoice]:
        """Which scorecards were chosen for what and from when on, the oldest first."""
        return self._read(reading.card_choices)

    # ---- inside ----

    def _save(self, connection: Connection, examined: Examined, run_id: str, examined_utc: str) -> None:
        examination = examined.examination
        name = examination.examination_id
        # First: on a server this makes others wait who examine the same recording.
        self._put(connection, tables.RECORDINGS, [store_rows.recording_row(examined.recording)], ("sha256",))
        row = store_rows.examination_row(examination, examined.exposure, run_id, examined_utc)
        self._put(connection, tables.EXAMINATIONS, [row], ("examination_id",))
        known = reading.findings_of(connection, examined.recording.sha256)
        found = recognised(examined.findings, known)
        self._forget(connection, name)
        rows = [store_rows.finding_row(one, name) for one in found]
        self._put(connection, tables.FINDINGS, rows, ("examination_id", "finding_id"))
        texts = [store_rows.spoken_row(one, name, number) for number, one in enumerate(examined.spoken)]
        self._put(connection, tables.SPOKEN, texts, ("examination_id", "number"))

    def _forget(self, connection: Connection, examination_id: str) -> None:
        """Take away what an examination yielded before, but for findings that somebody has decided on."""
        found, made = tables.FINDINGS, tables.DECISIONS
        has_decisions = sa.exists().where(made.c.finding_id == found.c.finding_id, made.c.act != "acknowledge")
        connection.execute(sa.delete(found).where(found.c.examination_id == examination_id, ~has_decisions))
        connection.execute(sa.delete(tables.SPOKEN).where(tables.SPOKEN.c.examination_id == examination_id))

    def _decide(self, connection: Connection, decision: Decision, deadlines: Deadlines | None) -> Standing:
        finding, examined_utc = self._finding(connection, decision.finding_id)
        made = reading.decisions(connection, [finding.finding_id])
        kept = replace(decision, finding_id=finding.finding_id, at_utc=store_rows.utc_text(decision.at_utc))
        check(finding, fold(made, deadlines, examined_utc), kept, deadlines)
        # By those just looked at: who decides meanwhile takes the same number, and one of the two fails.
        row = store_rows.decision_row(kept, len(made) + 1)
        try:
            connection.execute(sa.insert(tables.DECISIONS), [row])
        except exc.DBAPIError as error:
            if not is_taken(error):
                raise
            raise DeskguardError(
                f"Somebody else has decided on finding {finding.finding_id} at the same moment.",
                "look at it again: deskguard review show ID",
                "decided-meanwhile",
            ) from None
        return fold([*made, kept], deadlines, examined_utc)

    def _finding(self, connection: Connection, name: str) -> tuple[Finding, str]:
        """A finding by its id or a beginning of it, and when its recording was examined."""
        wanted = name.strip().lower()
        is_name = re.fullmatch(rf"[0-9a-f]{{{_LEAST_OF_ID},20}}", wanted) is not None
        ids = reading.ids_like(connection, wanted) if is_name else []
        if len(ids) > 1:
            raise DeskguardError(
                f'"{wanted}" is the beginning of several findings: {", ".join(ids)}.',
                "write more of the id.",
                "ambiguous-finding",
            )
        found = reading.finding(connection, ids[0]) if ids else None
        if found is None:
            raise DeskguardError(
                f'There is no finding "{name[:40]}" in {self.place}.',
                f"see deskguard review list; write at least {_LEAST_OF_ID} of the 20 signs of an id.",
                "unknown-finding",
            )
        return found

    def _put(
        self,
        connection: Connection,
        table: sa.TableClause,
        rows: Sequence[Mapping[str, Any]],
        key: tuple[str, ...],
        *,
        keep: bool = False,
    ) -> None:
        """Insert rows; one with a key that is there takes its place, or leaves it alone with `keep`."""
        if not rows:
            return
        names = list(rows[0])
        fresh = [f"{name} = excluded.{name}" for name in names if name not in key]
        change = "DO NOTHING" if keep or not fresh else f"DO UPDATE SET {', '.join(fresh)}"
        is_server = connection.dialect.name == "postgresql"
        # All rows as one value: by themselves, each takes its way to the server and back.
        whole = f"FROM json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))"
        source = f"SELECT {', '.join(names)} {whole}" if is_server else f"VALUES (:{', :'.join(names)})"
        put = f"INSERT INTO {table.name} ({', '.join(names)}) {source} ON CONFLICT ({', '.join(key)}) {change}"
        connection.execute(sa.text(put), {"rows": json.dumps(rows)} if is_server else list(rows))

    def _write(self, work: Callable[[Connection], _Outcome]) -> _Outcome:
        """Do work in one transaction, once more where writers were in each other's way."""
        for is_last in [False] * (_TRIES - 1) + [True]:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except exc.DBAPIError as error:
                if is_last or not is_worth_another_try(error):
                    with explained(self.place):
                        raise
        raise AssertionError("the last try returns or raises")

    def _read(self, work: Callable[[Connection], _Outcome]) -> _Outcome:
        """Answer questions that all see the store at one moment, without keeping writers waiting."""
        with explained(self.place), for_reading(self._engine).begin() as connection:
            return work(connection)


def keep_choice(connection: Connection, choice: CardChoice) -> CardChoice:
    """Add a choice of a scorecard in the caller's transaction, under the next number; gives it with that."""
    newest = connection.execute(sa.text("SELECT MAX(serial) FROM night_card_choices")).scalar()
    kept = replace(choice, serial=int(newest or 0) + 1)
    connection.execute(sa.insert(tables.CARD_CHOICES), [store_rows.card_choice_row(kept)])
    return kept


def _with_decisions(
    connection: Connection, found: Sequence[tuple[Finding, str]], deadlines: Deadlines | None
) -> Night:
    """Findings, each with when it was examined, and where decisions leave them."""
    made = reading.decisions(connection, [one.finding_id for one, _ in found])
    examined = {one.finding_id: examined_utc for one, examined_utc in found}
    return Night(findings=tuple(one for one, _ in found), standings=standings(made, deadlines, examined))
