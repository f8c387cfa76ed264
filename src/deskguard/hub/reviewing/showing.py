"""What templates need to write a finding in the reader's language: names, places, times and sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.hub.store.times import utc_moment
from deskguard.scoring.points import points_text
from deskguard.scoring.reviewing import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.scoring.values import Finding

Words = dict[str, Any]


def helpers(t: Callable[..., str]) -> Words:
    """The functions that the templates of findings call."""

    def title(finding: Finding) -> str:
        return t(f"manner.{finding.title}") if finding.kind == "manner" else finding.title

    def kind(finding: Finding) -> str:
        known = ("courtesy-missing", "courtesy-said", "manner", "phrase")
        return t(f"hub.review.kind.{finding.kind if finding.kind in known else 'ban'}")

    return {
        "title": title,
        "kind": kind,
        "clock": clock,
        "points": points_text,
        "local": local,
        "day": day_of,
    }


def local(utc: str) -> str:
    """A stored moment as the clocks of this place show it."""
    return utc_moment(utc).astimezone().strftime("%Y-%m-%d %H:%M") if utc else ""


def day_of(utc: str) -> str:
    """The day of it."""
    return local(utc)[:10]
