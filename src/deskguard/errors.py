"""One error type for everything a user can mend: what is wrong, and what to do about it."""

from __future__ import annotations


class DeskguardError(Exception):
    """A problem the user can fix; the command line prints it and exits with status 2.

    `problem` names the thing, the value found and the value expected; `remedy` is something the reader can
    do; `code` is a kebab-case word to search logs by. None of the three may hold transcript text.
    """

    def __init__(self, problem: str, remedy: str, code: str) -> None:
        super().__init__(f"{problem} Fix: {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.code = code
