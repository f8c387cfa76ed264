"""The C library's allocator told to give memory back, or to keep it: one for all day, one for a night of work.

glibc raises its threshold for mapping buffers each time a large one is freed, so the recogniser's buffers, of
another size in each step, end up on a heap that is never given back: 65 MB more after ten minutes and still
growing after an hour (bench/README.md). A fixed threshold costs a few page faults a step.

At night they are no longer a few: with every buffer of the encoder mapped anew, a window of 5 s takes 55 ms
read alone and 105 ms in a batch; with kept memory 53 ms either way (base int8, bench/README.md).
"""

from __future__ import annotations

import ctypes
import sys

# From malloc.h of glibc.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE_BYTES = 1 << 20
_KEPT_BYTES = 32 << 20
"""At night: larger buffers are mapped still, and so much of the heap may lie idle. glibc takes no more."""
_ARENAS = 1
"""Only the recogniser allocates much, and each arena hoards for itself."""


def give_back_memory() -> bool:
    """Set the thresholds for this process; False where the C library is another one (Windows, musl)."""
    return _set(_LARGE_BYTES, _LARGE_BYTES)


def keep_memory() -> bool:
    """The same for a process that works without a pause and may take more; undoes `give_back_memory`."""
    return _set(_KEPT_BYTES, 4 * _KEPT_BYTES)


def _set(large_bytes: int, idle_bytes: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    wanted = {
        _M_MMAP_THRESHOLD: large_bytes,
        _M_TRIM_THRESHOLD: idle_bytes,
        _M_ARENA_MAX: _ARENAS,
    }
    return all(mallopt(name, value) == 1 for name, value in wanted.items())
