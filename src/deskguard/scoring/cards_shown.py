"""What `deskguard scorecards` prints: the cards there are, and all of one with the source of every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.scoring.points import points_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.scoring.scorecard import CardSection, Figure, Item, Scorecard
    from deskguard.scoring.words import Words


def card_lines(cards: Sequence[Scorecard], in_use: str, words: Words) -> Iterator[str]:
    """A line for each card; * marks the one in use."""
    for card in cards:
        mark = "*" if card.card_id == in_use else " "
        whose = words("card_ours") if card.is_ours else words("card_of", standard=card.standard)
        line = words(
            "card_line", card_id=card.card_id, title=card.title, whose=whose, period=_period(card, words)
        )
        blanks = len(card.blanks())
        yield f"{mark} {line}" + (words("card_blanks", n=blanks) if blanks else "")


def everything(card: Scorecard, words: Words) -> Iterator[str]:
    """All of a card."""
    yield words("card_head", card_id=card.card_id, title=card.title, version=card.version, file=card.file)
    source = _source(card.period_clause, card.period_quote, card.period_why, words)
    yield words("card_period", period=_period(card, words), source=source)
    if card.note:
        yield words("note", note=card.note)
    if card.base is not None:
        yield words("card_base", points=_figure(card.base, words))
    for section in card.sections:
        yield from _section(section, words)
    told = {one.rating.rating_id for one in card.sections if one.rating}
    for rating in card.ratings:
        if rating.rating_id not in told:
            yield words("rating_beside", name=rating.name)
    for grade in card.grades:
        bound = grade.from_ or grade.below
        key = "grade_from" if grade.from_ else "grade_below" if grade.below else "grade_rest"
        yield words(key, name=grade.name, points=_figure(bound, words) if bound else "")
    if card.fatal_grade:
        yield words("grade_fatal", name=card.fatal_grade)
    if card.passing is not None:
        yield words("pass", rule=words.joined(_passing(card, words)))
    yield from blank_lines(card, words)


def blank_lines(card: Scorecard, words: Words) -> Iterator[str]:
    """What still has to be filled in."""
    if blanks := card.blanks():
        yield words("blanks", n=len(blanks))
        for name, (_, figure) in blanks.items():
            yield f"  {name} = ____  {words('quoted', quote=figure.quote)}"


def _section(section: CardSection, words: Words) -> Iterator[str]:
    worth = section.points or section.weight
    key = "section_weight" if section.weight else "section_points" if section.points else "section_plain"
    yield ""
    yield words(key, name=section.name, points=_figure(worth, words) if worth else "")
    if section.cap is not None:
        yield "  " + words("section_cap", points=_figure(section.cap, words))
    if section.for_named_only:
        yield "  " + words("section_windows", windows=words.joined(section.windows) or words("nobody_yet"))
    if section.rating is not None:
        low, high = points_text(section.rating.lowest), points_text(section.rating.highest)
        yield "  " + words("section_rating", name=section.rating.name, low=low, high=high)
    for item in section.items:
        yield from _item(item, words)


def _item(item: Item, words: Words) -> Iterator[str]:
    points = words("gives" if item.gives else "takes", points=_figure(item.each, words))
    yield "  " + words(
        "item_line", item_id=item.item_id, name=item.name, points=points, per=words(f"per.{item.per}")
    )
    if item.quote and item.quote != item.each.quote:
        yield "    " + words("clause_of", clause=item.clause, quote=item.quote)
    if item.cap is not None:
        yield "    " + words("item_cap", points=_figure(item.cap, words))
    marks = [words(f"mark_{key}") for key in ("fatal", "review", "people") if getattr(item, key)]
    if item.select is not None:
        lists = {key: getattr(item.select, key) for key in ("rules", "kinds", "acts", "manner", "clauses")}
        named = [f"{key} {' '.join(names)}" for key, names in lists.items() if names]
        if item.select.severity:
            named.append(f"severity {' '.join(item.select.severity)}")
        marks.append(words("selects", names=", ".join(named)))
    if marks:
        yield "    " + words.joined(marks)
    if item.note:
        yield "    " + words("note", note=item.note)


def _passing(card: Scorecard, words: Words) -> Iterator[str]:
    rule = card.passing
    if rule is None:
        return
    if rule.total is not None:
        yield words("pass_total", points=_figure(rule.total, words))
    names = {one.section_id: one.name for one in card.sections}
    for section_id, figure in rule.sections.items():
        yield words("pass_section", name=names[section_id], points=_figure(figure, words))
    if rule.no_fatal:
        yield words("pass_no_fatal")


def _figure(figure: Figure, words: Words) -> str:
    """The number and where it comes from."""
    amount = "____" if figure.amount is None else points_text(figure.amount)
    return words("figure", amount=amount, source=_source(figure.clause, figure.quote, figure.why, words))


def _source(clause: str, quote: str, why: str, words: Words) -> str:
    return words("source_ours", why=why) if why else words("clause_of", clause=clause, quote=quote)


def _period(card: Scorecard, words: Words) -> str:
    return words(f"period.{card.period}")
