"""What is asked of Whisper when it looks again, with a model that spells one character as one token."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from deskguard.hearing.layout import Decoded, Layout, TextTools, lay_out
from deskguard.hearing.second_look import SecondLook
from deskguard.hearing.timing import Piece
from deskguard.values import Suspect

TOOLS = TextTools(simplify=str, comparable=str)
SECOND = 16_000


class OneTokenEach:
    """A tokenizer whose tokens are characters."""

    sot_sequence = (1, 2, 3)
    tokenizer = SimpleNamespace(id_to_token=lambda token: "".join(_letters(chr(token))))

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]


def _letters(character: str) -> list[str]:
    """The bytes of a character in the byte-level spelling of the vocabulary."""
    others = [
        byte for byte in range(256) if byte not in {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    ]
    return [chr(256 + others.index(byte)) if byte in others else chr(byte) for byte in character.encode()]


@dataclass
class Hearer:
    """Believes the characters it heard and no others; a character lasts 0.2 s."""

    heard: str
    asked: list[str] = field(default_factory=list)

    def align(self, _encoded: Any, start: list[int], texts: list[list[int]], _frames: list[int]) -> list[Any]:
        assert start == [1, 2, 3]
        (tokens,) = texts
        self.asked.append("".join(map(chr, tokens)))
        return [
            SimpleNamespace(
                text_token_probs=[0.9 if chr(token) in self.heard else 0.01 for token in tokens],
                alignments=[(index, 10 * index) for index in range(len(tokens))],
            )
        ]


def part(*texts: str, start_sample: int = 0, alternatives: tuple[str, ...] = ()) -> Decoded:
    pieces = [
        Piece(text, (), start_sample + at * SECOND, start_sample + (at + 1) * SECOND)
        for at, text in enumerate(texts)
    ]
    others = tuple((Piece(text, (), start_sample, start_sample + SECOND),) for text in alternatives)
    return Decoded(
        pieces=tuple(pieces),
        alternatives=others,
        encoded=None,
        frames=100,
        start_sample=start_sample,
        log_probability=-0.3,
        no_speech_probability=0.1,
    )


def laid(*parts: Decoded) -> Layout:
    return lay_out(parts, TOOLS, 10 * SECOND)


def a_look(hearer: Hearer, *parts: Decoded) -> SecondLook:
    return SecondLook(hearer, OneTokenEach(), parts)


def test_a_wording_is_scored_in_its_place_beside_the_text_as_heard() -> None:
    hearer = Hearer("这个我不知道")
    one = part("这个我布之道")
    suspect = Suspect(start_char=2, end_char=6, wording="我不知道")
    (look,) = a_look(hearer, one).look(laid(one), [], [suspect])
    assert hearer.asked == ["这个我布之道", "这个我不知道"]
    assert look is not None
    # 布之道 was heard as 不知道: the two characters that differ were not believed.
    assert math.isclose(look.log_ratio, 2 * math.log(0.9 / 0.01))
    assert look.tokens == 2
    assert look.span == (2 * 3200, SECOND)


def test_each_text_is_asked_for_once() -> None:
    hearer = Hearer("我不知道")
    one = part("我布知道")
    second = a_look(hearer, one)
    suspect = Suspect(start_char=0, end_char=4, wording="我不知道")
    first = second.look(laid(one), [], [suspect, suspect])
    assert second.look(laid(one), [], [suspect]) == first[:1]
    second.place(laid(one))
    assert hearer.asked == ["我布知道", "我不知道"]


def test_a_wording_over_two_segments_makes_one_of_them() -> None:
    hearer = Hearer("有牌子自己看")
    one = part("有牌子", "自己砍", "您好")
    suspect = Suspect(start_char=0, end_char=7, wording="有牌子，自己看")
    (look,) = a_look(hearer, one).look(laid(one), [], [suspect])
    assert hearer.asked == ["有牌子自己砍您好", "有牌子自己看您好"]
    assert look is not None
    assert look.tokens == 1


def test_the_decoding_that_holds_the_place_is_asked() -> None:
    hearer = Hearer("自己看")
    parts = part("您好"), part("自己砍", start_sample=2 * SECOND)
    suspect = Suspect(start_char=3, end_char=6, wording="自己看")
    (look,) = a_look(hearer, *parts).look(laid(*parts), [], [suspect])
    assert hearer.asked == ["自己砍", "自己看"]
    assert look is not None
    assert look.span is not None
    assert look.span[0] == 2 * SECOND


def test_a_place_that_two_decodings_share_cannot_be_looked_at() -> None:
    hearer = Hearer("")
    parts = part("有牌子"), part("自己砍", start_sample=2 * SECOND)
    suspect = Suspect(start_char=0, end_char=7, wording="有牌子，自己看")
    assert a_look(hearer, *parts).look(laid(*parts), [], [suspect]) == [None]
    assert hearer.asked == []


def test_an_alternative_is_scored_as_it_reads() -> None:
    hearer = Hearer("自己看")
    one = part("自己砍", alternatives=("自己看",))
    other = lay_out([part("自己看")], TOOLS, 10 * SECOND)
    suspect = Suspect(start_char=0, end_char=3, wording="", alternative=0)
    (look,) = a_look(hearer, one).look(laid(one), [other], [suspect])
    assert hearer.asked == ["自己砍", "自己看"]
    assert look is not None
    assert look.log_ratio > 0


def test_characters_are_placed_by_the_same_call() -> None:
    one = part("您好", "请坐")
    hearer = Hearer("您好请坐")
    passage = a_look(hearer, one).place(laid(one)).passage()
    assert hearer.asked == ["您好请坐"]
    # Marks are not asked for. The second segment begins at 1 s: none of its characters can lie before.
    assert [begin for begin, _ in passage.spans] == [0, 3200, SECOND, SECOND, SECOND]


def test_a_text_too_long_for_the_decoder_is_not_asked_for() -> None:
    hearer = Hearer("")
    one = part("不" * 300)
    suspect = Suspect(start_char=0, end_char=2, wording="知道")
    assert a_look(hearer, one).look(laid(one), [], [suspect]) == [None]
    assert a_look(hearer, one).place(laid(one)).passage() == laid(one).passage()
    assert hearer.asked == []
