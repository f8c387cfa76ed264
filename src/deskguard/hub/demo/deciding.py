"""What people in the demo hall decided: reviewers, clerks who object, second reviewers; made up, by a seed.

Decisions are kept by the night's store and its rules as all others are, at moments that have passed; what is
young waits, so that the queue holds something.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from deskguard.hub.demo.hall import SEED
from deskguard.hub.reviewing import blind
from deskguard.hub.reviewing.queue import is_sampled
from deskguard.hub.store.times import utc_moment, utc_text
from deskguard.scoring.review import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deskguard.hub.state import HubState
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.review import Act, Deadlines

REVIEWERS = ("demo-reviewer", "demo-reviewer-2", "demo-supervisor")
_YOUNG = timedelta(days=8)
"""Findings of so few days wait for somebody."""
_WHY = {
    "confirm": ("听过，属实。", ""),
    "reject": ("是在念牌子上的字。", "前后听下来是在解释，不是推脱。", "听不清，不能算。"),
    "appeal": ("我当时在回答另一位同事。", "后面我马上给他办了。", "我说的不是这句话。"),
    "uphold": ("片段里听得清楚。", "虽然后来办了，话确实说了。"),
    "overturn": ("申诉成立，是对同事说的。", "结合前后文不构成推诿。"),
}


def decide(
    state: HubState, found: Iterable[Judged], examined: dict[str, datetime], deadlines: Deadlines
) -> int:
    """Decide on what has waited long enough; gives how many decisions that were."""
    many = 0
    for one in found:
        rng = random.Random(f"{SEED} {one.finding.finding_id}")  # noqa: S311 - a demo must be the same each time
        seen = examined[one.finding.recording.sha256]
        if state.now() - seen < _YOUNG:
            continue
        if one.waiting is not None:
            many += _reviewed(state, one, (seen, rng), deadlines)
        elif one.counts and is_sampled(one.finding):
            many += _looked_at_twice(state, one, (seen, rng), deadlines)
        elif one.counts and rng.random() < 0.1:
            many += _say(
                state,
                one,
                ("acknowledge", one.finding.recording.clerk_id),
                seen + _hours(rng, 4, 40),
                deadlines,
            )
    return many


def _reviewed(state: HubState, one: Judged, more: tuple[datetime, random.Random], deadlines: Deadlines) -> int:
    """One decides; the clerk may object, and somebody else decides on that."""
    seen, rng = more
    if rng.random() < 0.06:
        return 0
    first = rng.choice(REVIEWERS[:2])
    at = seen + _hours(rng, 6, 80)
    act: Act = "confirm" if rng.random() < 0.74 else "reject"
    many = _say(state, one, (act, first), at, deadlines, rng)
    if act == "reject" or rng.random() > 0.3:
        return many
    at += _hours(rng, 5, 60)
    many += _say(state, one, ("appeal", one.finding.recording.clerk_id), at, deadlines, rng)
    if rng.random() < 0.7:
        act = "uphold" if rng.random() < 0.6 else "overturn"
        many += _say(state, one, (act, REVIEWERS[2]), at + _hours(rng, 10, 120), deadlines, rng)
    return many


def _looked_at_twice(
    state: HubState, one: Judged, more: tuple[datetime, random.Random], deadlines: Deadlines
) -> int:
    """Two look at it apart from each other; where they agree it is decided."""
    seen, rng = more
    is_right = rng.random() < 0.85
    said: tuple[blind.Verdict, ...] = ()
    at = seen
    for name in REVIEWERS[:2]:
        at += _hours(rng, 4, 40)
        word: blind.Word = "confirm" if is_right == (rng.random() < 0.9) else "reject"
        verdict = blind.verdict_of(one.finding.finding_id, name, word, _reason(word, rng), at)
        with state.store.writing() as connection:
            said = blind.give(connection, verdict)
    settled = blind.agreed(said)
    if settled is None:
        return 0
    return _say(state, one, (settled.word, settled.by), at, deadlines, rng)


def _say(  # noqa: PLR0913, PLR0917 - a decision has so many parts
    state: HubState,
    one: Judged,
    what: tuple[Act, str],
    at: datetime,
    deadlines: Deadlines,
    rng: random.Random | None = None,
) -> int:
    """Keep a decision, unless it would lie ahead."""
    if at >= state.now():
        return 0
    act, by = what
    why = "" if rng is None else _reason(act, rng)
    made = Decision(finding_id=one.finding.finding_id, act=act, by=by, at_utc=utc_text(at), why=why)
    state.night.decide(made, deadlines)
    return 1


def _reason(act: str, rng: random.Random) -> str:
    return rng.choice(_WHY[act])


def _hours(rng: random.Random, least: float, most: float) -> timedelta:
    return timedelta(hours=rng.uniform(least, most))


def examined_at(started_at: str) -> datetime:
    """The night after a day: two in the morning."""
    return utc_moment(f"{started_at[:10]}T18:00:00+00:00")
