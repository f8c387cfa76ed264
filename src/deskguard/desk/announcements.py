"""A text in, whether the hall's loudspeaker said it out: known forms of calls, found as phrases are.

A window's microphone hears the loudspeaker that calls numbers to all windows. What it says is said by nobody at
the window: it is no voice of the visit, no courtesy, and begins no visit. Found by characters and by sound, and
only where hardly anything else was said in the utterance, so that a clerk who sends somebody to another window
in a sentence of their own is still heard.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.language.text import normalise
from deskguard.rules.ruleset import Rule, RuleSet, Variant
from deskguard.rules.spelling import SpellingError, parse
from deskguard.spotting.finding.spot import Spotter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.values import Passage

_MOST_BESIDE = 6
"""Characters beside the calls: 请注意, 办理业务."""
_RULE_ID = "announcement"


class Announcements:
    """The calls that are known in this hall; holds tables only."""

    def __init__(self, forms: Iterable[str]) -> None:
        """Raises DeskguardError for a form that could match nearly anything."""
        self._spotter = _spotter(tuple(forms))

    def holds(self, passage: Passage) -> bool:
        """Whether the text is a call, once or again and again, and hardly anything else."""
        if self._spotter is None or not passage.text:
            return False
        calls = [one for one in self._spotter.find(passage) if one.tier != "near"]
        called = sum(len(normalise(passage.text[one.start_char : one.end_char]).chars) for one in calls)
        return bool(calls) and len(normalise(passage.text).chars) - called <= _MOST_BESIDE


@lru_cache(maxsize=2)
def _spotter(forms: tuple[str, ...]) -> Spotter | None:
    """Holds tables only, so one serves any number of streams."""
    variants = tuple(Variant(text=_checked(one)) for one in forms)
    rule = Rule(
        rule_id=_RULE_ID,
        phrase=_RULE_ID,
        clauses=(),
        severity="low",
        cooldown_s=None,
        advice="",
        variants=variants,
        whole_words=False,
    )
    return Spotter(RuleSet(rules={_RULE_ID: rule}, sha256="", packs=())) if variants else None


def _checked(form: str) -> str:
    try:
        parse(form)
    except SpellingError as error:
        raise DeskguardError(
            f'[roles] announcements: "{form}" {error}', "mend that entry of the settings.", "bad-announcement"
        ) from None
    return form
