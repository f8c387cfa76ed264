"""A final utterance to what manner is judged by: times, level, pace, what its words do; not its text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from deskguard.language.text import normalise
from deskguard.values import SAMPLE_RATE_HZ, Role, seconds

if TYPE_CHECKING:
    from collections.abc import Collection

    from deskguard.language.text import Normalised
    from deskguard.values import Hypothesis
    from deskguard.visits.manner_book import MannerBook, MannerWords

Question = Literal["no", "closed", "open"]
"""A closed one is answered by yes or no: 可以吗. An open one is not: 带什么."""

_MOST_SPELLED = 4
"""Latin letters in a row that are spoken one by one: OFD, VIP. More are a word."""
_VOWELS = frozenset("aeiouy")
_NUMERALS = frozenset("零一二三四五六七八九幺两")
_MOST_NUMERALS = 5
"""More in one utterance is dictation, and has a pace of its own."""
_UNSURE_LOG_PROBABILITY = -1.0
"""Below it Whisper itself takes a reading for a failed one (its `logprob_threshold`)."""
_FASTEST, _SLOWEST = 12.0, 1.0
"""Syllables per second that nobody speaks: a text that does not belong to its audio."""
_LEAST_RATED = 8
"""Syllables from which an utterance has a pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one utterance tells about manner."""

    role: Role
    start_sample: int
    """Where its first speech begins."""
    own_sample: int
    """Where it says more than 嗯、好的; where it ends, if it does not."""
    end_sample: int
    voiced_s: float
    loudness_lufs: float | None
    syllables: int
    """0 where they say nothing about pace: too few, numbers, a doubtful reading."""
    question: Question = "no"
    is_back_channel: bool = False
    is_hum: bool = False
    """A sound that answers nothing but yes or no: 嗯."""
    is_wait_notice: bool = False
    is_addressed: bool = False
    """To somebody who has come on business, by its words."""
    business: int = 0
    """How many words of business it has."""
    length: int = 0
    """Characters."""
    excuses: frozenset[str] = frozenset()
    """What it makes right from now on: "louder", "slower"."""

    @property
    def syllables_per_s(self) -> float | None:
        """Of its voiced time; None where it has no pace worth the name."""
        if not self.syllables or self.voiced_s <= 0:
            return None
        rate = self.syllables / self.voiced_s
        return rate if _SLOWEST <= rate <= _FASTEST else None

    def overlap_s(self, other: Turn) -> float:
        """How long both speak at once."""
        shared = min(self.end_sample, other.end_sample) - max(self.start_sample, other.start_sample)
        return seconds(max(0, shared))


def turn_of(said: Hypothesis, book: MannerBook) -> Turn | None:
    """The turn of a final hypothesis; None when it holds no words or nobody measured its sound."""
    text = normalise(said.text)
    sound = said.sound
    if sound is None or not text.chars:
        return None
    words = book.words
    start, end = sound.start_sample, max(sound.start_sample, sound.end_sample)
    lead = _lead(text.chars, words.back_channels)
    return Turn(
        role=said.role,
        start_sample=start,
        own_sample=_place(said, text, lead, (start, end)),
        end_sample=end,
        voiced_s=seconds(sound.voiced_samples),
        loudness_lufs=sound.loudness_lufs,
        syllables=_rated(said, text),
        question="no" if _is_doubtful(said) else _question(said.text, text, words),
        is_back_channel=lead == len(text.chars),
        is_hum=_lead(text.chars, words.hums) == len(text.chars),
        is_wait_notice=_has(text.chars, words.wait_notices),
        is_addressed="您" in said.text or _has(text.chars, words.addressing),
        business=sum(text.chars.count(word) for word in words.business),
        length=len(text.chars),
        excuses=_excuses(said.role, text.chars, words),
    )


def spoken_syllables(text: Normalised) -> int:
    """How many syllables a text takes to say; a run of Latin letters is spelled, or a word when it is long."""
    latin = "".join(char if char.isascii() and char.isalpha() else " " for char in text.chars)
    count = len(text.chars)
    for run in latin.split():
        if len(run) > _MOST_SPELLED:
            vowels = sum(1 for is_vowel, _ in groupby(run, _VOWELS.__contains__) if is_vowel)
            count -= len(run) - max(1, vowels)
    return count


def _rated(said: Hypothesis, text: Normalised) -> int:
    if _is_doubtful(said) or sum(char in _NUMERALS for char in text.chars) > _MOST_NUMERALS:
        return 0
    count = spoken_syllables(text)
    return count if count >= _LEAST_RATED else 0


def _is_doubtful(said: Hypothesis) -> bool:
    return said.average_log_probability < _UNSURE_LOG_PROBABILITY


def _lead(chars: str, words: Collection[str]) -> int:
    """How many characters from the start on are nothing but such words; the most that can be."""
    reached = {0}
    for at in range(len(chars)):
        if at in reached:
            reached.update(at + len(word) for word in words if chars.startswith(word, at))
    return max(reached)


def _place(said: Hypothesis, text: Normalised, char: int, bounds: tuple[int, int]) -> int:
    """Where a normalised character begins in the audio."""
    if char == 0:
        return bounds[0]
    if char >= len(text.chars):
        return bounds[1]
    return min(max(said.passage.spans[text.origin[char]][0], bounds[0]), bounds[1])


def _has(chars: str, words: Collection[str]) -> bool:
    return any(word in chars for word in words)


def _question(surface: str, text: Normalised, words: MannerWords) -> Question:
    """Whether something is asked: by question words, by how a clause ends, or by a question mark."""
    closed = False
    for start, end in text.clauses():
        clause = text.chars[start:end]
        if _asks(clause, words):
            return "open"
        ends = clause.endswith(words.question_endings) and not clause.endswith(words.no_questions)
        closed = closed or ends or _is_choice(clause)
    return "closed" if closed or "？" in surface or "?" in surface else "no"


def _asks(clause: str, words: MannerWords) -> bool:
    """Whether a question word stands in a clause; what only looks like one is longer and goes before."""
    at = 0
    while at < len(clause):
        innocent = _longest(clause, at, words.no_questions)
        asking = _longest(clause, at, words.questions)
        if asking > innocent:
            return True
        at += max(innocent, 1)
    return False


def _longest(chars: str, at: int, words: Collection[str]) -> int:
    return max((len(word) for word in words if chars.startswith(word, at)), default=0)


def _is_choice(clause: str) -> bool:
    """A-not-A: 行不行, 办没办, 可以不可以; 一不一 with the same on both sides."""
    for at, char in enumerate(clause):
        if char not in "不没":
            continue
        if 0 < at < len(clause) - 1 and clause[at - 1] == clause[at + 1] and clause[at - 1] not in "不没":
            return True
    return False


def _excuses(role: Role, chars: str, words: MannerWords) -> frozenset[str]:
    """What somebody's words make right: a visitor who asks for it, staff who speaks to somebody old."""
    found = set()
    if role == "visitor" and _has(chars, words.louder):
        found.add("louder")
    if role == "visitor" and _has(chars, words.slower):
        found.add("slower")
    if role == "staff" and _has(chars, words.elderly):
        found |= {"louder", "slower"}
    return frozenset(found)


def samples(duration_s: float) -> int:
    """Seconds as whole samples."""
    return round(duration_s * SAMPLE_RATE_HZ)
