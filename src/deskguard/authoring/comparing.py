"""Two rule sets in, what differs out: rules, spellings, conditions, thresholds, and what each raises where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import Rule, RuleSet
    from deskguard.rules.schema import Condition, Example
    from deskguard.values import ClauseRef

Table = dict[str, Any]
_PLAIN = (
    "phrase", "severity", "kind", "advice", "cooldown_s", "min_confidence", "whole_words", "needs_person",
    "masked",
)  # fmt: skip
_SLACK_S = 0.3
"""Two readings of one place differ by less."""


def changes(before: RuleSet, after: RuleSet) -> list[Table]:
    """One table for each difference; none means that both rule sets are the same."""
    found: list[Table] = []
    for rule_id in sorted({*before.rules, *after.rules}):
        old, new = before.rules.get(rule_id), after.rules.get(rule_id)
        if old is None or new is None:
            found.append(_change("rule", rule_id, old.phrase if old else None, new.phrase if new else None))
        else:
            found.extend(_rule_changes(old, new))
    for name in sorted({*before.frames, *after.frames}):
        old_say = before.frames[name].say if name in before.frames else ()
        new_say = after.frames[name].say if name in after.frames else ()
        found.extend(_list_changes("frame", f"@{name}", old_say, new_say))
    if not found and before.sha256 != after.sha256:
        # Titles, sources, order of words without meaning for the engine.
        found.append(_change("other", "", before.sha256, after.sha256))
    return found


def alert_changes(before: Sequence[Table], after: Sequence[Table]) -> list[Table]:
    """What reaches the clerk under one rule set and not, or otherwise, under the other; of places."""
    old, new = (
        [one for one in tables if one["type"] == "place" and one["outcome"] in ("raised", "softened")]
        for tables in (before, after)
    )
    found = []
    left = list(new)
    for one in old:
        match = next((other for other in left if _is_same(one, other)), None)
        if match is not None:
            left.remove(match)
        if match is None or match["outcome"] != one["outcome"]:
            found.append(_alert_change(one, one["outcome"], match["outcome"] if match else None))
    return found + [_alert_change(one, None, one["outcome"]) for one in left]


def readable(change: Table, words: Words) -> str:
    """One difference as a line: - is gone, + is new, ~ is another."""
    mark = "+" if change["before"] is None else "-" if change["after"] is None else "~"
    if change["type"] == "alert-change":
        at = f"{change['start_s']:.2f} s" if "start_s" in change else words("line_number", n=change["line"] + 1)
        where = f"{change['file']}  {at}" if "file" in change else at
        values = [change["before"], change["after"]]
        old, new = (words(f"outcome.{one}") if one else words("outcome.silent") for one in values)
        phrase, heard = words.shown(change["phrase"]), words.shown(change["heard"])
        return words(
            "alert_change", mark=mark, where=where, rule_id=change["rule_id"], phrase=phrase, heard=heard,
            before=old, after=new,
        )  # fmt: skip
    what = words(f"changed.{change['what']}")
    if mark == "~":
        before, after = (_told(change["what"], change[key], words) for key in ("before", "after"))
        return words(
            "change", mark=mark, rule_id=change["rule_id"], what=what, before=before, after=after
        )  # fmt: skip
    value = change["after"] if change["before"] is None else change["before"]
    return words("one_sided_change", mark=mark, rule_id=change["rule_id"], what=what, value=words.shown(value))


def _told(what: str, value: str, words: Words) -> str:
    if what == "severity":
        return words(f"value.{value}")
    if value in ("True", "False"):
        return words("value.yes" if value == "True" else "value.no")
    return words.shown(value)


def _rule_changes(old: Rule, new: Rule) -> Iterator[Table]:
    for name in _PLAIN:
        if getattr(old, name) != getattr(new, name):
            yield _change(name, old.rule_id, _shown(getattr(old, name)), _shown(getattr(new, name)))
    lists = {
        "clause": ([_clause(one) for one in old.clauses], [_clause(one) for one in new.clauses]),
        "spelling": ([_variant(one) for one in old.variants], [_variant(one) for one in new.variants]),
        "except": (old.innocent, new.innocent),
        **{
            key: (
                [_condition(one) for one in getattr(old, key)],
                [_condition(one) for one in getattr(new, key)],
            )
            for key in ("unless", "only_if", "soften")
        },
        "examples": ([_example(one) for one in old.examples], [_example(one) for one in new.examples]),
        "counter_examples": (
            [_example(one) for one in old.counter_examples],
            [_example(one) for one in new.counter_examples],
        ),
    }
    for what, (gone, come) in lists.items():
        yield from _list_changes(what, old.rule_id, gone, come)


def _list_changes(what: str, rule_id: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Table]:
    before, after = list(old), list(new)
    yield from (_change(what, rule_id, one, None) for one in before if one not in after)
    yield from (_change(what, rule_id, None, one) for one in after if one not in before)


def _change(what: str, rule_id: str, before: str | None, after: str | None) -> Table:
    return {"v": 1, "type": "change", "what": what, "rule_id": rule_id, "before": before, "after": after}


def _alert_change(place: Table, before: str | None, after: str | None) -> Table:
    kept = ("file", "line", "role", "rule_id", "phrase", "heard", "start_s", "end_s", "start_char", "end_char")
    return {
        "v": 1, "type": "alert-change", "before": before, "after": after,
        **{key: place[key] for key in kept if key in place},
    }  # fmt: skip


def _is_same(one: Table, other: Table) -> bool:
    if one["rule_id"] != other["rule_id"] or one["line"] != other["line"]:
        return False
    if "start_s" in one:
        return bool(one["start_s"] < other["end_s"] + _SLACK_S and other["start_s"] < one["end_s"] + _SLACK_S)
    return bool(one["start_char"] < other["end_char"] and other["start_char"] < one["end_char"])


def _clause(ref: ClauseRef) -> str:
    return f"{ref.clause} {ref.quote}"


def _variant(variant: Any) -> str:
    marks = [one for one in (variant.where if variant.where != "anywhere" else "", variant.mark) if one]
    text: str = variant.text
    return text + "".join(f" [{one}]" for one in marks)


def _condition(condition: Condition) -> str:
    table = condition.model_dump(mode="json", exclude_defaults=True)
    say = "|".join(table.pop("say"))
    return say + "".join(f" {key}={value}" for key, value in sorted(table.items()))


def _example(example: Example) -> str:
    return " / ".join(f"{role}: {text}" for role, text in example.lines())


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
