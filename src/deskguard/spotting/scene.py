"""What surrounds a candidate when its meaning is judged, and what the judgement was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskguard.values import Passage, Role

Ruling = Literal["guilty", "softened", "innocent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An utterance of the conversation, final or so far."""

    role: Role
    passage: Passage

    @property
    def start_sample(self) -> int:
        return self.passage.spans[0][0] if self.passage.spans else 0

    @property
    def end_sample(self) -> int:
        return self.passage.spans[-1][1] if self.passage.spans else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One utterance with what was said around it; a turn is consecutive utterances of one speaker."""

    said: Said
    """The utterance that the candidate's characters count in; an endpoint inside a phrase joins two."""
    before: tuple[Said, ...] = ()
    """Oldest first."""
    after: tuple[Said, ...] = ()
    """What followed, as far as it has been heard."""
    is_closed: bool = False
    """`said` will not grow: its final text is known, or the speaker has paused."""
    heard_until_sample: int = 0
    """How far the stream has been heard; conditions in seconds count to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a candidate means in its scene."""

    ruling: Ruling
    why: tuple[str, ...]
    """One short line for each decision, with ids of frames and conditions, no transcript text."""
    is_open: bool = False
    """What is said next may still change the ruling."""
    until_sample: int | None = None
    """When it stops being open whatever is said; None while it is not open."""
    revisable_until_sample: int | None = None
    """Until when something said later may still overturn the ruling, open or not: the speaker may go on to show
    a way forward. None when nothing can."""
    is_leaning: bool = False
    """The words around decided, of which only whole sentences tell enough."""
