"""A Whisper model as CTranslate2 runs it: audio of one length in, what the encoder says and readings of it out.

The only module that imports faster-whisper and CTranslate2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.settings import ModelSettings
    from deskguard.values import Pcm

HOP_SAMPLES = 160
"""Samples per mel frame."""
FULL_FRAMES = 3000
_TOKENS_PER_SECOND = 12
ALTERNATIVES = 5


class Whisper:
    """One loaded model; several threads may use it at once where it was loaded with as many lanes."""

    def __init__(self, whole: Any, lanes: int = 1) -> None:
        from faster_whisper.tokenizer import Tokenizer

        self.whole = whole
        """The faster-whisper model, for benchmarks that compare with its own way."""
        self.model = whole.model
        """CTranslate2's."""
        self.lanes = lanes
        self.tokenizer = Tokenizer(whole.hf_tokenizer, True, task="transcribe", language="zh")
        self._features = whole.feature_extractor

    @classmethod
    def load(cls, folder: Path, model: ModelSettings, lanes: int = 1) -> Whisper:
        """Load a CTranslate2 Whisper folder; raises DeskguardError when it is not one that can hear Chinese.

        `lanes`: how many threads may use it at once, each with `model.threads` threads of its own.
        """
        from faster_whisper import WhisperModel

        try:
            whole = WhisperModel(
                str(folder),
                device="cpu",
                compute_type=model.compute_type,
                cpu_threads=model.threads,
                num_workers=lanes,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise DeskguardError(
                f"Model folder {folder} cannot be loaded: {error}.",
                "fetch or import the model again (deskguard models get base).",
                "model-broken",
            ) from error
        if not whole.model.is_multilingual:
            raise DeskguardError(
                f"Model folder {folder} is an English-only (.en) model; Mandarin needs a multilingual one.",
                "use base, small or another name without .en.",
                "model-english-only",
            )
        return cls(whole, lanes)

    def encode(self, several: Sequence[Pcm]) -> tuple[Any, int]:
        """The encoder's output for audio of one length, and how many mel frames it saw: even, at most 30 s.

        One after the other: the encoder gains nothing by a batch, which would only take more memory.
        """
        import ctranslate2

        said = []
        frames = 0
        for pcm in several:
            features = self._features(pcm)
            frames = min(features.shape[1] // 2 * 2, FULL_FRAMES)
            whole = np.ascontiguousarray(features[None, :, :frames])
            said.append(self.model.encode(ctranslate2.StorageView.from_array(whole)))
        return joined(said), frames

    def read(self, encoded: Any, count: int, beam: int, longest_s: float) -> list[Any]:
        """CTranslate2's answers for `count` rows of what the encoder said, best readings first.

        `longest_s`: of the audio, which bounds the tokens that are read.
        """
        answers: list[Any] = self.model.generate(
            encoded,
            [list(self.tokenizer.sot_sequence)] * count,
            beam_size=beam,
            num_hypotheses=min(beam, ALTERNATIVES),
            return_scores=True,
            return_no_speech_prob=True,
            # CTranslate2 halves this bound.
            max_length=min(448, 2 * (10 + int(_TOKENS_PER_SECOND * longest_s))),
        )
        return answers

    def languages(self, encoded: Any) -> dict[str, float]:
        """How probable each language is by the first row, by its ISO 639 code."""
        return {token.strip("<|>"): float(share) for token, share in self.model.detect_language(encoded)[0]}


def joined(several: Sequence[Any]) -> Any:
    """What the encoder said of several, as one batch."""
    import ctranslate2

    if len(several) == 1:
        return several[0]
    return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(one) for one in several]))


def rows(encoded: Any, wanted: Sequence[int]) -> Any:
    """Some rows of what the encoder said, as memory of their own."""
    import ctranslate2

    if list(wanted) == list(range(encoded.shape[0])):
        return encoded
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[list(wanted)]))
