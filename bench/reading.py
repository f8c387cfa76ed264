"""Recordings in, what the desk raised out: the real pipeline, without its clock.

Accuracy must not depend on how busy the machine is. So compute costs nothing on the modelled clock and no
window is ever skipped; and unless live windows are asked for, an utterance is read once, when it has ended,
which takes a third of the time. A live desk can confirm a phrase from two live windows that the final text then
lacks: its recall and its false alarms may both be a little higher.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from common import Clip
from deskguard.desk.modelled import ModelledRun
from deskguard.desk.replay import Replayer
from deskguard.desk.roles import SpokenTurn
from deskguard.desk.rttm import GivenRoles
from deskguard.settings import Settings
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.desk.mind import Mind
    from deskguard.hearing.recognise import Recogniser
    from deskguard.hearing.roles.sides import Endpointing
    from deskguard.rules.pack import RuleSet
    from deskguard.values import AudioChunk, SpeechWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A hit in its last state."""

    rule_id: str
    state: str
    role: str
    confidence: float
    tier: str
    start_s: float
    end_s: float
    is_softened: bool

    @property
    def counts(self) -> bool:
        """Held against the clerk: confirmed, not a visitor's words, not lowered to a remark."""
        return self.state == "confirmed" and self.role != "visitor" and not self.is_softened


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a recording."""

    clip: Clip
    hits: tuple[Raised, ...]
    audio_s: float
    cpu_s: float
    text: str


class _Finals:
    """An endpointer of which only whole utterances are heard."""

    def __init__(self, endpointer: Endpointing) -> None:
        self._endpointer = endpointer

    @property
    def speech_samples(self) -> int:
        return self._endpointer.speech_samples

    def feed(self, chunk: AudioChunk) -> list[SpeechWindow]:
        return [window for window in self._endpointer.feed(chunk) if window.is_final]

    def finish(self) -> list[SpeechWindow]:
        return [window for window in self._endpointer.finish() if window.is_final]


class _Untimed(Replayer):
    """A replayer on whose clock compute takes no time; with `partials` it reads live windows, too."""

    def _run(self, mind: Mind, endpointer: Endpointing) -> ModelledRun:
        used: Any = endpointer if self.partials else _Finals(endpointer)
        return ModelledRun(used, mind, self.settings.queues.final_s, compute_ns=lambda: 0)


def untimed(settings: Settings, rules: RuleSet, recogniser: Recogniser) -> Replayer:
    """A replayer of whole utterances with parts that are loaded already."""
    rulebook = Rulebook.of(rules, settings.spotting)
    return _Untimed(settings, rules, recogniser, is_real_pace=False, rulebook=rulebook)


def load(settings: Settings, *, is_live: bool = False) -> Replayer:
    """The model and the bundled rules; a second or two."""
    return _Untimed.load(settings, [], is_real_pace=False, partials=is_live)


def read(replayer: Replayer, clip: Clip) -> Reading:
    """One recording, its speakers told where the set tells them."""
    name = str(clip.file)
    lines = list(replace(replayer, roles=given_roles(clip, name)).lines(name))
    last = {line["hit_id"]: line for line in lines if line["type"] == "alert"}
    return Reading(
        clip=clip,
        hits=tuple(_raised(line) for line in last.values()),
        audio_s=lines[-1]["audio_s"],
        cpu_s=lines[-1]["cpu_s"],
        text="".join(line["text"] for line in lines if line["type"] == "transcript" and line["is_final"]),
    )


def given_roles(clip: Clip, name: str) -> GivenRoles | None:
    told = clip.speakers or ((clip.role, 0.0, 1.0),)
    if not {role for role, _, _ in told} <= {"staff", "visitor"}:
        return None
    turns = tuple(
        SpokenTurn(
            speaker=role,
            role="staff" if role == "staff" else "visitor",
            start_sample=round(start_s * SAMPLE_RATE_HZ),
            end_sample=round(end_s * SAMPLE_RATE_HZ),
        )
        for role, start_s, end_s in told
    )
    return GivenRoles(source="the set", turns={name: turns})


def _raised(line: dict[str, Any]) -> Raised:
    return Raised(
        rule_id=line["rule_id"],
        state=line["state"],
        role=line["role"],
        confidence=line["confidence"],
        tier=line["tier"],
        start_s=line["start_s"],
        end_s=line["end_s"],
        is_softened=line["suppressed"] == "softened",
    )


def read_all(clips: Sequence[Clip], settings: Settings, *, is_live: bool, workers: int) -> Iterator[Reading]:
    """All recordings, in order; with several workers each has a process and a model of its own."""
    if workers == 1:
        replayer = load(settings, is_live=is_live)
        yield from (read(replayer, clip) for clip in clips)
        return
    # Spawned, not forked: the model's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _begin_worker, (settings, is_live)) as pool:
        yield from pool.imap(_read_in_worker, clips, chunksize=8)


_worker: list[Replayer] = []


def _begin_worker(settings: Settings, is_live: bool) -> None:
    _worker.append(load(settings, is_live=is_live))


def _read_in_worker(clip: Clip) -> Reading:
    return read(_worker[0], clip)
