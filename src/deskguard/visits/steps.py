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

    number: int
    """Counts the visits of a stream in the order in which they are told."""
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
class Amended:
    """The present visit, or one that is over, has another ticket or another end, as was told too late."""

    number: int
    ticket: str
    end_sample: int | None
    """None while it goes on."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A visit of which nothing is known but its ticket, and that only now, when it is over."""

    number: int
    start_sample: int
    end_sample: int
    ticket: str


Step = Began | Said | Ended | Aside | Amended | Missed
