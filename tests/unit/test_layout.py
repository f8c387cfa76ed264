"""From Whisper's segments to a passage."""

from __future__ import annotations

from deskguard.hearing.layout import Decoded, Layout, TextTools, lay_out
from deskguard.hearing.timing import Piece

TOOLS = TextTools(
    simplify=lambda text: text.replace("說", "说"), comparable=lambda text: "".join(filter(str.isalnum, text))
)


def decoded(*pieces: Piece, no_speech_probability: float = 0.1) -> Decoded:
    return Decoded(
        pieces=pieces,
        alternatives=(),
        encoded=None,
        frames=100,
        start_sample=0,
        log_probability=-0.3,
        no_speech_probability=no_speech_probability,
    )


def piece(text: str, start: int, end: int) -> Piece:
    return Piece(text, (), start, end)


def texts(layout: Layout) -> list[str]:
    """What each segment is said to hold of the passage."""
    text = layout.passage().text
    return [text[one.start_char : one.end_char] for one in layout.laid]


def test_segments_are_parted_by_a_mark_and_know_their_characters() -> None:
    layout = lay_out([decoded(piece("您好", 0, 800), piece("說吧", 1600, 3200))], TOOLS, 4000)
    assert layout.passage().text == "您好，说吧"
    assert texts(layout) == ["您好", "说吧"]
    assert layout.passage().span(0, 2) == (0, 800)
    assert layout.passage().span(3, 5) == (1600, 3200)


def test_several_decodings_make_one_passage() -> None:
    parts = [decoded(piece("您好", 0, 800)), decoded(piece("请说", 1600, 3200))]
    layout = lay_out(parts, TOOLS, 4000)
    assert layout.passage().text == "您好，请说"
    assert [one.part for one in layout.laid] == [0, 1]


def test_credits_doubtful_courtesies_and_empty_segments_are_left_out() -> None:
    pieces = (
        piece("您好", 0, 800),
        piece("…", 800, 900),
        piece("谢谢观看", 900, 1600),
        piece("再见", 1600, 1700),
    )
    assert lay_out([decoded(*pieces)], TOOLS, 4000).passage().text == "您好，再见"
    unsure = decoded(*pieces, no_speech_probability=0.8)
    assert lay_out([unsure], TOOLS, 4000).passage().text == "您好"


def test_no_character_lies_behind_the_end_of_the_window() -> None:
    passage = lay_out([decoded(piece("您好", 0, 8000))], TOOLS, 5000).passage()
    assert passage.spans[-1][1] == 5000
