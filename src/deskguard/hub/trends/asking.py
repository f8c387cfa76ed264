"""Which days and windows a question is about, and the windows that it means."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from deskguard.hub.store import sums

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.engine import Connection

    from deskguard.hub.store.sums import By, Line


class Asked(NamedTuple):
    """A stretch of days in some windows."""

    first: date
    last: date
    """Included."""
    sees: Sequence[str] = ()
    """Globs of the windows that whoever asks may see; none: all."""
    only: Sequence[str] = ()
    """Globs of those that are wanted; none: all."""

    def takes(self, window_id: str) -> bool:
        """Whether a window is meant."""
        return _fits(window_id, self.sees) and _fits(window_id, self.only)


def lines(connection: Connection, part: str, by: By, asked: Asked, of: str = "") -> list[Line]:
    """The sums of a part; `of` is the part that knows all windows, if it is another one."""
    return sums.ask(connection, part, by, (asked.first, asked.last), named(connection, of or part, asked))


def windows(connection: Connection, part: str, asked: Asked) -> list[str]:
    """The windows of a part that may be seen, whether they are wanted or not."""
    return [one for one in sums.names(connection, part) if _fits(one, asked.sees)]


def named(connection: Connection, part: str, asked: Asked) -> list[str] | None:
    """The windows that are meant; None: all of the hall, of which there are sums already."""
    if not asked.sees and not asked.only:
        return None
    known = sums.names(connection, part)
    found = [one for one in known if asked.takes(one)]
    return None if len(found) == len(known) else found


def _fits(window_id: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(window_id, one) for one in globs)
