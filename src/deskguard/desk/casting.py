"""Windows of one microphone and their texts in, roles out: who speaks, where nobody told and no channel tells.

The same object by day and by night. By day an utterance is labelled when it pauses and when it ends, and in
between only when a card waits for its role. At the end of a visit `end_visit` gives its final labels: every
utterance weighed beside all others, which a reader of whole recordings may wait for.

A role that was found has a confidence below 1, and so has `unknown` once it was looked for. On a desk that
hears the clerk's side only, every utterance is the clerk's: that is told by the settings, not found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.hearing.roles.cutting import cuts
from deskguard.values import Labelled

if TYPE_CHECKING:
    from deskguard.desk.announcements import Announcements
    from deskguard.hearing.roles.onemic import OneMicrophone
    from deskguard.values import Hypothesis, Passage, SpeechWindow

_LOOKED_FOR = 0.5
"""Confidence of `unknown` before anything was found."""
_MOST_KEPT = 200
"""Utterances between two ends of visits whose labels are kept: more than the voices of a visit can change."""


@dataclass(slots=True)
class _Part:
    """An utterance of which a role was looked for."""

    start_sample: int
    label: Labelled


class Casting:
    """Roles of one desk; holds voices, so it can be neither copied nor pickled (`OneMicrophone`)."""

    def __init__(
        self, ears: OneMicrophone | None, announcements: Announcements, *, is_staff_only: bool = False
    ) -> None:
        """Without `ears` no role is looked for; `is_staff_only`: no visitor is heard, as on a telephone."""
        self._ears = ears
        self._announcements = announcements
        self._is_staff_only = is_staff_only
        self._parts: dict[int, _Part] = {}

    def marked(self, window: SpeechWindow) -> SpeechWindow:
        """The window with what is known of its speaker so far; what a channel or somebody told stays."""
        if not _is_untold(window):
            return window
        if self._is_staff_only:
            return replace(window, role="staff")
        if self._ears is None:
            return window
        part = self._parts.get(window.utterance_id)
        label = part.label if part else Labelled(window.utterance_id, "unknown", _LOOKED_FOR)
        return replace(window, role=label.role, role_confidence=label.confidence)

    def look(self, window: SpeechWindow, passage: Passage) -> list[Labelled]:
        """Find who speaks in a window, as it came, by its sound and its text.

        Its own label comes first, then those of earlier utterances that have changed their role; nothing where
        a channel or somebody told, or nobody can be heard.
        """
        ears = self._ears
        if ears is None or self._is_staff_only or not _is_untold(window):
            return []
        if not passage.text.strip() or self._announcements.holds(passage):
            return []
        speech = window.pcm[: window.speech_end_sample - window.start_sample]
        places = cuts(speech, passage, window.start_sample)
        labels = ears.feed(window.utterance_id, speech, window.voiced_samples, passage.text, places)
        self._parts.setdefault(window.utterance_id, _Part(window.start_sample, labels[0]))
        for label in labels:
            if label.utterance_id in self._parts:
                self._parts[label.utterance_id].label = label
        while len(self._parts) > _MOST_KEPT:
            del self._parts[next(iter(self._parts))]
        return labels

    def cast(self, hypothesis: Hypothesis) -> Hypothesis:
        """The hypothesis with the role that its utterance has now; an announcement has none."""
        if self._announcements.holds(hypothesis.passage):
            sure = min(_LOOKED_FOR, hypothesis.role_confidence)
            return replace(hypothesis, role="unknown", role_confidence=sure, is_announcement=True)
        part = self._parts.get(hypothesis.utterance_id)
        if part is None:
            return hypothesis
        return part.label.put_to(hypothesis)

    def may_change(self, utterance_id: int) -> bool:
        """Whether nobody knows yet whose an utterance is, and the rest of the visit may tell."""
        return self._ears is not None and self._ears.is_open(utterance_id)

    def end_visit(self, end_sample: int) -> dict[int, Labelled]:
        """The visit that ends here is over: its final labels by utterance; its voices are forgotten.

        Utterances that began later belong to the next visit, and stay.
        """
        past = {key: one for key, one in self._parts.items() if one.start_sample < end_sample}
        self._parts = {key: one for key, one in self._parts.items() if key not in past}
        if self._ears is not None:
            self._ears.forget_visit(keep=self._parts)
        return {key: one.label for key, one in past.items()}


def _is_untold(window: SpeechWindow) -> bool:
    """Whether neither a channel nor somebody says whose a window is."""
    return window.role == "unknown" and window.role_confidence == 1
