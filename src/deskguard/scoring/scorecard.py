"""A scorecard as frozen values: sections, items, figures in hundredths of a point, grades and pass rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.scoring.card_schema import Unit
    from deskguard.scoring.periods import Per
    from deskguard.values import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of the card with its source."""

    amount: int | None
    """Hundredths; None while it is blank."""
    blank: str = ""
    """The name of the gap, also once it is filled in."""
    clause: str = ""
    quote: str = ""
    why: str = ""

    @property
    def hundredths(self) -> int:
        """The amount of a figure that is known to be filled in."""
        if self.amount is None:
            raise ValueError(f"blank {self.blank} is not filled in")
        return self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """Which findings an item is about: any that one of the lists names, by glob patterns."""

    rules: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    manner: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the card."""

    item_id: str
    name: str
    clause: str = ""
    quote: str = ""
    each: Figure
    """Points for each of what it counts, never below 0."""
    gives: bool = False
    """It adds them; else it takes them."""
    per: Unit = "occurrence"
    cap: Figure | None = None
    select: Select | None = None
    people: bool = False
    fatal: bool = False
    review: bool = False
    min_confidence: float | None = None
    note: str = ""

    @property
    def waits_for_person(self) -> bool:
        """Nothing of it counts before a person has confirmed it."""
        return self.fatal or self.review


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What visitors or colleagues think, on a scale."""

    rating_id: str
    name: str
    lowest: int
    """Hundredths."""
    highest: int
    labels: Mapping[str, int] = field(default_factory=dict)
    """Hundredths by what may stand in a table instead."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """Lines that belong together."""

    section_id: str
    name: str
    points: Figure | None = None
    weight: Figure | None = None
    """Percent, in hundredths like every figure."""
    cap: Figure | None = None
    for_named_only: bool = False
    windows: tuple[str, ...] = ()
    rating: Rating | None = None
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grade, and where it begins."""

    name: str
    from_: Figure | None = None
    """None for the last."""
    below: Figure | None = None
    """The last grade only, as the standard prints it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRule:
    """What it takes to pass."""

    total: Figure | None = None
    sections: Mapping[str, Figure] = field(default_factory=dict)
    no_fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """All of a card; equal content has an equal `sha256`."""

    card_id: str
    title: str
    standard: str = ""
    version: str = "1"
    period: Per
    period_clause: str = ""
    period_quote: str = ""
    period_why: str = ""
    base: Figure | None = None
    sections: tuple[CardSection, ...]
    ratings: tuple[Rating, ...] = ()
    grades: tuple[Grade, ...] = ()
    """The best first."""
    fatal_grade: str = ""
    passing: PassRule | None = None
    note: str = ""
    file: str
    sha256: str

    @property
    def is_ours(self) -> bool:
        """No standard prints its figures."""
        return not self.standard

    def items(self) -> Iterator[tuple[CardSection, Item]]:
        """Every item with its section, in the order of the card."""
        for section in self.sections:
            yield from ((section, item) for item in section.items)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Every figure, with its place in a reader's words."""
        if self.base is not None:
            yield "card, base", self.base
        for section in self.sections:
            for key in ("points", "weight", "cap"):
                if (figure := getattr(section, key)) is not None:
                    yield f"section {section.section_id}, {key}", figure
            for item in section.items:
                yield f"item {item.item_id}, {'gives' if item.gives else 'takes'}", item.each
                if item.cap is not None:
                    yield f"item {item.item_id}, cap", item.cap
        for grade in self.grades:
            if grade.from_ is not None:
                yield f"grade {grade.name}, from", grade.from_
            if grade.below is not None:
                yield f"grade {grade.name}, below", grade.below
        if self.passing is not None:
            if self.passing.total is not None:
                yield "pass, total", self.passing.total
            yield from ((f"pass, section {name}", one) for name, one in self.passing.sections.items())

    def blanks(self) -> dict[str, tuple[str, Figure]]:
        """The blanks that are not filled in: place and figure by name."""
        return {one.blank: (place, one) for place, one in self.figures() if one.amount is None}


def usable(card: Scorecard) -> Scorecard:
    """The card, if every blank is filled in; else raises DeskguardError naming each with its words."""
    if not (blanks := card.blanks()):
        return card
    listed = "\n".join(f"  - {name} ({place}): {one.quote}" for name, (place, one) in blanks.items())
    raise DeskguardError(
        f'Scorecard "{card.card_id}" cannot be used: {len(blanks)} figures that the standard leaves blank are '
        f"not filled in:\n{listed}\n",
        f'write them into a file of your own, [card] with id, title and fills = "{card.card_id}", [fill] with '
        f"{next(iter(blanks))} = ... and so on, and name it: deskguard scorecards check FILE",
        "card-blank",
    )
