"""/mine: what was found about the clerk who looks, with what became of it, and a way to object.

Only the clerk sees this page; it holds everything that was kept, also what does not count. Acknowledging and
appealing are signed with the clerk's own id, and the night's store says until when an appeal may be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.pages.forms import Form
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing.routes import FindingId, ReviewDesk, clip_answer, page_values
from deskguard.hub.reviewing.showing import helpers
from deskguard.hub.reviewing.signing import check_own
from deskguard.hub.store.times import utc_text
from deskguard.scoring.review import Decision
from deskguard.scoring.values import SAID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.summing import Sheets
    from deskguard.hub.state import HubState
    from deskguard.scoring.lines import Judged

Clerk = Annotated[Person, Depends(needs("findings.own"))]
_SHOWN = 300


class AnswerForm(Form):
    """What a clerk says to a finding."""

    act: Literal["acknowledge", "appeal"]
    why: Annotated[str, StringConstraints(max_length=2000)] = ""


def router(state: HubState, results: Results, sheets: Sheets) -> APIRouter:
    """The routes of /mine."""
    routes = APIRouter(include_in_schema=False)
    desk = ReviewDesk(state, results, sheets)

    @routes.get("/mine")
    def mine(request: Request, person: Clerk) -> Response:
        if not person.clerk_id:
            return render(request, "mine.html", person, found=None, scores=(), **helpers(words(request)))
        looked = desk.results.own(person.clerk_id)
        desk.note(person, "mine.view", person.clerk_id)
        values: dict[str, Any] = {
            "found": listed(looked.found)[:_SHOWN],
            "scores": list(reversed(desk.results.scores(looked.night, "clerk")))[:6],
            "now_utc": utc_text(state.now()),
        }
        return render(request, "mine.html", person, **values, **helpers(words(request)))

    @routes.get("/mine/{finding_id}")
    def one(request: Request, person: Clerk, finding_id: FindingId) -> Response:
        found = _own(desk, person, finding_id, "mine.finding")
        values = page_values(desk, request, found, is_own=True)
        values["ways"] = ways(found, utc_text(state.now()))
        return render(request, "mine_one.html", person, **values)

    @routes.get("/mine/{finding_id}/clip")
    def clip(person: Clerk, finding_id: FindingId) -> Response:
        return clip_answer(state, _own(desk, person, finding_id, "clip.play"))

    @routes.post("/mine/{finding_id}")
    def answer(person: Clerk, finding_id: FindingId, form: Annotated[AnswerForm, fastapi.Form()]) -> Response:
        _own(desk, person, finding_id, "mine.finding")
        made = Decision(
            finding_id=finding_id,
            act=form.act,
            by=person.clerk_id,
            at_utc=utc_text(state.now()),
            why=form.why,
        )
        standing = state.night.decide(made, desk.results.deadlines)
        desk.note(person, f"finding.{form.act}", finding_id, state=standing.state)
        return RedirectResponse(f"{state.base_path}/mine/{finding_id}", 303)

    return routes


def listed(found: Iterable[Judged]) -> list[Judged]:
    """What a clerk is shown: what may count against them, the newest first; praise is in the scores."""
    against = [one for one in found if one.finding.kind != SAID and one.finding.role != "visitor"]
    return sorted(
        against,
        key=lambda one: (one.finding.recording.day, one.finding.start_sample, one.finding.finding_id),
        reverse=True,
    )


def ways(one: Judged, now_utc: str) -> list[Literal["acknowledge", "appeal"]]:
    """What the clerk can do about a finding now."""
    state = one.standing.state
    found: list[Literal["acknowledge", "appeal"]] = []
    if state in ("proposed", "confirmed", "upheld") and not one.standing.is_acknowledged:
        found.append("acknowledge")
    if state == "proposed" or (state == "confirmed" and not one.standing.is_late(now_utc)):
        found.append("appeal")
    return found


def _own(desk: ReviewDesk, person: Person, finding_id: str, action: str) -> Judged:
    """A finding about this clerk, which is written down; 404 for all others."""
    try:
        found = desk.results.one(finding_id)
    except DeskguardError as error:
        if error.code != "unknown-finding":
            raise
        raise HTTPException(404) from None
    check_own(person, found.finding)
    desk.note(person, action, finding_id)
    return found
