"""Two toneless syllables to how unlike they sound, 0 to 1: what recognisers and accents confuse costs little.

A syllable is an initial and a final, a final a medial, a vowel and a coda; what differs is added up. So the
costs are written for some forty pairs of sounds and hold for all 170,000 pairs of syllables. They are set by
hand from what southern accents merge (zh/z, n/l, f/h, in/ing) and what Whisper base was seen to write, not
fitted; what is found by them is heard again before it counts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from deskguard.language.syllables import syllable_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
_APICAL = frozenset(("zh", "ch", "sh", "r", "z", "c", "s"))
_OTHER_INITIAL = 0.6
_OTHER_MEDIAL, _OTHER_VOWEL, _OTHER_CODA = 0.5, 0.8, 0.5
# Pairs in either order; what is not here costs as above. "" is no initial, no medial, no coda.
_INITIAL_COSTS = {
    0.08: "zh-z ch-c sh-s",
    0.12: "n-l",
    0.2: "f-h r-l",
    0.3: "b-p d-t g-k j-q z-c zh-ch n-r zh-c ch-z m-n",
    0.35: "ch-sh c-s zh-j ch-q sh-x z-j c-q s-x k-h q-x r-y y-",
    0.4: "z-s zh-sh j-x b-m g-h d-n d-l r-zh r-sh y-j y-x y-n y-l w-h w-f w-m w-b w-",
    0.5: "p-f t-h b-d p-t d-g t-k m-l m-w y-r y-q",
}
_MEDIAL_COSTS = {0.15: "i-v", 0.2: "-u", 0.3: "-i -v", 0.35: "u-v"}
_VOWEL_COSTS = {
    0.15: "o-e",
    0.25: "U-o I-E e-E",
    0.35: "a-E a-e I-e",
    0.45: "a-o o-E U-e I-U",
}
_CODA_COSTS = {0.1: "n-ng", 0.15: "-r", 0.25: "-i -u", 0.3: "-n -ng u-ng i-n", 0.35: "i-u"}
# Spelled finals as (medial, vowel, coda); the close vowels stand alone as I and U.
_FINALS = {
    "a": ("", "a", ""),
    "o": ("", "o", ""),
    "e": ("", "e", ""),
    "ai": ("", "a", "i"),
    "ei": ("", "E", "i"),
    "ao": ("", "a", "u"),
    "ou": ("", "o", "u"),
    "an": ("", "a", "n"),
    "en": ("", "e", "n"),
    "ang": ("", "a", "ng"),
    "eng": ("", "e", "ng"),
    "ong": ("u", "o", "ng"),
    "er": ("", "e", "r"),
    "i": ("i", "I", ""),
    "ia": ("i", "a", ""),
    "ie": ("i", "E", ""),
    "iao": ("i", "a", "u"),
    "iu": ("i", "o", "u"),
    "iou": ("i", "o", "u"),
    "ian": ("i", "a", "n"),
    "in": ("i", "e", "n"),
    "iang": ("i", "a", "ng"),
    "ing": ("i", "e", "ng"),
    "iong": ("v", "o", "ng"),
    "io": ("i", "o", ""),
    "u": ("u", "U", ""),
    "ua": ("u", "a", ""),
    "uo": ("u", "o", ""),
    "uai": ("u", "a", "i"),
    "ui": ("u", "E", "i"),
    "uei": ("u", "E", "i"),
    "uan": ("u", "a", "n"),
    "un": ("u", "e", "n"),
    "uen": ("u", "e", "n"),
    "uang": ("u", "a", "ng"),
    "ueng": ("u", "e", "ng"),
    "v": ("v", "I", ""),
    "ve": ("v", "E", ""),
    "van": ("v", "a", "n"),
    "vn": ("v", "e", "n"),
    # After zh, ch, sh, r, z, c, s the letter i is another vowel.
    "-i": ("", "I", ""),
}
# Coarse classes: a seed may be misheard within them. Initials first, then finals.
_INITIAL_CLASSES = ("bp", "dt", "gk", "fh", "nlr", "jqx", "zcs", "m", "w", "y")
_FINAL_CLASSES = (
    "a ia ua",
    "o uo e ou er io",
    "ai uai",
    "ei ui uei ie ve",
    "ao iao",
    "iu iou",
    "an ang uan uang",
    "ian iang van",
    "en eng un uen ueng in ing vn",
    "ong iong",
    "i -i v",
    "u",
)


@lru_cache(maxsize=1)
def sound_distances() -> npt.NDArray[np.float32]:
    """How unlike syllable ids sound, (ids, ids), symmetric, 0 on the diagonal; read-only."""
    import numpy as np

    split = [_split(name) for name in syllable_names()]
    total = _spread([initial for initial, _ in split], _costs(_INITIAL_COSTS), _OTHER_INITIAL)
    parts = [_FINALS.get(final, ("?", "?", "?")) for _, final in split]
    # 房 is next to 黄 for who merges f and h: the lip of f counts as the medial u.
    parts = [
        ("u", *part[1:]) if initial == "f" and not part[0] else part
        for (initial, _), part in zip(split, parts, strict=True)
    ]
    for at, (costs, other) in enumerate(
        ((_MEDIAL_COSTS, _OTHER_MEDIAL), (_VOWEL_COSTS, _OTHER_VOWEL), (_CODA_COSTS, _OTHER_CODA))
    ):
        total += _spread([one[at] for one in parts], _costs(costs), other)
    # mm, hm, ng and their like resemble nothing.
    odd = np.array([medial == "?" for medial, _, _ in parts])
    total[odd, :] = total[:, odd] = 1.0
    np.fill_diagonal(total, 0.0)
    distances = np.minimum(total, np.float32(1.0))
    distances.setflags(write=False)
    return distances


def sound_distance(one: int, other: int) -> float:
    """How unlike two syllable ids sound; letters are unlike everything but themselves."""
    if one == other:
        return 0.0
    distances = sound_distances()
    if max(one, other) >= len(distances):
        return 1.0
    return float(distances[one, other])


@lru_cache(maxsize=1)
def sound_classes() -> tuple[int, ...]:
    """A coarse class for each syllable id, for seeds: near syllables mostly share it; 0 is like nothing."""
    initials = {
        one: number for number, group in enumerate(_INITIAL_CLASSES, 1) for one in _named(group, _INITIALS)
    }
    finals = {one: number for number, group in enumerate(_FINAL_CLASSES, 1) for one in group.split()}
    classes = []
    for initial, final in map(_split, syllable_names()):
        number = finals.get(final, 0)
        classes.append(number and initials.get(initial, 0) * (len(_FINAL_CLASSES) + 1) + number)
    return tuple(classes)


def _named(group: str, initials: Sequence[str]) -> list[str]:
    """The initials of a group of letters; zh, ch and sh go with z, c and s."""
    return [one for letter in group for one in (letter, *(long for long in initials if long == letter + "h"))]


def _split(name: str) -> tuple[str, str]:
    """A syllable's initial and its final; y and w count as initials beside the medial that they spell."""
    initial = next((one for one in _INITIALS if name.startswith(one) and len(name) > len(one)), "")
    final = name[len(initial) :]
    if not initial and final[:1] == "y":
        final = {"yu": "v", "yue": "ve", "yuan": "van", "yun": "vn", "yong": "iong", "you": "iou"}.get(
            final, "i" + final[1:].removeprefix("i")
        )
        return "y", final
    if not initial and final[:1] == "w":
        return "w", "u" + final[1:].removeprefix("u")
    if initial in ("j", "q", "x") and final[:1] == "u":
        final = "v" + final[1:]
    if initial in _APICAL and final == "i":
        final = "-i"
    return initial, final


def _costs(written: Mapping[float, str]) -> dict[tuple[str, str], float]:
    costs = {}
    for cost, pairs in written.items():
        for one, other in (pair.split("-") for pair in pairs.split(" ")):
            costs[one, other] = costs[other, one] = cost
    return costs


def _spread(
    values: Sequence[str], costs: Mapping[tuple[str, str], float], other: float
) -> npt.NDArray[np.float32]:
    """The costs between all pairs of `values`, (values, values)."""
    import numpy as np

    kinds = sorted(set(values))
    table = np.array(
        [[0.0 if a == b else costs.get((a, b), other) for b in kinds] for a in kinds], dtype=np.float32
    )
    at = np.array([kinds.index(value) for value in values])
    spread: npt.NDArray[np.float32] = table[np.ix_(at, at)]
    return spread
