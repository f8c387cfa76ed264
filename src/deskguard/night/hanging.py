"""A worker that hangs on a recording is ended: whoever gave it the recording sees a death and blames that one.

The watch is the C library's, by way of faulthandler: it needs no turn of the interpreter, so it ends a process
as well that hangs inside of a decoder. Each step forward winds it up again, so a recording may take all night.
"""

from __future__ import annotations

import faulthandler
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Watch:
    """There is one for a process, as there is one recording that it is at."""

    limit_s = 0.0
    nowhere: IO[str] | None = None


@contextmanager
def watched(limit_s: float) -> Iterator[None]:
    """End this process when no step forward is told for `limit_s` within the block; 0: never."""
    if not limit_s:
        yield
        return
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  a path's own open gives the same
        _Watch.limit_s, _Watch.nowhere = limit_s, nowhere
        forward()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            _Watch.limit_s, _Watch.nowhere = 0.0, None


def forward() -> None:
    """Tell a step forward; without a watch nothing happens."""
    if _Watch.nowhere is not None:
        # Traces might name files; nobody is to read them.
        faulthandler.dump_traceback_later(_Watch.limit_s, exit=True, file=_Watch.nowhere)
