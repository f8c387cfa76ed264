"""A desk's own store through `deskguard score`: what was heard live, without sound, waiting for a person."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from deskguard.desk.store import Store
from deskguard.values import Alert, ClauseRef, Courtesy, Health, Hit, Hypothesis, Passage, Run, Visit

AT = "2026-11-20T01:01:00+00:00"
COMMAND = [sys.executable, "-m", "deskguard", "score"]


def kept(folder: Path) -> None:
    """A desk's day: one visit, one phrase, a farewell that is missing."""
    clause = ClauseRef(standard="s000", title="岗位服务标准规范", clause="s000.6.4", quote="我不知道")
    text = "我不知道你问别人吧我的电话是一三八零零一三八零零零"
    said = Hypothesis(
        utterance_id=0,
        passage=Passage(text=text, spans=tuple((k * 3000, k * 3000 + 3000) for k in range(len(text)))),
        start_sample=0,
        end_sample=75_000,
        is_final=True,
        role="staff",
    )
    hit = Hit(
        hit_id="h1",
        utterance_id=0,
        rule_id="T01",
        variant="我不知道",
        tier="characters",
        heard="我不知道",
        state="confirmed",
        confidence=0.97,
        start_sample=0,
        end_sample=12_000,
        role="staff",
        why=("tier characters",),
    )
    alert = Alert(
        hit=hit,
        phrase="我不知道",
        advice="我帮您问一下",
        severity="medium",
        clauses=(clause,),
        raised_ns=0,
        raised_sample=14_000,
    )
    missing = Courtesy(
        courtesy_id="c1",
        visit_id="v1",
        act_id="K.bye",
        name="走有送声",
        scene="farewell",
        state="missing",
        start_sample=70_000,
        end_sample=75_000,
        clauses=(clause,),
    )
    store = Store.open(folder, "7")
    try:
        run = Run(
            run_id="r1",
            started_utc="2026-11-20T01:00:00+00:00",
            window_id="7",
            device="m",
            model="base",
            rules_sha256="f" * 64,
        )
        store.begin_run(run)
        store.save_utterance("r1", said, keep_text=True)
        store.save_alert("r1", alert, AT)
        store.save_finding("r1", Visit(visit_id="v1", channel="counter", start_sample=0, end_sample=80_000), AT)
        store.save_finding("r1", missing, AT)
        store.save_health("r1", Health(heard_s=60.0, lost_s=2.0), AT)
    finally:
        store.close()


def test_a_day_of_a_desk_is_told_and_takes_no_points_before_a_person_confirms(tmp_path: Path) -> None:
    kept(tmp_path / "desk")
    command = [*COMMAND, str(tmp_path / "desk"), "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = (tmp_path / "out" / "findings.jsonl").read_text("utf-8").splitlines()
    found = {one["rule_id"]: one for one in map(json.loads, lines)}
    assert set(found) == {"T01", "K.bye"}
    assert all(one["needs_person"] and not one["counts"] and one["clip"] is None for one in found.values())
    assert "138" not in found["T01"]["evidence"]
    assert "一三八" not in found["T01"]["evidence"]
    assert found["T01"]["window"] == "7"
    assert found["K.bye"]["visit"] == "v1"


def test_a_file_that_is_no_desk_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").write_bytes(b"SQLite format 3\0" + b"rubbish" * 40)
    command = [*COMMAND, str(tmp_path / "x.sqlite3"), "--out", str(tmp_path / "o")]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert ended.returncode == 2
    assert "no store of a desk" in ended.stderr
    assert "Traceback" not in ended.stderr
