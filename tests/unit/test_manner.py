"""The book of manner, what calls for help, and a watch that never grows."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from deskguard.errors import DeskguardError
from deskguard.language.text import normalise
from deskguard.resources import bundled
from deskguard.settings import MannerSettings
from deskguard.values import Alert, Hit, MannerKind, Role
from deskguard.visits.help import SafeWord, is_abuse
from deskguard.visits.manner import MannerWatch, Normal
from deskguard.visits.manner_book import load_manner
from deskguard.visits.manner_turn import spoken_syllables, turn_of
from manner_talk import NORMAL, VISIT, Talk, a_pack, a_visit, at, said, the_book


def test_every_kind_of_manner_states_its_clauses() -> None:
    assert set(the_book().rules) == set(get_args(MannerKind))
    for rule in the_book().rules.values():
        assert rule.clauses
        assert all(
            ref.clause.startswith(f"{ref.standard}.") and ref.title and ref.quote for ref in rule.clauses
        )


def test_a_kind_is_in_force_when_a_loaded_standard_asks_for_it() -> None:
    book = load_manner([a_pack("s001")])
    assert "fast" not in book.rules
    assert {ref.standard for ref in book.rules["loud"].clauses} == {"s001"}
    watch = MannerWatch(book, MannerSettings(), NORMAL, "run")
    for number in range(4):
        told = watch.feed(said("staff", 5.0 * number, "这张表请在右下角写上名字", 1.5, lufs=-17.0), VISIT)
    assert {one.kind for one in told} == {"loud"}


def test_a_window_may_switch_a_kind_off() -> None:
    book = the_book().without(["manner.loud", "K.greet.hello"])
    assert set(the_book().rules) - set(book.rules) == {"loud"}


def test_a_watch_serves_one_visit_after_the_other() -> None:
    watch = MannerWatch(the_book(), MannerSettings(), NORMAL, "run")
    told = []
    for number in range(2):
        start = 100.0 * number
        manner = watch.begin(a_visit(f"v{number}", start))
        told += manner.feed(said("visitor", start, "我要带什么材料", 1.5))
        told += manner.tick(at(start + 12.0))
        told += manner.finish()
    assert [(one.kind, one.visit_id) for one in told] == [("unanswered", "v0"), ("unanswered", "v1")]


def test_the_quotes_are_those_of_the_coverage_of_standards() -> None:
    packs = {
        path.stem: path.read_text(encoding="utf-8") for path in bundled("config/standards/coverage").glob("*")
    }
    for rule in the_book().rules.values():
        for ref in rule.clauses:
            row = next(line for line in packs[ref.standard].splitlines() if f'clause = "{ref.clause}"' in line)
            quote = row.split('quote = "')[1].split('"')[0]
            assert ref.quote.startswith(quote)
            assert f'"manner.{rule.kind}"' in row


@pytest.mark.parametrize(
    ("text", "said_in_it"),
    [("[manner]\n", "manner"), ("manner = []\n", "words"), ("[[manner]]\nkind = 'angry'\n", "angry")],
)
def test_a_broken_book_is_refused_with_the_place(tmp_path: Path, text: str, said_in_it: str) -> None:
    path = tmp_path / "manner.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeskguardError) as refused:
        load_manner([], path)
    assert refused.value.code == "bad-manner"
    assert said_in_it in refused.value.problem
    assert str(path) in refused.value.problem


def test_calibration_comes_from_the_settings() -> None:
    assert Normal.of(MannerSettings()) == Normal()
    settings = MannerSettings(normal_lufs=-27.5, normal_syllables_per_s=4.8)
    assert Normal.of(settings) == Normal(loudness_lufs=-27.5, syllables_per_s=4.8)


@pytest.mark.parametrize(
    ("text", "syllables"),
    [("您好请坐", 4), ("带VIP卡", 5), ("用OFD格式", 6), ("打开Windows", 4), ("交35元", 5), ("", 0)],
)
def test_syllables_are_counted_as_they_are_spoken(text: str, syllables: int) -> None:
    assert spoken_syllables(normalise(text)) == syllables


def test_what_has_no_words_or_no_sound_is_no_turn() -> None:
    assert turn_of(said("staff", 0.0, "", 1.0), the_book()) is None
    assert turn_of(replace(said("staff", 0.0, "您好"), sound=None), the_book()) is None


def test_a_day_of_talk_takes_no_more_memory_than_an_hour() -> None:
    talk = Talk(Normal())
    sizes = []
    for hour in range(3):
        for number in range(400):
            start = 3600.0 * hour + 9.0 * number
            talk.visitor(start, "我要带什么材料", 1.5)
            talk.staff(start + 2.0, "身份证和户口本就可以了", 2.2)
        sizes.append(_size(talk.watch))
    assert sizes[2] == pytest.approx(sizes[1], rel=0.05)


def _size(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of an object and all that it holds."""
    seen = seen if seen is not None else set()
    if id(thing) in seen or isinstance(thing, type):
        return 0
    seen.add(id(thing))
    inner: list[object] = []
    if isinstance(thing, dict):
        inner = [*thing.keys(), *thing.values()]
    elif hasattr(thing, "__iter__") and not isinstance(thing, str | bytes):
        inner = list(thing)
    names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
    inner += [getattr(thing, name) for name in names if hasattr(thing, name)]
    return sys.getsizeof(thing) + sum(_size(one, seen) for one in inner)


# Help


@pytest.mark.parametrize("text", ["麻烦拿一下蓝色文件夹", "麻烦拿一下，兰色文件家。"])
def test_the_safe_word_calls_however_it_is_spelled(text: str) -> None:
    call = SafeWord("蓝色文件夹").heard(said("staff", 1.0, text))
    assert call is not None
    assert call.by == "safe-word"
    assert at(1.8) <= call.at_sample <= at(2.4)


@pytest.mark.parametrize(
    ("word", "role", "text", "calls"),
    [
        ("", "staff", "麻烦拿一下蓝色文件夹", False),
        ("蓝色文件夹", "staff", "麻烦拿一下蓝色的", False),
        ("蓝色文件夹", "unknown", "蓝色文件夹", True),
        ("蓝色文件夹", "visitor", "蓝色文件夹", False),
    ],
)
def test_only_the_word_of_somebody_who_may_be_the_clerk_calls(
    word: str, role: Role, text: str, calls: bool
) -> None:
    assert (SafeWord(word).heard(said(role, 0.0, text)) is not None) is calls


def test_a_doubtful_visitor_may_be_a_clerk_in_need() -> None:
    doubtful = replace(said("visitor", 0.0, "蓝色文件夹"), role_confidence=0.7)
    assert SafeWord("蓝色文件夹").heard(doubtful) is not None


def an_alert(kind: str, role: Role, **changes: object) -> Alert:
    table: dict[str, object] = {
        "hit_id": "h",
        "utterance_id": 1,
        "rule_id": "C03",
        "variant": "",
        "tier": "characters",
        "heard": "",
        "state": "confirmed",
        "confidence": 0.9,
        "start_sample": 0,
        "end_sample": 1,
        "role": role,
    }
    hit = Hit(**(table | changes))  # type: ignore[arg-type]
    return Alert(
        hit=hit, phrase="", advice="", severity="high", clauses=(), raised_ns=0, raised_sample=0, kind=kind
    )


def test_a_visitors_insults_and_threats_speak_for_the_clerk() -> None:
    assert is_abuse(an_alert("insult", "visitor"))
    assert is_abuse(an_alert("threat", "visitor"))
    assert not is_abuse(an_alert("insult", "staff"))
    assert not is_abuse(an_alert("insult", "unknown"))
    assert not is_abuse(an_alert("phrase", "visitor"))
    assert not is_abuse(an_alert("insult", "visitor", softened=True))
    assert not is_abuse(an_alert("insult", "visitor", state="withdrawn"))
