"""Talk on one microphone whose voices are points, so that what is decided can be foreseen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deskguard.desk.announcements import Announcements
from deskguard.desk.casting import Casting
from deskguard.desk.mind import Beside, Mind, Outcome
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.rules.pack import RuleSet
from deskguard.settings import RolesSettings, Settings
from deskguard.values import (
    SAMPLE_RATE_HZ,
    Alert,
    Hypothesis,
    Labelled,
    Look,
    Passage,
    Pcm,
    Role,
    SpeechWindow,
    Suspect,
)
from hearing_values import a_rule_set, a_window, heard, moment, spoken

CLERK, VISITOR, OTHER = 1, 2, 3
HELLO = "您好，请问您办什么业务？"
WANTS = "我想办社保卡。"
PLAIN = "嗯，一共三张。"
KNOW = "我不知道"
VISIT = ((CLERK, HELLO), (VISITOR, WANTS), (CLERK, "请您稍候，马上为您办理。"), (VISITOR, PLAIN))
"""What it takes to know two voices."""
PAUSE_S = 1.0
"""Between two utterances."""


def vector(person: int, seed: int) -> np.ndarray:
    """A voice as the encoder gives it: people far apart, turns of one person about 0.5 from their centre."""
    centre = np.random.default_rng(person).normal(size=286)
    noise = np.random.default_rng(1000 + seed).normal(size=286)
    return (0.8 * centre / np.linalg.norm(centre) + 0.6 * noise / np.linalg.norm(noise)).astype(np.float32)


def sound(person: int, seed: int, seconds: float = 2.0) -> Pcm:
    """Audio that only `by_number` can read: who and which in its first samples."""
    pcm = np.full(int(seconds * SAMPLE_RATE_HZ), 0.05, np.float32)
    pcm[:2] = person / 100, seed / 10_000
    return pcm


def by_number(pcm: Pcm) -> np.ndarray:
    return vector(round(float(pcm[0]) * 100), round(float(pcm[1]) * 10_000))


class ScriptedEars:
    """Roles as somebody wrote them down: for each utterance what is found out when it is heard."""

    def __init__(self, script: dict[int, list[Labelled]]) -> None:
        self.script = script
        self.kept: list[set[int]] = []

    def feed(
        self, utterance_id: int, _pcm: Pcm, _voiced_samples: int, _text: str, _cuts: object = ()
    ) -> list[Labelled]:
        return self.script.get(utterance_id, [Labelled(utterance_id, "unknown", 0.6)])

    def is_open(self, utterance_id: int) -> bool:
        return self.script.get(utterance_id, [Labelled(utterance_id, "unknown", 0.6)])[0].role == "unknown"

    def forget_visit(self, keep: Collection[int] = ()) -> None:
        self.kept.append(set(keep))


def a_casting(ears: OneMicrophone | ScriptedEars | None = None, *, is_staff_only: bool = False) -> Casting:
    used: Any = None if is_staff_only else ears or OneMicrophone(by_number)
    return Casting(used, Announcements(RolesSettings().announcements), is_staff_only=is_staff_only)


@dataclass
class Readings:
    """A recogniser that reads in each utterance what was written down for it, as far as it was said."""

    texts: dict[int, Passage] = field(default_factory=dict)

    def decode(self, window: SpeechWindow) -> Hypothesis:
        whole = self.texts[window.utterance_id]
        count = sum(end <= window.end_sample for _, end in whole.spans)
        return replace(
            heard(Passage(text=whole.text[:count], spans=whole.spans[:count]), window.utterance_id),
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            is_final=window.is_final,
            is_pause=window.is_pause,
            role=window.role,
            role_confidence=window.role_confidence,
        )

    def align(self, hypothesis: Hypothesis) -> Hypothesis:
        return hypothesis

    def look(self, _hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
        return (Look(log_ratio=0.0, tokens=1),) * len(suspects)


class Counter:
    """A window with one microphone, and what its mind has said."""

    def __init__(
        self, settings: Settings | None = None, casting: Casting | None = None, rules: RuleSet | None = None
    ) -> None:
        self.casting = casting or a_casting()
        self._readings = Readings()
        settings = settings or Settings()
        rules = rules or a_rule_set(KNOW)
        recogniser = self._readings
        self.mind = Mind(recogniser, rules, settings, "run", Beside(casting=self.casting))  # type: ignore[arg-type]
        self.outcomes: list[Outcome] = []
        self.at_s = 1.0
        self._count = -1

    def say(self, person: int, text: str, seconds: float = 2.0, *, live_s: Sequence[float] = ()) -> Role:
        """Let somebody say something: live windows after `live_s`, a pause and the end; its role at once."""
        self._count += 1
        self._readings.texts[self._count] = spoken(text, self.at_s, seconds / len(text))
        pcm = sound(person, self._count, seconds)
        for length_s in live_s:
            self._hear(pcm[: round(length_s * SAMPLE_RATE_HZ)])
        self._hear(pcm, is_pause=True)
        self._hear(pcm, is_final=True)
        self.at_s += seconds + PAUSE_S
        return [one for one in self.outcomes if isinstance(one, Hypothesis)][-1].role

    def begin_saying(self, person: int, text: str, seconds: float = 2.0) -> None:
        """Let somebody say something and fall silent for a moment: one live window and a hush."""
        self._count += 1
        self._readings.texts[self._count] = spoken(text, self.at_s, seconds / len(text))
        self._hear(sound(person, self._count, seconds))
        end = round((self.at_s + seconds) * SAMPLE_RATE_HZ)
        hush = a_window(end, 0, self._count, is_hush=True)
        self.outcomes += self.mind.feed(hush, lambda: moment(end / SAMPLE_RATE_HZ + 0.2))

    def visit(self) -> None:
        """Let a visit begin."""
        for person, text in VISIT:
            self.say(person, text)

    def wait(self, seconds: float) -> None:
        """Let time pass in silence."""
        self.at_s += seconds
        self.outcomes += self.mind.tick(round(self.at_s * SAMPLE_RATE_HZ))

    def end(self) -> None:
        self.outcomes += self.mind.finish(lambda: moment(self.at_s))

    def roles(self) -> list[str]:
        """Of the utterances, as they are known by now."""
        finals = [one for one in self.outcomes if isinstance(one, Hypothesis) and one.is_final]
        roles = {one.utterance_id: one.role for one in finals}
        roles |= {one.utterance_id: one.role for one in self.outcomes if isinstance(one, Labelled)}
        return list(roles.values())

    def alerts(self) -> list[tuple[str, str, str | None]]:
        """Role, state and why no card, of every change of a hit."""
        found = [one for one in self.outcomes if isinstance(one, Alert)]
        return [(one.hit.role, one.hit.state, one.suppressed) for one in found]

    def _hear(self, pcm: Pcm, *, is_pause: bool = False, is_final: bool = False) -> None:
        start = round(self.at_s * SAMPLE_RATE_HZ)
        window = a_window(start, pcm.size, self._count, "silence" if is_final else None)
        window = replace(window, pcm=pcm, is_pause=is_pause, voiced_samples=pcm.size)
        end_s = (start + pcm.size) / SAMPLE_RATE_HZ
        self.outcomes += self.mind.feed(window, lambda: moment(end_s + 0.1))
