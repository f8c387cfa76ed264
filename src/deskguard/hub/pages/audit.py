"""The audit log to look through, newest first, and to check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.audit.verify import verify
from deskguard.hub.pages.rendering import render

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from deskguard.hub.state import HubState

_Auditor = Annotated[Person, Depends(needs("audit.view"))]
_PAGE = 100
_LAST = 2**62


def router(state: HubState) -> APIRouter:
    """The routes of /audit."""
    routes = APIRouter(include_in_schema=False)

    def page(request: Request, person: Person, **told: Any) -> Response:
        asked = {name: request.query_params.get(name, "").strip()[:80] for name in ("who", "action", "target")}
        before = request.query_params.get("before", "")
        with state.store.reading() as connection:
            rows = _entries(connection, asked, int(before) if before.isdecimal() else _LAST)
            actions = connection.execute(sa.text("SELECT DISTINCT action FROM hub_audit ORDER BY action"))
            known = [str(one) for (one,) in actions]
        told = {"head": None, "problem": None, **told}
        older = rows[-1]["number"] if len(rows) == _PAGE else None
        return render(request, "audit.html", person, rows=rows, asked=asked, actions=known, older=older, **told)

    @routes.get("/audit")
    def audit(request: Request, person: _Auditor) -> Response:
        return page(request, person)

    @routes.post("/audit/verify")
    def check(request: Request, person: _Auditor) -> Response:
        try:
            with state.store.reading() as connection:
                head = verify(connection)
        except DeskguardError as error:
            return page(request, person, problem=error)
        with state.store.writing() as connection:
            detail = {"rows": head.rows}
            log.record(connection, at=state.now(), who=person.account_id, action="audit.verify", detail=detail)
        return page(request, person, head=head)

    return routes


def _entries(connection: Connection, asked: dict[str, str], before: int) -> list[dict[str, Any]]:
    """A page of entries with the names of who did them."""
    conditions = ["h.number < :before"]
    if asked["who"]:
        conditions.append("(h.who = :who OR a.name = :who)")
    if asked["action"]:
        conditions.append("h.action = :action")
    if asked["target"]:
        conditions.append("h.target = :target")
    question = (
        "SELECT h.number, h.at_utc, h.who, h.action, h.target, h.detail, a.name, t.name AS target_name"
        " FROM hub_audit h LEFT JOIN hub_accounts a ON a.account_id = h.who"
        " LEFT JOIN hub_accounts t ON t.account_id = h.target"
        f" WHERE {' AND '.join(conditions)} ORDER BY h.number DESC LIMIT {_PAGE}"
    )
    rows = connection.execute(sa.text(question), {**asked, "before": before})
    return [{**one._mapping, "detail": json.loads(one.detail)} for one in rows]
