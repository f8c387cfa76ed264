"""Findings in a hall's night store, for the tests of the pages that show them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from deskguard.hub.reviewing.queue import is_sampled
from deskguard.scoring.values import Curve, Examined, Spoken
from scoring_values import a_finding, a_recording, an_examination, an_exposure

if TYPE_CHECKING:
    from deskguard.scoring.values import Finding, Recording
    from hub_parts import Hall

DAY = date(2026, 11, 28)
THEIRS = a_recording("r1", window="w1", clerk="clerk-7", day=DAY)
OTHERS = a_recording("r2", window="w2", clerk="clerk-8", day=DAY)

CURVE = Curve(first_s=0, over_lu=(0.5, 9.1, 3.0), syllables_per_s=(4.2, 6.1, 5.0), usual_syllables_per_s=4.8)


def keep(hall: Hall, *found: Finding) -> None:
    """Let the night have found this."""
    for recording in {one.recording.sha256: one.recording for one in found}.values():
        hall.state.night.save_examined(
            Examined(
                examination=an_examination(recording),
                exposure=an_exposure(),
                findings=tuple(one for one in found if one.recording == recording),
                spoken=(
                    Spoken(
                        start_sample=10_000,
                        end_sample=40_000,
                        role="staff",
                        text="我不知道，<b>你去问</b>别人。",
                        curve=CURVE,
                    ),
                    Spoken(start_sample=50_000, end_sample=70_000, role="visitor", text="那我问谁？"),
                ),
            ),
            "run",
            "2026-11-29T02:00:00+00:00",
        )


def doubtful(start: int = 16_000, **more: Any) -> Finding:
    """One that waits for a person."""
    return a_finding(start=start, **{"confidence": 0.4, "recording": THEIRS, **more})


def drawn(recording: Recording = OTHERS) -> Finding:
    """A sure one on which the lot falls."""
    starts = range(16_000, 16_000_000, 32_000)
    return next(one for start in starts if is_sampled(one := a_finding(start=start, recording=recording)))
