"""What a scorecard file may hold, table by table: strict, every key named here, nothing guessed.

A figure always says where it comes from: the clause and its words, or why it is ours. One that the standard
leaves blank has a name instead of a value until somebody fills it in.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from deskguard.settings import Section
from deskguard.values import Severity

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Amount = Annotated[float, Field(ge=0, le=1_000_000)]
Unit = Literal["occurrence", "visit", "day", "period", "100-visits"]
"""What an item counts: every time, visits or days in which it happened, whether it did at all, or how often
for a hundred visits."""


class FigureEntry(Section):
    """A number of the card, with its source."""

    value: Amount | None = None
    blank: str = ""
    """The name of the gap that the standard prints in its place."""
    clause: str = ""
    quote: str = ""
    """The clause's words, verbatim."""
    why: str = ""
    """Why a figure of ours is what it is."""


class SelectEntry(Section):
    """Which findings an item is about: any that one of the lists names; * stands for anything."""

    rules: tuple[Text, ...] = ()
    """Ids of phrases and bans."""
    kinds: tuple[Text, ...] = ()
    """Kinds: "phrase", or that of a described ban."""
    acts: tuple[Text, ...] = ()
    """Ids of acts of courtesy: missing ones where the item takes points, said ones where it gives some."""
    manner: tuple[Text, ...] = ()
    """Kinds of manner."""
    clauses: tuple[Text, ...] = ()
    """Clauses that a finding breaks."""
    severity: tuple[Severity, ...] = ()
    """Of what the lists name, only phrases and bans of these."""


class ItemEntry(Section):
    """One line of the card."""

    id: Id
    name: Text
    clause: str = ""
    quote: str = ""
    """What the standard asks for, verbatim."""
    takes: FigureEntry | None = None
    """Points for each of what it counts."""
    gives: FigureEntry | None = None
    """The same for what is better than asked."""
    per: Unit = "occurrence"
    cap: FigureEntry | None = None
    """Most that it takes or gives in a period of the card."""
    select: SelectEntry | None = None
    people: bool = False
    """People count it, and the counts are read in; beside findings if there is a `select`."""
    fatal: bool = False
    """Once a person has confirmed it, the grade is `fatal_grade`."""
    review: bool = False
    """Nothing of it counts before a person has confirmed it."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    """Instead of the setting."""
    note: str = ""


class SectionEntry(Section):
    """Lines of the card that belong together."""

    id: Id
    name: Text
    points: FigureEntry | None = None
    """What it is worth when nothing is taken."""
    weight: FigureEntry | None = None
    """Percent of the whole; the section itself is then worth 100."""
    cap: FigureEntry | None = None
    """Most that it takes from the base, where sections have no points of their own."""
    applies: Literal["all", "named"] = "all"
    """Whether it is for all windows, or for those in `windows` only."""
    windows: tuple[Text, ...] = ()
    rating: str = ""
    """The rating it consists of, instead of items."""
    item: tuple[ItemEntry, ...] = ()


class RatingEntry(Section):
    """What visitors or colleagues think, read in from a table."""

    id: Id
    name: Text
    lowest: float
    highest: float
    labels: dict[str, float] = Field(default_factory=dict)
    """What may stand in the table instead of a number."""
    note: str = ""


class GradeEntry(Section):
    """A grade; the best first."""

    name: Text
    from_: FigureEntry | None = Field(default=None, alias="from")
    """Least points; the last grade has none."""
    below: FigureEntry | None = None
    """The last grade, as the standard prints it: fewer points than this."""


class PassEntry(Section):
    """What it takes to pass; everything that is written must hold."""

    total: FigureEntry | None = None
    sections: dict[str, FigureEntry] = Field(default_factory=dict)
    """Least points of sections, by their ids."""
    no_fatal: bool = False
    """No fatal item is confirmed."""


class CardHeader(Section):
    """Which card it is."""

    id: Id
    title: Text
    standard: str = ""
    """The pack whose figures these are; empty: ours."""
    version: str = "1"
    period: Literal["day", "month", "year"]
    """What caps are for, and what the grade is of. Weeks are none: they do not fit into months."""
    period_clause: str = ""
    period_quote: str = ""
    period_why: str = ""
    base: FigureEntry | None = None
    """What a period begins with, where sections have no points of their own."""
    fatal_grade: str = ""
    note: str = ""


class CardFile(Section):
    """A scorecard."""

    card: CardHeader
    section: tuple[SectionEntry, ...]
    rating: tuple[RatingEntry, ...] = ()
    grade: tuple[GradeEntry, ...] = ()
    pass_: PassEntry | None = Field(default=None, alias="pass")


class FillHeader(Section):
    """Which card is filled in."""

    id: Id
    title: Text
    fills: Id
    """The card whose blanks these are."""
    version: str = "1"
    note: str = ""


class FillFile(Section):
    """What an office writes into the blanks of a card."""

    card: FillHeader
    fill: dict[str, Amount] = Field(default_factory=dict)
    """Values by the names of the blanks."""
    windows: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    """Windows of sections that are for named windows only, by the sections' ids."""
