"""Spellings and a passage to the places that sound nearly like one: seeds first, then weighted alignment.

A spelling may be misheard as long as two neighbouring syllables of it stay within their coarse classes of sound
(`seeds`). Around each such seed the whole spelling is laid into the text, all of them at once (`align`). What
costs too much for its length is dropped: long phrases may lose a third of their sound, three syllables only a
shade, two nothing. Words, pauses and excuses are not looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from deskguard.language.sounds import sound_classes, sound_distances
from deskguard.language.syllables import clause_syllables
from deskguard.language.words import PARTICLES
from deskguard.rules.spelling import NUMBER
from deskguard.spotting.finding.align import (
    OUTSIDE,
    WHOLE,
    WIDEST,
    Ints,
    Phrases,
    Text,
    Windows,
    cost_of,
    lay,
    way,
)
from deskguard.spotting.finding.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.spelling import Spelling
    from deskguard.spotting.finding.align import Step
    from deskguard.spotting.finding.heard import Heard

_MOST_DISTANCES = {3: 0.2, 4: 0.25}
_MOST_DISTANCE = 0.34
_MOST_GAPPED = 0.25
"""Pieces with a gap between them meet by chance more easily."""
_MOST_PIECE_COSTS = {1: 15, 2: 40, 3: 90}
"""Hundredths of a syllable that short pieces between gaps may cost: a gap makes chance meetings easy."""
_MOST_PIECE_COST = 40
"""The same for each syllable of a longer one."""
_FEWEST_SYLLABLES = min(_MOST_DISTANCES)
# A syllable too many is less unlike than one that is another; weak ones come and go, fillers hardly count.
_ADDED, _DROPPED, _WEAK, _ERHUA, _FILLER = 70, 80, 40, 10, 6
NEGATIONS = frozenset("不没别")
_NEGATION = 150
"""A phrase without its negation is mostly an innocent one: 这是我的事."""
_WEAK_CHARS = PARTICLES | frozenset("的了着地得个就也还都")
_SECOND_READING = 10
_SLACK = 3
"""Syllables by which a phrase may be longer than its spelling on either side of the seed."""
_NEAR_BY, _FILLER_REACH = 1, 2
_GRID = 4
"""Seeds of one spelling this near each other share a window."""

_TWO_SEEDS_FROM = 7
"""Longer spellings that are near enough to count keep two pairs at least."""
_FIT_COST = 2.5
_MOST_PLACES = 100
_FEW = 300
"""Windows up to this many are laid together; of more, those with gaps apart, since they are wider."""
_FAR = 1 << 20
"""More than a text has syllables."""


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A spelling laid into the text: normalised characters [start, end)."""

    row: int
    """The spelling, by its row in the table."""
    start: int
    end: int
    cost: int
    """Hundredths of a syllable, all syllables together."""
    syllables: int

    @property
    def distance(self) -> float:
        return self.cost / WHOLE / self.syllables

    @property
    def weight(self) -> float:
        """How much speaks for it: the syllables that fit, less what does not."""
        return self.syllables - _FIT_COST * self.cost / WHOLE


Taken = tuple[int, int, int]
"""A group, and from where to where in the text it needs no more places."""


def most_distance(spelling: Spelling) -> float:
    """How much a spelling may differ to be a candidate, per syllable."""
    most = _MOST_DISTANCES.get(spelling.syllables, _MOST_DISTANCE)
    return min(most, _MOST_GAPPED) if spelling.gaps else most


def most_piece_cost(piece: str) -> int:
    """How much a piece between gaps may cost, in hundredths of a syllable."""
    return _MOST_PIECE_COSTS.get(len(piece), _MOST_PIECE_COST * len(piece))


def may_be_near(spelling: Spelling) -> bool:
    """Whether a spelling is long enough to be known by what is left of it."""
    return spelling.syllables >= _FEWEST_SYLLABLES and NUMBER not in spelling.pieces


class NearTable:
    """Spellings as arrays; rows are in the order given, each with its group."""

    def __init__(self, spellings: Sequence[Spelling], groups: Sequence[int]) -> None:
        self.groups = np.array(groups, dtype=np.int32)
        self._syllables = len(sound_classes())
        self._letters: dict[int, int] = {}
        """Columns of costs for characters that have no syllable, behind those of the syllables."""
        self.phrases = self._phrases(spellings)
        lengths, gaps = self.phrases.lengths, self.phrases.gaps
        self.most = np.array([most_distance(one) for one in spellings]) * lengths * WHOLE
        """The most each may cost, in hundredths of a syllable."""
        self.spans = lengths + gaps.sum(axis=0, dtype=np.int32)
        """Syllables with all gaps full."""
        self.gaps_before = np.cumsum(gaps, axis=0, dtype=np.int32) - gaps
        self.piece_starts, self.piece_lengths, self.most_around = self._pieces(spellings)
        self.seeds = Seeds(self._sounds_of(spellings))

    def text(self, heard: Heard) -> Text:
        """The costs of a passage."""
        shown = np.array([sound if sound < self._syllables else 0 for sound in heard.sounds])
        usual = np.array([sound if sound < self._syllables else 0 for sound in heard.usual])
        second = np.array(heard.second)
        distances = _hundredths()
        costs = distances[shown]
        if (others := np.flatnonzero(usual != shown)).size:
            costs[others] = np.minimum(costs[others], distances[usual[others]])
        if (others := np.flatnonzero(second)).size:
            costs[others] = np.minimum(costs[others], distances[second[others]] + _SECOND_READING)
        letters = np.full((len(costs), len(self._letters)), WHOLE, dtype=np.int32)
        for sound, column in self._letters.items():
            letters[[at for at, one in enumerate(heard.sounds) if one == sound], column] = 0
        added = [
            _FILLER if filler else _added(char)
            for char, filler in zip(heard.text.chars, heard.fillers, strict=True)
        ]
        return Text(
            costs=np.hstack((costs, letters)) if self._letters else costs, added=np.array(added, dtype=np.int32)
        )

    def _phrases(self, spellings: Sequence[Spelling]) -> Phrases:
        width = max((one.syllables for one in spellings), default=1)
        sounds, dropped, gaps = (np.zeros((len(spellings), width), dtype=np.int32) for _ in range(3))
        for at, one in enumerate(spellings):
            read = [sound for piece in one.pieces for sound in clause_syllables(piece)]
            sounds[at, : len(read)] = [self._row(sound) for sound in read]
            dropped[at, : len(read)] = [_dropped(char) for char in one.key]
            end = 0
            for piece, gap in zip(one.pieces, one.gaps, strict=False):
                end += len(piece)
                gaps[at, end - 1] = gap
        sounds, dropped, gaps = (np.ascontiguousarray(table.T) for table in (sounds, dropped, gaps))
        lengths = np.array([one.syllables for one in spellings], dtype=np.int32)
        return Phrases(sounds=sounds, lengths=lengths, dropped=dropped, gaps=gaps)

    def _pieces(self, spellings: Sequence[Spelling]) -> tuple[Ints, Ints, Ints]:
        """For each syllable where its piece begins, how long that is, and the most it may cost."""
        starts, lengths, most = (np.zeros_like(self.phrases.sounds) for _ in range(3))
        for at, one in enumerate(spellings):
            end = 0
            for piece in one.pieces:
                start, end = end, end + len(piece)
                starts[start:end, at], lengths[start:end, at] = start, len(piece)
                most[start:end, at] = most_piece_cost(piece) if one.gaps else self.most[at]
        return starts, lengths, most

    def _row(self, sound: int) -> int:
        if sound < self._syllables:
            return sound
        return self._syllables + self._letters.setdefault(sound, len(self._letters))

    def _sounds_of(self, spellings: Sequence[Spelling]) -> Iterator[list[tuple[int, ...]]]:
        for one in spellings:
            yield [clause_syllables(piece) for piece in one.pieces]


class NearSearch:
    """One passage, searched."""

    def __init__(self, table: NearTable, heard: Heard) -> None:
        self._table = table
        self._heard = heard

    @cached_property
    def _text(self) -> Text:
        return self._table.text(self._heard)

    def places(self, over: float = 0.0, taken: Sequence[Taken] = ()) -> list[NearPlace]:
        """Where spellings may have been misheard, best first; none in a place that its group has taken.

        None is further than allowed plus `over` per syllable. A group is what its spellings compete in.
        """
        rows, starts = self._windows()
        if not len(rows):
            return []
        table = self._table
        parts = [np.ones(len(rows), dtype=bool)]
        if len(rows) >= _FEW:
            is_gapped = table.spans[rows] > table.phrases.lengths[rows]
            parts = [part for part in (is_gapped, ~is_gapped) if part.any()]
        found = np.concatenate([self._laid(rows[part], starts[part], over) for part in parts], axis=1)
        for group, start, end in taken:
            is_free = (table.groups[found[0]] != group) | (found[1] >= end) | (found[2] <= start)
            found = found[:, is_free]
        lengths = table.phrases.lengths[found[0]]
        order = np.lexsort((found[0], -found[2], found[1], _FIT_COST * found[3] - lengths * WHOLE))
        places = [
            NearPlace(row, start, end, cost, syllables)
            for row, start, end, cost, syllables in np.vstack((found, lengths))[
                :, order[:_MOST_PLACES]
            ].T.tolist()
        ]
        return list(dict.fromkeys(places))

    def way(self, place: NearPlace) -> list[tuple[Step, int]]:
        """How the spelling lies in its place, each step with its cost; text positions count from its start."""
        phrases = self._table.phrases
        row, length = place.row, place.syllables
        costs = self._text.costs[place.start : place.end].T[phrases.sounds[:length, row]].tolist()
        dropped = phrases.dropped[:length, row].tolist()
        added = self._text.added[place.start : place.end].tolist()
        steps = way(costs, dropped, phrases.gaps[:length, row].tolist(), added)
        return [(step, cost_of(step, costs, dropped, added)) for step in steps]

    def _windows(self) -> tuple[Ints, Ints]:
        """Spellings worth laying into the text, and where their windows begin, which may be before it."""
        rows, offsets, places = self._table.seeds.found(self._heard)
        is_likely = self._least_costs(rows, offsets, places) <= self._table.most_around[offsets, rows]
        rows, offsets, places = rows[is_likely], offsets[is_likely], places[is_likely]
        diagonals = places - offsets - self._table.gaps_before[offsets, rows] - _SLACK
        keys = np.sort(rows.astype(np.int64) * _FAR + (diagonals // _GRID * _GRID + _FAR // 2))
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        seeds = np.diff(first, append=len(keys))
        keys = keys[first]
        is_long = self._table.phrases.lengths[keys // _FAR] >= _TWO_SEEDS_FROM
        keys = keys[(seeds > 1) | ~is_long]
        return (keys // _FAR).astype(np.int32), (keys % _FAR - _FAR // 2).astype(np.int32)

    def _least_costs(self, rows: Ints, offsets: Ints, places: Ints) -> Ints:
        """What the piece around each seed costs at least, every syllable near where it would stand.

        Three windows in five need no alignment after that. A way that has strayed by more than one syllable,
        or two fillers, is lost unless another seed shows it.
        """
        table, text = self._table, self._text
        starts, counts = table.piece_starts[offsets, rows], table.piece_lengths[offsets, rows]
        ends = np.cumsum(counts)
        seeds = np.repeat(np.arange(len(rows)), counts)
        at = np.arange(len(seeds)) + np.repeat(starts - ends + counts, counts)
        cells = at * len(table.phrases.lengths) + rows.take(seeds)
        reach = _NEAR_BY + (_FILLER_REACH if any(self._heard.fillers) else 0)
        room = len(table.phrases.sounds) + reach
        costs = np.full((len(text.costs) + 2 * room, text.costs.shape[1]), OUTSIDE, dtype=np.int32)
        costs[room : room + len(text.costs)] = text.costs
        near = costs.copy()
        for step in range(1, reach + 1):
            np.minimum(near[step:], costs[:-step], out=near[step:])
            np.minimum(near[:-step], costs[step:], out=near[:-step])
        columns = (at + (places - offsets + room).take(seeds)) * text.costs.shape[1]
        least = near.ravel().take(columns + table.phrases.sounds.ravel().take(cells))
        np.minimum(least, table.phrases.dropped.ravel().take(cells), out=least)
        return np.bincount(seeds, least, len(rows)).astype(np.int32)

    def _laid(self, rows: Ints, starts: Ints, over: float) -> Ints:
        """The cheapest place of each window that is cheap enough: rows, starts, ends and costs, (4, places)."""
        table, text = self._table, self._text
        lengths = table.phrases.lengths[rows]
        strays = np.minimum(table.spans[rows] - lengths + 2 * _SLACK + _GRID, WIDEST)
        left = max(0, -int(starts.min()))
        length = left + max(len(text.added), int((starts + lengths).max() + strays.max()) + 1)
        costs = np.full((length, text.costs.shape[1]), OUTSIDE, dtype=np.int32)
        costs[left : left + len(text.added)] = text.costs
        added = np.full(length, OUTSIDE, dtype=np.int32)
        added[left : left + len(text.added)] = text.added
        windows = Windows(phrases=rows, starts=starts + left, widths=strays)
        laid = lay(table.phrases, Text(costs=costs, added=added), windows)
        begun, ended = laid.starts - left, laid.ends - left
        # With a wide bound a long spelling can afford to lie partly outside the text.
        is_inside = (begun >= 0) & (ended <= len(text.added))
        is_near = is_inside & (laid.costs <= table.most[rows] + over * lengths * WHOLE)
        return np.stack((rows, begun, ended, laid.costs))[:, is_near]


@lru_cache(maxsize=1)
def _hundredths() -> Ints:
    return np.rint(sound_distances() * WHOLE).astype(np.int32)


def _dropped(char: str) -> int:
    """The cost of not hearing a syllable of a spelling."""
    if char in NEGATIONS:
        return _NEGATION
    return _ERHUA if char == "儿" else _WEAK if char in _WEAK_CHARS else _DROPPED


def _added(char: str) -> int:
    """The cost of hearing a syllable that the spelling does not have."""
    return _ERHUA if char == "儿" else _WEAK if char in _WEAK_CHARS else _ADDED
