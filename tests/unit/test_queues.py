"""What may wait between the threads, what is dropped, and where it is counted."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from deskguard.desk.queues import ChunkQueue, WindowQueue
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk
from hearing_values import a_window, chunk

SECOND = SAMPLE_RATE_HZ


def piece(start_sample: int, samples: int = SECOND, lost_before: int = 0) -> AudioChunk:
    return chunk(np.zeros(samples, np.float32), start_sample, lost_before=lost_before)


def taken(queue: ChunkQueue) -> list[tuple[int, int, int]]:
    """Start, end and loss of everything that waits."""
    out = []
    while (one := queue.take(0)) is not None:
        out.append((one.start_sample, one.end_sample, one.lost_before))
    return out


def test_chunks_come_out_as_they_went_in() -> None:
    queue = ChunkQueue(3)
    for second in range(3):
        assert queue.put(piece(second * SECOND))
    assert taken(queue) == [(0, SECOND, 0), (SECOND, 2 * SECOND, 0), (2 * SECOND, 3 * SECOND, 0)]
    assert queue.lost_samples == 0


def test_a_full_queue_drops_the_oldest_and_the_next_says_how_much() -> None:
    queue = ChunkQueue(2)
    for second in range(5):
        queue.put(piece(second * SECOND))
    assert queue.waiting_samples == 2 * SECOND
    assert taken(queue) == [(3 * SECOND, 4 * SECOND, 3 * SECOND), (4 * SECOND, 5 * SECOND, 0)]
    assert queue.lost_samples == 3 * SECOND


def test_what_the_source_lost_is_added_to_what_was_dropped_here() -> None:
    queue = ChunkQueue(1)
    queue.put(piece(100, lost_before=100))
    queue.put(piece(100 + SECOND + 50, lost_before=50))
    assert taken(queue) == [(SECOND + 150, 2 * SECOND + 150, 100 + SECOND + 50)]
    assert queue.lost_samples == 100 + SECOND + 50


def test_what_one_of_two_microphones_did_not_hear_is_lost_too_and_counted_once() -> None:
    queue = ChunkQueue(2)
    for second in range(4):
        queue.put(replace(piece(second * SECOND), missing=(1,) if second < 3 else ()))
    # Two of three one-sided seconds were dropped here, and one waits.
    assert queue.lost_samples == 3 * SECOND


def test_a_chunk_longer_than_the_bound_is_kept() -> None:
    queue = ChunkQueue(0.5)
    queue.put(piece(0))
    assert taken(queue) == [(0, SECOND, 0)]
    assert queue.lost_samples == 0


@pytest.mark.parametrize("writes", [[0], [2], [3], [6], [1, 1, 1], [2, 3], [3, 0, 3], [1] * 9])
def test_what_waits_is_the_last_of_what_was_written(writes: list[int]) -> None:
    bound = 2
    queue = ChunkQueue(bound)
    position = 0
    for seconds in writes:
        queue.put(piece(position, seconds * SECOND))
        position += seconds * SECOND
    out = taken(queue)
    kept = sum(end - start for start, end, _ in out)
    assert kept <= max(bound, writes[-1]) * SECOND
    assert kept + sum(lost for *_, lost in out) == position
    assert out[-1][1] == position


def test_a_closed_queue_takes_nothing_more_but_gives_what_waits() -> None:
    queue = ChunkQueue(5)
    queue.put(piece(0))
    queue.close()
    assert not queue.put(piece(SECOND))
    assert not queue.is_done
    assert taken(queue) == [(0, SECOND, 0)]
    assert queue.is_done
    assert queue.take() is None


def test_whoever_waits_for_a_chunk_is_woken_by_closing() -> None:
    queue = ChunkQueue(5)
    got: list[AudioChunk | None] = []
    waiter = threading.Thread(target=lambda: got.append(queue.take()))
    waiter.start()
    queue.close()
    waiter.join(30)
    assert got == [None]


def test_nothing_in_time_is_none() -> None:
    queue = ChunkQueue(5)
    assert queue.take(timeout_s=0.001) is None
    assert not queue.is_done


def test_a_partial_window_is_replaced_when_the_recogniser_lags() -> None:
    queue = WindowQueue(60)
    for samples in (100, 200, 300):
        queue.put(a_window(samples=samples))
    newest = queue.take(0)
    assert newest is not None
    assert newest.pcm.size == 300
    assert queue.skipped == 2
    assert queue.take(0) is None


def test_a_final_window_makes_the_partial_of_its_utterance_useless() -> None:
    queue = WindowQueue(60)
    queue.put(a_window(samples=100))
    queue.put(a_window(samples=200, end_reason="silence"))
    final = queue.take(0)
    assert final is not None
    assert final.is_final
    assert queue.take(0) is None
    assert queue.skipped == 1


def test_a_hush_comes_after_the_partial_that_it_is_about_and_replaces_nothing() -> None:
    queue = WindowQueue(60)
    queue.put(a_window(samples=100))
    queue.put(a_window(samples=0, is_hush=True))
    order = [queue.take(0) for _ in range(2)]
    assert [one.is_hush for one in order if one is not None] == [False, True]
    assert queue.is_done is queue.has_waiting is False
    assert queue.skipped == 0


def test_a_hush_is_void_once_something_newer_of_its_utterance_waits() -> None:
    queue = WindowQueue(60)
    for newer in (a_window(samples=100), a_window(samples=100, end_reason="silence")):
        queue.put(a_window(samples=0, is_hush=True))
        queue.put(newer)
        assert queue.take(0) is newer
        assert queue.take(0) is None
    assert queue.skipped == 0


def test_finals_come_before_the_partial_and_in_order() -> None:
    queue = WindowQueue(60)
    queue.put(a_window(utterance_id=0, end_reason="silence"))
    queue.put(a_window(utterance_id=1, end_reason="max_length"))
    queue.put(a_window(utterance_id=2))
    order = [queue.take(0) for _ in range(3)]
    assert [one.utterance_id for one in order if one is not None] == [0, 1, 2]
    assert queue.skipped == 0


def test_a_final_window_of_another_utterance_leaves_the_partial() -> None:
    queue = WindowQueue(60)
    queue.put(a_window(utterance_id=5))
    queue.put(a_window(utterance_id=4, end_reason="silence"))
    order = [queue.take(0) for _ in range(2)]
    assert [one.utterance_id for one in order if one is not None] == [4, 5]


def test_a_full_queue_of_finals_makes_the_writer_wait() -> None:
    queue = WindowQueue(2)
    for number in range(2):
        queue.put(a_window(utterance_id=number, end_reason="silence"))
    writer = threading.Thread(target=lambda: queue.put(a_window(utterance_id=2, end_reason="silence")))
    writer.start()
    assert queue.waiting_samples == 2 * SECOND
    first = queue.take(30)
    writer.join(30)
    assert not writer.is_alive()
    rest = [queue.take(30), queue.take(30)]
    assert [one.utterance_id for one in [first, *rest] if one is not None] == [0, 1, 2]


def test_a_final_longer_than_the_bound_is_taken_alone() -> None:
    queue = WindowQueue(0.5)
    queue.put(a_window(end_reason="silence"))
    assert queue.waiting_samples == SECOND


def test_a_writer_that_may_not_wait_is_never_refused() -> None:
    queue = WindowQueue(1)
    for number in range(9):
        queue.put(a_window(utterance_id=number, end_reason="silence"), block=False)
    assert queue.waiting_samples == 9 * SECOND


def test_closing_frees_a_writer_that_waits_and_loses_nothing() -> None:
    queue = WindowQueue(1)
    queue.put(a_window(utterance_id=0, end_reason="silence"))
    writer = threading.Thread(target=lambda: queue.put(a_window(utterance_id=1, end_reason="silence")))
    writer.start()
    queue.close()
    writer.join(30)
    assert not writer.is_alive()
    assert not queue.is_done
    assert [one.utterance_id for one in (queue.take(), queue.take()) if one is not None] == [0, 1]
    assert queue.is_done
    assert queue.take() is None


def test_a_partial_never_waits_even_when_finals_fill_the_queue() -> None:
    queue = WindowQueue(1)
    queue.put(a_window(utterance_id=0, end_reason="silence"))
    queue.put(a_window(utterance_id=1))
    assert queue.has_waiting
    assert queue.waiting_samples == SECOND
