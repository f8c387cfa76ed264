"""Acts of courtesy in force to what is printed of them: a line each, or everything of one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.authoring.words import Words
    from deskguard.rules.courtesy import Act, Expect
    from deskguard.rules.ruleset import RuleSet


def acts_of_pack(rules: RuleSet, pack: str | None) -> list[Act]:
    """The acts with a clause of a pack, or all without one."""
    return [
        act for act in rules.courtesy.acts if pack is None or any(one.standard == pack for one in act.clauses)
    ]


def find_act(rules: RuleSet, given: str) -> Act | None:
    """The act of an id, whatever its case."""
    wanted = given.strip().casefold()
    return next((act for act in rules.courtesy.acts if act.act_id.casefold() == wanted), None)


def act_line(act: Act, words: Words, pack: str | None = None) -> str:
    """An act on one line, with its clauses, or those of one pack."""
    clauses = words.joined(one.clause for one in act.clauses if pack is None or one.standard == pack)
    when = act.expect.when if act.expect else "never"
    return (
        f"{act.act_id}  {act.name}  {words(f'value.{act.requirement}')}  {clauses}  "
        f"{words('act_counts', spellings=len(act.say), when=words(f'act_when.{when}'))}"
    )


def act_table(act: Act) -> dict[str, Any]:
    """An act for programs; keys as in config/language/courtesy.toml."""
    table = asdict(act)
    return {"v": 1, "type": "act", "id": table.pop("act_id"), **table}


def act_text(act: Act, words: Words) -> list[str]:
    """All that is known of an act."""
    lines = [
        words(
            "show_act_head", act_id=act.act_id, name=act.name, requirement=words(f"value.{act.requirement}"),
            channels=words.joined(words(f"act_channel.{one}") for one in act.channels) or "-",
        ),
        words("show_clauses"),
        *(f"  {one.clause}  {words('quoted', title=one.title, quote=one.quote)}" for one in act.clauses),
        words("show_spellings", n=len(act.say)),
        *(f"  {one}" for one in act.say),
    ]  # fmt: skip
    if act.does_not_count:
        lines.append(words("show_does_not_count", n=len(act.does_not_count)))
        lines += [f"  {one}" for one in act.does_not_count]
    lines.append(words("show_advice", advice=act.advice))
    return lines + (list(_expectation(act.expect, words)) if act.expect else [words("act_when.never")])


def _expectation(expect: Expect, words: Words) -> Iterator[str]:
    yield words(
        "show_expect", when=words(f"act_when.{expect.when}"), seconds=f"{expect.within_s:g}",
        turns=expect.within_turns,
    )  # fmt: skip
    if expect.before_s:
        yield "  " + words("show_expect_before", seconds=f"{expect.before_s:g}")
    if expect.from_nth > 1:
        yield "  " + words("show_expect_nth", n=expect.from_nth)
    if expect.live:
        yield "  " + words("show_expect_live")
    if expect.satisfied_by:
        yield "  " + words("show_satisfied_by", ids=words.joined(expect.satisfied_by))
    if expect.occasion:
        yield words("show_occasion", by=words(f"value.{expect.occasion_by}"), n=len(expect.occasion))
        yield from (f"  {one}" for one in expect.occasion)
    if expect.unless:
        yield words("show_occasion_unless", n=len(expect.unless))
        yield from (f"  {one}" for one in expect.unless)
