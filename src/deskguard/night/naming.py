"""The path of a recording to whose it is: window, clerk, day and time, by a pattern, else by what is plain.

A pattern is a path with names in braces, from the right: `{window}/{date}/*`, `{date}/{window}_{clerk}_{time}`.
What a pattern does not say is taken from the folder's name and from a date in the path; last of all the file's
own date counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from pathlib import PurePath

from deskguard.errors import DeskguardError

_FIELDS = {
    "window": r"(?P<window>[^/]+?)",
    "clerk": r"(?P<clerk>[^/]+?)",
    "date": r"(?P<date>\d{4}[-_.年]?\d{1,2}[-_.月]?\d{1,2}日?)",
    "time": r"(?P<time>\d{2}[-_.:时]?\d{2}(?:[-_.:分]?\d{2})?秒?)",
}
_FIELD = re.compile(r"\{([^{}]*)\}|(\*)")
_DATE = re.compile(
    r"(?<!\d)(20\d{2})[-_.年]?(0[1-9]|1[0-2]|[1-9](?=[-_.月]))[-_.月]?([0-2]\d|3[01]|[1-9](?!\d))日?"
)
_TIME = re.compile(r"(?<!\d)([01]\d|2[0-3])[-_.:时]?([0-5]\d)(?:[-_.:分]?([0-5]\d))?(?!\d)")


@dataclass(frozen=True, slots=True)
class Named:
    """What a path tells; empty and None where it does not."""

    window_id: str = ""
    clerk_id: str = ""
    day: date | None = None
    begun: time | None = None


class Pattern:
    """How paths are made here."""

    def __init__(self, written: str) -> None:
        """Raises DeskguardError for a pattern with names that mean nothing."""
        self._written = written
        self._parts = written.strip("/").count("/") + 1
        expression, at = "", 0
        for found in _FIELD.finditer(written.strip("/")):
            expression += re.escape(written.strip("/")[at : found.start()])
            expression += "[^/]*?" if found[2] else self._field(found[1], expression)
            at = found.end()
        self._expression = re.compile(expression + re.escape(written.strip("/")[at:]))

    def read(self, relative: PurePath) -> Named:
        """What the last parts of a path say; nothing where they do not fit."""
        parts = relative.parts[-self._parts :]
        whole = "/".join((*parts[:-1], PurePath(parts[-1]).stem))
        found = self._expression.fullmatch(whole)
        if found is None:
            return Named()
        told = found.groupdict()
        day = day_in(told.get("date") or "")
        if "date" in told and day is None:
            return Named()
        return Named(told.get("window") or "", told.get("clerk") or "", day, time_in(told.get("time") or ""))

    def _field(self, name: str, before: str) -> str:
        if name not in _FIELDS or f"(?P<{name}>" in before:
            raise DeskguardError(
                f'[scoring] pattern is "{self._written}"; {{{name}}} is not known or stands there twice.',
                f"use {', '.join('{' + one + '}' for one in _FIELDS)} at most once each, and * for anything.",
                "bad-pattern",
            )
        return _FIELDS[name]


def day_in(text: str) -> date | None:
    """The last date that stands in a text."""
    for found in reversed(list(_DATE.finditer(text))):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            continue
    return None


def time_in(text: str) -> time | None:
    """The last time of day in a text, beside a date or alone."""
    rest = _DATE.sub(" ", text)
    found = list(_TIME.finditer(rest))
    return time(int(found[-1][1]), int(found[-1][2]), int(found[-1][3] or 0)) if found else None


def plainly(relative: PurePath, folder: str) -> Named:
    """What can be seen without a pattern: the folder is the window, a date and a time may stand in the names.

    `folder` stands in for a file that lies in none. A folder that is only a date is no window.
    """
    above = [one for one in relative.parts[:-1] if _DATE.sub("", one).strip("-_. ")]
    day = day_in(relative.as_posix())
    return Named(above[-1] if above else folder, "", day, time_in(relative.stem) if day else None)
