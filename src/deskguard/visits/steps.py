"""What becomes of visits as utterances, queue events and time come in: the steps of `boundaries`, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskguard.rules.courtesy import Channel
    from deskguard.visits.acts import Words

BegunBy = Literal["queue", "greeting", "speech"]
EndedBy = Literal["queue", "farewell", "next-visit", "silence", "stream-end"]


@dataclass(frozen=True, slots=True)
class Began:
    """A visit began."""

    start_sample: int
    by: BegunBy
    channel: Channel
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the present visit."""

    words: Words


@dataclass(frozen=True, slots=True)
class Ended:
    """The present visit is over."""

    end_sample: int
    by: EndedBy


@dataclass(frozen=True, slots=True)
class Aside:
    """Words outside of visits: colleagues among themselves, or a last thank-you."""

    words: Words


@dataclass(frozen=True, slots=True)
class Named:
    """A visit that nobody had announced is that of a ticket, as was told too late."""

    ticket: str
    is_over: bool
    """The visit before the present one, or the last; otherwise the present one."""


Step = Began | Said | Ended | Aside | Named
