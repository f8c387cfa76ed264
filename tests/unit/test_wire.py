"""What travels between desk and hub: what is taken, what is refused, and that nothing larger is unpacked."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deskguard.errors import DeskguardError
from deskguard.wire import batch, events
from deskguard.wire.batch import Head, Refused, pack, unpack
from deskguard.wire.ulid import new_ulid

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
STREAM = new_ulid(NOW, lambda _bits: 7)


def a_head(**changes: Any) -> Head:
    return Head(**{"desk_id": "desk-1", "stream": STREAM, "sent": NOW, **changes})


def an_event(seq: int = 1, **changes: Any) -> dict[str, Any]:
    base = {"id": new_ulid(NOW), "seq": seq, "at": "2026-11-22T17:30:00+08:00"}
    return {**base, **(changes if "kind" in changes else {"kind": "help", "by": "button", **changes})}


def body_of(*several: Any) -> bytes:
    return pack(a_head(), [json.dumps(one) for one in several])


def test_a_batch_comes_back_as_it_was_sent() -> None:
    found = unpack(body_of(an_event(3), an_event(4, kind="desk", online=True, version="0.9")), is_gzip=True)
    assert found.head == a_head()
    assert [(one.seq, one.kind) for one in found.events] == [(3, "help"), (4, "desk")]
    assert found.events[0].at.utcoffset() == timedelta(hours=8)
    assert found.refused == ()


def test_one_event_of_no_use_does_not_keep_the_others_out() -> None:
    wrong = [an_event(2, kind="transcript", text="words"), an_event(3, by="<script>"), "not an event"]
    found = unpack(body_of(an_event(1), *wrong, an_event(4)), is_gzip=True)
    assert [one.seq for one in found.events] == [1, 4]
    refused = {Refused(2, "unknown-kind"), Refused(3, "bad-event"), Refused(None, "bad-event")}
    assert set(found.refused) == refused


@pytest.mark.parametrize("field", ["text", "heard", "audio", "phrase", "transcript"])
@pytest.mark.parametrize("kind", events.KINDS)
def test_no_kind_has_room_for_words(kind: str, field: str) -> None:
    found = unpack(body_of(an_event(1, kind=kind, **{field: "您好"})), is_gzip=True)
    assert found.events == ()


def test_numbers_that_do_not_rise_are_refused() -> None:
    found = unpack(body_of(an_event(5), an_event(4), an_event(5), an_event(6)), is_gzip=True)
    assert [one.seq for one in found.events] == [5, 6]
    assert set(found.refused) == {Refused(4, "out-of-order"), Refused(5, "out-of-order")}


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-22T09:30:00",
        "yesterday",
        1764000000,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-23:59",
        None,
    ],
)
def test_a_time_without_offset_or_out_of_any_age_is_refused(at: object) -> None:
    assert unpack(body_of(an_event(1, at=at)), is_gzip=True).refused == (Refused(1, "bad-event"),)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"[]",
        b"{}",
        b'{"events": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"events": [], "v": 2}',
        b'{"events": [], "desk_id": "=cmd()", "stream": "x", "sent": "2026-11-22T09:30:00Z"}',
    ],
)
def test_what_is_no_batch_is_refused_whole_without_repeating_it(plain: bytes) -> None:
    with pytest.raises(DeskguardError) as caught:
        unpack(gzip.compress(plain), is_gzip=True)
    assert caught.value.code == "bad-batch"
    assert "cmd" not in str(caught.value)


def test_gzip_that_is_cut_off_or_followed_is_refused() -> None:
    whole = body_of(an_event())
    for body in (whole[:-9], whole + b"x", b"plain"):
        with pytest.raises(DeskguardError, match="gzip"):
            unpack(body, is_gzip=True)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with pytest.raises(DeskguardError) as caught:
        unpack(bomb, is_gzip=True)
    assert caught.value.code == "batch-too-large"


def test_more_events_than_a_batch_may_have_are_refused() -> None:
    body = body_of(*(an_event(seq) for seq in range(1, batch.MOST_EVENTS + 2)))
    with pytest.raises(DeskguardError) as caught:
        unpack(body, is_gzip=True)
    assert caught.value.code == "batch-too-large"


def test_names_sort_by_the_time_they_were_given() -> None:
    names = [new_ulid(NOW + timedelta(milliseconds=place)) for place in range(50)]
    assert names == sorted(names)
    assert len(set(names)) == 50
    assert new_ulid(datetime(1970, 1, 1, tzinfo=UTC), lambda _bits: 0) == "0" * 26
