"""What the schema of a scorecard cannot see: figures without a source, sections that do not add up.

Works on raw tables, so that these mistakes are found beside those of the schema.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Table = dict[str, Any]

_LISTS = ("rules", "kinds", "acts", "manner", "clauses")
_WHOLE_PERCENT = 100


def mistakes_in(table: Table) -> Iterator[str]:
    """The mistakes of one card, each as a sentence that begins with its place."""
    card = _table(table.get("card"))
    sections = list(_entries(table.get("section"), "section"))
    for place, figure in figures_of(table):
        yield from _mistaken_figure(place, figure)
    yield from _repeated(sections, "section")
    yield from _repeated([one for _, section in sections for one in _items(section)], "item")
    yield from _repeated(list(_entries(table.get("rating"), "rating")), "rating")
    yield from _mistaken_header(card)
    yield from _mistaken_sections(card, sections, table)
    for _, section in sections:
        for place, item in _items(section):
            yield from _mistaken_item(place, item)
    yield from _mistaken_ratings(table)
    yield from _mistaken_grades(card, table)
    yield from _mistaken_pass(table, sections)


def figures_of(table: Table) -> Iterator[tuple[str, Table]]:
    """Every raw figure with its place."""
    if isinstance(base := _table(table.get("card")).get("base"), dict):
        yield "card, base", base
    for place, section in _entries(table.get("section"), "section"):
        yield from ((f"{place}, {key}", one) for key, one in _named(section, ("points", "weight", "cap")))
        for inner, item in _items(section):
            yield from ((f"{inner}, {key}", one) for key, one in _named(item, ("takes", "gives", "cap")))
    for place, grade in _entries(table.get("grade"), "grade"):
        yield from ((f"{place}, {key}", one) for key, one in _named(grade, ("from", "below")))
    passing = _table(table.get("pass"))
    yield from ((f"pass, {key}", one) for key, one in _named(passing, ("total",)))
    for name, one in _table(passing.get("sections")).items():
        if isinstance(one, dict):
            yield f"pass, section {name}", one


def _mistaken_figure(place: str, figure: Table) -> Iterator[str]:
    value, blank = figure.get("value"), figure.get("blank")
    if value is None and not blank:
        yield f'{place}: has neither value nor blank; write the number, or name the gap: blank = "base".'
    amount = _amount(figure)
    if amount is not None and amount * 100 != (amount * 100).to_integral_value():
        yield f"{place}: value is {value}; points have at most two decimals."
    if not figure.get("why") and not (figure.get("clause") and figure.get("quote")):
        yield f"{place}: does not say where it comes from; write clause and quote, or why if it is yours."


def _mistaken_header(card: Table) -> Iterator[str]:
    if not card.get("period_why") and not (card.get("period_clause") and card.get("period_quote")):
        yield "card: does not say why period is so; write period_clause and period_quote, or period_why."


def _mistaken_sections(card: Table, sections: list[tuple[str, Table]], table: Table) -> Iterator[str]:
    """All sections must be worth something in the same way, and what they say must fit that."""
    if table.get("section") == []:
        yield "section: there is none; write at least one."
    ways = {place: _way(section) for place, section in sections}
    first = next(iter(ways.values()), "base")
    for place, way in ways.items():
        if way != first:
            yield f"{place}: is worth its {way}, the first section its {first}; write all of them the same way."
    if first == "base" and sections and "base" not in card:
        yield "card: has no base, and the sections have neither points nor weight; write one of these."
    if first != "base" and "base" in card:
        yield f"card, base: the sections are worth their {first}; delete base."
    weights = [_amount(section.get("weight")) for _, section in sections]
    known = [one for one in weights if one is not None]
    if first == "weight" and len(known) == len(weights) and sum(known) != _WHOLE_PERCENT:
        yield f"sections: the weights add up to {sum(known)}; they must add up to {_WHOLE_PERCENT}."
    ratings = {str(one.get("id")) for _, one in _entries(table.get("rating"), "rating")}
    for place, section in sections:
        yield from _mistaken_section(place, section, ratings)


def _mistaken_section(place: str, section: Table, ratings: set[str]) -> Iterator[str]:
    if "points" in section and "weight" in section:
        yield f"{place}: has points and weight; delete one."
    if "cap" in section and _way(section) != "base":
        yield f"{place}: has cap and {_way(section)}; a section never takes more than it is worth: delete cap."
    if section.get("windows") and section.get("applies") != "named":
        yield f'{place}: names windows and applies to all; write applies = "named", or delete windows.'
    rating = section.get("rating")
    if bool(rating) == bool(section.get("item")):
        yield f"{place}: wants either items or a rating."
    if rating and rating not in ratings:
        yield f'{place}: rating is "{rating}"; no rating has that id.'
    if rating and _way(section) == "base":
        yield f"{place}: a rating needs points or weight to be worth something."


def _mistaken_item(place: str, item: Table) -> Iterator[str]:
    if ("takes" in item) == ("gives" in item):
        yield f"{place}: wants either takes or gives; write how many points."
    for key in ("takes", "gives", "cap"):
        if _amount(item.get(key)) == 0:
            yield f"{place}, {key}: is 0; leave out what does not count."
    select = _table(item.get("select"))
    chosen = [key for key in _LISTS if select.get(key)]
    if "select" in item and not chosen:
        yield f"{place}, select: names nothing; write one of {', '.join(_LISTS)}."
    if "select" not in item and not item.get("people"):
        yield f"{place}: has neither select nor people = true; nothing would ever count for it."
    if "gives" in item and (others := [key for key in chosen if key != "acts"]):
        yield f"{place}, select: {others[0]} cannot earn points; only acts of courtesy that were said can."
    if "gives" in item and item.get("fatal"):
        yield f"{place}: gives points and is fatal; delete one."


def _mistaken_ratings(table: Table) -> Iterator[str]:
    for place, rating in _entries(table.get("rating"), "rating"):
        lowest, highest = rating.get("lowest"), rating.get("highest")
        if not (isinstance(lowest, int | float) and isinstance(highest, int | float)):
            continue
        if lowest >= highest:
            yield f"{place}: lowest is {lowest} and highest {highest}; highest must be more."
        for label, value in _table(rating.get("labels")).items():
            if isinstance(value, int | float) and not lowest <= value <= highest:
                yield f'{place}, labels: "{label}" is {value}; it must lie from {lowest} to {highest}.'


def _mistaken_grades(card: Table, table: Table) -> Iterator[str]:
    grades = list(_entries(table.get("grade"), "grade"))
    names = [str(one.get("name")) for _, one in grades]
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield f'grades: "{name}" is given twice; delete one.'
    if (fatal := card.get("fatal_grade")) and fatal not in names:
        yield f'card: fatal_grade is "{fatal}"; no grade has that name.'
    least: Decimal | None = None
    for number, (place, grade) in enumerate(grades, 1):
        is_last = number == len(grades)
        if is_last == ("from" in grade):
            yield f"{place}: " + ("is the last and has from; delete it." if is_last else "has no from; add it.")
        if not is_last and "below" in grade:
            yield f"{place}: only the last grade has below; delete it."
        if (from_ := _amount(grade.get("from"))) is not None:
            if least is not None and from_ >= least:
                yield f"{place}, from: is {from_}; it must be less than that of the grade before, {least}."
            least = from_
        if (below := _amount(grade.get("below"))) is not None and least is not None and below != least:
            yield f"{place}, below: is {below}, and the grade before begins at {least}; they must agree."


def _mistaken_pass(table: Table, sections: list[tuple[str, Table]]) -> Iterator[str]:
    passing = table.get("pass")
    if passing == {}:
        yield "pass: is empty; write total, sections or no_fatal, or delete it."
    known = [str(section.get("id")) for _, section in sections]
    for name in _table(_table(passing).get("sections")):
        if name not in known:
            yield f'pass, sections: "{name}" is no section; there are {", ".join(known)}.'


def _way(section: Table) -> str:
    return next((key for key in ("points", "weight") if key in section), "base")


def _amount(figure: object) -> Decimal | None:
    """The value of a raw figure, where it has one."""
    value = figure.get("value") if isinstance(figure, dict) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return Decimal(str(value)) if is_number else None


def _repeated(entries: list[tuple[str, Table]], what: str) -> Iterator[str]:
    ids = [str(one.get("id")) for _, one in entries if one.get("id")]
    for name in sorted({one for one in ids if ids.count(one) > 1}):
        yield f'{what}s: id "{name}" is given twice; give each {what} its own.'


def _items(section: Table) -> Iterator[tuple[str, Table]]:
    yield from _entries(section.get("item"), "item")


def _named(table: Table, keys: tuple[str, ...]) -> Iterator[tuple[str, Table]]:
    for key in keys:
        if isinstance(one := table.get(key), dict):
            yield key, one


def _entries(given: object, kind: str) -> Iterator[tuple[str, Table]]:
    """The tables of a list, each with its place; what is no table is the schema's to report."""
    for number, one in enumerate(given if isinstance(given, list) else (), 1):
        if isinstance(one, dict):
            name = one.get("id", one.get("name", ""))
            yield f'{kind} {number} ("{name}")', one


def _table(given: object) -> Table:
    return given if isinstance(given, dict) else {}
