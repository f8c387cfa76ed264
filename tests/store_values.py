"""Values for tests of the store: short ways to write runs, alerts, hypotheses, and a model kept in a dict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskguard.privacy.redact import redact
from deskguard.values import Alert, ClauseRef, Hit, HitState, Hypothesis, Passage, Run

NOON = "2026-11-21T12:00:00+00:00"
CLAUSE = ClauseRef(standard="s003", title="服务规范", clause="d17", quote="不得说不知道")


def a_run(run_id: str = "run-1", started_utc: str = NOON) -> Run:
    return Run(
        run_id=run_id,
        started_utc=started_utc,
        window_id="window-1",
        device="pulse",
        model="base",
        rules_sha256="0" * 64,
    )


def an_alert(
    hit_id: str = "hit-1",
    state: HitState = "tentative",
    heard: str = "我不知道",
    suppressed: str | None = None,
) -> Alert:
    hit = Hit(
        hit_id=hit_id,
        utterance_id=1,
        rule_id="T01",
        variant="不知道",
        tier="characters",
        heard=heard,
        state=state,
        confidence=0.8,
        start_sample=1600,
        end_sample=16000,
        why=("tier characters",),
    )
    return Alert(
        hit=hit,
        phrase="不知道",
        advice="我帮您问一下",
        severity="high",
        clauses=(CLAUSE,),
        raised_ns=7,
        raised_sample=17000,
        suppressed=suppressed,
    )


def a_hypothesis(text: str, utterance_id: int = 1, end_sample: int = 32_000) -> Hypothesis:
    spans = tuple((100 * place, 100 * place + 100) for place in range(len(text)))
    return Hypothesis(
        utterance_id=utterance_id,
        passage=Passage(text=text, spans=spans),
        start_sample=0,
        end_sample=end_sample,
        is_final=True,
    )


class DictStore:
    """What `Store` promises, without a disk: the oracle of the property test."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[str, str], dict[str, Any]] = {}
        self.utterances: dict[tuple[str, int], str | None] = {}
        self.states: dict[tuple[str, str], list[str]] = {}
        self.ended: dict[str, str | None] = {}

    def save_alert(self, run_id: str, alert: Alert, raised_utc: str) -> None:
        key = (run_id, alert.hit.hit_id)
        old = self.alerts.get(key)
        is_shown = alert.suppressed is None and alert.hit.state != "withdrawn"
        self.alerts[key] = {
            "heard": redact(alert.hit.heard),
            "state": alert.hit.state,
            "raised_utc": old["raised_utc"] if old else raised_utc,
            "shown": is_shown or bool(old and old["shown"]),
            "suppressed": alert.suppressed,
            "false_alarm": bool(old and old["false_alarm"]),
            "place": old["place"] if old else len(self.alerts),
        }
        history = self.states.setdefault(key, [])
        if not history or history[-1] != alert.hit.state:
            history.append(alert.hit.state)

    def mark(self, hit_id: str) -> bool:
        named = [(one["raised_utc"], one["place"], key) for key, one in self.alerts.items() if key[1] == hit_id]
        if named:
            self.alerts[max(named)[2]]["false_alarm"] = True
        return bool(named)

    def today(self, day: str) -> list[tuple[Any, ...]]:
        rows = [
            (one["raised_utc"], one["place"], run_id, hit_id, one)
            for (run_id, hit_id), one in self.alerts.items()
            if one["raised_utc"].startswith(day) and one["state"] != "withdrawn"
        ]
        rows.sort(key=lambda row: (row[0], row[1]), reverse=True)
        return [
            (run, hit, one["heard"], one["state"], one["shown"], one["suppressed"], one["false_alarm"])
            for _, _, run, hit, one in rows
        ]


def entry_key(entry: dict[str, Any]) -> tuple[Any, ...]:
    """The part of an entry of `Store.today` that `DictStore.today` gives."""
    names = ("run_id", "hit_id", "heard", "state", "shown", "suppressed", "false_alarm")
    return tuple(entry[name] for name in names)


def with_state(alert: Alert, state: HitState) -> Alert:
    return replace(alert, hit=replace(alert.hit, state=state))
