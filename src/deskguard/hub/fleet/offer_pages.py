"""/rules/version/.../offered: counter-examples from overturned findings, accepted into a draft or dismissed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from deskguard.errors import DeskguardError
from deskguard.hub.audit import log
from deskguard.hub.fleet import editing, library
from deskguard.hub.fleet import offers as offering
from deskguard.hub.fleet.rule_pages import Editor, Opened, RulesDesk, local
from deskguard.hub.pages.rendering import render
from deskguard.hub.store.times import utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.guard import Person
    from deskguard.hub.fleet.offers import Offer
    from deskguard.hub.state import HubState
    from deskguard.rules.ruleset import RuleSet

_SHOWN = 100
_Act = Annotated[Literal["accept", "dismiss", "again"], Form()]
_Names = Annotated[list[str] | None, Form(max_length=_SHOWN)]


@dataclass(frozen=True, slots=True)
class Line:
    """An offer as the page has it."""

    offer: Offer
    file: str
    """The pack that would take it; empty: the rule is none of this version's own packs."""
    is_raised: bool
    """Whether this version still raises the rule by these words alone."""


def router(state: HubState) -> APIRouter:
    """The routes of offered counter-examples."""
    routes = APIRouter(prefix="/rules", include_in_schema=False)
    desk = RulesDesk(state)

    @routes.get("/version/{version}/offered")
    def offered(
        request: Request,
        version: str,
        person: Editor,
        done: Annotated[str, Query(pattern="^(accept|dismiss|again)?$")] = "",
    ) -> Response:
        return _page(request, person, desk, desk.open(version), done=done)

    @routes.post("/version/{version}/offered")
    def settle(  # noqa: PLR0913, PLR0917 - the form's fields
        request: Request,
        version: str,
        person: Editor,
        act: _Act,
        offer: _Names = None,
        why: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        opened = desk.open(version)
        try:
            if act == "again":
                then = _reopen(desk, person, opened, offer or ())
            else:
                chosen = _chosen(desk, person, offer or ())
                keep = _accept if act == "accept" else _dismiss
                then = keep(desk, person, (opened, request), chosen, why)
        except DeskguardError as error:
            told = f"{error.problem} {error.remedy}"
            return _page(request, person, desk, opened, problem=told, status=422)
        return desk.to(f"/rules/version/{then}/offered?done={act}")

    return routes


def _page(  # noqa: PLR0913 - what a page is made of
    request: Request,
    person: Person,
    desk: RulesDesk,
    opened: Opened,
    *,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    found = offering.offers(desk.state.night, person.windows)
    rules = library.loaded(opened.files)
    with desk.state.store.reading() as connection:
        settled = offering.settled(connection)
    waiting = [one for one in found if one.offer_id not in settled and not offering.is_there(one, rules)]
    values: dict[str, Any] = {
        "lines": _lines(waiting[:_SHOWN], opened, rules),
        "total": len(waiting),
        "settled": [(one, settled[one.offer_id]) for one in found if one.offer_id in settled][:_SHOWN],
    }
    with desk.state.store.writing() as connection:
        # It holds what people said.
        log.record(
            connection, at=desk.state.now(), who=person.account_id, action="rules.offered",
            target=opened.about.version, detail={"n": len(waiting)},
        )  # fmt: skip
    return render(
        request, "rules_offered.html", person, status=status, version=opened.about, local=local,
        problem=problem, done=done, **values,
    )  # fmt: skip


def _lines(waiting: Sequence[Offer], opened: Opened, rules: RuleSet) -> list[Line]:
    if not waiting:
        return []
    from deskguard.authoring.trials.judging import Judge
    from deskguard.authoring.trials.talk import Line as Spoken

    judge = Judge(rules)
    return [
        Line(
            one,
            editing.file_of(opened.files, one.rule_id),
            judge.raises([Spoken("staff", one.text)], one.rule_id),
        )
        for one in waiting
    ]


def _chosen(desk: RulesDesk, person: Person, names: Sequence[str]) -> list[Offer]:
    """The offers that somebody has marked; raises DeskguardError for none, or one that is not there."""
    known = {one.offer_id: one for one in offering.offers(desk.state.night, person.windows)}
    if not names or set(names) - known.keys():
        raise DeskguardError(
            "No counter-example is chosen." if not names else "A counter-example is not there any more.",
            "mark some and try again." if not names else "load the page again.",
            "no-offer",
        )
    return [known[name] for name in dict.fromkeys(names)]


def _accept(
    desk: RulesDesk, person: Person, where: tuple[Opened, Request], chosen: Sequence[Offer], why: str
) -> str:
    """A draft with these counter-examples, made from the version that is looked at; gives its name."""
    opened, request = where
    wanted = [(one.rule_id, one.text) for one in chosen]
    files = editing.with_counter_examples(opened.files, wanted, desk.words(request))
    # Loaded before the store is held: it takes seconds.
    library.loaded(files)
    at = desk.state.now()
    origin = library.Origin(person.name, why.strip(), utc_text(at), opened.about.version)
    with desk.state.store.writing() as connection:
        made = library.keep(connection, files, origin)
        _settle(connection, person, chosen, ("accepted", made.version, why), at)
    return made.version


def _dismiss(
    desk: RulesDesk, person: Person, where: tuple[Opened, Request], chosen: Sequence[Offer], why: str
) -> str:
    """Offer these no more."""
    with desk.state.store.writing() as connection:
        _settle(connection, person, chosen, ("dismissed", "", why), desk.state.now())
    return where[0].about.version


def _settle(
    connection: Connection,
    person: Person,
    chosen: Sequence[Offer],
    what: tuple[offering.Outcome, str, str],
    at: datetime,
) -> None:
    outcome, version, why = what
    made = {
        one.offer_id: offering.Settled(
            rule_id=one.rule_id, outcome=outcome, version=version, why=why, by=person.name, at_utc=utc_text(at)
        )
        for one in chosen
    }
    offering.settle(connection, made)
    action = "rules.accept" if outcome == "accepted" else "rules.dismiss"
    for one in chosen:
        log.record(
            connection, at=at, who=person.account_id, action=action,
            target=one.offer_id, detail={"rule": one.rule_id, "version": version},
        )  # fmt: skip


def _reopen(desk: RulesDesk, person: Person, opened: Opened, names: Sequence[str]) -> str:
    with desk.state.store.writing() as connection:
        for name in offering.reopen(connection, names):
            log.record(
                connection, at=desk.state.now(), who=person.account_id, action="rules.reoffer",
                target=name,
            )  # fmt: skip
    return opened.about.version
