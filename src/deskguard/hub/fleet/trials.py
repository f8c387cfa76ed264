"""What a version of the rules does before it is sent: its own examples, words typed in, what was heard lately.

A dry run judges the redacted transcripts that the night has kept by two versions and tells what would reach the
clerk under one and not under the other. Only the words of the phrase come back, not the talk around them. What
merely sounds like a phrase cannot be decided from text, and is no difference here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from deskguard.scoring.store import Wanted
from deskguard.spotting.scene import Said
from deskguard.values import Passage, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from deskguard.authoring.trials.places import Table
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import RuleSet
    from deskguard.scoring.store import NightStore
    from deskguard.scoring.values import Recording, Spoken

MOST_CHANGES = 500
_BUDGET_S = 20.0
"""Somebody waits for the answer; what was left out by then is told."""


@dataclass(frozen=True, slots=True)
class Examples:
    """How the examples of a version went."""

    tried: int
    failed: tuple[tuple[str, tuple[str, ...]], ...]
    """Rule id and lines of each that fails."""
    without: tuple[str, ...]
    """Rules that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that reaches the clerk under one version and not, or otherwise, under the other."""

    recording: Recording
    at_s: float
    role: str
    rule_id: str
    phrase: str
    heard: str
    before: str
    """Outcome under the first version; empty: nothing."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What two versions make of what was heard."""

    changes: tuple[Change, ...]
    utterances: int
    recordings: int
    left_out: int
    """Recordings for which there was no time."""
    raised_before: int
    raised_after: int


def run_examples(rules: RuleSet, words: Words) -> Examples:
    """Try every example and counter-example."""
    from deskguard.authoring.trials import testing

    words = words.masking(rules)
    chosen = testing.Chosen(rules=rules, rule=None, speech=None, words=words)
    failed: list[tuple[str, tuple[str, ...]]] = []
    summary: Table = {}
    for table in testing.run(chosen, _usual_settings()):
        if table["type"] == "summary":
            summary = table
        elif not table["is_good"]:
            failed.append((table["rule_id"], tuple(table["lines"])))
    return Examples(summary["examples"], tuple(failed), tuple(summary["without_examples"]))


def try_words(text: str, rules: RuleSet, words: Words) -> list[str]:
    """Lines for a screen: what is raised in words typed in, what nearly was, and why."""
    from deskguard.authoring.trials import places
    from deskguard.authoring.trials.judging import Judge
    from deskguard.authoring.trials.talk import read_talk

    tables = places.of_words(Judge(rules), read_talk(text))
    shown = words.masking(rules)
    told = [one for one in places.brief(tables) if one["type"] != "more"]
    return [line for table in told for line in places.readable(table, shown)]


def dry_run(
    night: NightStore,
    pair: tuple[RuleSet, RuleSet],
    wanted: Wanted,
    monotonic_s: Callable[[], float],
    budget_s: float = _BUDGET_S,
) -> DryRun:
    """Judge what was heard in the wanted recordings by both rule sets, the newest first, within the budget."""
    from deskguard.authoring.comparing import alert_changes
    from deskguard.authoring.trials import places
    from deskguard.authoring.trials.judging import Judge

    until = monotonic_s() + budget_s
    judges = [Judge(one) for one in pair]
    recordings = [part[0] for part in reversed(night.night(wanted).parts)]
    changes: list[Change] = []
    raised, utterances, judged = [0, 0], 0, 0
    for recording in recordings:
        if judged and monotonic_s() > until:
            break
        judged += 1
        said = [said_of(one) for one in night.spoken(recording.sha256) if one.text.strip()]
        utterances += len(said)
        before, after = (places.of_said(judge, said) for judge in judges)
        raised = [count + _raised(tables) for count, tables in zip(raised, (before, after), strict=True)]
        changes += (_change(recording, said, one) for one in alert_changes(before, after))
    return DryRun(
        changes=tuple(changes[:MOST_CHANGES]),
        utterances=utterances,
        recordings=judged,
        left_out=len(recordings) - judged,
        raised_before=raised[0],
        raised_after=raised[1],
    )


def last_days(last: date, days: int, windows: Sequence[str]) -> Wanted:
    """Recordings of so many days up to one, of some windows or of all."""
    from datetime import timedelta

    return Wanted(first=last - timedelta(days=days - 1), last=last, windows=tuple(windows))


def said_of(spoken: Spoken) -> Said:
    """A stored text as an utterance: its characters spread evenly over the time it took."""
    count = len(spoken.text)
    length = max(spoken.end_sample - spoken.start_sample, count)
    edges = [spoken.start_sample + length * at // count for at in range(count + 1)]
    spans = tuple(pairwise(edges))
    return Said(role=spoken.role, passage=Passage(text=spoken.text, spans=spans))


def _raised(tables: Sequence[Table]) -> int:
    return sum(one["type"] == "place" and one["outcome"] == "raised" for one in tables)


def _change(recording: Recording, said: Sequence[Said], change: dict[str, Any]) -> Change:
    spoken = said[change["line"]]
    return Change(
        recording=recording,
        at_s=seconds(spoken.passage.spans[change["start_char"]][0]),
        role=spoken.role,
        rule_id=change["rule_id"],
        phrase=change["phrase"],
        heard=change["heard"],
        before=change["before"] or "",
        after=change["after"] or "",
    )


def difference(before: RuleSet, after: RuleSet, words: Words) -> Iterator[tuple[str, str, str]]:
    """Rule, sign (+, - or ~) and line of each difference between two rule sets."""
    from deskguard.authoring import comparing
    from deskguard.authoring.dryrun import Pair, masking

    shown = masking(Pair(before, after), words)
    for change in comparing.changes(before, after):
        mark = "+" if change["before"] is None else "-" if change["after"] is None else "~"
        yield change["rule_id"], mark, comparing.readable(change, shown).removeprefix(mark).strip()


def _usual_settings() -> Any:
    from deskguard.settings import Settings

    return Settings()
