"""`rules test`: the examples of rules, and recordings with manifests, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.authoring.listing import find_rule
from deskguard.authoring.trials import examples, places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.authoring.trials.places import Table
    from deskguard.authoring.trials.speech import Finding, Recording
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import RuleSet
    from deskguard.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to test."""

    rules: RuleSet
    rule: str | None
    """Only this one."""
    speech: Path | None
    """Recordings, too."""
    words: Words


def run(chosen: Chosen, settings: Settings) -> Iterator[Table]:
    """A table for each example and recording, then a summary; DeskguardError for what cannot be tested."""
    rule = None if chosen.rule is None else find_rule(chosen.rules, chosen.rule, chosen.words).rule_id
    recordings = _recordings(chosen)
    tried = failed = 0
    silent = {one for one in chosen.rules.rules if rule in (None, one)}
    for trial in examples.trials(chosen.rules, rule):
        tried += 1
        failed += not trial.is_good
        silent.discard(trial.rule_id)
        yield {
            "v": 1, "type": "example", "rule_id": trial.rule_id, "must_raise": trial.must_raise,
            "said": [{"role": line.role, "text": line.text} for line in trial.lines],
            "is_good": trial.is_good,
            "lines": [] if trial.is_good else examples.told(trial, chosen.rules, chosen.words),
        }  # fmt: skip
    heard = missed = 0
    if recordings:
        from deskguard.authoring.trials.recordings import Listener
        from deskguard.authoring.trials.speech import tried as tried_recordings

        for finding in tried_recordings(Listener(settings), chosen.rules, recordings, rule):
            heard += 1
            missed += not finding.is_good
            yield _of_finding(finding, chosen.words)
    yield {
        "v": 1, "type": "summary", "examples": tried, "failed": failed, "recordings": heard,
        "recordings_failed": missed, "recordings_left_out": len(recordings) - heard,
        "without_examples": sorted(silent),
    }  # fmt: skip


def readable(table: Table, words: Words) -> list[str]:
    """A table as lines; what is good says nothing."""
    if table["type"] != "summary":
        return list(table["lines"])
    lines = [words("test_examples", n=table["examples"], failed=table["failed"])]
    if table["recordings"] or table["recordings_left_out"]:
        lines.append(
            words(
                "test_recordings", n=table["recordings"], failed=table["recordings_failed"],
                left_out=table["recordings_left_out"],
            )
        )  # fmt: skip
    if table["without_examples"]:
        lines.append(words("test_without", rules=words.joined(table["without_examples"])))
    return lines


def _recordings(chosen: Chosen) -> list[Recording]:
    if chosen.speech is None:
        return []
    from deskguard.authoring.trials.speech import find_recordings

    return find_recordings(chosen.speech, chosen.words)


def _of_finding(finding: Finding, words: Words) -> Table:
    lines: list[str] = []
    if not finding.is_good:
        path = finding.recording.path
        lines += [words("recording_missed", path=path, rule_id=one) for one in finding.missed]
        lines += [words("recording_wrong", path=path, rule_id=one) for one in finding.wrong]
        lines += [f"    {line}" for one in finding.tables for line in places.readable(one, words)]
    return {
        "v": 1, "type": "recording", "file": str(finding.recording.path), "is_good": finding.is_good,
        "missed": list(finding.missed), "wrong": list(finding.wrong), "places": list(finding.tables),
        "lines": lines,
    }  # fmt: skip
