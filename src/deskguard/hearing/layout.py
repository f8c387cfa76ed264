"""What Whisper decoded in, passages out: which characters each of its segments came to.

A window may take several decodings, and each reads several segments. Only what is shown is laid out: credits
that Whisper invents in silence and segments without a character are left out, and what follows counts in the
characters of the passage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deskguard.hearing.inventions import is_credit, is_doubtful
from deskguard.hearing.timing import Piece, Span, character_spans, interpolated_spans
from deskguard.values import Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK = "，"
"""Stands between two segments: Whisper ends one where a sentence ends."""
_LIKELY_SILENCE = 0.5


@dataclass(frozen=True, slots=True)
class TextTools:
    """What the recogniser needs to know of text, passed in so that hearing does not import language."""

    simplify: Callable[[str], str]
    """Traditional to Simplified for display."""
    comparable: Callable[[str], str]
    """The one sameness of text."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One generate call: the pieces it read, with what aligning them needs."""

    pieces: tuple[Piece, ...]
    alternatives: tuple[tuple[Piece, ...], ...]
    encoded: Any
    """The encoder's output."""
    frames: int
    """Mel frames that the encoder saw."""
    start_sample: int
    log_probability: float
    no_speech_probability: float


@dataclass(frozen=True, slots=True)
class Laid:
    """A segment as it stands in the passage."""

    piece: Piece
    """With the text that is shown: Simplified, as many characters as Whisper wrote."""
    part: int
    """Which of the window's decodings read it."""
    start_char: int

    @property
    def end_char(self) -> int:
        return self.start_char + len(self.piece.text)


@dataclass(frozen=True, slots=True)
class Layout:
    """A reading of a whole window: its text and the segments it is made of."""

    laid: tuple[Laid, ...]
    end_sample: int
    """Where the window ends; no character lies behind it."""

    def passage(self) -> Passage:
        text, spans = "", list[Span]()
        for one in self.laid:
            if text:
                text += MARK
                spans.append((spans[-1][1], spans[-1][1]))
            text += one.piece.text
            spans += character_spans(one.piece) if one.piece.times else interpolated_spans(one.piece)
        end = self.end_sample
        return Passage(text=text, spans=tuple((min(a, end), min(b, end)) for a, b in spans))

    def timed(self, pieces: Sequence[Piece]) -> Layout:
        """The same with the pieces' times."""
        return replace(
            self, laid=tuple(replace(one, piece=new) for one, new in zip(self.laid, pieces, strict=True))
        )


def lay_out(decoded: Sequence[Decoded], tools: TextTools, end_sample: int) -> Layout:
    """The decodings of one window in order."""
    laid: list[Laid] = []
    at = 0
    for part, one in enumerate(decoded):
        is_unsure = one.no_speech_probability > _LIKELY_SILENCE
        for piece in one.pieces:
            comparable = tools.comparable(piece.text)
            if not comparable or is_credit(comparable) or (is_unsure and is_doubtful(comparable)):
                continue
            at += len(MARK) if at else 0
            shown = tools.simplify(piece.text)
            # Spans belong to characters, so the display text may only be used if it has as many.
            shown = shown if len(shown) == len(piece.text) else piece.text
            laid.append(Laid(replace(piece, text=shown), part, at))
            at += len(shown)
    return Layout(tuple(laid), end_sample)
