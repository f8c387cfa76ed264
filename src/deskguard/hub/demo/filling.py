"""`deskguard hub --demo-data`: an empty hall gets a month that did not happen, and says so on every page.

The mark lies in the store itself: a hall that was filled so stays a demo, however it is started later. Only an
empty store is filled; made-up findings never stand beside real ones.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import desk_keys, passwords, people
from deskguard.hub.audit import log
from deskguard.hub.demo import hall
from deskguard.hub.demo.deciding import decide, examined_at
from deskguard.hub.demo.examining import MODEL, DemoExaminer
from deskguard.hub.demo.reporting import Outbox
from deskguard.hub.reviewing.results import Results
from deskguard.hub.store.turns import take_turn
from deskguard.hub.trends import trainings
from deskguard.scoring.values import NightRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.roles import RoleName
    from deskguard.hub.state import HubState
    from deskguard.hub.store.opening import HubStore
    from deskguard.settings import Settings

VISITS_A_DAY = 14
_RUN = "demo"
_MARK = "demo"
_PEOPLE: tuple[tuple[str, RoleName, str], ...] = (
    ("demo-supervisor", "supervisor", ""),
    ("demo-reviewer", "reviewer", ""),
    ("demo-reviewer-2", "reviewer", ""),
    ("demo-clerk", "clerk", "demo-103"),
    ("demo-rules", "rule-author", ""),
    ("demo-admin", "administrator", ""),
    ("demo-auditor", "auditor", ""),
)


def is_demo(store: HubStore) -> bool:
    """Whether this store was filled with made-up data."""
    with store.reading() as connection:
        question = sa.text("SELECT value FROM hub_settings WHERE name = :name")
        return connection.execute(question, {"name": _MARK}).scalar() is not None


def fill(
    state: HubState, settings: Settings, tell: Callable[[str], None], visits_a_day: int = VISITS_A_DAY
) -> None:
    """Fill an empty hall and tell how to log in; one that is a demo already stays as it is. DeskguardError."""
    if is_demo(state.store):
        tell("The demo data is there already; its accounts have the password that was told when it was made.")
        return
    password = secrets.token_urlsafe(12)
    kept = passwords.hashed(password)
    with state.store.writing() as connection:
        take_turn(connection, "accounts")
        _refuse_used(connection)
        connection.execute(sa.text("INSERT INTO hub_settings VALUES (:name, 'begun')"), {"name": _MARK})
        for name, role, clerk_id in _PEOPLE:
            new = people.NewAccount(
                name=name, role=role, password=password, clerk_id=clerk_id, must_change=False
            )
            people.make(connection, new, state.now(), kept)
        log.record(connection, at=state.now(), who="console", action="demo.fill")
    tell("Making a month of visits by the rules in force; this takes a minute or two.")
    today = state.now().astimezone().date()
    _examine(state, settings, today, (tell, visits_a_day))
    _train(state, today)
    results = Results(state, settings)
    looked = results.look(None, None)
    examined = {one.sha256: examined_at(one.started_at) for one, _ in looked.night.parts}
    many = decide(state, looked.found, examined, results.deadlines)
    tell(f"{len(looked.found)} findings, {many} decisions of people.")
    names = ", ".join(name for name, _, _ in _PEOPLE)
    tell(f"Log in as one of {names}; password of all: {password}")


def _refuse_used(connection: Connection) -> None:
    """Made-up data beside real records would be taken for some."""
    for table in ("hub_accounts", "hub_desks", "night_recordings"):
        if connection.execute(sa.text(f"SELECT 1 FROM {table} LIMIT 1")).first() is not None:
            raise DeskguardError(
                "This hall is in use: demo data goes into an empty one only.",
                "name another folder with --data, and another database if --db is given.",
                "demo-not-empty",
            )


def _examine(state: HubState, settings: Settings, today: date, more: tuple[Callable[[str], None], int]) -> None:
    """Every window's every day, as the night would have kept it, and what its desk told."""
    from deskguard.rules.pack import load_packs

    tell, visits_a_day = more
    rules = load_packs([Path(one) for one in settings.rules.packs], settings.rules.only)
    examiner = DemoExaminer(rules)
    started = datetime.combine(today, datetime.min.time(), UTC).isoformat()
    run = NightRun(
        run_id=_RUN, started_utc=started, host=_RUN, version="", rules_sha256=rules.sha256, model=MODEL,
        card_id=settings.scoring.card,
    )  # fmt: skip
    state.night.begin_run(run)
    outboxes = {window: Outbox(state, _desk(state, window)) for window in hall.WINDOWS}
    several = list(hall.sittings(today, visits_a_day))
    for number, sitting in enumerate(several, 1):
        examined, visits = examiner.examine(sitting)
        state.night.save_examined(examined, _RUN, examined_at(examined.recording.started_at).isoformat())
        outboxes[sitting.window_id].tell(examined, visits)
        if number % 40 == 0:
            tell(f"{number} of {len(several)} days at a window")
    for outbox in outboxes.values():
        outbox.be_there()
    state.night.end_run(_RUN, state.now().isoformat(), "finished", {"demo": True})


def _desk(state: HubState, window_id: str) -> desk_keys.DeskKey:
    """A desk that has joined; its key is thrown away."""
    with state.store.writing() as connection:
        code = desk_keys.new_code(connection, window_id, "demo", state.now())
        joined = desk_keys.enrol(connection, code, state.now())
    if joined is None:
        raise DeskguardError(f"Window {window_id} could not join.", "start again.", "demo-not-empty")
    return joined.desk


def _train(state: HubState, today: date) -> None:
    """The training that some windows took part in."""
    made = trainings.Training(trainings.new_id(), hall.training_day(today), hall.TRAINED, "文明用语培训")
    with state.store.writing() as connection:
        trainings.keep(connection, made, "demo-supervisor", state.now())
