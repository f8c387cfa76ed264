"""Whether the computer keeps up: most windows skipped, or a backlog; forgotten after half a minute."""

from __future__ import annotations

from deskguard.desk.strain import Strain
from deskguard.values import Health

SECOND_NS = 1_000_000_000


def test_a_computer_that_reads_most_windows_keeps_up() -> None:
    strain = Strain()
    for at_s in range(30):
        strain.feed(Health(steps=4 * at_s, windows_skipped=at_s), at_s * SECOND_NS)
    assert not strain.is_slow


def test_most_windows_skipped_is_slow_and_is_forgotten_after_half_a_minute() -> None:
    strain = Strain()
    strain.feed(Health(), 0)
    strain.feed(Health(steps=5, windows_skipped=40), 10 * SECOND_NS)
    assert strain.is_slow
    strain.feed(Health(steps=5, windows_skipped=40), 45 * SECOND_NS)
    assert not strain.is_slow


def test_a_few_skipped_windows_say_nothing() -> None:
    strain = Strain()
    strain.feed(Health(), 0)
    strain.feed(Health(steps=1, windows_skipped=9), SECOND_NS)
    assert not strain.is_slow


def test_a_backlog_is_slow_whatever_was_skipped() -> None:
    strain = Strain()
    strain.feed(Health(backlog_s=6.0), 0)
    assert strain.is_slow
