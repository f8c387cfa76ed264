"""Places in words or recordings to tables for programs, and these to lines for people.

A place is where something reads or sounds like a rule; its outcome says what becomes of it: those of `judging`,
and for recordings "withdrawn" (taken back) and "unlikely" (not said, as far as the sound tells). What nearly
was raised comes with its reasons, too: that is how one learns why a rule is silent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deskguard.authoring.trials.talk import spoken
from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.authoring.trials.judging import Judge, Judged
    from deskguard.authoring.trials.recordings import Heard, Opinion
    from deskguard.authoring.trials.talk import Line
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import Rule, RuleSet
    from deskguard.spotting.hits.track import NearMiss
    from deskguard.spotting.scene import Said
    from deskguard.values import Alert

Table = dict[str, Any]
_DISTANCE = re.compile(r"([\d.]+) edits a syllable")
_LOG_RATIO = re.compile(r"second look ([+-][\d.]+) over")
_NEAR = 0.25
"""Edits a syllable beyond which a place resembles a rule by chance."""
_MOST_SHOWN = 3
"""Of what only sounds nearly like a rule and is not raised, in one utterance."""
COUNTED = ("raised", "softened")
"""Outcomes that reach anybody."""


def of_words(judge: Judge, lines: Sequence[Line]) -> list[Table]:
    """A table for each line that was typed, each followed by its places."""
    return of_said(judge, spoken(lines))


def of_said(judge: Judge, said: Sequence[Said]) -> list[Table]:
    """The same of utterances that have their times, such as those of a stored transcript."""
    tables: list[Table] = []
    for number, one in enumerate(said):
        tables.append({"v": 1, "type": "utterance", "line": number, "role": one.role, "text": one.passage.text})
        for found in judge.utterance(said, number):
            place = _of_judged(found, judge.rules)
            chars = {"start_char": found.candidate.start_char, "end_char": found.candidate.end_char}
            tables.append({**place, **chars, "line": number, "role": one.role})
    return tables


def of_recording(judge: Judge, heard: Heard, opinion: Opinion) -> list[Table]:
    """A table for each utterance of a recording, each followed by its places in order of time."""
    tables: list[Table] = []
    for number, utterance in enumerate(heard.utterances):
        passage = utterance.said.passage
        tables.append(
            {
                "v": 1, "type": "utterance", "file": heard.name, "line": number, "role": utterance.said.role,
                "start_s": _s(utterance.said.start_sample), "end_s": _s(utterance.said.end_sample),
                "text": passage.text,
            }
        )  # fmt: skip
        own = utterance.utterance_id
        places = [_of_alert(one, judge.rules) for one in opinion.alerts.values() if one.hit.utterance_id == own]
        misses = [_of_miss(one, judge.rules) for one in opinion.misses if one.sighting.place.last_id == own]
        places += _apart(misses, places)
        places += _apart(list(_excused(judge, heard, number)), places)
        for place in sorted(places, key=lambda one: (one["start_s"], one["rule_id"])):
            tables.append({**place, "file": heard.name, "line": number, "role": utterance.said.role})
    return tables


def brief(tables: Iterable[Table]) -> Iterator[Table]:
    """The tables without what least resembles a rule: of each utterance a handful is left, and a count."""
    left = hidden = 0
    for table in tables:
        if table["type"] == "utterance":
            if hidden:
                yield {"v": 1, "type": "more", "n": hidden}
            left, hidden = _MOST_SHOWN, 0
            yield table
        elif table["tier"] != "near" or table["outcome"] in COUNTED:
            yield table
        elif table["distance"] <= _NEAR and left > 0:
            left -= 1
            yield table
        else:
            hidden += 1
    if hidden:
        yield {"v": 1, "type": "more", "n": hidden}


def readable(table: Table, words: Words) -> list[str]:
    """One table as lines; the words heard are in them, so they are for a screen."""
    if table["type"] == "utterance":
        at = f"{table['start_s']:8.2f}  " if "start_s" in table else ""
        return [at + words.line(table["role"], table["text"])]
    if table["type"] == "more":
        return ["  " + words("more", n=table["n"])]
    mark = {"raised": "!", "softened": "~"}.get(table["outcome"], "·")
    person = f"  [{words('mark_person')}]" if table["needs_person"] and table["outcome"] in COUNTED else ""
    head = words(
        "place", mark=mark, rule_id=table["rule_id"], phrase=words.shown(table["phrase"]),
        outcome=words(f"outcome.{table['outcome']}"), heard=words.shown(table["heard"]),
        variant=words.shown(table["variant"]),
        tier=words(f"tier.{table['tier']}"),
    )  # fmt: skip
    return [f"  {head}{person}", *(f"      {line}" for line in _details(table, words))]


def _details(table: Table, words: Words) -> Iterator[str]:
    figures = []
    is_told = any(_DISTANCE.search(line) or "confidence" in line for line in table["why"])
    if table.get("start_s") is not None:
        figures.append(words("figure_time", start=f"{table['start_s']:.2f}", end=f"{table['end_s']:.2f}"))
    if table["distance"] and not is_told:
        figures.append(words("figure_distance", distance=f"{table['distance']:.2f}"))
    if table.get("suppressed"):
        figures.append(words("figure_no_card", reason=words.suppressed(table["suppressed"])))
    if figures:
        yield words.joined(figures)
    yield from (words.trace(line) for line in table["why"])


def _of_judged(one: Judged, rules: RuleSet) -> Table:
    found = one.candidate
    return {
        **_of_rule(rules.rules[one.rule_id]),
        "outcome": one.outcome, "variant": found.variant, "heard": one.heard, "tier": found.tier,
        "distance": round(found.distance, 3), "why": list(one.why),
    }  # fmt: skip


def _of_alert(alert: Alert, rules: RuleSet) -> Table:
    hit = alert.hit
    outcome = "raised"
    if hit.state == "withdrawn":
        outcome = "withdrawn"
    elif hit.role == "visitor":
        outcome = "visitor"
    elif hit.softened:
        outcome = "softened"
    return {
        **_of_rule(rules.rules[hit.rule_id]),
        "outcome": outcome, "variant": hit.variant, "heard": hit.heard, "tier": hit.tier,
        "distance": _figure(_DISTANCE, hit.why) or 0.0, "why": list(hit.why),
        **_heard(hit.start_sample, hit.end_sample, hit.confidence, _figure(_LOG_RATIO, hit.why)),
        "suppressed": alert.suppressed,
    }  # fmt: skip


def _of_miss(miss: NearMiss, rules: RuleSet) -> Table:
    sighting, evidence = miss.sighting, miss.sighting.evidence
    return {
        **_of_rule(rules.rules[sighting.candidate.rule_id]),
        "outcome": "innocent" if sighting.counts else "unlikely", "variant": sighting.candidate.variant,
        "heard": sighting.heard, "tier": evidence.tier, "distance": round(evidence.distance, 3),
        "why": list(miss.why),
        **_heard(sighting.start_sample, sighting.end_sample, sighting.confidence, evidence.log_ratio),
    }  # fmt: skip


def _excused(judge: Judge, heard: Heard, number: int) -> Iterator[Table]:
    """Places of the final text that do not count whatever was said."""
    said = [one.said for one in heard.utterances]
    for one in judge.utterance(said, number):
        if one.outcome == "excused":
            span = said[number].passage.span(one.candidate.start_char, one.candidate.end_char)
            yield {**_of_judged(one, judge.rules), **_heard(*span, None, None)}


def _of_rule(rule: Rule) -> Table:
    return {
        "v": 1, "type": "place", "rule_id": rule.rule_id, "phrase": rule.phrase, "severity": rule.severity,
        "needs_person": rule.needs_person,
    }  # fmt: skip


def _heard(start: int, end: int, confidence: float | None, log_ratio: float | None) -> Table:
    """What only a recording has."""
    return {
        "start_s": _s(start), "end_s": _s(end), "confidence": confidence,
        "log_ratio": None if log_ratio is None else round(log_ratio, 2), "suppressed": None,
    }  # fmt: skip


def _figure(shape: re.Pattern[str], why: Sequence[str]) -> float | None:
    """A figure that a hit keeps in its trace only."""
    found = next((match for line in why if (match := shape.search(line))), None)
    return float(found[1]) if found else None


def _apart(tables: list[Table], known: Sequence[Table]) -> list[Table]:
    """Those that are not at the place of a known one of the same rule."""
    return [
        one
        for one in tables
        if not any(
            one["rule_id"] == other["rule_id"]
            and one["start_s"] < other["end_s"]
            and other["start_s"] < one["end_s"]
            for other in known
        )
    ]


def _s(sample: int) -> float:
    return round(seconds(sample), 3)
