"""Readings in, figures out: what was found, what was raised wrongly, in groups of whatever matters.

A phrase is found when its rule is held against the clerk in its recording, in a conversation at its place. A
hit is wrong when no phrase of the recording (in a conversation: no phrase at that place) is of its rule or has
words of its rule in it; but hits on the same words are one card, right when one of them is. Recall and false
alarms always stand side by side, at one setting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from common import Clip, Said
from reading import Raised, Reading

SLACK_S = 0.8
"""Places inside running speech are estimates, and Whisper's own are up to 0.3 s off."""
SEVERAL = ("conversation", "encounter")


@dataclass(frozen=True)
class Judged:
    """A reading beside what should have come of it, at a least confidence."""

    reading: Reading
    least: float = 0.0

    @property
    def clip(self) -> Clip:
        return self.reading.clip

    @cached_property
    def hits(self) -> list[Raised]:
        return [one for one in self.reading.hits if one.counts and one.confidence >= self.least]

    @cached_property
    def found(self) -> list[tuple[Said, Raised | None]]:
        """Every phrase of the clerk with the surest hit that found it."""
        pairs = []
        for said in self.clip.said:
            right = [one for one in self.hits if one.rule_id == said.rule_id and self._is_there(one, said)]
            pairs.append((said, max(right, key=lambda one: one.confidence, default=None)))
        return pairs

    @cached_property
    def wrong(self) -> list[Raised]:
        right = [one for one in self.hits if self._is_allowed(one)]
        return [one for one in self.hits if one not in right and not any(_is_same_card(one, r) for r in right)]

    def _is_allowed(self, hit: Raised) -> bool:
        return any(hit.rule_id in said.allowed and self._is_there(hit, said) for said in self.clip.said)

    @property
    def is_innocent(self) -> bool:
        return not self.clip.said

    def _is_there(self, hit: Raised, said: Said) -> bool:
        if self.clip.kind != "conversation" or said.start_s is None or said.end_s is None:
            return True
        return hit.start_s < said.end_s + SLACK_S and said.start_s - SLACK_S < hit.end_s

    def by_visitor(self) -> list[Raised]:
        """Hits held against the clerk where a visitor speaks."""
        if self.clip.role == "visitor":
            return self.hits
        return [one for one in self.wrong if self._speaker(one) == "visitor"]

    def _speaker(self, hit: Raised) -> str:
        """Whose turn most of a hit lies in."""
        shares = Counter[str]()
        for role, start_s, end_s in self.clip.speakers:
            shares[role] += max(0.0, min(end_s, hit.end_s) - max(start_s, hit.start_s))  # type: ignore[assignment]
        return shares.most_common(1)[0][0] if shares else self.clip.role


def _is_same_card(hit: Raised, right: Raised) -> bool:
    """Whether a hit lies on the words of another: together they are one card, and are counted once."""
    overlap = min(hit.end_s, right.end_s) - max(hit.start_s, right.start_s)
    return overlap > 0.5 * (hit.end_s - hit.start_s)


def score(judged: Iterable[Judged]) -> dict[str, Any]:
    """The figures of a group; rates are None where there is nothing to divide by."""
    several = list(judged)
    found = [hit for one in several for _, hit in one.found]
    innocent = [one for one in several if one.is_innocent]
    hits, wrong = (sum(len(part) for part in parts) for parts in _counts(several))
    hours = sum(one.reading.audio_s for one in several) / 3600
    right = sum(hit is not None for hit in found)
    return {
        "clips": len(several),
        "audio_s": round(hours * 3600, 1),
        "phrases": len(found),
        "found": right,
        "recall": _rate(right, len(found)),
        "tiers": dict(Counter(hit.tier for hit in found if hit is not None)),
        "innocent": len(innocent),
        "innocent_raised": sum(bool(one.hits) for one in innocent),
        "innocent_rate": _rate(sum(bool(one.hits) for one in innocent), len(innocent)),
        "hits": hits,
        "wrong": wrong,
        "precision": _rate(hits - wrong, hits),
        "visitor_raised": sum(len(one.by_visitor()) for one in several),
        "wrong_per_hour": _rate(wrong, hours),
    }


def _counts(several: Sequence[Judged]) -> tuple[list[list[Raised]], list[list[Raised]]]:
    return [one.hits for one in several], [one.wrong for one in several]


def _rate(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def groups(judged: Sequence[Judged], key: Callable[[Clip], str]) -> dict[str, dict[str, Any]]:
    """The figures for each value of a property of the clips."""
    sorted_in: dict[str, list[Judged]] = {}
    for one in judged:
        sorted_in.setdefault(key(one.clip), []).append(one)
    return {value: score(members) for value, members in sorted(sorted_in.items())}


def by_rule(judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """For each rule what was said and found of it, and where it was raised wrongly."""
    hours = sum(one.reading.audio_s for one in judged) / 3600
    said: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in judged:
        for phrase, hit in one.found:
            said[phrase.rule_id] += 1
            found[phrase.rule_id] += hit is not None
        wrong.update(hit.rule_id for hit in one.wrong)
    return {
        rule_id: {
            "phrases": said[rule_id],
            "found": found[rule_id],
            "recall": _rate(found[rule_id], said[rule_id]),
            "wrong": wrong[rule_id],
            "wrong_per_hour": _rate(wrong[rule_id], hours),
        }
        for rule_id in sorted(said | wrong)
    }


def by_tier(judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """How the hits of each tier turned out."""
    hits = Counter(hit.tier for one in judged for hit in one.hits)
    wrong = Counter(hit.tier for one in judged for hit in one.wrong)
    found = Counter(hit.tier for one in judged for _, hit in one.found if hit is not None)
    return {
        tier: {
            "hits": hits[tier],
            "found": found[tier],
            "wrong": wrong[tier],
            "precision": _rate(hits[tier] - wrong[tier], hits[tier]),
        }
        for tier in sorted(hits)
    }


def trade_off(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Recall against what is raised wrongly, for each least confidence from all hits to none."""
    marks = sorted({round(hit.confidence, 3) for one in readings for hit in one.hits if hit.counts})
    # More points than a plot can show would only make the file long.
    marks = marks[:: max(1, len(marks) // 100)]
    points = []
    for least in [0.0, *marks]:
        judged = [Judged(one, least) for one in readings]
        background = [one for one in judged if one.clip.kind == "background"]
        # Other people's sentences are no look-alikes: among the innocent ones they would flatter the share.
        whole = score(one for one in judged if one.clip.kind != "background")
        points.append(
            {
                "least_confidence": least,
                "recall": whole["recall"],
                "innocent_rate": whole["innocent_rate"],
                "wrong_per_hour": whole["wrong_per_hour"],
                "background_per_hour": score(background)["wrong_per_hour"],
            }
        )
    return points
