"""Speech windows in, hypotheses out: Whisper with a cropped encoder.

Whisper pads everything to 30 s; the encoder then takes most of a second. Given only the speech and a second of
very quiet noise, with timestamp tokens on and no prompt, it is as accurate and many times as fast
(bench/README.md). A prompt or earlier text would ruin a cropped window, so none is ever given. A decoding that
loops is tried once more with the full 30 s; one that stops early goes on from its last timestamp.

Recordings of a night are read ahead in batches; whatever `decode` finds read already it takes.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deskguard.hearing.inventions import is_loop
from deskguard.hearing.layout import Decoded, Layout, TextTools, lay_out
from deskguard.hearing.second_look import SecondLook
from deskguard.hearing.timing import Piece
from deskguard.hearing.whisper import FULL_FRAMES, HOP_SAMPLES, Whisper, rows
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Look, Pcm, SpeechWindow, Suspect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.settings import HearingSettings, ModelSettings

_QUIET_NOISE = 1e-4
_TAIL_SAMPLES = SAMPLE_RATE_HZ
"""One second of noise at 1e-4 after the speech: without it Whisper loops or drops the end."""
_LEAST_SAMPLES = int(2.2 * SAMPLE_RATE_HZ)
"""Windows shorter than this in all loop more often than not (a word of 0.6 s: 4 of 6 with 1 s of tail, 0 of 6
with 1.5 s)."""
_GRIDS = tuple((12 * frames * HOP_SAMPLES, frames * HOP_SAMPLES) for frames in (32, 64))
_WIDEST_GRID = 128 * HOP_SAMPLES
"""Windows are filled up to multiples of 0.32 s, those over 3.84 and 7.68 s of 0.64 and 1.28 s: the matrix
library compiles and keeps code for every length it meets, 0.9 MB each, which came to 120 MB in an hour
(bench/README.md)."""
_TARGET_PEAK = 0.5
_MAX_GAIN = 100.0
_MAX_SEEKS = 3
_SEEK_BEHIND_S = 1.2
"""Speech left after the last timestamp that is worth another decoding."""
_MIN_SEEK_S = 0.3
_BATCH = 8
"""Windows of one length that are read together: more gain nothing on two cores (bench/README.md)."""
_UNSURE_LOG_PROBABILITY = -1.0


@dataclass(slots=True)
class _Newest:
    """The window read last, with what is needed to look at it again."""

    window: SpeechWindow
    hypothesis: Hypothesis
    best: Layout
    alternatives: tuple[Layout, ...]
    """Of the hypothesis' alternatives, one each."""
    second: SecondLook
    look_ns: int = 0
    """Compute of second looks that no hypothesis has counted yet."""


class Recogniser:
    """One Whisper model for one thread."""

    def __init__(self, whisper: Whisper, settings: HearingSettings, text: TextTools) -> None:
        self._whisper = whisper
        self._tokenizer = whisper.tokenizer
        self._settings = settings
        self._text = text
        noise = np.random.default_rng(20261121).standard_normal(30 * SAMPLE_RATE_HZ)
        self._noise = (noise * _QUIET_NOISE).astype(np.float32)
        self._last: _Newest | None = None
        self._ahead: dict[int, tuple[Pcm, Decoded]] = {}
        """First readings of windows that `decode` will ask for, by the identity of their audio."""

    @classmethod
    def load(
        cls, folder: Path, model: ModelSettings, hearing: HearingSettings, text: TextTools, lanes: int = 1
    ) -> Recogniser:
        """Load a model folder; raises DeskguardError when it is none, or none that can hear Chinese.

        `lanes`: how many batches `read_ahead` reads at once, each with `model.threads`.
        """
        return cls(Whisper.load(folder, model, lanes), hearing, text)

    @property
    def whisper(self) -> Any:
        """The faster-whisper model, for benchmarks that compare with its own way."""
        return self._whisper.whole

    def warmed_up(self, longest_s: float) -> Recogniser:
        """Itself, after encoding every length a window of up to `longest_s` may have (2 s of compute).

        The code compiled for rare lengths came to 50 MB over the first hours, which looks like a leak.
        """
        samples, last = _on_grid(_LEAST_SAMPLES), int(longest_s * SAMPLE_RATE_HZ) + _TAIL_SAMPLES
        while samples < last + _WIDEST_GRID:
            self._whisper.encode([self._noise[:samples]])
            samples = _on_grid(samples + 1)
        return self

    def decode(self, window: SpeechWindow) -> Hypothesis:
        """Read a window: greedy while the speaker goes on, beam search at a pause or the end."""
        last = self._last
        if last is not None and _same_audio(last.window, window):
            # The pause was the end: the same audio has been read already.
            last.window = window
            last.hypothesis = replace(
                last.hypothesis,
                is_final=window.is_final,
                is_pause=window.is_pause,
                role=window.role,
                role_confidence=window.role_confidence,
                decode_ns=0,
            )
            return last.hypothesis
        begun_ns = time.perf_counter_ns()
        decoded = [one for one in self._read_through(window) if not self._is_silence(one)]
        self._last = self._newest(window, decoded, begun_ns)
        return self._last.hypothesis

    def read_ahead(self, windows: Sequence[SpeechWindow], beam_below: float = 0.0) -> None:
        """Read final windows in batches of one length, for `decode` to find; whatever order they come in.

        A batch is no other audio than each of its windows alone, so the texts are the same. `beam_below`: the
        mean log-probability of a token below which a text read greedily is read again with the beam; at 0, and
        above, all are read with the beam at once.
        """
        alike: dict[int, list[SpeechWindow]] = {}
        for window in windows:
            alike.setdefault(_on_grid(_with_tail(window.pcm.size)), []).append(window)
        batches = [
            (samples, several[at : at + _BATCH])
            for samples, several in alike.items()
            for at in range(0, len(several), _BATCH)
        ]

        def read(batch: tuple[int, list[SpeechWindow]]) -> list[Decoded]:
            return self._generate([(one.pcm, one.start_sample) for one in batch[1]], batch[0], True, beam_below)

        # Small matrices gain more from two batches at once than from two threads in one.
        with ThreadPoolExecutor(self._whisper.lanes) as lanes:
            for (_, some), decoded in zip(batches, lanes.map(read, batches), strict=True):
                self._ahead |= {id(one.pcm): (one.pcm, own) for one, own in zip(some, decoded, strict=True)}

    def forget_ahead(self) -> None:
        """Let go of what was read ahead and nobody has asked for."""
        self._ahead.clear()

    @property
    def lanes(self) -> int:
        """How many batches are read at once."""
        return self._whisper.lanes

    def languages(self, windows: Sequence[SpeechWindow]) -> dict[str, float]:
        """How probable each language is, averaged over windows, by its ISO 639 code."""
        shares: dict[str, float] = {}
        for window in windows:
            known = self._ahead.get(id(window.pcm))
            samples = _on_grid(_with_tail(window.pcm.size))
            encoded = (
                known[1].encoded if known else self._whisper.encode([self._padded(window.pcm, samples)])[0]
            )
            for name, share in self._whisper.languages(encoded).items():
                shares[name] = shares.get(name, 0.0) + share / len(windows)
        return shares

    def look(self, hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
        """What Whisper thinks of each suspected wording, beside the text as heard: some 20 ms a wording.

        None for a place that two decodings share, and for all of a hypothesis that is not the newest. The first
        look at a hypothesis gives what `align` needs, a wording is scored once for an audio.
        """
        last = self._last
        if last is None or not _is_of(hypothesis, last):
            return (None,) * len(suspects)
        begun_ns = time.perf_counter_ns()
        looks = last.second.look(last.best, last.alternatives, suspects)
        last.look_ns += time.perf_counter_ns() - begun_ns
        return tuple(looks)

    def align(self, hypothesis: Hypothesis) -> Hypothesis:
        """The newest hypothesis with its characters placed by cross-attention instead of evenly.

        Only the hypothesis `decode` returned last can be aligned; any other comes back as it is. The looks
        that were taken at it count in its compute from here on.
        """
        last = self._last
        if last is None or not _is_of(hypothesis, last) or not hypothesis.text:
            return hypothesis
        begun_ns = time.perf_counter_ns()
        last.best = last.second.place(last.best)
        aligned = replace(hypothesis, passage=last.best.passage())
        spent_ns = last.look_ns + time.perf_counter_ns() - begun_ns
        last.hypothesis = replace(aligned, decode_ns=hypothesis.decode_ns + spent_ns)
        last.look_ns = 0
        return last.hypothesis

    def _read_through(self, window: SpeechWindow) -> list[Decoded]:
        """Decode, and go on from the last timestamp while speech is left behind it."""
        use_beam = window.is_final or window.is_pause
        done: list[Decoded] = []
        start = 0
        speech_end = window.speech_end_sample - window.start_sample
        for _ in range(1 + _MAX_SEEKS):
            one = self._read(window.pcm[start:] if start else window.pcm, window.start_sample + start, use_beam)
            done.append(one)
            reached = max((piece.end_sample for piece in one.pieces), default=0) - window.start_sample
            if not one.pieces or reached < start + _MIN_SEEK_S * SAMPLE_RATE_HZ:
                break
            if speech_end - reached < _SEEK_BEHIND_S * SAMPLE_RATE_HZ:
                break
            start = reached
        return done

    def _read(self, pcm: Pcm, start_sample: int, use_beam: bool) -> Decoded:
        speech_s = pcm.size / SAMPLE_RATE_HZ
        _, one = self._ahead.pop(id(pcm), (pcm, None))
        if one is None:
            (one,) = self._generate([(pcm, start_sample)], _on_grid(_with_tail(pcm.size)), use_beam)
        if not is_loop("".join(piece.text for piece in one.pieces), speech_s):
            return one
        if not use_beam or one.no_speech_probability > self._settings.max_no_speech_probability:
            # The full 30 s take over a second: live, the next window is worth more than this one, and
            # what is probably noise is not worth it at all.
            return replace(one, pieces=(), alternatives=())
        (full,) = self._generate([(pcm, start_sample)], FULL_FRAMES * HOP_SAMPLES, use_beam)
        if not is_loop("".join(piece.text for piece in full.pieces), speech_s):
            return full
        return replace(full, pieces=(), alternatives=())

    def _generate(
        self, batch: Sequence[tuple[Pcm, int]], samples: int, use_beam: bool, beam_below: float = 0.0
    ) -> list[Decoded]:
        """Read several stretches of audio, each with the place where it starts, filled up to one length."""
        encoded, frames = self._whisper.encode([self._padded(pcm, samples) for pcm, _ in batch])
        longest_s = max(pcm.size for pcm, _ in batch) / SAMPLE_RATE_HZ
        beam = self._settings.beam_size if use_beam and beam_below >= 0 else 1
        answers = self._whisper.read(encoded, len(batch), beam, longest_s)
        unsure = [at for at, one in enumerate(answers) if use_beam and float(one.scores[0]) < beam_below]
        own = [rows(encoded, [at]) for at in range(len(batch))]
        if beam == 1 and unsure and self._settings.beam_size > 1:
            again = self._whisper.read(rows(encoded, unsure), len(unsure), self._settings.beam_size, longest_s)
            for at, answer in zip(unsure, again, strict=True):
                answers[at] = answer
        return [
            self._decoded(answer, (one, frames), *place)
            for answer, one, place in zip(answers, own, batch, strict=True)
        ]

    def _decoded(self, answer: Any, encoded: tuple[Any, int], pcm: Pcm, start_sample: int) -> Decoded:
        read = [self._pieces(ids, start_sample, pcm.size) for ids in answer.sequences_ids]
        return Decoded(
            pieces=read[0],
            alternatives=tuple(read[1:]),
            encoded=encoded[0],
            frames=encoded[1],
            start_sample=start_sample,
            log_probability=float(answer.scores[0]),
            no_speech_probability=float(answer.no_speech_prob),
        )

    def _padded(self, pcm: Pcm, samples: int) -> Pcm:
        """`pcm` raised to a usual level, with quiet noise after it up to `samples`."""
        clean = np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0)
        peak = float(np.abs(clean).max(initial=0.0))
        # The noise tail is 74 dB below the speech only if the speech has a usual level.
        gain = min(_TARGET_PEAK / peak, _MAX_GAIN) if 0 < peak < _TARGET_PEAK else 1.0
        out = self._noise[:samples].copy()
        used = min(clean.size, samples)
        out[:used] += clean[:used] * np.float32(gain)
        return out

    def _pieces(self, ids: list[int], start_sample: int, samples: int) -> tuple[Piece, ...]:
        """Whisper's segments: text tokens between timestamp tokens."""
        pieces: list[Piece] = []
        begin, tokens = 0, []
        first = self._tokenizer.timestamp_begin
        for token in [*ids, first + samples // 320]:
            if token < self._tokenizer.eot:
                tokens.append(token)
            elif token >= first:
                at = min((token - first) * 320, samples)
                # Beyond the audio lies only the noise tail, where Whisper says things again.
                if tokens and begin < samples:
                    text = self._tokenizer.decode(tokens)
                    end = max(at, begin + 320)
                    pieces.append(Piece(text, tuple(tokens), start_sample + begin, start_sample + end))
                tokens = []
                begin = at
        return tuple(pieces)

    def _newest(self, window: SpeechWindow, decoded: list[Decoded], begun_ns: int) -> _Newest:
        best = lay_out(decoded, self._text, window.end_sample)
        passage = best.passage()
        others: dict[str, Layout] = {}
        # Alternatives differ in the first decoding only where there was one decoding: the usual case.
        for pieces in decoded[0].alternatives if len(decoded) == 1 else ():
            layout = lay_out([replace(decoded[0], pieces=pieces)], self._text, window.end_sample)
            text = layout.passage().text
            if text and text != passage.text:
                others.setdefault(text, layout)
        hypothesis = Hypothesis(
            utterance_id=window.utterance_id,
            passage=passage,
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            is_final=window.is_final,
            is_pause=window.is_pause,
            no_speech_probability=max((one.no_speech_probability for one in decoded), default=1.0),
            average_log_probability=min((one.log_probability for one in decoded), default=0.0),
            alternatives=tuple(one.passage() for one in others.values()),
            role=window.role,
            role_confidence=window.role_confidence,
            decode_ns=time.perf_counter_ns() - begun_ns,
        )
        second = SecondLook(self._whisper.model, self._tokenizer, decoded)
        return _Newest(window, hypothesis, best, tuple(others.values()), second)

    def _is_silence(self, one: Decoded) -> bool:
        """Whisper's own rule: probably no speech, and the text is unsure as well."""
        return (
            one.no_speech_probability > self._settings.max_no_speech_probability
            and one.log_probability < _UNSURE_LOG_PROBABILITY
        )


def _is_of(hypothesis: Hypothesis, newest: _Newest) -> bool:
    """Whether it is the newest hypothesis, whoever is now said to have spoken."""
    return newest.hypothesis.passage is hypothesis.passage


def _with_tail(samples: int) -> int:
    return max(samples + _TAIL_SAMPLES, _LEAST_SAMPLES)


def _on_grid(samples: int) -> int:
    """The next length, in samples, that windows may have."""
    unit = next((unit for most, unit in _GRIDS if samples <= most), _WIDEST_GRID)
    return min(-(-samples // unit) * unit, FULL_FRAMES * HOP_SAMPLES)


def _same_audio(one: SpeechWindow, other: SpeechWindow) -> bool:
    """Whether a window that was read with the beam holds the very audio of another.

    Place and size are not enough: another recording has an utterance 0 of its own.
    """
    return (
        (one.is_pause or one.is_final)
        and (one.utterance_id, one.start_sample) == (other.utterance_id, other.start_sample)
        and np.array_equal(one.pcm, other.pcm)
    )
