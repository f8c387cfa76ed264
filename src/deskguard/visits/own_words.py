"""A text in, the acts and occasions out that it likely holds in words of no list, and which it hardly does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskguard.visits.meant import ACT, BY_STAFF, BY_VISITOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.courtesy import Act
    from deskguard.values import Role
    from deskguard.visits.meant import Meant, MeantModel

_ACT_FROM = 0.05
"""Likelihood from which words are told as an act: expectations add up what little each utterance is."""
_OCCASION_FROM = 0.7
"""Likelihood from which words ask for an act. Set on the visits of fixtures/scripts/visits (2026-11-30)."""
_UNLIKELY = 0.05
"""Below it even listed words are no occasion: 没往 sounds like 没网."""

HINTS = {"V.bye": "leaves", "V.purpose-stated": "asks", "V.thanks": "thanks"}
"""What a visitor's words are, as the cues of `cues.toml` say it."""
_HINT_FROM = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """What words are by their likeness; all by ids of acts."""

    acts: tuple[Meant, ...] = ()
    occasions: Mapping[str, Meant] = field(default_factory=dict)
    unlikely: frozenset[str] = frozenset()
    """Acts that these words hardly ask for."""
    hints: frozenset[str] = frozenset()
    """Cues of where in a visit one is."""
    excused: frozenset[str] = frozenset()
    """Acts that these words say are not expected."""


class OwnWords:
    """Weighs what is said by one courtesy book; holds tables only."""

    def __init__(self, acts: Mapping[str, Act], model: MeantModel | None) -> None:
        """Without `model` nothing is likely and nothing unlikely."""
        self._acts = acts
        self._model = model
        self._weighed = frozenset(model.labels) if model else frozenset()

    def hear(self, text: str, role: Role) -> Likely:
        """What the words of one speaker are."""
        if self._model is None or not text:
            return Likely()
        found = {one.name: one for one in self._model.of(text, min(_UNLIKELY, _ACT_FROM))}
        sort = BY_STAFF if role == "staff" else BY_VISITOR
        frames = {
            name.removeprefix(sort): one.likelihood for name, one in found.items() if name.startswith(sort)
        }
        excuses = {
            name.removeprefix(BY_VISITOR)
            for name, one in found.items()
            if name.startswith(BY_VISITOR) and one.likelihood >= _OCCASION_FROM
        }
        occasions, unlikely, excused = {}, set(), set()
        for act_id, act in self._acts.items():
            expect = act.expect
            if expect is None:
                continue
            if not excuses.isdisjoint(expect.unless_frames):
                excused.add(act_id)
            if expect.occasion_by != role or not expect.occasion_frames:
                continue
            likeliest = max(expect.occasion_frames, key=lambda one: frames.get(one, 0.0))
            likelihood = frames.get(likeliest, 0.0)
            if likelihood >= _OCCASION_FROM:
                occasions[act_id] = found[sort + likeliest]
            elif likelihood < _UNLIKELY and {sort + one for one in expect.occasion_frames} <= self._weighed:
                unlikely.add(act_id)
        return Likely(
            acts=tuple(
                one for name, one in found.items() if name.startswith(ACT) and one.likelihood >= _ACT_FROM
            ),
            occasions=occasions,
            unlikely=frozenset(unlikely),
            hints=frozenset(
                cue
                for name, cue in HINTS.items()
                if role != "staff" and name in found and found[name].likelihood >= _HINT_FROM
            ),
            excused=frozenset(excused),
        )
