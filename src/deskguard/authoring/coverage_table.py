"""What covers each clause to the table that people read (Markdown), lines for programs, and a document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from deskguard.authoring.coverage import STATUSES, mistakes, status
from deskguard.authoring.files import write
from deskguard.authoring.words import complaint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deskguard.authoring.coverage import Coverage, Document, Listening, Reason, Row
    from deskguard.authoring.words import Words

BEGIN = "<!-- coverage: made by deskguard rules coverage --into -->"
END = "<!-- /coverage -->"
_OTHER = "°"
"""Behind what hears a clause and cites others."""
_NOTICED = "⁺"
"""Behind an act that is never found missing."""


def complaints(coverage: Coverage, heard: Listening, words: Words) -> list[str]:
    """Everything in the data that is not so, a line each."""
    return [words(f"coverage.wrong_{one.key}", **one.values) for one in mistakes(coverage, heard)]


def table(coverage: Coverage, heard: Listening, words: Words) -> list[str]:
    """The whole section in Markdown; the data hold no mistakes."""
    lines = [f"## {words('coverage.title')}", "", *_introduction(coverage, heard, words), ""]
    lines += [*_summary(coverage, heard, words), ""]
    lines += [f"### {words('coverage.names')}", "", *_names(coverage, heard, words)]
    for document in coverage.documents:
        lines += ["", f"### {document.id} {document.title}", "", *_rows(document, coverage, heard, words)]
    return lines


def _introduction(coverage: Coverage, heard: Listening, words: Words) -> Iterator[str]:
    yield words(
        "coverage.about",
        documents=len(coverage.documents),
        clauses=sum(len(one.rows) for one in coverage.documents),
    )
    yield ""
    yield words(
        "coverage.reading",
        other=_OTHER,
        noticed=_NOTICED,
        person=words.joined(name for name, one in heard.means.items() if one.needs_person),
    )


def _summary(coverage: Coverage, heard: Listening, words: Words) -> Iterator[str]:
    """A line for each standard, and one for all: every clause is in one column, and some also in the last."""
    heads = ["standard", "clauses", *STATUSES, "partly"]
    yield _line([words(f"coverage.{one}") for one in heads])
    yield "|---|" + "---:|" * (len(heads) - 1)
    counts: dict[str, Counter[str]] = {}
    for document in coverage.documents:
        counted = counts.setdefault(document.standard, Counter())
        counted["clauses"] += len(document.rows)
        counted.update(status(one, heard) for one in document.rows)
        counted["partly"] += sum(bool(one.partly) for one in document.rows)
    named = [(f"{standard} {heard.titles.get(standard, '')}".strip(), one) for standard, one in counts.items()]
    for name, one in [*named, (words("coverage.all"), sum(counts.values(), Counter()))]:
        yield _line([name, *(str(one[column]) for column in heads[1:])])


def _names(coverage: Coverage, heard: Listening, words: Words) -> Iterator[str]:
    """What the ids stand for, a table for everything that some row names."""
    used = {name for document in coverage.documents for row in document.rows for name in row.by}
    yield _line([words("coverage.id"), words("coverage.kind"), words("coverage.name")])
    yield "|---|---|---|"
    for name, one in heard.means.items():
        if name in used:
            yield _line([name, words(f"coverage.{one.kind}"), words.shown(one.name)])


def _rows(document: Document, coverage: Coverage, heard: Listening, words: Words) -> Iterator[str]:
    if not document.rows:
        yield words("coverage.nothing")
        return
    yield _line([words("coverage.clause"), words("coverage.quote"), words("coverage.by")])
    yield "|---|---|---|"
    for row in document.rows:
        yield _line([row.clause, row.quote, _told(row, coverage, heard, words)])


def _told(row: Row, coverage: Coverage, heard: Listening, words: Words) -> str:
    if row.person:
        return words("coverage.because_person", reason=_reason(coverage.reasons.person[row.person], words))
    if row.uncovered:
        return words(
            "coverage.because_uncovered", reason=_reason(coverage.reasons.uncovered[row.uncovered], words)
        )
    by = words.joined(_marked(row, name, heard) for name in row.by)
    if not row.partly:
        return by
    return words("coverage.limited", by=by, reason=_reason(coverage.reasons.partly[row.partly], words))


def _marked(row: Row, name: str, heard: Listening) -> str:
    one = heard.means[name]
    return (
        name + (_NOTICED if one.kind == "noticed" else "") + (_OTHER if row.clause not in one.clauses else "")
    )


def _reason(reason: Reason, words: Words) -> str:
    return reason.zh if words.language == "zh-CN" else reason.en


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one.replace("|", "\\|") for one in cells) + " |"


def tables(coverage: Coverage, heard: Listening, words: Words) -> Iterator[dict[str, Any]]:
    """One row after the other, for programs."""
    for document in coverage.documents:
        for row in document.rows:
            what = status(row, heard)
            reasons = getattr(coverage.reasons, what if what in ("person", "uncovered") else "partly")
            code = row.person or row.uncovered or row.partly
            yield {
                "v": 1,
                "type": "coverage",
                "standard": document.standard,
                "document": document.id,
                "title": document.title,
                "clause": row.clause,
                "quote": row.quote,
                "status": what,
                "by": list(row.by),
                "cited_by": [one for one in row.by if row.clause in heard.means[one].clauses],
                "reason": code,
                "told": _reason(reasons[code], words) if code else "",
            }


def put_into(path: Path, lines: Sequence[str], words: Words) -> bool:
    """Put the section between its marks in a document; False when it is there already.

    Raises DeskguardError for a document that cannot be read or written, or that lacks the marks.
    """
    before = _text(path, words)
    after = with_section(before, lines)
    if after is None:
        raise complaint(words, "coverage_marks", "no-coverage-marks", path=path, begin=BEGIN, end=END)
    if after != before:
        write(path, after.encode(), words)
    return after != before


def with_section(text: str, lines: Sequence[str]) -> str | None:
    """A text with the section between its marks, or None without these."""
    head, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, tail = rest.partition(f"{END}\n")
    return "".join((head, begin, *(f"{one}\n" for one in lines), end, tail)) if begin and end else None


def _text(path: Path, words: Words) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise complaint(words, "unreadable", "unreadable", path=path, why=error.strerror or error) from None
    except UnicodeDecodeError as error:
        raise complaint(words, "not_utf8", "not-utf8", path=path, at=error.start) from None
