"""Words and a clerk's ways to the utterances of one visit, with times, loudness and pace: made up, by a seed.

The words lie in talk.toml. Nothing here says what breaks a rule: that is found out by the rules.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Passage, Role, Sound

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_CHARACTERS_PER_S = 4.4
_VOICED = 0.86
"""Share of an utterance that is speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """How somebody works at the counter, as probabilities for each visit."""

    clerk_id: str
    greets: float
    says_bye: float
    explains: float
    """Says why something is missing, and what to do."""
    breaches: float
    interrupts: float
    leaves_waiting: float
    raises_voice: float
    answers_late: float


@dataclass(frozen=True, slots=True)
class Uttered:
    """Somebody says something."""

    role: Role
    text: str
    pause_s: float
    """Silence before it; below 0 it begins while the other still speaks."""
    over_lu: float = 0.0


@cache
def words() -> dict[str, Any]:
    """All that can be said."""
    return tomllib.loads((Path(__file__).parent / "talk.toml").read_text(encoding="utf-8"))


def visit(clerk: Clerk, rng: random.Random) -> list[Uttered]:
    """What is said in one visit."""
    said = words()
    business = rng.choice(said["business"])
    greets = rng.random() < clerk.greets
    spoken = _turns(rng, "s", [rng.choice(said["greet"]) + rng.choice(said["ask"])]) if greets else []
    if not greets:
        spoken += _turns(rng, "s", [rng.choice(said["plain_begin"])])
    spoken += _turns(
        rng, "vsv", [rng.choice(business["want"]), business["documents"], rng.choice(business["have"])]
    )
    if rng.random() < 0.12:
        spoken += _turns(
            rng,
            "sv",
            [business["lacks"][0 if rng.random() < clerk.explains else 1], rng.choice(said["answer"])],
        )
        return spoken + _ending(clerk, rng, None)
    for question, answer in rng.sample(business["middle"], k=min(2, len(business["middle"]))):
        spoken += _turns(rng, "sv", [question, answer])
    if rng.random() < clerk.breaches:
        breach = rng.choices(said["breach"], weights=[one["weight"] for one in said["breach"]])[0]
        spoken += _turns(rng, "vsv", breach["talk"])
        if rng.random() < 0.3:
            spoken += _turns(rng, "v", [rng.choice(said["angry"])])
    elif rng.random() < 0.15:
        spoken += _turns(rng, "vsv", rng.choice(said["trap"])["talk"])
    spoken += _waiting(clerk, rng)
    return _mannered(spoken + _ending(clerk, rng, business["done"]), clerk, rng)


def heard(spoken: Sequence[Uttered], start_s: float, first_id: int, rng: random.Random) -> list[Hypothesis]:
    """The utterances as final texts of a recogniser that hears everything right."""
    found: list[Hypothesis] = []
    at_s = start_s
    for number, one in enumerate(spoken):
        at_s += one.pause_s
        pace = _CHARACTERS_PER_S * rng.uniform(0.93, 1.07)
        marks = [round((at_s + index / pace) * SAMPLE_RATE_HZ) for index in range(len(one.text) + 1)]
        loudness = rng.gauss(-28.0 if one.role == "staff" else -30.0, 0.8) + one.over_lu
        found.append(
            Hypothesis(
                utterance_id=first_id + number,
                passage=Passage(text=one.text, spans=tuple(pairwise(marks))),
                start_sample=marks[0],
                end_sample=marks[-1],
                is_final=True,
                role=one.role,
                sound=Sound(
                    start_sample=marks[0],
                    end_sample=marks[-1],
                    voiced_samples=round((marks[-1] - marks[0]) * _VOICED),
                    loudness_lufs=loudness,
                    levels_lufs=_levels(marks, loudness),
                ),
            )
        )
        at_s = marks[-1] / SAMPLE_RATE_HZ
    return found


def _levels(marks: Sequence[int], loudness: float) -> tuple[float | None, ...]:
    """Loudness second by second: a sentence begins a little louder than it ends."""
    many = (marks[-1] - 1) // SAMPLE_RATE_HZ - marks[0] // SAMPLE_RATE_HZ + 1
    return tuple(round(loudness + 1.0 - 2.0 * at / max(1, many - 1), 1) for at in range(many))


def _turns(rng: random.Random, roles: str, texts: Sequence[str]) -> list[Uttered]:
    return [
        Uttered("staff" if role == "s" else "visitor", text, rng.uniform(0.5, 2.2))
        for role, text in zip(roles, texts, strict=True)
    ]


def _waiting(clerk: Clerk, rng: random.Random) -> list[Uttered]:
    """The clerk types; with or without a word about it."""
    said = words()
    if rng.random() < clerk.leaves_waiting:
        return [Uttered("staff", "嗯，可以了。", rng.uniform(45.0, 80.0))]
    first = _turns(rng, "s", [rng.choice(said["wait"])])
    return [*first, Uttered("staff", rng.choice(said["back"]), rng.uniform(18.0, 70.0))]


def _ending(clerk: Clerk, rng: random.Random, done: str | None) -> list[Uttered]:
    said = words()
    polite = rng.random() < clerk.says_bye
    spoken = _turns(rng, "s", [done if polite else rng.choice(said["plain_end"])]) if done else []
    spoken += _turns(rng, "v", [rng.choice(said["thanks"])])
    return spoken + (_turns(rng, "ss", [rng.choice(said["reply"]), rng.choice(said["bye"])]) if polite else [])


def _mannered(spoken: list[Uttered], clerk: Clerk, rng: random.Random) -> list[Uttered]:
    """The same with what is heard of somebody's ways: loud, late, into the other's words."""
    made = list(spoken)
    staff = [at for at, one in enumerate(made) if one.role == "staff" and at > 1 and len(one.text) > 6]
    after_visitor = [at for at in staff if made[at - 1].role == "visitor"]
    if after_visitor and rng.random() < clerk.interrupts:
        at = rng.choice(after_visitor)
        made[at] = Uttered("staff", made[at].text, -rng.uniform(1.2, 2.0))
    if after_visitor and rng.random() < clerk.answers_late:
        asked = [at for at in after_visitor if made[at - 1].text.endswith("？")]
        if asked:
            made[asked[0]] = Uttered("staff", made[asked[0]].text, rng.uniform(9.0, 18.0))
    if staff and rng.random() < clerk.raises_voice:
        for at in staff[1:4]:
            made[at] = Uttered("staff", made[at].text, made[at].pause_s, rng.uniform(8.0, 11.0))
    return made
