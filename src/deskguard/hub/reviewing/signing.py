"""By what name decisions are signed, and whether they may be made: what the night's store cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.hub.accounts.people import Person
    from deskguard.hub.reviewing.blind import Verdict
    from deskguard.scoring.review import Act
    from deskguard.scoring.values import Finding


def name_of(person: Person) -> str:
    """The clerk's id of who is a clerk as well, so that nobody decides on findings against himself."""
    return person.clerk_id or person.name


def check_sight(person: Person, finding: Finding) -> None:
    """Refuse what lies in windows that are not this person's, as if it were not there."""
    if not person.sees(finding.recording.window_id):
        raise HTTPException(404)


def check_own(person: Person, finding: Finding) -> None:
    """Refuse findings that are about somebody else, as if they were not there."""
    if not person.clerk_id or finding.recording.clerk_id != person.clerk_id:
        raise HTTPException(404)


def check_second(by: str, act: Act, said: Iterable[Verdict]) -> None:
    """Whoever was one of two on a finding has decided on it, though only one of them signs the decision."""
    is_one_of_two = any(one.by == by for one in said)
    if is_one_of_two and act in ("uphold", "overturn", "confirm", "reject"):
        raise DeskguardError(
            f"{by} has given a verdict on this finding before.", "let somebody else decide.", "same-reviewer"
        )
