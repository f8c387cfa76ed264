"""Findings of visits in, what the staff page shows of them out: the checklist of the visit, the day in numbers.

The folds are plain values without clock or store. A hint on the checklist is given once for each act and visit;
manner never shows during a visit, only among the day's numbers.
"""

from __future__ import annotations

import threading
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

from deskguard.values import Courtesy, Manner, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from deskguard.desk.visit_records import Finding
    from deskguard.rules.courtesy import Act, CourtesyBook

Payload = dict[str, Any]


class _Line:
    """One act of courtesy on a checklist."""

    def __init__(self, act_id: str, name: str, advice: str, *, is_asked: bool) -> None:
        self._fixed: Payload = {"act_id": act_id, "name": name, "advice": advice}
        self._is_asked = is_asked
        """A standard asks for it in this visit, so that it is worth a line before it is said."""
        self._told: dict[str, str] = {}
        self._hint_utc = ""
        self._is_hint_spent = False

    def feed(self, courtesy: Courtesy, told_utc: str) -> None:
        self._told[courtesy.courtesy_id] = courtesy.state
        self._is_asked = self._is_asked or courtesy.state != "said"
        if courtesy.can_still_help and courtesy.state == "open":
            if not self._is_hint_spent:
                self._hint_utc = self._hint_utc or told_utc
        elif self._hint_utc:
            self._hint_utc, self._is_hint_spent = "", True

    @property
    def state(self) -> str:
        states = set(self._told.values())
        if "missing" in states:
            return "missing"
        return "said" if states == {"said"} else "open"

    def payload(self) -> Payload:
        return {
            **self._fixed,
            "state": self.state,
            "asked": self._is_asked,
            "times": sum(one == "said" for one in self._told.values()),
            "can_still_help": bool(self._hint_utc),
            "hint_utc": self._hint_utc or None,
        }


class Checklist:
    """One visit with what is expected in it and what was said so far."""

    def __init__(self, visit: Visit, since_utc: str, asked: Iterable[Act]) -> None:
        """`asked` are the acts of this kind of visit that are always expected, see `always_asked`."""
        self.visit = visit
        self.ended_utc: str | None = None
        self._since_utc = since_utc
        self._lines: dict[str, _Line] = {}
        self._last_ids: list[str] = []
        for act in asked:
            self._lines[act.act_id] = _Line(act.act_id, act.name, act.advice, is_asked=True)
            if act.expect is not None and act.expect.when == "visit-ends":
                self._last_ids.append(act.act_id)

    def feed(self, courtesy: Courtesy, told_utc: str) -> None:
        """Take an act of this visit as it is told now."""
        line = self._lines.get(courtesy.act_id)
        if line is None:
            line = _Line(courtesy.act_id, courtesy.name, courtesy.expected, is_asked=False)
            self._lines[courtesy.act_id] = line
        line.feed(courtesy, told_utc)

    def payload(self) -> Payload:
        """As the page gets it; what is open when a visit is over was not called for, and is left out."""
        visit, is_over = self.visit, self.ended_utc is not None
        first = [line for act_id, line in self._lines.items() if act_id not in self._last_ids]
        ordered = [*first, *(self._lines[one] for one in self._last_ids)]
        return {
            "visit_id": visit.visit_id,
            "channel": visit.channel,
            "ticket": visit.ticket,
            "since_utc": self._since_utc,
            "ended_utc": self.ended_utc,
            "items": [one.payload() for one in ordered if not (is_over and one.state == "open")],
        }


class VisitBoard:
    """The visit that goes on and the one before it."""

    def __init__(self, book: CourtesyBook, utc_of: Callable[[int], str], off: Iterable[str] = ()) -> None:
        """`utc_of` tells when a sample was heard, as ISO 8601; `off` are acts this window does not look for."""
        self.book = book
        self._utc_of = utc_of
        self._off = frozenset(off)
        self._present: Checklist | None = None
        self._last: Checklist | None = None

    def feed(self, finding: Visit | Courtesy, told_utc: str) -> None:
        """Take a visit or an act as it is told now; an act of a visit that is not known says nothing."""
        if isinstance(finding, Visit):
            self._follow(finding)
            return
        for one in (self._present, self._last):
            if one is not None and one.visit.visit_id == finding.visit_id:
                one.feed(finding, told_utc)

    def payload(self) -> Payload:
        """`visit` is None while nobody is at the window; `last` is the visit before, None at first."""
        present, last = self._present, self._last
        return {"visit": present and present.payload(), "last": last and last.payload()}

    def _follow(self, visit: Visit) -> None:
        if self._last is not None and self._last.visit.visit_id == visit.visit_id:
            self._last.visit = visit
            return
        if self._present is None or self._present.visit.visit_id != visit.visit_id:
            if visit.end_sample is not None:
                return  # told after its time: nothing that the page shows
            since_utc = self._utc_of(visit.start_sample)
            self._present = Checklist(visit, since_utc, always_asked(self.book, visit, self._off))
        self._present.visit = visit
        if visit.end_sample is not None:
            self._present.ended_utc = self._utc_of(visit.end_sample)
            self._present, self._last = None, self._present


class DayTally:
    """A day's visits in numbers."""

    def __init__(self) -> None:
        self._visits: set[str] = set()
        self._acts: dict[str, str] = {}
        """State of each courtesy."""
        self._manners: dict[str, tuple[str, str, float, float]] = {}
        """Kind, unit, value and bound of each."""

    def feed(self, finding: Finding) -> None:
        """Take a finding as it is told now."""
        if isinstance(finding, Visit):
            self._visits.add(finding.visit_id)
        elif isinstance(finding, Courtesy):
            self._acts[finding.courtesy_id] = finding.state
        elif finding.role != "visitor":
            self._manners[finding.manner_id] = (finding.kind, finding.unit, finding.value, finding.expected)

    def feed_stored(self, visits: Iterable[Mapping[str, Any]]) -> None:
        """Take what was stored before this start: entries of `Store.visits`."""
        for visit in visits:
            self._visits.add(visit["visit_id"])
            for act in visit["courtesies"]:
                self._acts[act["courtesy_id"]] = act["state"]
            for one in visit["manners"]:
                if one["role"] != "visitor":
                    measured = (one["kind"], one["unit"], one["value"], one["expected"])
                    self._manners[one["manner_id"]] = measured

    def payload(self) -> Payload:
        """Counts, and for each kind of manner how often it was measured, its median and its latest bound."""
        states = Counter(self._acts.values())
        kinds: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for kind, unit, value, expected in self._manners.values():
            kinds.setdefault((kind, unit), []).append((value, expected))
        return {
            "visits": len(self._visits),
            "said": states["said"],
            "missing": states["missing"],
            "manners": [
                {
                    "kind": kind,
                    "unit": unit,
                    "times": len(measured),
                    "value": round(median(value for value, _ in measured), 1),
                    "expected": round(measured[-1][1], 1),
                }
                for (kind, unit), measured in sorted(kinds.items())
            ],
        }


class VisitFeed:
    """Tells the staff page about visits: kinds `visit` (`VisitBoard.payload`) and `day` (`DayTally.payload`).

    May be called from any thread.
    """

    def __init__(self, board: VisitBoard, publish: Callable[[str, Payload], None]) -> None:
        self._board = board
        self._publish = publish
        self._day = ""
        self._tally = DayTally()
        self._guard = threading.Lock()
        self._told: dict[str, Payload] = {}

    def begin(self, day: str, visits: Iterable[Mapping[str, Any]]) -> None:
        """Tell what there is of a day, named as the caller likes, before its first finding."""
        with self._guard:
            self._day, self._tally = day, DayTally()
            self._tally.feed_stored(visits)
            self._tell()

    def feed(self, finding: Finding, told_utc: str) -> None:
        """Take a finding as it is told now."""
        with self._guard:
            self._tally.feed(finding)
            if not isinstance(finding, Manner):
                self._board.feed(finding, told_utc)
            self._tell()

    def tick(self, day: str) -> None:
        """The day is this one now; another than before begins with nothing."""
        with self._guard:
            if day != self._day:
                self._day, self._tally = day, DayTally()
                self._tell()

    def use_book(self, book: CourtesyBook) -> None:
        """Visits from now on are expected to have what this book asks for."""
        with self._guard:
            self._board.book = book

    def _tell(self) -> None:
        for kind, payload in (("visit", self._board.payload()), ("day", self._tally.payload())):
            if self._told.get(kind) != payload:
                self._told[kind] = payload
                self._publish(kind, payload)


def always_asked(book: CourtesyBook, visit: Visit, off: Iterable[str]) -> list[Act]:
    """What every visit of this channel should have: at its beginning, soonest first, then at its end."""
    switched_off = set(off)
    expected = [
        (act.expect.when == "visit-ends", act.expect.within_s, act)
        for act in book.acts
        if act.expect is not None
        and act.expect.when in ("visit-begins", "visit-ends")
        and act.requirement == "required"
        and visit.channel in act.channels
        and act.act_id not in switched_off
    ]
    return [act for _, _, act in sorted(expected, key=lambda one: one[:2])]
