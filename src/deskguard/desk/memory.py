"""The C library's allocator told to give memory back; matters for a process that runs all day.

glibc raises its threshold for mapping buffers each time a large one is freed, so the recogniser's buffers, of
another size in each step, end up on a heap that is never given back: 65 MB more after ten minutes and still
growing after an hour (bench/README.md). A fixed threshold costs a few page faults a step.
"""

from __future__ import annotations

import ctypes
import sys

# From malloc.h of glibc.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE_BYTES = 1 << 20
_ARENAS = 1
"""Only the recogniser allocates much, and each arena hoards for itself."""


def give_back_memory() -> bool:
    """Set the thresholds for this process; False where the C library is another one (Windows, musl)."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    wanted = {
        _M_MMAP_THRESHOLD: _LARGE_BYTES,
        _M_TRIM_THRESHOLD: _LARGE_BYTES,
        _M_ARENA_MAX: _ARENAS,
    }
    return all(mallopt(name, value) == 1 for name, value in wanted.items())
