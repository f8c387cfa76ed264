"""A decoded window and suspected wordings in, likelihood ratios and the places of characters out.

Whisper is asked once more, over the encoder's output at hand: how probable is the text with the suspected
wording in place of what was read there, beside the text as read? Both are scored in Simplified script: Whisper
often writes Traditional, and a ratio between scripts would say nothing of the sound. One call gives the
probabilities and the times of a text, so a window that is looked at need not be aligned again.

Only what is spoken is scored: Whisper seldom writes a full-width comma, so a wording with one would be found
unlikely for its comma (我不知道 after 这个政策: -0.0 without, -27 with one).

Texts are scored one by one: a batch projects the encoder's output anew for each of its rows, and on one thread
takes a third longer than the same calls in turn (three texts over 3 s: 83 and 61 ms; bench/README.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deskguard.hearing.layout import MARK
from deskguard.hearing.timing import Piece, TokenTime, character_spans
from deskguard.values import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.hearing.layout import Decoded, Laid, Layout
    from deskguard.values import Suspect

_SAMPLES_PER_POSITION = 320
_LEAST_PROBABILITY = 1e-9
_MOST_TOKENS = 200
"""Whisper's decoder holds 448 positions; a text near that is a loop, not speech."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """A text that Whisper was asked for."""

    tokens: tuple[tuple[int, ...], ...]
    """For each stretch of the text."""
    log_probability: float
    starts: tuple[int | None, ...]
    """Where each token begins, in samples; None where the alignment passes over it."""


class SecondLook:
    """Scores texts over the decodings of one window; each text once."""

    def __init__(self, model: Any, tokenizer: Any, decoded: Sequence[Decoded]) -> None:
        """`model` is CTranslate2's, `tokenizer` faster-whisper's."""
        self._model = model
        self._tokenizer = tokenizer
        self._decoded = decoded
        self._known: dict[tuple[int, tuple[str, ...]], _Scored | None] = {}

    def place(self, layout: Layout) -> Layout:
        """The layout with the time of each token, by dynamic time warping over cross-attention."""
        pieces: list[Piece] = []
        for part in range(len(self._decoded)):
            own = [one for one in layout.laid if one.part == part]
            pieces += self._timed(own, self._score(part, _stretches(own)))
        return layout.timed(pieces)

    def look(self, heard: Layout, layouts: Sequence[Layout], suspects: Sequence[Suspect]) -> list[Look | None]:
        """For each suspect, its text beside the text as heard; None where they cannot be compared.

        `layouts` are the alternatives' own.
        """
        return [
            self._look(heard, heard if one.alternative is None else layouts[one.alternative], one)
            for one in suspects
        ]

    def _look(self, heard: Layout, layout: Layout, suspect: Suspect) -> Look | None:
        held = [
            one
            for one in layout.laid
            if one.start_char < suspect.end_char and suspect.start_char < one.end_char
        ]
        if not held or held[0].part != held[-1].part:
            return None
        part = held[0].part
        before = self._score(part, _stretches([one for one in heard.laid if one.part == part]))
        own = [one for one in layout.laid if one.part == part]
        reworded, at = _reworded(own, held, suspect)
        after = self._score(part, _stretches(reworded))
        if before is None or after is None:
            return None
        spans = character_spans(self._timed(reworded, after)[at.piece])
        return Look(
            log_ratio=after.log_probability - before.log_probability,
            tokens=_unlike(sum(before.tokens, ()), sum(after.tokens, ())),
            span=(spans[at.start_char][0], spans[at.end_char - 1][1]),
        )

    def _score(self, part: int, stretches: tuple[str, ...]) -> _Scored | None:
        key = (part, stretches)
        if key not in self._known:
            self._known[key] = self._ask(self._decoded[part], stretches)
        return self._known[key]

    def _ask(self, one: Decoded, stretches: tuple[str, ...]) -> _Scored | None:
        tokens = tuple(() if text == MARK else tuple(self._tokenizer.encode(text)) for text in stretches)
        flat = [token for own in tokens for token in own]
        if not flat or len(flat) > _MOST_TOKENS:
            return None
        answer = self._model.align(one.encoded, list(self._tokenizer.sot_sequence), [flat], [one.frames])[0]
        first: dict[int, int] = {}
        for token, position in answer.alignments:
            first.setdefault(int(token), one.start_sample + int(position) * _SAMPLES_PER_POSITION)
        return _Scored(
            tokens=tokens,
            log_probability=sum(math.log(max(p, _LEAST_PROBABILITY)) for p in answer.text_token_probs),
            starts=tuple(first.get(index) for index in range(len(flat))),
        )

    def _timed(self, laid: Sequence[Laid], scored: _Scored | None) -> list[Piece]:
        """The segments with the times of their tokens; as they are where they could not be scored."""
        if scored is None:
            return [one.piece for one in laid]
        starts = iter(scored.starts)
        timed = [[(token, next(starts)) for token in tokens] for tokens in scored.tokens]
        # Every second stretch is the mark between two segments.
        return [self._spelled(one.piece, times) for one, times in zip(laid, timed[::2], strict=True)]

    def _spelled(self, piece: Piece, times: Sequence[tuple[int, int | None]]) -> Piece:
        name = self._tokenizer.tokenizer.id_to_token
        return replace(
            piece,
            tokens=tuple(token for token, _ in times),
            times=tuple(TokenTime(name(token), start) for token, start in times),
        )


def _stretches(laid: Sequence[Laid]) -> tuple[str, ...]:
    """The texts of segments with the marks between them, the marks as stretches of their own."""
    texts: list[str] = []
    for one in laid:
        texts += [MARK, one.piece.text] if texts else [one.piece.text]
    return tuple(texts)


@dataclass(frozen=True, slots=True)
class _At:
    """Where a wording stands: in which segment, and at which of its characters."""

    piece: int
    start_char: int
    end_char: int


def _reworded(own: Sequence[Laid], held: Sequence[Laid], suspect: Suspect) -> tuple[list[Laid], _At]:
    """The segments of a part, those that hold the place made one with the wording in it, and where that is."""
    first, last = held[0], held[-1]
    text = MARK.join(one.piece.text for one in held)
    start = max(suspect.start_char - first.start_char, 0)
    end = min(suspect.end_char - first.start_char, len(text))
    wording = "".join(filter(str.isalnum, suspect.wording)) or text[start:end]
    before = [one for one in own if one.start_char < first.start_char]
    after = [one for one in own if one.start_char > last.start_char]
    piece = replace(first.piece, text=text[:start] + wording + text[end:], end_sample=last.piece.end_sample)
    return [*before, replace(first, piece=piece), *after], _At(len(before), start, start + len(wording))


def _unlike(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many tokens the longer of two texts has between what they begin and end with alike."""
    most = min(len(one), len(other))
    front = next((at for at in range(most) if one[at] != other[at]), most)
    most -= front
    back = next((at for at in range(most) if one[-1 - at] != other[-1 - at]), most)
    return max(len(one), len(other)) - front - back
