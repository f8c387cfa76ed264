"""What the process has used: CPU seconds and memory; the only module that imports psutil at work."""

from __future__ import annotations

import sys


def cpu_s() -> float:
    """CPU seconds of all threads so far."""
    import psutil

    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def rss_mb() -> float:
    """Resident memory now, in MB of a million bytes."""
    import psutil

    return round(psutil.Process().memory_info().rss / 1e6, 1)


def peak_rss_mb() -> float:
    """The most resident memory so far, in MB of a million bytes."""
    if sys.platform == "win32":
        import psutil

        return round(psutil.Process().memory_info().peak_wset / 1e6, 1)
    import resource

    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)
