"""Events of some days as CSV or XLSX, for a spreadsheet: what looks like a formula is written as text."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response, StreamingResponse

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log as audit
from deskguard.hub.feed import reading
from deskguard.hub.feed.api import _kinds
from deskguard.hub.feed.reading import Chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.hub.feed.running import Feeding

MOST_ROWS = 200_000
COLUMNS = (
    *(
        "at",
        "window_id",
        "kind",
        "rule_id",
        "act_id",
        "manner",
        "severity",
        "state",
        "confidence",
        "shown",
        "scene",
    ),
    *(
        "standard",
        "clauses",
        "value",
        "expected",
        "unit",
        "visit_id",
        "begin",
        "end",
        "channel",
        "waiting",
        "longest_s",
        "reason",
    ),
    *("by", "notes", "received", "desk_id", "id", "position"),
)
_AT_ONCE = 2000
_DAY = r"^\d{4}-\d{2}-\d{2}$"


def router(feeding: Feeding) -> APIRouter:
    """The two routes."""
    routes = APIRouter(prefix="/api/v1/export", tags=["feed"])
    state = feeding.state

    @routes.get("/events.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    def as_csv(
        person: Annotated[Person, Depends(needs("export"))],
        since: Annotated[str, Query(pattern=_DAY)],
        until: Annotated[str, Query(pattern=_DAY)],
        kinds: Annotated[str, Query(max_length=200)] = "",
    ) -> StreamingResponse:
        """Events from one day to another, both included, as CSV in UTF-8."""
        chosen = _chosen(person, since, until, kinds)
        _note(person, "csv", chosen)
        headers = {"Content-Disposition": f'attachment; filename="events-{since}-{until}.csv"'}
        return StreamingResponse(csv_of(_rows(chosen)), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get("/events.xlsx", response_class=Response)
    def as_xlsx(
        person: Annotated[Person, Depends(needs("export"))],
        since: Annotated[str, Query(pattern=_DAY)],
        until: Annotated[str, Query(pattern=_DAY)],
        kinds: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """The same as a workbook."""
        from deskguard.hub.feed.sheets import workbook_of

        chosen = _chosen(person, since, until, kinds)
        _note(person, "xlsx", chosen)
        headers = {"Content-Disposition": f'attachment; filename="events-{since}-{until}.xlsx"'}
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return Response(workbook_of(_rows(chosen)), media_type=kind, headers=headers)

    def _rows(chosen: Chosen) -> Iterator[list[Any]]:
        yield list(COLUMNS)
        position = left = 0
        left = MOST_ROWS
        while left > 0:
            with state.store.reading() as connection:
                found = reading.after(connection, position, min(_AT_ONCE, left), chosen)
            yield from (row_of(one) for one in found if chosen.sees(one.window_id))
            if len(found) < _AT_ONCE:
                return
            position, left = found[-1].position, left - len(found)

    def _note(person: Person, form: str, chosen: Chosen) -> None:
        detail = {
            "form": form,
            "since": chosen.first_day,
            "until": chosen.last_day,
            "kinds": list(chosen.kinds),
        }
        with state.store.writing() as connection:
            audit.record(
                connection, at=state.now(), who=person.account_id, action="export.events", detail=detail
            )

    return routes


def _chosen(person: Person, since: str, until: str, kinds: str) -> Chosen:
    if until < since:
        raise HTTPException(422, "until is before since")
    return Chosen(kinds=_kinds(kinds), first_day=since, last_day=until, sees=person.sees)


def row_of(event: reading.Stored) -> list[Any]:
    """An event as a row under COLUMNS."""
    told = event.told()
    return [_cell(told.get(name)) for name in COLUMNS]


def csv_of(rows: Iterable[list[Any]]) -> Iterator[str]:
    """Rows as CSV, some at a time; with the mark that spreadsheets need to read UTF-8."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(one) for one in row])
        if text.tell() > 60_000:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def harmless(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: an apostrophe before what begins like one."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return f"'{value}"
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(
            one if isinstance(one, str) else str(one.get("clause", json.dumps(one))) for one in value
        )
    return value
