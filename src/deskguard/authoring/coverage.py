"""The coverage data and the rules to what covers each audible clause of the bundled standards, and mistakes.

The data say what is claimed, one row a clause, with the count of clauses that each document has. Whether a rule
or an act is there, and which clauses it cites, is asked of the rules themselves, so a claim cannot outlive what
it rests on.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar, get_args

from pydantic import Field, ValidationError, model_validator

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.settings import Section, describe, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deskguard.rules.ruleset import RuleSet
    from deskguard.values import ClauseRef
    from deskguard.visits.manner_book import MannerBook

Kind = Literal["rule", "act", "manner", "noticed"]
"""What listens; "noticed" is an act that is counted when it is said and never found missing."""
Status = Literal["rule", "act", "manner", "noticed", "person", "uncovered"]
STATUSES: tuple[Status, ...] = get_args(Status)
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_File = TypeVar("_File", bound=Section)


class Reason(Section):
    """Why a clause is left to a person or to nobody, or what of it is left, in both languages."""

    zh: _Text
    en: _Text


class Reasons(Section):
    """reasons.toml: reasons by their codes."""

    person: dict[str, Reason]
    uncovered: dict[str, Reason]
    partly: dict[str, Reason]


class Row(Section):
    """One audible clause and what covers it: rules, acts and manner kinds, or a reason why none does."""

    clause: _Text
    quote: Annotated[str, Field(min_length=1, max_length=30)]
    """How the clause begins, verbatim."""
    by: tuple[str, ...] = ()
    """Ids of rules and of acts, and "manner." with a kind."""
    partly: str = ""
    """Code of what `by` leaves out; empty where it leaves out nothing."""
    person: str = ""
    """Code of why a person decides."""
    uncovered: str = ""
    """Code of why nothing covers it."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if sum(map(bool, (self.by, self.person, self.uncovered))) != 1:
            raise ValueError("a row has exactly one of by, person, uncovered")
        if self.partly and not self.by:
            raise ValueError("partly goes with by")
        return self


class Document(Section):
    """One document of a standard."""

    id: _Text
    title: _Text
    clauses: Annotated[int, Field(ge=0)]
    """How many audible clauses were counted in it; as many rows are expected."""
    rows: tuple[Row, ...]

    @property
    def standard(self) -> str:
        """Pack id, e.g. "s003" for "s003.d17"."""
        return self.id.partition(".")[0]


class CoverageFile(Section):
    """One file: the documents of a standard."""

    document: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All documents of all standards, and the reasons their rows name."""

    documents: tuple[Document, ...]
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Something that a row may name."""

    kind: Kind
    name: str
    """The wording or name, for people."""
    clauses: frozenset[str]
    """What it cites."""
    needs_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Everything that listens, as far as rows may name it."""

    means: Mapping[str, Means]
    """By id, "manner." before a kind of manner."""
    titles: Mapping[str, str]
    """Titles of the standards in force, by pack id."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What does not fit, as a key of the catalogue and its values."""

    key: str
    values: Mapping[str, object]


def load(folder: Path | None = None) -> Coverage:
    """The data of a folder, else the bundled ones; raises DeskguardError for the first file that is wrong."""
    folder = folder or bundled("config/standards/coverage")
    paths = sorted(one for one in folder.glob("*.toml") if one.name != "reasons.toml")
    documents = [one for path in paths for one in _read(path, CoverageFile).document]
    return Coverage(documents=tuple(documents), reasons=_read(folder / "reasons.toml", Reasons))


def _read(path: Path, model: type[_File]) -> _File:
    table = read_toml(path, "Coverage data")
    try:
        return model.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        told = describe(error.errors()[0], model)
        raise DeskguardError(f"{path}, {told}", "mend that entry.", "bad-coverage") from None


def listening(rules: RuleSet, manner: MannerBook) -> Listening:
    """What listens when these rules are in force."""
    means = {
        one.rule_id: Means(
            kind="rule", name=one.phrase, clauses=_cited(one.clauses), needs_person=one.needs_person
        )
        for _, one in sorted(rules.rules.items())
    }
    for act in rules.courtesy.acts:
        kind: Kind = "act" if act.expect else "noticed"
        means[act.act_id] = Means(kind=kind, name=act.name, clauses=_cited(act.clauses))
    for one in manner.rules.values():
        means[f"manner.{one.kind}"] = Means(kind="manner", name=one.name, clauses=_cited(one.clauses))
    return Listening(means=means, titles={one.pack_id: one.title for one in rules.packs})


def _cited(clauses: Sequence[ClauseRef]) -> frozenset[str]:
    return frozenset(one.clause for one in clauses)


def status(row: Row, heard: Listening) -> Status:
    """What a row counts as: the first of its kinds, of those that find a breach before those that do not."""
    if row.by:
        kinds = {heard.means[one].kind for one in row.by}
        return next(one for one in STATUSES if one in kinds)
    return "person" if row.person else "uncovered"


def mistakes(coverage: Coverage, heard: Listening) -> list[Mistake]:
    """Everything in the data that is not so."""
    return [*_miscounted(coverage), *_misnamed(coverage, heard.means), *_unexplained(coverage)]


def _miscounted(coverage: Coverage) -> Iterator[Mistake]:
    for document in coverage.documents:
        if len(document.rows) != document.clauses:
            yield Mistake(
                "rows", {"document": document.id, "clauses": document.clauses, "rows": len(document.rows)}
            )
        for row in document.rows:
            if not row.clause.startswith(f"{document.id}."):
                yield Mistake("elsewhere", {"clause": row.clause, "document": document.id})
    names = Counter(one.id for one in coverage.documents)
    names.update(row.clause for one in coverage.documents for row in one.rows)
    for name, count in names.items():
        if count > 1:
            yield Mistake("twice", {"clause": name})


def _misnamed(coverage: Coverage, means: Mapping[str, Means]) -> Iterator[Mistake]:
    """Rows that name what is not there, and clauses that are cited by what their rows do not name."""
    named = {row.clause: row.by for document in coverage.documents for row in document.rows}
    for clause, by in named.items():
        for name in by:
            if name not in means:
                yield Mistake("unknown", {"clause": clause, "name": name})
    standards = {one.standard for one in coverage.documents}
    for name, one in means.items():
        for clause in sorted(one.clauses):
            # Packs of others have clauses of their own, which nobody has counted.
            is_counted = clause.partition(".")[0] in standards
            if is_counted and name not in named.get(clause, ()):
                yield Mistake("unnamed", {"clause": clause, "name": name})


def _unexplained(coverage: Coverage) -> Iterator[Mistake]:
    """Codes of reasons that are not explained."""
    for document in coverage.documents:
        for row in document.rows:
            for known, code in (
                (coverage.reasons.person, row.person),
                (coverage.reasons.uncovered, row.uncovered),
                (coverage.reasons.partly, row.partly),
            ):
                if code and code not in known:
                    yield Mistake("reason", {"clause": row.clause, "code": code})
