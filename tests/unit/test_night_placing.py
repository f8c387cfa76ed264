"""Recordings on the board: each has one outcome, whoever dies, and nobody is blamed for another."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskguard.night.jobs import Job
from deskguard.night.placing import MOST_TRIES, Board, Ticket
from deskguard.scoring.values import Recording

if TYPE_CHECKING:
    import random


def a_job(number: int) -> Job:
    recording = Recording(sha256=f"{number:064d}", path=f"{number}.wav", window_id="1", day=date(2026, 11, 21))
    return Job(recording=recording)


def board_of(n: int, *workers: str) -> Board:
    board = Board(map(a_job, range(n)))
    board.workers(workers)
    return board


def place(board: Board) -> list[Ticket]:
    placed = list(board.place())
    for ticket in placed:
        ticket.is_there = True
    return placed


def test_a_run_gives_a_worker_one_at_a_time() -> None:
    board = Board(map(a_job, range(5)))
    board.workers({"a", "b"})
    assert len(place(board)) == 2
    assert place(board) == []


def test_jobs_are_drawn_as_they_are_needed() -> None:
    drawn = []

    def jobs() -> object:
        for number in range(100_000):
            drawn.append(number)
            yield a_job(number)

    board = Board(jobs())  # type: ignore[arg-type]
    board.workers(["a", "b"])
    place(board)
    assert not board.is_done
    assert len(drawn) <= 2 + 1


def test_a_death_blames_the_recording_that_was_examined_and_no_other() -> None:
    board = board_of(4, "a", "b")
    first, second = place(board)
    assert board.workers({"b"}) == [(first, True)]
    assert not board.failed(first, "died")
    assert (first.tries, second.tries) == (1, 0)


def test_what_is_still_on_its_way_to_a_worker_is_not_blamed_for_its_death() -> None:
    board = board_of(1, "a")
    (ticket,) = place(board)
    ticket.is_there = False
    assert board.workers(()) == [(ticket, False)]
    board.freed(ticket)
    assert ticket.tries == 0
    assert not board.is_done


def test_a_suspect_goes_to_the_next_worker_that_falls_free() -> None:
    board = board_of(20, "a", "b")
    first, second = place(board)
    board.workers({"b", "c"})
    board.failed(first, "died")
    assert place(board) == [first]
    assert first.worker == "c"
    board.taken(second)
    assert [(one.worker, one.tries) for one in place(board)] == [("b", 0)]


def test_what_is_heard_of_an_earlier_turn_is_old() -> None:
    board = board_of(1, "a", "b")
    (ticket,) = place(board)
    turn = ticket.turn
    board.freed(ticket)
    assert place(board) == [ticket]
    assert ticket.turn > turn


def test_a_recording_is_given_up_after_its_last_try() -> None:
    board = board_of(1, "a")
    for number in range(MOST_TRIES):
        (ticket,) = place(board)
        assert board.failed(ticket, "raised") is (number == MOST_TRIES - 1)
    assert board.is_done
    assert ticket.tries == MOST_TRIES


def test_a_recording_that_no_worker_sees_is_stranded() -> None:
    board = board_of(1, "a", "b")
    (ticket,) = place(board)
    ticket.blind.add("a")
    board.freed(ticket)
    assert board.stranded() == []
    assert [one.worker for one in place(board)] == ["b"]
    ticket.blind.add("b")
    board.freed(ticket)
    assert place(board) == []
    assert board.stranded() == [ticket]
    assert board.is_done


def test_of_a_worker_that_is_of_no_use_nothing_is_blamed() -> None:
    board = board_of(2, "a")
    assert board.dropped({"a"}) == []
    board.workers({"a"})
    placed = place(board)
    assert board.dropped({"a", "b"}) == placed
    assert [one.tries for one in placed] == [0]
    assert board.present == set()
    assert not board.is_done


@given(
    n=st.integers(0, 30),
    chance=st.randoms(use_true_random=False),
    deadly=st.sets(st.integers(0, 29), max_size=3),
)
def test_each_recording_has_one_outcome_whatever_happens(
    n: int, chance: random.Random, deadly: set[int]
) -> None:
    """Workers come and go, and some recordings kill whoever opens them: those alone are given up."""
    board = Board(map(a_job, range(n)))
    present = ["w0", "w1"]
    came = len(present)
    at: dict[str, list[Ticket]] = {}
    outcomes: list[tuple[str, bool]] = []

    def look() -> None:
        for ticket, is_blamed in board.workers(present):
            if not is_blamed:
                board.freed(ticket)
            elif board.failed(ticket, "died"):
                outcomes.append((ticket.job.recording.path, False))
        for name in list(at):
            if name not in present:
                del at[name]

    for _ in range(2000):
        if board.is_done:
            break
        look()
        for ticket in place(board):
            for waiting in at.values():
                if ticket in waiting:
                    waiting.remove(ticket)
            at.setdefault(ticket.worker, []).append(ticket)
        assert all(len(waiting) <= 1 for waiting in at.values())
        busy = [name for name, waiting in at.items() if waiting]
        if not busy:
            continue
        worker = chance.choice(busy)
        ticket = at[worker][0]
        if int(ticket.job.recording.path.removesuffix(".wav")) in deadly:
            present.remove(worker)
            present.append(f"w{came}")
            came += 1
        else:
            at[worker].pop(0)
            board.taken(ticket)
            outcomes.append((ticket.job.recording.path, True))
    assert sorted(outcomes) == sorted((f"{number}.wav", number not in deadly) for number in range(n))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_empty_run_is_done_at_once(workers: int) -> None:
    board = board_of(0, *map(str, range(workers)))
    assert board.is_done
    assert place(board) == []
