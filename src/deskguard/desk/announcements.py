"""A text in, whether the hall's loudspeaker said it out: known forms of calls, found as phrases are.

A window's microphone hears the loudspeaker that calls numbers to all windows. What it says is said by nobody at
the window: it is no voice of the visit, no courtesy, and begins no visit. Found by characters and by sound, and
only where hardly anything else was said in the utterance, so that a clerk who sends somebody to another window
in a sentence of their own is still heard.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.language.text import normalise
from deskguard.rules.ruleset import Rule, RuleSet, Variant
from deskguard.rules.spelling import SpellingError, parse
from deskguard.spotting.finding.spot import Spotter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.values import Candidate, Passage

_MOST_BESIDE = 6
"""Characters beside the calls: 叮咚, 持票人."""
_MOST_BESIDE_NEAR = 2
"""The same where the recogniser misheard a call: its other words must then be a call's, too."""
_NUMERALS = "0123456789abcdefghijklmnopqrstuvwxyz零一二三四五六七八九十百幺两"
_OF_CALLS = frozenset(_NUMERALS + "请到号窗口柜台办理业务注意")
"""Characters that any call is made of; beside one they tell nothing: 请注意, 办理业务, the call again, cut."""
_RULE_ID = "announcement"

_NUMBER = re.compile(f"[{_NUMERALS}]+")
_NUMBERS = 2


class Announcements:
    """The calls that are known in this hall; holds tables only."""

    def __init__(self, forms: Iterable[str]) -> None:
        """Raises DeskguardError for a form that could match nearly anything."""
        self._spotter = _spotter(tuple(forms))

    def holds(self, passage: Passage) -> bool:
        """Whether the text is a call, once or again and again, and hardly anything else."""
        if self._spotter is None or not passage.text:
            return False
        calls = [one for one in self._spotter.find(passage) if _names_its_number(one, passage)]
        sure = [one for one in calls if one.tier != "near"]
        if _holds(passage, sure, _MOST_BESIDE):
            return True
        # Nearly a call: it must name the window by number, too.
        numbers = len(_NUMBER.findall(normalise(passage.text).chars))
        return numbers >= _NUMBERS and _holds(passage, calls, _MOST_BESIDE_NEAR)


def _names_its_number(one: Candidate, passage: Passage) -> bool:
    """Whether a call with a number in its form names one: 请问几号到窗口 does not."""
    said = normalise(passage.text[one.start_char : one.end_char]).chars
    return "…号" not in one.variant or _NUMBER.search(said) is not None


def _holds(passage: Passage, calls: Sequence[Candidate], most_beside: int) -> bool:
    spans = [(one.start_char, one.end_char) for one in calls]
    beside = [
        char
        for at, char in enumerate(passage.text)
        if not any(start <= at < end for start, end in spans) and not set(normalise(char).chars) <= _OF_CALLS
    ]
    return bool(calls) and len(beside) <= most_beside


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
