"""What rule packs become: rules with everything the desk needs to spot, judge and explain them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from deskguard.rules.courtesy import CourtesyBook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.schema import Condition, Example
    from deskguard.values import ClauseRef, Severity

Where = Literal["anywhere", "answer", "clause-end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One spelling of a rule and where it counts."""

    text: str
    where: Where = "anywhere"
    mark: str = ""
    """The region or manner of speaking it belongs to, e.g. "西南"; empty for common speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A phrase or a described ban, with everything the desk needs to spot it and to explain it."""

    rule_id: str
    phrase: str
    """The standard's wording, or the name of the ban."""
    clauses: tuple[ClauseRef, ...]
    severity: Severity
    cooldown_s: float | None
    advice: str
    variants: tuple[Variant, ...]
    innocent: tuple[str, ...] = ()
    whole_words: bool | None = None
    kind: str = "phrase"
    """What sort of ban it is; "phrase" for words that a standard gives."""
    unless: tuple[Condition, ...] = ()
    """Any of them makes it innocent."""
    only_if: tuple[Condition, ...] = ()
    """Without any of them it is innocent."""
    soften: tuple[Condition, ...] = ()
    needs_person: bool = False
    masked: bool = False
    min_confidence: float | None = None
    examples: tuple[Example, ...] = ()
    """What must raise it, of all packs that hold it."""
    counter_examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Patterns with a name, for conditions to refer to."""

    frame_id: str
    title: str
    say: tuple[str, ...]
    """Patterns, and "@id" for those of another frame."""
    gives_way: bool = False
    """Its own patterns excuse nothing where the words around almost surely lean to a breach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInfo:
    """A loaded pack, for `rules check` and for the screen."""

    pack_id: str
    title: str
    version: str
    sector: str
    language: str
    file: str
    phrases: int
    spellings: int
    described: tuple[ClauseRef, ...]
    """Clauses that nothing listens for."""
    bans: tuple[str, ...] = ()
    """Ids of the described bans that its clauses name, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in force; equal content has an equal `sha256`, whatever the order of files and entries."""

    rules: Mapping[str, Rule]
    sha256: str
    packs: tuple[PackInfo, ...]
    frames: Mapping[str, Frame] = field(default_factory=dict)
    courtesy: CourtesyBook = field(default_factory=CourtesyBook)
