"""Conversations made by hand for tests of manner: who says what, when, how loud."""

from __future__ import annotations

from functools import cache

from deskguard.rules.ruleset import PackInfo
from deskguard.settings import MannerSettings
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Manner, Passage, Role, Sound, Visit
from deskguard.visits.manner import MannerWatch, Normal
from deskguard.visits.manner_book import MannerBook, load_manner

NORMAL = Normal(loudness_lufs=-25.0, syllables_per_s=5.0)
PACE = 5.0
"""Syllables per second of the sentences made here, unless a duration is given."""


def at(position_s: float) -> int:
    return round(position_s * SAMPLE_RATE_HZ)


def a_pack(pack_id: str) -> PackInfo:
    return PackInfo(
        pack_id=pack_id,
        title=f"Standard {pack_id}",
        version="1",
        sector="",
        language="zh-CN",
        file="",
        phrases=0,
        spellings=0,
        described=(),
    )


@cache
def the_book() -> MannerBook:
    """The bundled one, all five standards in force."""
    return load_manner([a_pack(f"s00{number}") for number in range(5)])


def a_visit(visit_id: str = "v1", start_s: float = 0.0, **changes: object) -> Visit:
    table: dict[str, object] = {"visit_id": visit_id, "channel": "counter", "start_sample": at(start_s)}
    return Visit(**(table | changes))  # type: ignore[arg-type]


VISIT = a_visit()
_count = iter(range(1_000_000))


def said(
    role: Role,
    start_s: float,
    text: str,
    lasts_s: float | None = None,
    *,
    lufs: float | None = -25.0,
    sure: float = -0.2,
) -> Hypothesis:
    """A final hypothesis whose characters are spread evenly over its speech; PACE unless it `lasts_s`."""
    duration = len(text) / PACE if lasts_s is None else lasts_s
    start, end = at(start_s), at(start_s + duration)
    spans = tuple(
        (
            start + (end - start) * number // max(1, len(text)),
            start + (end - start) * (number + 1) // len(text),
        )
        for number in range(len(text))
    )
    return Hypothesis(
        utterance_id=next(_count),
        passage=Passage(text=text, spans=spans),
        start_sample=start - 4_800,
        end_sample=end + 4_800,
        is_final=True,
        average_log_probability=sure,
        role=role,
        sound=Sound(start_sample=start, end_sample=end, voiced_samples=end - start, loudness_lufs=lufs),
    )


class Talk:
    """A watch that is fed a conversation, and what it told."""

    def __init__(self, normal: Normal = NORMAL, *, visit: Visit | None = VISIT, **settings: object) -> None:
        self.watch = MannerWatch(the_book(), MannerSettings(**settings), normal, "run")  # type: ignore[arg-type]
        self.visit = visit
        self.told: list[Manner] = []

    def staff(self, *args: object, **changes: object) -> Talk:
        return self.hear(said("staff", *args, **changes))  # type: ignore[arg-type]

    def visitor(self, *args: object, **changes: object) -> Talk:
        return self.hear(said("visitor", *args, **changes))  # type: ignore[arg-type]

    def unknown(self, *args: object, **changes: object) -> Talk:
        return self.hear(said("unknown", *args, **changes))  # type: ignore[arg-type]

    def hear(self, hypothesis: Hypothesis) -> Talk:
        self.told += self.watch.feed(hypothesis, self.visit)
        return self

    def until(self, now_s: float) -> Talk:
        self.told += self.watch.tick(at(now_s), self.visit)
        return self

    def over(self) -> Talk:
        self.told += self.watch.finish()
        return self

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.told]

    @property
    def newest(self) -> dict[str, Manner]:
        """The last state of each finding, by id."""
        return {one.manner_id: one for one in self.told}
