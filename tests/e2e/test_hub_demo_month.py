"""`hub --demo-data` as somebody tries it: filled, marked on every page, and the same hall after a restart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deskguard.hub.app import build_app
from deskguard.hub.demo import filling
from deskguard.hub.trends import rollups
from deskguard.hub.trends.asking import Asked
from deskguard.settings import Settings
from hub_parts import Visitor, a_hall

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_filled_hall_shows_its_month_and_says_that_it_is_made_up(tmp_path: Path) -> None:
    told: list[str] = []
    with a_hall(tmp_path, is_peopled=False) as opened:
        state = opened.state
        filling.fill(state, Settings(), told.append, visits_a_day=3)
        assert filling.is_demo(state.store)
        password = re.search(r"password of all: (\S+)", told[-1])
        assert password is not None
        app = build_app(replace(state, demo=True))
        supervisor = Visitor(app)
        assert supervisor.log_in("demo-supervisor", password[1]).status_code == 303
        for path in ("/review", "/trends", "/reports?period=2026-11", "/review/agreement"):
            page = supervisor.get(path)
            assert page.status_code == 200 and 'class="demo"' in page.text, path
        clerk = Visitor(app)
        clerk.log_in("demo-clerk", password[1])
        assert "/mine/" in clerk.get("/mine").text
        with state.store.reading() as connection:
            days = (state.today().replace(day=1), state.today())
            sums = rollups.sums(connection, "window", Asked(*days))
        night = state.night.night()
        visits = sum(exposure.visits for recording, exposure in night.parts if recording.day >= days[0])
        # Desks and night tell of the same visits.
        assert sum(one.visits for one in sums) == visits > 0
        told.clear()
        filling.fill(state, Settings(), told.append)
        assert len(state.night.night().parts) == len(night.parts)
