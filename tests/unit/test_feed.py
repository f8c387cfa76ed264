"""The feed: nobody waits, nobody is forgotten, and what is lost is said."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from deskguard.desk.screen.feed import MAX_READERS, Feed, FeedEvent, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

SOON_S = 5.0


class Clock:
    """Monotonic time, wound by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> int:
        return int(self.now_s * 1e9)


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), SOON_S))


async def drain(reader: Reader) -> list[FeedEvent]:
    """What is queued now, up to the ping that says nothing is."""
    events: list[FeedEvent] = []
    while (event := await reader.take(0.01)) is not None and event.kind != "ping":
        events.append(event)
    return events


def card(hit_id: str = "h1", **more: Any) -> dict[str, Any]:
    return {"hit_id": hit_id, "state": "confirmed", "show_s": 12.0, **more}


def test_new_reader_gets_the_latest_of_everything_at_once() -> None:
    feed = Feed()
    feed.publish("state", {"state": "starting"})
    feed.publish("state", {"state": "listening"})
    feed.publish("health", {"heard_s": 3.0})
    feed.publish("card", card())

    async def body() -> None:
        (first,) = await drain(feed.subscribe())
        assert first.kind == "snapshot"
        assert first.payload["state"] == {"state": "listening"}
        assert first.payload["health"] == {"heard_s": 3.0}
        assert first.payload["card"]["hit_id"] == "h1"
        assert first.payload["rules"] is None

    run(body)


def test_every_reader_gets_every_event_in_order() -> None:
    feed = Feed()

    async def body() -> None:
        readers = [feed.subscribe(), feed.subscribe()]
        for n in range(5):
            feed.publish("today", {"entry": n})
        for reader in readers:
            assert [event.payload.get("entry") for event in (await drain(reader))[1:]] == [0, 1, 2, 3, 4]

    run(body)


def test_full_queue_drops_the_oldest_of_that_reader_and_marks_the_gap() -> None:
    feed = Feed(depth=3)

    async def body() -> None:
        slow, quick = feed.subscribe(), feed.subscribe()
        await drain(quick)
        for n in range(6):
            feed.publish("today", {"entry": n})
            assert [event.gap for event in await drain(quick)] == [False]
        left = await drain(slow)
        assert [event.payload["entry"] for event in left] == [3, 4, 5]
        assert [event.gap for event in left] == [True, False, False]
        assert left[0].body() == {"entry": 3, "gap": True}

    run(body)


def test_waiting_level_is_replaced_and_is_no_gap() -> None:
    feed = Feed(depth=3)

    async def body() -> None:
        reader = feed.subscribe()
        feed.publish("today", {"entry": 1})
        for n in range(50):
            feed.publish("level", {"dbfs": float(-n), "speech": False})
        events = await drain(reader)
        assert [event.kind for event in events] == ["snapshot", "today", "level"]
        assert events[-1].payload["dbfs"] == -49.0
        assert not any(event.gap for event in events)

    run(body)


def test_publish_from_other_threads_wakes_a_waiting_reader() -> None:
    feed = Feed(depth=1000)

    async def body() -> None:
        reader = feed.subscribe()
        await drain(reader)
        threads = [
            threading.Thread(target=lambda: [feed.publish("today", {"entry": n}) for n in range(100)])
            for _ in range(4)
        ]
        waiting = asyncio.ensure_future(reader.take(SOON_S))
        await asyncio.sleep(0)
        for thread in threads:
            thread.start()
        first = await waiting
        assert first is not None and first.kind == "today"
        for thread in threads:
            thread.join()
        assert len(await drain(reader)) == 399

    run(body)


def test_publish_after_a_readers_loop_has_closed_does_no_harm() -> None:
    feed = Feed()

    async def subscribe() -> Reader:
        return feed.subscribe()

    asyncio.run(subscribe())
    feed.publish("state", {"state": "listening"})
    assert feed.snapshot()["state"] == {"state": "listening"}


def test_hang_up_ends_readers_and_lets_new_ones_in() -> None:
    feed = Feed()

    async def body() -> None:
        reader = feed.subscribe()
        feed.hang_up()
        first = await reader.take(SOON_S)
        assert first is not None and first.kind == "snapshot"
        assert await reader.take(SOON_S) is None
        again = await feed.subscribe().take(SOON_S)
        assert again is not None and again.kind == "snapshot"

    run(body)


def test_oldest_reader_is_retired_when_there_are_too_many() -> None:
    feed = Feed()

    async def body() -> None:
        readers = [feed.subscribe() for _ in range(MAX_READERS + 1)]
        assert [event.kind for event in await drain(readers[0])] == ["snapshot", "retired"]
        assert await readers[0].take(SOON_S) is None
        for reader in readers[1:]:
            assert [event.kind for event in await drain(reader)] == ["snapshot"]

    run(body)


def test_card_in_the_snapshot_has_the_time_that_is_left() -> None:
    clock = Clock()
    feed = Feed(now_ns=clock)
    feed.publish("card", card(state="tentative"))
    clock.now_s += 4
    assert feed.snapshot()["card"]["left_s"] == pytest.approx(8.0)
    feed.publish("card", card(state="confirmed"))
    clock.now_s += 4
    assert feed.snapshot()["card"] == {**card(state="confirmed"), "left_s": pytest.approx(4.0)}
    clock.now_s += 4
    assert feed.snapshot()["card"] is None


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("card_gone", {"hit_id": "h1", "reason": "dismissed"}), ("card", card(state="withdrawn"))],
)
def test_card_that_has_gone_is_not_in_the_snapshot(kind: str, payload: dict[str, Any]) -> None:
    feed = Feed()
    feed.publish("card", card())
    feed.publish(kind, payload)
    assert feed.snapshot()["card"] is None


def test_card_stays_when_another_one_goes() -> None:
    feed = Feed()
    feed.publish("card", card("h1"))
    feed.publish("card", card("h2"))
    feed.publish("card_gone", {"hit_id": "h1", "reason": "replaced"})
    assert feed.snapshot()["card"]["hit_id"] == "h2"


def test_payload_is_copied_and_silence_becomes_null() -> None:
    feed = Feed()
    payload: dict[str, Any] = {"notes": ["a"], "dbfs": float("-inf"), "clauses": ({"x": float("nan")},)}
    feed.publish("level", payload)
    payload["notes"].append("b")
    assert feed.snapshot()["level"] == {"notes": ["a"], "dbfs": None, "clauses": [{"x": None}]}


def test_payload_that_is_not_json_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="plain JSON values, not object"):
        Feed().publish("state", {"state": object()})
