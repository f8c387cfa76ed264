"""Properties of the rules room: sameness is stable, spotting equals brute force, no file breaks the loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from deskguard.errors import DeskguardError
from deskguard.language.fillers import filler_groups
from deskguard.language.syllables import syllables, usual_syllables
from deskguard.language.text import Normalised, normalise, simplify
from deskguard.language.words import word_edges
from deskguard.rules.pack import Rule, RuleSet, load_packs
from deskguard.rules.spelling import PAUSE_SYLLABLES, Spelling, SpellingError, core, parse
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import SAMPLE_RATE_HZ, Passage
from rules_packs import HEADER, entry, pack_file, passage

texts = st.text(max_size=40) | st.text(alphabet="沒没时間间著着名瞭了望您你3１0号〇ＡaÉ，。“”… ", max_size=30)
syllables(normalise("热身"))  # the tables load once, outside any deadline
# Few characters, so that phrases, homophones (只 知, 到 道) and pauses meet often.
# 呢 is a filler, too, and what is said twice may be skipped.
ALPHABET = "我不知道只到自己看着呢"
PIECES = [
    "我不知道",
    "不知道",
    "不只到",
    "知道",
    "自己看",
    "我自己看",
    "看着呢",
    "你自己看",
    "去问",
    "你去问",
    "看着",
    "道自己",
]
words = st.sampled_from(PIECES) | st.text(alphabet=ALPHABET, min_size=2, max_size=4)
gaps = st.sampled_from(["，", "…", "{谁}", ""])
spellings = st.builds("".join, st.lists(st.builds(str.__add__, words, gaps), min_size=1, max_size=2))
heard = st.builds(
    "".join,
    st.lists(
        st.sampled_from([*PIECES, "，"]) | st.text(ALPHABET + "，。 ", max_size=3), min_size=1, max_size=6
    ),
)


@given(texts)
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once.chars).chars == once.chars


@given(texts)
def test_every_character_has_a_place_in_the_surface_text(text: str) -> None:
    once = normalise(text)
    assert len(once.origin) == len(once.ends) == len(once.chars)
    assert list(once.origin) == sorted(once.origin)
    assert all(0 <= start < end <= len(text) for start, end in zip(once.origin, once.ends, strict=True))
    assert all(0 < at <= len(once.chars) for at in once.breaks)


@given(texts)
def test_punctuation_and_case_do_not_alter_sameness(text: str) -> None:
    chars = normalise(text).chars
    assert normalise(f"“{text}”！").chars == chars
    assert normalise(simplify(text)).chars == chars


@given(texts)
def test_there_is_one_syllable_for_each_character(text: str) -> None:
    once = normalise(text)
    assert len(syllables(once)) == len(once.chars)


@given(
    st.lists(st.tuples(spellings, st.lists(spellings, max_size=2)), min_size=1, max_size=2), heard, st.data()
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_the_spotter_finds_what_comparing_at_every_position_finds(
    tmp_path: Path, phrases: list[tuple[str, list[str]]], text: str, data: st.DataObject
) -> None:
    where = data.draw(st.sampled_from(["say", "answer_only", "clause_end_only"]))
    entries = [
        entry(phrase, f"P{number}", **{where: more[:1]}, except_=more[1:])
        for number, (phrase, more) in enumerate(phrases)
    ]
    try:
        rules = load_packs([pack_file(tmp_path, *entries)])
    except DeskguardError:
        event("refused")
        return
    pauses = {at: data.draw(st.sampled_from([0.0, 1.0, 3.5])) for at in range(0, len(text), 7)}
    heard_at = passage(text, pauses=pauses)
    spotted = {
        (one.rule_id, one.variant, one.start_char, one.end_char, one.tier)
        for one in Spotter(rules).find(heard_at)
        if one.tier != "near"
    }
    event("found" if spotted else "nothing found")
    assert spotted == brute_force(rules, heard_at)


@given(st.text(max_size=200) | st.builds(HEADER.__add__, st.text(max_size=200)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_as_a_pack_is_rules_or_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    check_loads(path)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_as_a_pack_are_rules_or_an_error_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(content)
    check_loads(path)


values = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=8), max_size=3)
)


@given(
    st.dictionaries(
        st.sampled_from(["phrase", "say", "except_", "severity", "cooldown_s", "id", "odd"]), values
    ),
    st.text(max_size=12),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_entry_is_a_rule_or_an_error_with_a_remedy(
    tmp_path: Path, keys: dict[str, object], phrase: str
) -> None:
    check_loads(pack_file(tmp_path, entry(**{"phrase": phrase, **keys})))


@given(st.text(max_size=12) | spellings)
def test_any_spelling_has_words_or_is_refused(text: str) -> None:
    try:
        spelling = parse(text)
    except SpellingError:
        return
    assert spelling.syllables >= 2
    assert len(spelling.gaps) == len(spelling.pieces) - 1


def check_loads(path: Path) -> None:
    try:
        rules = load_packs([path])
    except DeskguardError as error:
        assert error.remedy
        assert str(path) in error.problem
        return
    Spotter(rules).find(passage("我不知道"))


# The oracle: no automaton, no piece list; each spelling is laid along the text at every position.

Place = tuple[int, int, bool]


def brute_force(rules: RuleSet, heard_at: Passage) -> set[tuple[str, str, int, int, str]]:
    text = normalise(heard_at.text)
    found: set[tuple[str, str, int, int, str]] = set()
    for rule in rules.rules.values():
        forms = forms_of(rule)
        laid = [(where, name, one, place) for where, name, one in forms for place in lay(one, text, heard_at)]
        excuses = [
            (one, place)
            for one in map(parse, rule.innocent)
            for place in lay(one, text, heard_at)
            if is_told_apart(one, place, text)
        ]
        kept = [
            (name, one, place)
            for where, name, one, place in laid
            if is_placed(where, one, place, text, short=rule.whole_words)
            and not any(excuses_it(excuse, place, laid) for excuse in excuses)
        ]
        # Sorting by rank and keeping what overlaps nothing kept: the longest first, then characters.
        kept.sort(key=lambda one: (-one[1].syllables, not one[2][2], one[2][1] - one[2][0], one[2][0], one[0]))
        taken: list[Place] = []
        for name, _, place in kept:
            if all(place[1] <= other[0] or other[1] <= place[0] for other in taken):
                taken.append(place)
                tier = "characters" if place[2] else "sound"
                found.add((rule.rule_id, name, text.origin[place[0]], text.ends[place[1] - 1], tier))
    return found


def forms_of(rule: Rule) -> list[tuple[str, str, Spelling]]:
    forms: list[tuple[str, str, Spelling]] = []
    seen: set[tuple[str, ...]] = set()
    for variant in rule.variants:
        for one in (parse(variant.text), core(parse(variant.text))):
            if one is not None and (variant.where, *one.pieces) not in seen:
                seen.add((variant.where, *one.pieces))
                forms.append((variant.where, variant.text, one))
    return forms


def lay(one: Spelling, text: Normalised, heard_at: Passage) -> set[Place]:
    """Every way to lay the pieces along the text, one after the other."""
    readings = (syllables(text), usual_syllables(text.chars))
    fillers = filler_groups(text)
    everything = list(range(len(text.chars)))
    views = [everything, [at for at in everything if not fillers[at]]]

    def fits(piece: str, at: int) -> set[tuple[int, bool]]:
        """Where the piece ends if it begins here, fillers and all, and whether in the pack's characters."""
        meant = (syllables(normalise(piece)), usual_syllables(piece))
        found: dict[int, bool] = {}
        for view in views:
            if at not in view:
                continue
            span = view[view.index(at) :][: len(piece)]
            within = range(at, span[-1] + 1)
            if len(span) < len(piece) or (
                len(within) > len(span) and (len(piece) < 3 or len({fillers[one] for one in within} - {0}) > 2)
            ):
                continue
            is_same = "".join(text.chars[one] for one in span) == piece
            if is_same or any(tuple(read[one] for one in span) in meant for read in readings):
                found[within.stop] = found.get(within.stop, False) or is_same
        return set(found.items())

    def rest(number: int, at: int) -> list[tuple[int, bool]]:
        ways: list[tuple[int, bool]] = []
        for end, is_same in fits(one.pieces[number], at):
            if number + 1 == len(one.pieces):
                ways.append((end, is_same))
                continue
            for start in range(end, min(end + one.gaps[number], len(text.chars) - 1) + 1):
                pause = heard_at.spans[text.origin[start]][0] - heard_at.spans[text.ends[end - 1] - 1][1]
                if pause <= 3 * SAMPLE_RATE_HZ:
                    ways += [(stop, same and is_same) for stop, same in rest(number + 1, start)]
        return ways

    return {(at, end, same) for at in range(len(text.chars)) for end, same in rest(0, at)}


def is_placed(where: str, one: Spelling, place: Place, text: Normalised, *, short: bool | None) -> bool:
    start, end, is_same = place
    tail = text.chars[end : min((at for at in text.breaks if at >= end), default=len(text.chars))]
    if where != "anywhere" and tail.strip("啊呀吧吗呢嘛哦噢喔啦哈哟呗么嗯了的"):
        return False
    before = text.chars[max((at for at in text.breaks if at <= start), default=0) : start]
    if (
        where == "answer"
        and before
        and not before.endswith(("我", "们", "我也", "们也", "这", "那", "个", "事"))
    ):
        return False
    if short is None and one.syllables > 4:
        return True
    fillers = filler_groups(text)
    pauses = [at for at in text.breaks if start < at < end and not fillers[at - 1] and not fillers[at]]
    if len(one.pieces) == 1 and pauses:
        return False
    edges = word_edges(text)
    if len(one.pieces) == 1 and not is_same:
        meant = text.chars[:start] + one.pieces[0] + text.chars[end:]
        longer = len(one.pieces[0]) - (end - start)
        breaks = frozenset(at if at <= start else at + longer for at in text.breaks if not start < at < end)
        as_meant = word_edges(Normalised(chars=meant, origin=(), ends=(), breaks=breaks))
        if start not in as_meant or end + longer not in as_meant:
            return False
    return start in edges and end in edges


def is_told_apart(one: Spelling, place: Place, text: Normalised) -> bool:
    crossed = sum(place[0] < at < place[1] for at in text.breaks)
    allowed = 0 if max(one.gaps, default=0) > PAUSE_SYLLABLES else len(one.gaps)
    return crossed <= allowed and place[0] in word_edges(text)


def excuses_it(
    excuse: tuple[Spelling, Place], place: Place, laid: list[tuple[str, str, Spelling, Place]]
) -> bool:
    wording, held = excuse
    if set(range(*held[:2])) < set(range(*place[:2])):
        return False
    shared = set(range(*held[:2])) & set(range(*place[:2]))
    return any(
        set(range(*inner[:2])) <= shared and (held[2] or wording.syllables > one.syllables)
        for _, _, one, inner in laid
    )


def test_the_oracle_itself_finds_the_plain_case(tmp_path: Path) -> None:
    rules = load_packs([pack_file(tmp_path, entry("我不知道，你去问{谁}"))])
    place = brute_force(rules, passage("我不知道啊，那个，你去问保安"))
    assert place == {("P1", "我不知道，你去问{谁}", 0, 12, "characters")}


@pytest.mark.parametrize("char", ["İ", "ﷺ", "㍿", "½", "٣", "²", "ⅷ", "①", "Å", "\u0301", "𠮷", "\x00"])
def test_odd_characters_keep_their_places(char: str) -> None:
    text = f"我{char}不"
    once = normalise(text)
    assert (once.origin[0], once.origin[-1], once.ends[-1]) == (0, len(text) - 1, len(text))
