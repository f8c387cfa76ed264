"""Where words begin and end: 今天知道 holds no 天知道, 知不知道 no 不知道.

jieba's dictionary decides, with one addition of our own: in a question of the form A不A or A没A the parts are
one word, whatever A is. Without its statistical guesses (HMM) and its cache file in the shared temporary
folder: the same text always gives the same words, on a read-only disk too.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deskguard.language.text import Normalised

PARTICLES = frozenset("啊呀吧吗呢嘛哦噢喔啦哈哟呗么嗯")
"""Characters that end a sentence without adding to its meaning."""
_NEGATIONS = frozenset("不没")
# jieba's dictionary counts words in a corpus; rarer ones are mostly names and only cost memory.
_MIN_COUNT = 10


def word_edges(text: Normalised) -> frozenset[int]:
    """Positions in `text.chars` where a word starts or ends; a particle at a word's end is its own word."""
    edges = {0, len(text.chars), *text.breaks}
    for start, end in text.clauses():
        edges.update(start + at for at in clause_edges(text.chars[start:end]))
    return frozenset(edges)


@lru_cache(maxsize=1024)
def clause_edges(clause: str) -> frozenset[int]:
    """The same for one clause without breaks."""
    edges = {0}
    for _, start, end in _tokenizer().tokenize(clause, HMM=False):
        edges.update((start, end))
        if end - start > 1 and clause[end - 1] in PARTICLES:
            edges.add(end - 1)
    for at, char in enumerate(clause):
        if char in _NEGATIONS:
            edges -= _a_not_a(clause, at)
    return frozenset(edges | {0, len(clause)})


def _a_not_a(clause: str, at: int) -> set[int]:
    """The positions inside a question like 能不能, 知不知道 or 知道不知道 whose negation stands at `at`."""
    for length in (2, 1):
        before, after = clause[at - length : at], clause[at + 1 : at + 1 + length]
        # 不知道不知道 says it twice: what is already negated asks nothing.
        negated = at > length and clause[at - length - 1] in _NEGATIONS
        if at >= length and before == after and not negated:
            return set(range(at - length + 1, at + length + 1))
    return set()


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """A jieba tokenizer filled from its own dictionary file, past its cache and its log."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its escapes and its pkg_resources are older than our Python
        import jieba
    # It sets itself to debug level and writes to standard error.
    logging.getLogger("jieba").setLevel(logging.WARNING)
    counts: dict[str, int] = {}
    total = 0
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count, *_ = line.split(" ")
            total += int(count)
            if int(count) < _MIN_COUNT:
                continue
            counts[word] = int(count)
            for length in range(1, len(word)):
                counts.setdefault(word[:length], 0)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = counts, total, True
    return tokenizer
