"""Rules in force to what is printed of them: a line each, or everything of one, for people and for programs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from deskguard.authoring.acts import act_line
from deskguard.authoring.words import complaint
from deskguard.rules.checking import BUILT_IN_FRAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deskguard.authoring.packfiles import Packs
    from deskguard.authoring.words import Words
    from deskguard.rules.courtesy import Act
    from deskguard.rules.ruleset import Frame, Rule, RuleSet
    from deskguard.rules.schema import Condition, Example

_CONDITIONS = ("unless", "only_if", "soften")


def of_pack(rules: RuleSet, pack: str | None, words: Words) -> list[Rule]:
    """The rules with a clause of a pack, or all without one; raises DeskguardError for an unknown pack."""
    known = [one.pack_id for one in rules.packs]
    if pack is not None and pack not in known:
        close = difflib.get_close_matches(pack, known, n=1)
        hint = words("mistake.meant", close=close[0]) if close else ""
        raise complaint(
            words, "unknown_pack", "unknown-pack", given=pack[:64], hint=hint, known=words.joined(known)
        )
    return [
        rule
        for rule in rules.rules.values()
        if pack is None or any(one.standard == pack for one in rule.clauses)
    ]


def rule_lines(kept: Sequence[Rule], rules: RuleSet, words: Words, acts: Sequence[Act] = ()) -> list[str]:
    """A line for each rule and act that is kept, and what is in force in all."""
    lines = []
    for rule in kept:
        counts = words(
            "rule_counts",
            spellings=len(rule.variants),
            conditions=sum(len(getattr(rule, key)) for key in _CONDITIONS),
            examples=len(rule.examples) + len(rule.counter_examples),
        )
        clauses = words.joined(dict.fromkeys(one.clause for one in rule.clauses))
        marks = "".join(f"  [{one}]" for one in _marks(rule, words))
        lines.append(
            f"{rule.rule_id:<6} {words.shown(rule.phrase)}  {words(f'value.{rule.severity}')}  {clauses}  "
            f"{counts}{marks}"
        )
    lines += [act_line(act, words) for act in acts]
    lines.append(total(rules, words))
    return lines


def total(rules: RuleSet, words: Words) -> str:
    """What is in force, counted, with its hash."""
    bans = sum(rule.kind != "phrase" for rule in rules.rules.values())
    return words(
        "total",
        packs=len(rules.packs),
        rules=len(rules.rules),
        bans=bans,
        spellings=sum(len(rule.variants) for rule in rules.rules.values()),
        frames=len(rules.frames),
        acts=len(rules.courtesy.acts),
        sha256=rules.sha256,
    )


def rule_table(rule: Rule, rules: RuleSet) -> dict[str, Any]:
    """A rule for programs; keys as in packs."""
    return {
        "v": 1,
        "type": "rule",
        "id": rule.rule_id,
        "phrase": rule.phrase,
        "kind": rule.kind,
        "severity": rule.severity,
        "clauses": [
            {"standard": one.standard, "title": one.title, "clause": one.clause, "quote": one.quote}
            for one in rule.clauses
        ],
        "advice": rule.advice,
        "spellings": [
            {"text": one.text, "where": one.where, "mark": one.mark} for one in rule.variants
        ],
        "except": list(rule.innocent),
        **{
            key: [
                {**_dumped(one), "patterns": list(_spelled_out(one, rules.frames))}
                for one in getattr(rule, key)
            ]
            for key in _CONDITIONS
        },
        "needs_person": rule.needs_person,
        "masked": rule.masked,
        "min_confidence": rule.min_confidence,
        "cooldown_s": rule.cooldown_s,
        "whole_words": rule.whole_words,
        "examples": list(map(_dumped, rule.examples)),
        "counter_examples": list(map(_dumped, rule.counter_examples)),
    }  # fmt: skip


def _dumped(one: Condition | Example) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude_defaults=True)


def find_rule(rules: RuleSet, given: str, words: Words, others: Sequence[str] = ()) -> Rule:
    """The rule of an id, whatever its case; raises DeskguardError with the nearest ids, `others` among them."""
    wanted = given.strip().casefold()
    if found := next((rule for rule_id, rule in rules.rules.items() if rule_id.casefold() == wanted), None):
        return found
    phrases = {rule.phrase: rule_id for rule_id, rule in rules.rules.items()}
    ids = [*rules.rules, *others]
    by_name = {one.casefold(): one for one in ids}
    close = difflib.get_close_matches(given.casefold(), by_name, n=3, cutoff=0.5)
    near = [by_name[one] for one in close]
    near += [phrases[one] for one in difflib.get_close_matches(given, phrases, n=3, cutoff=0.4)]
    hint = words("mistake.meant", close=words.joined(dict.fromkeys(near))) if near else ""
    listed = words.joined(ids)
    raise complaint(words, "unknown_id", "unknown-rule", given=given[:64], hint=hint, known=listed)


def everything(rule: Rule, packs: Packs, words: Words) -> list[str]:
    """All that is known of a rule."""
    rules = packs.rules
    lines = [
        words(
            "show_head", rule_id=rule.rule_id, phrase=words.shown(rule.phrase),
            severity=words(f"value.{rule.severity}"),
            kind=words("kind_phrase") if rule.kind == "phrase" else words("kind_ban", kind=rule.kind),
        )
    ]  # fmt: skip
    lines += [f"  [{one}]" for one in _marks(rule, words)]
    lines.append(words("show_clauses"))
    lines += [f"  {one.clause}  {words('quoted', title=one.title, quote=one.quote)}" for one in rule.clauses]
    lines.append(words("show_spellings", n=len(rule.variants)))
    for variant in rule.variants:
        marks = [words(f"where_{variant.where}")] if variant.where != "anywhere" else []
        marks += [variant.mark] if variant.mark else []
        lines.append(f"  {words.shown(variant.text)}" + "".join(f"  [{one}]" for one in marks))
    if rule.innocent:
        lines.append(words("show_except", n=len(rule.innocent)))
        lines += [f"  {words.shown(one)}" for one in rule.innocent]
    for key in _CONDITIONS:
        conditions: tuple[Condition, ...] = getattr(rule, key)
        if conditions:
            lines.append(words(f"show_{key}"))
            lines += [f"  {line}" for one in conditions for line in _condition(one, rules.frames, words)]
    lines.append(words("show_advice", advice=rule.advice))
    lines += [f"  {line}" for line in _numbers(rule, words)]
    for key, examples in (("examples", rule.examples), ("counter_examples", rule.counter_examples)):
        if examples:
            lines.append(words(f"show_{key}", n=len(examples)))
            lines += [f"  {said(one, words)}" for one in examples]
    lines.append(words("show_files"))
    lines += [f"  {line}" for line in _files(rule, packs, words)]
    return lines


def _marks(rule: Rule, words: Words) -> Iterator[str]:
    if rule.needs_person:
        yield words("mark_person")
    if rule.masked:
        yield words("mark_masked")


def _numbers(rule: Rule, words: Words) -> Iterator[str]:
    if rule.cooldown_s is not None:
        yield words("show_cooldown", seconds=f"{rule.cooldown_s:g}")
    if rule.min_confidence is not None:
        yield words("show_min_confidence", least=f"{rule.min_confidence:g}")
    if rule.whole_words is not None:
        yield words("show_whole_words", answer=words("value.yes" if rule.whole_words else "value.no"))


def _condition(condition: Condition, frames: Mapping[str, Frame], words: Words) -> Iterator[str]:
    """The patterns of a condition and its reach; frames with everything in them."""
    reach = []
    if condition.where is not None:
        reach.append(words("reach_where", where=words(f"value.{condition.where}")))
    if condition.next_turns:
        reach.append(words("reach_next_turns", n=condition.next_turns))
    if condition.next_s is not None:
        reach.append(words("reach_next_s", n=f"{condition.next_s:g}"))
    if condition.last_turns:
        reach.append(words("reach_last_turns", n=condition.last_turns))
    if condition.by != "same":
        reach.append(words("reach_by", by=words(f"value.{condition.by}")))
    yield words.joined(condition.say) + (f"  [{words.joined(reach)}]" if reach else "")
    for name in _named_frames(condition.say, frames):
        title = frames[name].title if name in frames else words("frame_quotes")
        said = words.joined(frames[name].say) if name in frames else ""
        yield f"  @{name}  {title}" + (f": {said}" if said else "")


def _named_frames(say: Sequence[str], frames: Mapping[str, Frame]) -> list[str]:
    """Frames that patterns name, and those that these name, each once."""
    found: dict[str, None] = {}
    waiting = [one[1:] for one in say if one.startswith("@")]
    while waiting:
        name = waiting.pop(0)
        if name not in found and (name in frames or name in BUILT_IN_FRAMES):
            found[name] = None
            waiting += [one[1:] for one in (frames[name].say if name in frames else ()) if one.startswith("@")]
    return list(found)


def _spelled_out(condition: Condition, frames: Mapping[str, Frame]) -> Iterator[str]:
    """All patterns of a condition, those of its frames instead of their names."""
    yield from (one for one in condition.say if not one.startswith("@"))
    for name in _named_frames(condition.say, frames):
        if name not in frames:
            yield f"@{name}"
            continue
        yield from (one for one in frames[name].say if not one.startswith("@"))


def said(example: Example, words: Words) -> str:
    """An example on one line."""
    return " / ".join(words.line(role, text) for role, text in example.lines())


def _files(rule: Rule, packs: Packs, words: Words) -> Iterator[str]:
    seen = set()
    for path, _ in packs.entries(rule.rule_id):
        seen.add(path)
        pack = packs.files.get(path)
        version = pack.pack.version if pack else "-"
        yield words("show_file", path=path, version=version)
    for path, pack in packs.files.items():
        # A ban's words lie in one file, the clauses that call for it in others.
        if path not in seen and any(one.ban == rule.rule_id for one in pack.described):
            yield words("show_file", path=path, version=pack.pack.version)
