"""/review: the queue of one who decides, each finding with its visit and its sound, and how far all agree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import StringConstraints

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing import blind, clips
from deskguard.hub.reviewing.queue import Entry, Open, Reader, after, counts, queue
from deskguard.hub.reviewing.showing import helpers
from deskguard.hub.reviewing.signing import check_second, check_sight, name_of
from deskguard.hub.reviewing.timeline import drawn, is_open_to_view, timeline
from deskguard.hub.store.times import utc_text
from deskguard.scoring.agreement import agreement_of
from deskguard.scoring.review import Decision

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.summing import Sheets
    from deskguard.hub.state import HubState
    from deskguard.scoring.lines import Judged

Viewer = Annotated[Person, Depends(needs("findings.view"))]
Decider = Annotated[Person, Depends(needs("findings.decide"))]
FindingId = Annotated[str, fastapi.Path(pattern=r"^[0-9a-f]{20}$")]
Filter = Annotated[str, Query(pattern=r"^(fatal|appeal|disagreed|second|waiting|sample)?$")]
_DAYS = 62
"""How far back the queue looks: past every deadline that a finding may have by the usual settings."""
_SHOWN = 200


class DecisionForm(Form):
    """What somebody says of a finding."""

    act: Literal["confirm", "reject", "uphold", "overturn"]
    why: Annotated[str, StringConstraints(max_length=2000)] = ""
    only: Annotated[str, StringConstraints(max_length=20)] = ""
    """The part of the queue that is gone through."""


def router(state: HubState, results: Results, sheets: Sheets) -> APIRouter:
    """The routes of /review."""
    routes = APIRouter(include_in_schema=False)
    desk = ReviewDesk(state, results, sheets)
    _add_queue(routes, desk)
    _add_finding(routes, desk)
    _add_deciding(routes, desk)
    return routes


class ReviewDesk:
    """What the routes have in common."""

    def __init__(self, state: HubState, results: Results, sheets: Sheets) -> None:
        self.state = state
        self.results = results
        self.sheets = sheets

    def queue(self, person: Person, only: str = "") -> list[Entry]:
        """What a person should look at, all of it or one part."""
        self.sheets.catch_up()
        first = self.state.today() - timedelta(days=_DAYS)
        with self.state.store.reading() as connection:
            verdicts = blind.verdicts(connection)
            waits = self.sheets.waits(connection, first, person)
        waits += self._seen_blind(set(verdicts) - {one.finding_id for one in waits}, first, person)
        entries = queue(waits, Reader(name_of(person), verdicts, utc_text(self.state.now())))
        return [one for one in entries if not only or one.why == only]

    def _seen_blind(self, ids: Collection[str], first: date, person: Person) -> list[Open]:
        """Findings that somebody has looked at, and that nobody would have to any more but for that."""
        found = self.state.night.findings(ids, self.results.deadlines).values() if ids else ()
        return [
            Open(one.finding_id, one.recording.clerk_id, "waiting", one.severity, standing.due_utc)
            for one, standing in found
            if standing.state == "proposed"
            and one.recording.day >= first
            and person.sees(one.recording.window_id)
        ]

    def seen(self, person: Person, finding_id: str, action: str) -> Judged:
        """A finding that a person may see, which is written down; 404 for others."""
        try:
            one = self.results.one(finding_id)
        except DeskguardError as error:
            if error.code != "unknown-finding":
                raise
            raise HTTPException(404) from None
        check_sight(person, one.finding)
        self.note(person, action, finding_id, window=one.finding.recording.window_id)
        return one

    def note(self, person: Person, action: str, target: str, **detail: Any) -> None:
        """Write down what somebody did or looked at."""
        with self.state.store.writing() as connection:
            log.record(
                connection, at=self.state.now(), who=person.account_id, action=action, target=target,
                detail=detail,
            )  # fmt: skip


def _add_queue(routes: APIRouter, desk: ReviewDesk) -> None:
    @routes.get("/review")
    def waiting(request: Request, person: Decider, only: Filter = "") -> Response:
        every = desk.queue(person)
        entries = [one for one in every if not only or one.why == only]
        # A list names people and what they are said to have done.
        desk.note(person, "findings.list", "queue", n=len(entries))
        known = desk.state.night.findings(one.finding_id for one in entries[:_SHOWN])
        shown = [(one, known[one.finding_id][0]) for one in entries[:_SHOWN] if one.finding_id in known]
        values: dict[str, Any] = {"entries": shown, "total": len(entries), "only": only}
        values["counts"] = counts(every)
        return render(request, "review.html", person, **values, **helpers(words(request)))

    @routes.get("/review/agreement")
    def agreed(request: Request, person: Decider) -> Response:
        desk.sheets.catch_up()
        with desk.state.store.reading() as connection:
            pairs = blind.pair_agreement(blind.verdicts(connection))
        people = agreement_of(desk.sheets.decided(person))
        return render(request, "review_agreement.html", person, machine=people, pairs=pairs)


def _add_finding(routes: APIRouter, desk: ReviewDesk) -> None:
    @routes.get("/review/{finding_id}")
    def finding(
        request: Request, person: Viewer, finding_id: FindingId, only: Filter = "", done: str = ""
    ) -> Response:
        one = desk.seen(person, finding_id, "finding.view")
        entries = desk.queue(person, only) if person.may("findings.decide") else []
        entry = next((each for each in entries if each.finding_id == finding_id), None)
        values = page_values(desk, request, one)
        values |= {
            "entry": entry,
            "next_id": after(entries, finding_id),
            "left": len(entries),
            "only": only,
            "done": done if done in ("decided", "verdict") else "",
            "verdicts": _verdicts(desk, finding_id) if entry is None or entry.why == "disagreed" else (),
        }
        return render(request, "review_one.html", person, **values)

    @routes.get("/review/{finding_id}/clip")
    def clip(person: Viewer, finding_id: FindingId) -> Response:
        one = desk.seen(person, finding_id, "clip.play")
        return clip_answer(desk.state, one)


def _add_deciding(routes: APIRouter, desk: ReviewDesk) -> None:
    @routes.post("/review/{finding_id}")
    def decide(
        request: Request, person: Decider, finding_id: FindingId, form: Annotated[DecisionForm, fastapi.Form()]
    ) -> Response:
        one = desk.seen(person, finding_id, "finding.view")
        only = form.only if form.only in ("fatal", "appeal", "disagreed", "second", "waiting", "sample") else ""
        before = desk.queue(person, only)
        entry = next((each for each in before if each.finding_id == finding_id), None)
        done = _decided(desk, person, one, entry, form)
        then = after(before, finding_id)
        base = desk.state.base_path
        where = f"/review/{then}" if then and then != finding_id else "/review"
        mark = f"?only={only}&done={done}" if where != "/review" else f"?only={only}"
        return RedirectResponse(f"{base}{where}{mark}", 303)


def _decided(
    desk: ReviewDesk, person: Person, one: Judged, entry: Entry | None, form: DecisionForm
) -> Literal["decided", "verdict"]:
    """Keep what somebody says; raises DeskguardError where it is not allowed."""
    finding_id, by, at = one.finding.finding_id, name_of(person), desk.state.now()
    is_first_look = form.act in ("confirm", "reject")
    if entry is not None and entry.is_blind and is_first_look:
        return _verdict(desk, person, finding_id, form)
    check_second(by, form.act, _verdicts(desk, finding_id))
    made = Decision(finding_id=finding_id, act=form.act, by=by, at_utc=utc_text(at), why=form.why)
    standing = desk.state.night.decide(made, desk.results.deadlines)
    desk.note(person, f"finding.{form.act}", finding_id, state=standing.state)
    return "decided"


def _verdict(desk: ReviewDesk, person: Person, finding_id: str, form: DecisionForm) -> Literal["verdict"]:
    """One of two; the second that agrees makes the decision of both."""
    act: blind.Word = "confirm" if form.act == "confirm" else "reject"
    at = desk.state.now()
    given = blind.verdict_of(finding_id, name_of(person), act, form.why, at)
    with desk.state.store.writing() as connection:
        said = blind.give(connection, given)
        log.record(
            connection, at=at, who=person.account_id, action="finding.verdict", target=finding_id,
            detail={"verdict": act},
        )  # fmt: skip
    # Should this fail, two like verdicts stay without a decision, and a third person makes it.
    if (settled := blind.agreed(said)) is not None:
        made = Decision(
            finding_id=finding_id, act=settled.word, by=settled.by, at_utc=utc_text(at), why=settled.why
        )
        standing = desk.state.night.decide(made, desk.results.deadlines)
        desk.note(person, f"finding.{settled.word}", finding_id, state=standing.state, two=True)
    return "verdict"


def _verdicts(desk: ReviewDesk, finding_id: str) -> tuple[blind.Verdict, ...]:
    with desk.state.store.reading() as connection:
        return blind.verdicts(connection, finding_id).get(finding_id, ())


def page_values(desk: ReviewDesk, request: Request, one: Judged, *, is_own: bool = False) -> dict[str, Any]:
    """What a page about one finding shows, to who decides or, with `is_own`, to the clerk it is about."""
    recording = one.finding.recording
    # Those of the same day and window; the timeline takes what lies in the visit.
    near = desk.results.beside(one)
    line = timeline(one.finding, near, desk.results.spoken(recording.sha256))
    telling = helpers(words(request))
    may_see = line.has_curves and (is_own or is_open_to_view(one))
    return {
        "one": one,
        "line": line,
        "curves": drawn(line, one, telling["title"]) if may_see else None,
        "has_clip": clips.clip_of(desk.state, one.finding.finding_id) is not None,
        "margin_s": clips.MARGIN_S,
        "now_utc": utc_text(desk.state.now()),
        **telling,
    }


def clip_answer(state: HubState, one: Judged) -> Response:
    """The sound behind a finding; 404 where there is none."""
    path = clips.clip_of(state, one.finding.finding_id)
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type=clips.MEDIA_TYPE, headers={"cache-control": "no-store"})
