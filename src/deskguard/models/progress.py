"""Bytes done in, a bar on a terminal or a few plain lines elsewhere out.

Functions that move weights report to a `Progress`: what is being done, bytes done, bytes in all. They know
nothing of terminals.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[str, int, int], None]
Advance = Callable[[int], None]


def meter(what: str, total: int, progress: Progress | None) -> Advance | None:
    """A counter that is told how many bytes more are done and reports the sum; None when nobody listens."""
    if progress is None:
        return None
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, total)

    return advance


@contextmanager
def watching(folder: Path, what: str, total: int, progress: Progress | None) -> Iterator[None]:
    """Report the size of a folder that another program fills, until the block ends."""
    if progress is None:
        yield
        return
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(0.2):
            progress(what, min(total, _folder_size(folder)), total)

    watcher = threading.Thread(target=watch, name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress on standard error: a bar on a terminal, else one line for each step."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        yield report


def _lines() -> Progress:
    """A line at each quarter, for logs and pipes."""
    last: dict[str, int] = {}

    def report(what: str, done: int, total: int) -> None:
        quarter = 4 * done // total if total else 4
        if last.get(what) != quarter:
            last[what] = quarter
            sys.stderr.write(f"{what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB\n")

    return report


def _folder_size(folder: Path) -> int:
    size = 0
    for one in folder.rglob("*"):
        try:
            size += one.stat().st_size if one.is_file() else 0
        except OSError:
            # It was renamed or removed between the listing and the look.
            continue
    return size
