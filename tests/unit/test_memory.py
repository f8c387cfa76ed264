"""Large buffers go back to the system when they are freed."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, sys
from deskguard.desk import memory
from deskguard.desk.usage import rss_mb
assert memory.give_back_memory()
if "night" in sys.argv:
    assert memory.keep_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
before = rss_mb()
# A freed buffer of 30 MB would raise glibc's own threshold: the next ones would stay on the heap.
for megabytes in (30, 8, 20, 5):
    kept = [libc.malloc(ctypes.c_size_t(megabytes << 20)) for _ in range(4)]
    small = [libc.malloc(ctypes.c_size_t(1 << 16)) for _ in range(4)]
    for block in kept:
        ctypes.memset(block, 1, megabytes << 20)
        libc.free(block)
print(rss_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_large_buffers_are_given_back() -> None:
    assert grown_mb("day") < 5


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_night_keeps_what_it_will_use_again() -> None:
    assert grown_mb("night") > 10


def grown_mb(when: str) -> float:
    done = subprocess.run([sys.executable, "-c", SCRIPT, when], capture_output=True, text=True, check=True)
    return float(done.stdout)
