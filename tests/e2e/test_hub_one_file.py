"""On SQLite one process serves a hall: a second one is refused, and what commands write beside it is safe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hall_server import HubProgram, running
from reporting_desk import PATIENCE_S, Reporting
from sound_server import wait_until

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_server_on_a_file_is_refused_until_the_first_is_gone(hub: HubProgram, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(hub.data)
    for data in (hub.data, tmp_path / "link"):
        second = HubProgram(data)
        second.begin()
        assert second.wait() == 2
        assert "Another server of the hall is at work" in "".join(second.logged)
        assert "PostgreSQL" in "".join(second.logged)
    assert hub.is_well()
    hub.kill()
    with running(HubProgram(hub.data)):
        pass


def test_commands_beside_the_server_take_turns_with_it(hub: HubProgram, tmp_path: Path) -> None:
    desk = Reporting([hub], tmp_path / "desk", "window-0")
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda n: hub.code(f"window-{n}"), range(1, 21)))
    wait_until("it goes on", lambda: len(desk.acknowledged) > 100, PATIENCE_S)
    desk.stop()
    assert len(set(codes)) == 20
    assert set(desk.statuses) == {200}
    assert hub.ask("SELECT COUNT(*) FROM hub_events") == [(len(desk.acknowledged),)]
