"""Whatever is said, masking is stable and leaves no long run of digits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from deskguard.privacy.redact import NUMBER_MARK, redact

DIGITS = "0123456789０９零〇一二三四五六七八九幺洞"
SPEECH = st.text(alphabet=DIGITS + " -，。…、嗯@.abcX号窗我知", max_size=60)
LEFT = re.compile(rf"[{DIGITS}](?:[ \-，。…、嗯]{{0,2}}[{DIGITS}]){{5}}")


@given(SPEECH | st.text(max_size=80))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(SPEECH)
def test_no_run_of_six_digits_is_left(text: str) -> None:
    assert LEFT.search(redact(text)) is None


@given(st.text(alphabet=DIGITS, min_size=6, max_size=30), st.sampled_from(["", " ", "-", "，", "……", "嗯"]))
def test_a_number_is_one_mark_however_it_is_spaced(number: str, between: str) -> None:
    assert redact(between.join(number)) == NUMBER_MARK


@given(st.text(alphabet="我你他窗口办理请问的了吗", max_size=40))
def test_text_without_digits_is_untouched(text: str) -> None:
    assert redact(text) == text
