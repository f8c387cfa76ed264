"""A process that gets no further is ended, whatever it does; one that does is left alone."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ctypes, sys, time
from deskguard.night.hanging import forward, watched
with watched(float(sys.argv[1])):
    if sys.argv[2] == "hangs":
        # Of PyDLL: the interpreter is held all the time, as by a decoder that never comes back.
        ctypes.PyDLL(None).sleep(60)
    for _ in range(8):
        time.sleep(0.25)
        forward()
time.sleep(float(sys.argv[1]) + 0.5)
print("through")
"""


def ended(limit_s: float, what: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(limit_s), what],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def test_who_gets_no_further_is_ended() -> None:
    assert ended(0.5, "hangs") == (1, "")


def test_who_goes_on_is_not_and_afterwards_nobody_watches() -> None:
    assert ended(1.5, "goes on") == (0, "through")


def test_without_a_limit_nobody_watches() -> None:
    assert ended(0, "goes on") == (0, "through")
