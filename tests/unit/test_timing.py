"""From token times to character spans."""

from __future__ import annotations

from itertools import pairwise

from deskguard.hearing.timing import Piece, TokenTime, character_spans, interpolated_spans

# Letters of the byte-level vocabulary for the bytes of 我 (E6 88 91) and 不 (E4 B8 8D).
WO, BU = "æĪĳ", "ä¸į"


def piece(text: str, *times: TokenTime, end: int = 16_000) -> Piece:
    return Piece(text, tuple(range(len(times))), 0, end, times)


def test_interpolated_spans_share_the_piece_evenly_and_wholly() -> None:
    spans = interpolated_spans(Piece("我不知道", (), 1000, 2001))
    assert spans[0][0] == 1000
    assert spans[-1][1] == 2001
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert {end - begin for begin, end in spans} <= {250, 251}


def test_no_text_has_no_spans() -> None:
    assert interpolated_spans(Piece("", (), 0, 100)) == []
    assert character_spans(piece("")) == []


def test_characters_begin_where_their_tokens_do() -> None:
    spans = character_spans(piece("我不", TokenTime(WO, 320), TokenTime(BU, 8000)))
    assert spans == [(320, 8000), (8000, 16_000)]


def test_a_token_of_two_characters_is_shared_between_them() -> None:
    spans = character_spans(piece("我不", TokenTime(WO + BU, 1000), end=7000))
    assert spans == [(1000, 4000), (4000, 7000)]


def test_a_character_of_two_tokens_begins_with_the_first() -> None:
    spans = character_spans(piece("我", TokenTime(WO[:1], 640), TokenTime(WO[1:], 9000)))
    assert spans == [(640, 16_000)]


def test_a_token_without_a_time_begins_where_the_one_before_did() -> None:
    spans = character_spans(piece("我不", TokenTime(WO, 640), TokenTime(BU, None)))
    assert spans[1][0] == spans[0][0] == 640


def test_times_never_go_back() -> None:
    spans = character_spans(piece("我不我", TokenTime(WO, 5000), TokenTime(BU, 320), TokenTime(WO, 9600)))
    assert spans == sorted(spans)
    assert all(begin <= end for begin, end in spans)


def test_a_token_after_the_end_of_the_piece_moves_the_end() -> None:
    spans = character_spans(piece("我不", TokenTime(WO, 0), TokenTime(BU, 20_000), end=16_000))
    assert spans[-1] == (20_000, 20_000)


def test_tokens_that_spell_another_text_fall_back_to_even_spans() -> None:
    tampered = piece("我不", TokenTime(WO, 8000))
    assert character_spans(tampered) == interpolated_spans(tampered)


def test_a_letter_outside_the_vocabulary_falls_back_to_even_spans() -> None:
    odd = piece("我", TokenTime("我", 8000))
    assert character_spans(odd) == interpolated_spans(odd)


def test_ascii_spells_itself_and_space_is_the_usual_letter() -> None:
    spans = character_spans(piece(" A3", TokenTime("Ġ", 0), TokenTime("A3", 3200), end=6400))
    assert spans == [(0, 3200), (3200, 4800), (4800, 6400)]
