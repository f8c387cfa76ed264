"""Decisions of people to where a finding stands: proposed, confirmed, rejected, appealed, upheld, overturned.

Decisions are only ever added; the standing is folded from all of them, so that who decided what, when and why
can always be told. A finding that counts by the machine alone may be appealed as well as one that a person has
confirmed. While an appeal runs, the finding does not count. Whoever decides an appeal has not decided on the
finding before, and nobody decides on findings against himself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deskguard.scoring.values import Finding

State = Literal["proposed", "confirmed", "rejected", "appealed", "upheld", "overturned"]
Act = Literal["confirm", "reject", "appeal", "uphold", "overturn", "acknowledge"]
ACTS: tuple[Act, ...] = ("confirm", "reject", "appeal", "uphold", "overturn", "acknowledge")
_BECOMES: Mapping[tuple[Act, State], State] = {
    ("confirm", "proposed"): "confirmed",
    ("reject", "proposed"): "rejected",
    ("appeal", "proposed"): "appealed",
    ("appeal", "confirmed"): "appealed",
    ("uphold", "appealed"): "upheld",
    ("overturn", "appealed"): "overturned",
}
_ACKNOWLEDGED: frozenset[State] = frozenset({"proposed", "confirmed", "upheld"})
_BY_CLERK: frozenset[Act] = frozenset({"appeal", "acknowledge"})
_WANT_WHY: frozenset[Act] = frozenset({"reject", "appeal", "uphold", "overturn"})
STANDS: frozenset[State] = frozenset({"confirmed", "upheld"})
"""A person says that it is so."""
FALLS: frozenset[State] = frozenset({"rejected", "overturned"})
"""A person says that it is not so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something a person did about a finding; never changed, never deleted."""

    finding_id: str
    act: Act
    by: str
    """Whoever decides, by the name or number that the office uses."""
    at_utc: str
    """ISO 8601 with offset."""
    why: str = ""
    """Redacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How many days people have."""

    review_days: int = 7
    """From the examination to a first decision; late ones are marked, not refused."""
    appeal_days: int = 10
    """From the confirmation to an appeal; later ones are refused."""
    second_days: int = 10
    """From the appeal to its decision; late ones are marked, not refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a finding stands, and how it came there."""

    state: State = "proposed"
    decisions: tuple[Decision, ...] = ()
    """Oldest first."""
    due_utc: str = ""
    """By when the next decision is due; empty: none is, or nobody knows from when to count."""
    is_acknowledged: bool = False
    """The clerk has seen it and does not object."""

    @property
    def source(self) -> Literal["machine", "person"]:
        """Who says so: a person as soon as one has decided."""
        return "machine" if self.state == "proposed" else "person"

    def is_late(self, now_utc: str) -> bool:
        """Whether the next decision is overdue."""
        return bool(self.due_utc) and _moment(now_utc) > _moment(self.due_utc)


PROPOSED = Standing()


def fold(decisions: Iterable[Decision], deadlines: Deadlines | None = None, examined_utc: str = "") -> Standing:
    """Where decisions on one finding, oldest first, leave it; one that was not allowed then changes nothing."""
    limits = deadlines or Deadlines()
    standing = Standing(due_utc=_due(examined_utc, limits.review_days))
    for decision in decisions:
        standing = _after(standing, decision, limits)
    return standing


def standings(
    decisions: Iterable[Decision],
    deadlines: Deadlines | None = None,
    examined_utc: Mapping[str, str] | None = None,
) -> dict[str, Standing]:
    """Where every finding stands on which somebody decided or of which it is told when it was examined."""
    examined = examined_utc or {}
    of_finding: dict[str, list[Decision]] = {one: [] for one in examined}
    for decision in decisions:
        of_finding.setdefault(decision.finding_id, []).append(decision)
    # Most findings wait for their first decision: one value for all that were examined at the same moment.
    untouched = {at: fold((), deadlines, at) for at in set(examined.values())}
    return {
        name: fold(made, deadlines, examined.get(name, "")) if made else untouched[examined[name]]
        for name, made in of_finding.items()
    }


def check(finding: Finding, standing: Standing, decision: Decision, deadlines: Deadlines | None = None) -> None:
    """Raise DeskguardError if a decision may not be made now, or not by this person, or wants a reason."""
    limits = deadlines or Deadlines()
    act, state = decision.act, standing.state
    if not decision.by.strip():
        raise DeskguardError(f"Nobody is named who would {act}.", "say who decides: --by NAME.", "no-reviewer")
    if act in _WANT_WHY and not decision.why.strip():
        raise DeskguardError(
            f"To {act} wants a reason, and none is given.", "say why: --why TEXT.", "no-reason"
        )
    if not _is_allowed(act, state):
        raise DeskguardError(
            f"Finding {finding.finding_id} is {state}; one cannot {act} it now.", _ways(state), "not-allowed"
        )
    _check_person(finding, standing, decision)
    if act == "appeal" and standing.due_utc and state == "confirmed" and standing.is_late(decision.at_utc):
        raise DeskguardError(
            f"Finding {finding.finding_id} could be appealed until {standing.due_utc}, {limits.appeal_days} "
            "days after it was confirmed.",
            "it stands; [scoring] appeal_days says how long there is.",
            "appeal-too-late",
        )


def _check_person(finding: Finding, standing: Standing, decision: Decision) -> None:
    clerk, by = finding.recording.clerk_id, decision.by.strip()
    if decision.act not in _BY_CLERK and clerk and by == clerk:
        raise DeskguardError(
            f"Finding {finding.finding_id} is about {clerk}, who cannot {decision.act} it.",
            "let somebody else decide.",
            "own-finding",
        )
    if decision.act in ("uphold", "overturn") and by in reviewers(standing):
        raise DeskguardError(
            f"{by} has decided on finding {finding.finding_id} before; an appeal is for somebody else.",
            "let a second reviewer decide.",
            "same-reviewer",
        )


def _is_allowed(act: Act, state: State) -> bool:
    return state in _ACKNOWLEDGED if act == "acknowledge" else (act, state) in _BECOMES


def _ways(state: State) -> str:
    ways = [act for act in ACTS if _is_allowed(act, state)]
    return f"what can be done now: {', '.join(ways)}." if ways else "nothing; this is the end of it."


def _after(standing: Standing, decision: Decision, limits: Deadlines) -> Standing:
    """The standing once a decision is made."""
    if not _is_allowed(decision.act, standing.state):
        return standing
    made = (*standing.decisions, decision)
    if decision.act == "acknowledge":
        return replace(standing, decisions=made, is_acknowledged=True)
    state = _BECOMES[decision.act, standing.state]
    days = {"confirmed": limits.appeal_days, "appealed": limits.second_days}.get(state)
    due = "" if days is None else _due(decision.at_utc, days)
    # Whoever appeals does object.
    return Standing(
        state=state,
        decisions=made,
        due_utc=due,
        is_acknowledged=standing.is_acknowledged and decision.act != "appeal",
    )


def _due(from_utc: str, days: int) -> str:
    if not from_utc:
        return ""
    return (_moment(from_utc) + timedelta(days=days)).isoformat(timespec="seconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def reviewers(standing: Standing) -> Sequence[str]:
    """Who has decided on a finding, in order; the clerk's own acts are none."""
    return [one.by.strip() for one in standing.decisions if one.act not in _BY_CLERK]
