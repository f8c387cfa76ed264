"""The frozen values that flow between the rooms; imports nothing of ours.

Audio is float32 at 16 kHz in [-1, 1]. Positions are integer samples since capture began, half-open
[start_sample, end_sample): seconds appear only in print. Monotonic times end in `_ns`. UTC is in `Run` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000

Pcm = npt.NDArray[np.float32]
Role = Literal["staff", "visitor", "unknown"]
Tier = Literal["characters", "sound", "near", "sense"]
HitState = Literal["tentative", "confirmed", "withdrawn"]
Severity = Literal["low", "medium", "high"]
EndReason = Literal["silence", "max_length", "gap", "stream_end"]


def seconds(samples: int) -> float:
    """Samples as seconds, for printing and for the feed."""
    return samples / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One stretch of listening with one set of rules and one model."""

    run_id: str
    started_utc: str
    """ISO 8601 with offset; the only wall-clock time in the system."""
    window_id: str
    device: str
    model: str
    rules_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChunk:
    """What a source delivers: some samples, and how many were lost before them."""

    start_sample: int
    pcm: Pcm
    """(channels, samples), read-only."""
    lost_before: int = 0
    """Samples missing between the chunk before and this one; normally 0."""
    is_break: bool = False
    """This chunk does not go on from the one before, and nothing was lost: a pause that somebody asked for, or
    a change of speaker that somebody told."""
    role: Role = "unknown"
    """Who speaks here, when somebody told."""
    captured_ns: int = 0
    """Monotonic time of the last sample."""
    missing: tuple[int, ...] = ()
    """Channels whose microphone is not there: silence stands in for it."""

    @property
    def end_sample(self) -> int:
        return self.start_sample + int(self.pcm.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWindow:
    """An utterance so far, handed to the recogniser."""

    utterance_id: int
    start_sample: int
    pcm: Pcm
    """(samples,), pre-roll included."""
    speech_end_sample: int
    """Where the last speech was heard; what follows is hangover."""
    taken_sample: int
    """How far the stream had got when the window was taken; a final window waits for its hangover."""
    is_pause: bool = False
    """The speaker has paused: unless more follows, the final window will be this very audio."""
    is_hush: bool = False
    """Not to be read, `pcm` is empty: the speaker has been silent for a moment, perhaps within a sentence."""
    end_reason: EndReason | None = None
    """None while the utterance goes on."""
    voiced_samples: int = 0
    """Samples of the frames in it that held speech."""
    role: Role = "unknown"
    """Whose chunks these are: where the role changes, an utterance ends."""
    role_confidence: float = 1.0
    """Probability that `role` is right: below 1 where it was found by listening; 1 when somebody told, or
    nobody tried."""

    @property
    def end_sample(self) -> int:
        return self.start_sample + int(self.pcm.shape[0])

    @property
    def is_final(self) -> bool:
        return self.end_reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """How an utterance sounded: measured, never a judgement of a mood."""

    start_sample: int
    """Where its first speech was heard; `end_sample`: its last."""
    end_sample: int
    voiced_samples: int
    """Speech in it without its pauses."""
    loudness_lufs: float | None = None
    """Its sustained momentary loudness (ITU-R BS.1770-5, 0.4 s blocks), LUFS; None: silence."""
    levels_lufs: tuple[float | None, ...] = ()
    """Its loudness in each whole second of the audio axis, from that of `start_sample` on; None: silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Text with the place of each of its characters in the audio."""

    text: str
    spans: tuple[tuple[int, int], ...]
    """One (start_sample, end_sample) for each character of `text`, not decreasing."""

    def span(self, start_char: int, end_char: int) -> tuple[int, int]:
        return self.spans[start_char][0], self.spans[end_char - 1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of an utterance that one person said, as found by listening; a short one may have a role where
    its utterance has none, for visits and courtesy only: no phrase is held against anybody by it."""

    start_char: int
    end_char: int
    """Of the utterance's text, half-open."""
    role: Role
    confidence: float
    """Probability that `role` is right, below 1."""
    newcomer: float = 0.0
    """Log-odds that it is of somebody who was not heard before in this visit; 0 says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What the recogniser thinks an utterance says: partial (may change) or final (will not)."""

    utterance_id: int
    passage: Passage
    start_sample: int
    end_sample: int
    """What the recogniser had heard; a partial hypothesis may leave out the beginning of the utterance."""
    is_final: bool
    is_pause: bool = False
    """The speaker has stopped for a moment: the text ends where a clause does."""
    no_speech_probability: float = 0.0
    average_log_probability: float = 0.0
    """Mean log-probability per token, at most 0."""
    alternatives: tuple[Passage, ...] = ()
    """The rest of the n-best list, best first; final hypotheses only."""
    role: Role = "unknown"
    """Who spoke, as far as it is known; an utterance has one speaker."""
    role_confidence: float = 1.0
    """Probability that `role` is right; 1 when somebody told, or nobody tried."""
    stretches: tuple[Stretch, ...] = ()
    """Who said which part, where it was found by listening; several where the speaker changes within it."""
    is_announcement: bool = False
    """The hall's loudspeaker said it: nobody at the window."""
    sound: Sound | None = None
    """How it sounded; final hypotheses only."""
    decode_ns: int = 0
    """Measured compute."""

    @property
    def text(self) -> str:
        return self.passage.text


@dataclass(frozen=True, slots=True)
class Labelled:
    """The role of an utterance that was found by listening, as far as it is known now."""

    utterance_id: int
    role: Role
    confidence: float
    """Probability that `role` is right, below 1; of `unknown`, that of the likelier one."""
    stretches: tuple[Stretch, ...] = ()

    def put_to(self, said: Hypothesis) -> Hypothesis:
        return replace(said, role=self.role, role_confidence=self.confidence, stretches=self.stretches)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseRef:
    """The clause of a written standard behind a rule."""

    standard: str
    """Pack id, e.g. "s003"."""
    title: str
    """The standard's own title."""
    clause: str
    quote: str
    """Verbatim, in the standard's own script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place in a passage that reads like a phrase of the rules."""

    rule_id: str
    variant: str
    """The spelling of the pack that matched."""
    start_char: int
    end_char: int
    tier: Tier
    distance: float = 0.0
    """Edits per syllable, 0-1."""
    syllables: int = 0
    """Length of the literal part of the variant."""
    is_open: bool = False
    """It ends the text, and the next words could still make it innocent: 没时间 → 没时间限制."""
    wording: str = ""
    """What the speaker is suspected to have said from start_char to end_char: the spelling, with whatever was
    heard where it has gaps. Empty when that is what was heard."""
    excused: str = ""
    """Why the place does not count after all, as a line of a trace; only where excused ones were asked for."""
    likelihood: float = 0.0  # of tier "sense": how likely the sentence as a whole is a breach, 0-1


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A place in the newest hypothesis and what was perhaps said there."""

    start_char: int
    end_char: int
    wording: str
    """Empty where the place of an alternative is suspected as it reads."""
    alternative: int | None = None
    """The alternative in which the characters count; None: the best text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What Whisper thinks of a suspected wording when it is asked about that place once more."""

    log_ratio: float
    """ln P(text with the wording | audio) - ln P(text as heard | audio); near 0 or above: as good as heard."""
    tokens: int
    """Tokens that differ between the two texts."""
    span: tuple[int, int] | None = None
    """Where the wording lies in the audio, if it was said: (start_sample, end_sample)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An occurrence of a rule in speech; identity is the rule and the span of audio."""

    hit_id: str
    utterance_id: int
    rule_id: str
    variant: str
    tier: Tier
    heard: str
    state: HitState
    confidence: float
    start_sample: int
    end_sample: int
    role: Role = "unknown"
    softened: bool = False
    """The context lowers it to a remark: no card, severity low."""
    why: tuple[str, ...] = ()
    """The trace of decisions, one short line each, no transcript text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A hit as the clerk would see it, and whether a card is shown."""

    hit: Hit
    phrase: str
    """The pack's wording of the phrase."""
    advice: str
    severity: Severity
    clauses: tuple[ClauseRef, ...]
    """The rule's own first, then those of other rules whose hits lie on the same words."""
    raised_ns: int
    raised_sample: int
    """The same moment on the audio axis, compute time included."""
    suppressed: str | None = None
    """The policy's reason when no card is shown."""
    kind: str = "phrase"
    """What was broken: a listed phrase, or the kind of the ban that is described without words."""
    replaces: str = ""
    """The hit whose card this one takes the place of, being a longer form of it: no new interruption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEvent:
    """What the queue system told: a ticket was called, or its visit is over."""

    kind: Literal["called", "closed"]
    ticket: str
    at_sample: int
    """When it happened, on the audio axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpan:
    """A part of a visit; the names are those of `[[act]]` scenes in the courtesy file."""

    scene: str
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visitor at the window, or one call; told again whenever it changes."""

    visit_id: str
    channel: Literal["counter", "phone-in", "phone-out"]
    start_sample: int
    end_sample: int | None = None
    """None while it goes on."""
    begun_by: Literal["queue", "greeting", "speech"] = "speech"
    ended_by: Literal["queue", "farewell", "next-visit", "silence", "stream-end"] | None = None
    ticket: str = ""
    scenes: tuple[SceneSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Courtesy:
    """An act of courtesy in a visit: said, or missing where a standard asks for it."""

    courtesy_id: str
    """Stable while its state changes: open -> said | missing."""
    visit_id: str
    act_id: str
    name: str
    scene: str
    state: Literal["open", "said", "missing"]
    """`open`: there is an occasion and it is not said yet."""
    start_sample: int
    """Of the words, or of the occasion that asks for them."""
    end_sample: int
    expected: str = ""
    """A wording that would do."""
    clauses: tuple[ClauseRef, ...] = ()
    can_still_help: bool = False
    """A gentle hint is of use now."""
    why: tuple[str, ...] = ()
    """Decisions, no transcript text."""


MannerKind = Literal[
    "loud", "fast", "slow", "interruption", "unanswered", "long-silence", "private-chat", "heated"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How something was said or left unsaid, as a measured value beside what is expected."""

    manner_id: str
    visit_id: str
    kind: MannerKind
    start_sample: int
    end_sample: int
    value: float
    expected: float
    """The bound that `value` passed."""
    unit: str
    """LU, syllables/s, s."""
    role: Role = "staff"
    clauses: tuple[ClauseRef, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCall:
    """Somebody at the window calls the supervisor."""

    by: Literal["button", "safe-word"]
    at_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the desk heard, lost and skipped; on the screen and in the store."""

    heard_s: float = 0.0
    speech_s: float = 0.0
    lost_s: float = 0.0
    backlog_s: float = 0.0
    rtf: float = 0.0
    """Decoding seconds per second of speech."""
    steps: int = 0
    windows_skipped: int = 0
    notes: tuple[str, ...] = field(default=())
    """Codes of what is wrong now, e.g. "microphone-lost", "store-failing", "rules-rejected"."""
