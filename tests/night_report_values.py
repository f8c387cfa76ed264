"""A night that has everything a report must tell: windows, clerks, days, decisions, clips, and nasty words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from deskguard.night.told import Clip, Told
from deskguard.scoring.policy import Policy
from deskguard.scoring.results import Night
from deskguard.scoring.review import standings
from deskguard.scoring.values import NotAnalysed, Spoken
from deskguard.scoring.words import Words
from scoring_values import (
    GRADES,
    HOUR,
    a_card,
    a_finding,
    a_recording,
    a_section,
    an_exposure,
    an_item,
    decision,
    figure,
    manner,
    missing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.values import Finding

NASTY = '</script><script>window.harmed=1</script><img src=x onerror="window.harmed=1">\'"&'
FORMULA = '=HYPERLINK("http://example.invalid","x")'
DAYS = (date(2026, 10, 30), date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 11), date(2026, 11, 23))
WINDOWS = {"w1": "c1", "w2": "c2", "w10": "c1", "": ""}
RECORDINGS = [
    a_recording(f"r-{window}-{day}", window=window, clerk=clerk, day=day)
    for window, clerk in WINDOWS.items()
    for day in DAYS
]


def the_card(folder: Path) -> Scorecard:
    """A card with every kind of figure: per hundred visits, caps, fatal and reviewed items, a bonus."""
    words = a_section(
        an_item("grave", 5, select='{rules = ["T03"]}', per='"100-visits"', cap=figure(25)),
        an_item("light", 0.35, select='{rules = ["T0*"]}', cap=figure(1)),
        an_item("insult", 50, select='{kinds = ["insult"]}', fatal="true"),
        points=60,
    )
    courtesy = a_section(
        an_item("greet", 0.15, select='{acts = ["K.*"]}'),
        an_item("manner", 1, select='{manner = ["*"]}', review="true"),
        section_id="two",
        points=40,
    )
    praise = a_section(
        an_item("praise", people="true", gives=figure(1), cap=figure(3)), section_id="three", points=0
    )
    return a_card(folder, words, courtesy, praise, GRADES)


def the_findings() -> list[Finding]:
    found = []
    for at, recording in enumerate(RECORDINGS):
        start = 16_000 * (3 + at)
        found += [
            a_finding(recording=recording, start=start),
            # On the same words: only one of the two counts.
            a_finding("T05", recording=recording, start=start + 1600, length=8000),
            a_finding("T07", recording=recording, start=start * 9, confidence=0.5),
            missing(recording=recording, start=start * 20, needs_person=at % 3 == 0),
            manner(recording=recording, start=start * 30),
        ]
    first, second = RECORDINGS[0], RECORDINGS[6]
    found += [
        a_finding(
            "B1", 7_000_000, recording=first, kind="insult", evidence=NASTY, why=(NASTY,), advice=FORMULA
        ),
        a_finding("T08", 8_000_000, recording=first, evidence=FORMULA, title="+1-2", role="unknown"),
        a_finding("T09", 9_000_000, recording=second, role="visitor", evidence='"引号"，逗号,\n换行'),
        a_finding("T09", 10_000_000, recording=second, softened=True),
        a_finding("X1", 11_000_000, recording=second, title=NASTY),
        a_finding("T04", 12_000_000, recording=second, evidence="第一条"),
        a_finding("T04", 13_000_000, recording=second, evidence="第二条"),
        a_finding("T04", 14_000_000, recording=second, evidence="第三条"),
    ]
    return found


def the_told(
    folder: Path, *, clips: Mapping[str, Clip] | None = None, language: str = "zh-CN", ranks: bool = False
) -> Told:
    """The night with the card written into `folder`."""
    found = the_findings()
    by_rule = [one for one in found if one.rule_id == "T07"]
    decided = [
        decision(by_rule[0], "confirm"),
        decision(by_rule[1], "reject", why=NASTY),
        decision(by_rule[2], "confirm"),
        decision(by_rule[2], "appeal", by="c1", at_utc="2026-11-25T08:00:00+00:00"),
        decision(found[0], "appeal", by="c1"),
        decision(found[5], "appeal", by="c1"),
        decision(found[5], "overturn", by="wang", at_utc="2026-11-26T08:00:00+00:00"),
        decision(found[10], "appeal", by="c1"),
        decision(found[10], "uphold", by="wang", at_utc="2026-11-26T08:00:00+00:00"),
        decision(found[-8], "confirm"),
    ]
    exposures = [
        an_exposure(
            visits=3 + at * 2,
            hours=0.3 + 0.1 * at,
            visitor_samples=HOUR // 4,
            silent_samples=HOUR,
            not_analysed=(("too-quiet", HOUR // 8),) if at % 4 == 0 else (),
        )
        for at in range(len(RECORDINGS))
    ]
    return Told(
        night=Night(
            parts=tuple(zip(RECORDINGS, exposures, strict=True)),
            findings=tuple(found),
            standings=standings(decided),
        ),
        card=the_card(folder),
        policy=Policy(ranks=ranks),
        words=Words(language),
        spoken={
            RECORDINGS[3].sha256: (
                Spoken(start_sample=32_000, end_sample=48_000, role="visitor", text=NASTY),
                Spoken(
                    start_sample=16_000, end_sample=32_000, role="staff", text="您好，\u2028请问办什么业务？"
                ),
            ),
            RECORDINGS[0].sha256: (Spoken(start_sample=0, end_sample=9, role="unknown", text="嗯"),),
        },
        not_analysed=(
            NotAnalysed(path="w2/b.wav", reason="truncated", detail=NASTY, window_id="w2", day=DAYS[1]),
            NotAnalysed(path="=a.txt", reason="a-new-reason"),
        ),
        summary={"recordings": len(RECORDINGS), "audio_s": 4.0 * 3600 * len(RECORDINGS), "model": "base"},
        clips=clips or {},
    )
