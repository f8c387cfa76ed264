"""Batches that wait for one commit: who hangs up meanwhile is nobody else's trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.hub.feed.gathering import Gathering
from deskguard.hub.feed.intake import Arrived
from deskguard.wire.batch import unpack
from feed_parts import body_of, told
from hub_parts import a_hall

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60.0


def test_a_sender_that_hangs_up_while_it_waits_ends_nobody_elses_intake(tmp_path: Path) -> None:
    with a_hall(tmp_path) as hall:
        gathering = Gathering(hall.state.store, lambda: None)

        desks = [hall.desk(f"window-{n}")[0] for n in range(4)]
        batches = [Arrived(desk, unpack(body_of(desk, told(1)), is_gzip=True), hall.clock()) for desk in desks]
        with hall.state.store.writing():
            # While the store is taken, what comes waits.
            first, second, third = (gathering.bring(one) for one in batches[:3])
            assert second.cancel() or second.running()
        assert first.result(PATIENCE_S).accepted == 1
        assert third.result(PATIENCE_S).accepted == 1
        assert gathering.bring(batches[3]).result(PATIENCE_S).accepted == 1
        gathering.stop()
