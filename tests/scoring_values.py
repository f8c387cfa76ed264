"""Values for tests of the night: short ways to write recordings, findings, cards and decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from deskguard.scoring.card_files import load_card
from deskguard.scoring.review import Act, Decision
from deskguard.scoring.values import Examination, Exposure, Finding, Recording, finding_id
from deskguard.values import ClauseRef

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.scoring.scorecard import Scorecard

DAY = date(2026, 11, 23)
RULES = "a" * 64
CLAUSE = ClauseRef(
    standard="s003", title="服务规范", clause="s003.d17.4.1", quote="禁止使用“我不知道,你去问××”"
)
HOUR = 3600 * 16_000


def a_recording(name: str = "r1", *, window: str = "w1", clerk: str = "c1", day: date = DAY) -> Recording:
    """A recording whose content is its name."""
    return Recording(
        sha256=name.encode().hex().ljust(64, "0"),
        path=f"{window}/{day}/{name}.wav",
        window_id=window,
        clerk_id=clerk,
        day=day,
        duration_samples=HOUR,
    )


def an_examination(recording: Recording | None = None, rules: str = RULES) -> Examination:
    return Examination(recording=recording or a_recording(), rules_sha256=rules, model="base")


def an_exposure(visits: int = 40, hours: float = 2.0, **more: Any) -> Exposure:
    return Exposure(visits=visits, audio_samples=4 * HOUR, staff_samples=round(hours * HOUR), **more)


def a_finding(rule_id: str = "T03", start: int = 16_000, **more: Any) -> Finding:
    """A sure phrase of severity high by staff, unless told otherwise."""
    length = more.pop("length", 16_000)
    recording = more.pop("recording", a_recording())
    known: dict[str, Any] = {
        "finding_id": finding_id(recording, rule_id, start, start + length),
        "recording": recording,
        "visit_id": "v1",
        "kind": "phrase",
        "rule_id": rule_id,
        "title": "我不知道，你去问{谁}",
        "clauses": (CLAUSE,),
        "severity": "high",
        "role": "staff",
        "start_sample": start,
        "end_sample": start + length,
        "confidence": 0.97,
        "evidence": "我不知道，你去问别人。",
        "advice": "我帮您问一下。",
        "why": ("tier characters",),
        "rules_sha256": RULES,
        "model": "base",
    }
    return Finding(**{**known, **more})


def missing(act_id: str = "K.greet.hello", start: int = 0, **more: Any) -> Finding:
    """An act of courtesy that was not said."""
    return a_finding(
        act_id, start, **{"kind": "courtesy-missing", "severity": None, "confidence": None, **more}
    )


def said(act_id: str = "K.praise.reply", start: int = 0, **more: Any) -> Finding:
    return replace(missing(act_id, start, **more), kind="courtesy-said")


def manner(kind: str = "interruption", start: int = 0, **more: Any) -> Finding:
    more = {"kind": "manner", "severity": None, "confidence": None, "value": 2.0, "expected": 1.0, **more}
    return a_finding(f"manner.{kind}", start, unit="s", **more)


def decision(finding: Finding | str, act: Act, by: str = "li", **more: Any) -> Decision:
    """A decision with a reason, on 24 November at noon unless told otherwise."""
    known: dict[str, Any] = {"at_utc": "2026-11-24T12:00:00+00:00", "why": "听过录音", **more}
    name = finding if isinstance(finding, str) else finding.finding_id
    return Decision(finding_id=name, act=act, by=by, **known)


OURS = 'why = "a test"'
HEADER = f"""
[card]
id = "test"
title = "Test card"
period = "month"
period_{OURS}
"""


def figure(value: float) -> str:
    return f"{{value = {value}, {OURS}}}"


def an_item(item_id: str, takes: float | None = None, **keys: str) -> str:
    """One [[section.item]] as TOML; values of keys are TOML already."""
    points = {} if takes is None else {"takes": figure(takes)}
    given = {key.rstrip("_"): value for key, value in keys.items()}
    keys = {"id": f'"{item_id}"', "name": f'"item {item_id}"', **points, **given}
    if not {"select", "people"} & set(keys):
        keys["select"] = '{rules = ["*"]}'
    return "[[section.item]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def a_section(*items: str, section_id: str = "one", points: float | None = 100, **keys: str) -> str:
    worth = {} if points is None else {"points": figure(points)}
    given = {key.rstrip("_"): value for key, value in keys.items()}
    keys = {"id": f'"{section_id}"', "name": f'"section {section_id}"', **worth, **given}
    return "[[section]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n".join(items)


GRADES = "".join(
    f'[[grade]]\nname = "{name}"\n' + (f"from = {figure(least)}\n" if least else "")
    for name, least in (("优秀", 90), ("称职", 75), ("基本称职", 60), ("不称职", 0))
)


def card_file(folder: Path, *parts: str, header: str = HEADER, name: str = "test") -> Path:
    path = folder / f"{name}.toml"
    path.write_text("\n".join([header, *parts]), encoding="utf-8")
    return path


def a_card(folder: Path, *parts: str, header: str = HEADER) -> Scorecard:
    """A card of sections, grades and the like, written and read."""
    return load_card(card_file(folder, *parts, header=header))
