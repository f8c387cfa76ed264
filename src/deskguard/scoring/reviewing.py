"""What `deskguard review` prints: findings, a line each or everything of one; how far people agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.scoring.points import points_text
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.scoring.agreement import Agreement
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.values import Finding
    from deskguard.scoring.words import Words

_SHOWN_OF_ID = 10


def finding_lines(found: Sequence[Judged], words: Words, now_utc: str) -> Iterator[str]:
    """A line for each finding, and how many there are."""
    for one in found:
        finding = one.finding
        recording = finding.recording
        place = words(
            "place", day=recording.day, window=recording.window_id, clerk=recording.clerk_id or words("unknown")
        )
        yield (
            f"{finding.finding_id[:_SHOWN_OF_ID]}  {place}  {clock(finding.start_sample)}  {finding.rule_id} "
            f"{words.title(finding.kind, finding.title)}  {_state(one, words, now_utc)}"
        )
    yield words("total", n=len(found))


def everything(one: Judged, card: Scorecard, words: Words, now_utc: str) -> Iterator[str]:
    """All that is known of a finding, so that somebody can decide on it."""
    finding = one.finding
    recording = finding.recording
    yield f"{finding.finding_id}  {finding.rule_id} {words.title(finding.kind, finding.title)}"
    yield words("state_line", state=_state(one, words, now_utc))
    yield words("recording", path=recording.path, span=_span(finding), role=words(f"role.{finding.role}"))
    yield words(
        "place", day=recording.day, window=recording.window_id, clerk=recording.clerk_id or words("unknown")
    )
    if finding.evidence:
        yield words("evidence", text=finding.evidence)
    if finding.value is not None:
        value, expected = f"{finding.value:.2f}", f"{finding.expected or 0:.2f}"
        yield words("value", value=value, expected=expected, unit=finding.unit)
    if finding.confidence is not None:
        yield words("confidence", confidence=f"{finding.confidence:.2f}")
    for clause in finding.clauses:
        yield words("clause", clause=clause.clause, title=clause.title, quote=clause.quote)
    if finding.advice:
        yield words("advice", advice=finding.advice)
    if one.item is not None and one.points is not None:
        per, points = words(f"per.{one.item.per}"), points_text(one.points)
        yield words("item", card=card.card_id, name=one.item.name, points=points, per=per)
    else:
        yield words("no_item", card=card.card_id)
    if one.occurrence is not None and not one.is_lead:
        yield words("same_words", finding_id=one.occurrence.lead.finding_id)
    if finding.why:
        yield words("why", why=words.joined(finding.why))
    yield words("rules", sha256=finding.rules_sha256[:12], model=finding.model)
    for made in one.standing.decisions:
        yield words("decision", at=made.at_utc[:16], by=made.by, act=words(f"act.{made.act}"), why=made.why)


def agreement_lines(found: Agreement, words: Words) -> Iterator[str]:
    """Agreement of machine and people, and each rule's precision with its interval."""
    if not found.decided:
        yield words("agreement_none")
        return
    kappa = words("undefined") if found.kappa is None else f"{found.kappa:.2f}"
    yield words("agreement", n=found.decided, right=found.right, agreed=found.agreed, kappa=kappa)
    yield words("appeals", n=found.appeals, overturned=found.overturned)
    for rule in found.rules:
        yield words(
            "precision",
            rule_id=rule.rule_id,
            precision=f"{rule.precision:.2f}",
            low=f"{rule.low:.2f}",
            high=f"{rule.high:.2f}",
            right=rule.right,
            n=rule.decided,
        )


def clock(sample: int) -> str:
    """A place in a recording as hours, minutes and seconds."""
    whole = sample // SAMPLE_RATE_HZ
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _span(finding: Finding) -> str:
    return f"{clock(finding.start_sample)}-{clock(finding.end_sample)}"


def _state(one: Judged, words: Words, now_utc: str) -> str:
    """The state, whether it counts and why not, and by when somebody should decide."""
    parts = [words(f"state.{one.standing.state}")]
    if one.waiting is not None:
        parts.append(words(f"waiting.{one.waiting}"))
    elif one.counts:
        parts.append(words("counts"))
    if one.standing.due_utc:
        key = "late" if one.standing.is_late(now_utc) else "due"
        parts.append(words(key, day=one.standing.due_utc[:10]))
    if one.standing.is_acknowledged:
        parts.append(words("acknowledged"))
    return words.joined(parts)
