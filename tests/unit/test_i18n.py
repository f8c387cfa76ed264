"""The catalogue: both languages say the same things, and say all that the page asks for."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import deskguard.desk.screen
from deskguard import resources
from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue
from deskguard.values import MannerKind

STATIC = Path(deskguard.desk.screen.__file__).parent / "static"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def test_languages_have_the_same_keys() -> None:
    first, second = (set(catalogue.load(language)) for language in catalogue.LANGUAGES)
    assert first == second


def test_languages_have_the_same_placeholders() -> None:
    first, second = (catalogue.load(language) for language in catalogue.LANGUAGES)
    differing = [
        key for key in first if set(PLACEHOLDER.findall(first[key])) != set(PLACEHOLDER.findall(second[key]))
    ]
    assert differing == []


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_texts_are_filled_and_can_be_formatted(language: str) -> None:
    for key, text in catalogue.load(language).items():
        joins = key.endswith((".comma", "_between"))
        assert (text if joins else text.strip()) == text != "", key
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert "{" not in text.format(**dict.fromkeys(names, "x")), key


def test_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(DeskguardError, match="zh-CN, en") as caught:
        catalogue.load("fr")
    assert caught.value.code == "unknown-language"


def test_every_key_the_page_names_is_in_the_catalogue() -> None:
    named = set(
        re.findall(r'data-i18n(?:-label)?="([^"]+)"', (STATIC / "page.html").read_text(encoding="utf-8"))
    )
    for script in STATIC.glob("*.js"):
        named |= set(re.findall(r'\bt\(\s*"([a-z_]+\.[A-Za-z_-]+)"', script.read_text(encoding="utf-8")))
    assert len(named) > 40
    assert named - set(catalogue.load("en")) == set()


@pytest.mark.parametrize("family", ["state", "idle"])
def test_every_state_of_the_page_has_words(family: str) -> None:
    states = ["starting", "listening", "paused", "microphone-lost", "stopped"]
    states += ["connecting", "reconnecting", "refused", "retired"]
    endings = {"state": [""], "idle": ["_title", "_body"]}[family]
    wanted = {f"{family}.{state}{ending}" for state in states for ending in endings}
    assert wanted - set(catalogue.load("en")) == set()


def test_every_act_of_courtesy_has_its_name_in_both_languages() -> None:
    courtesy = tomllib.loads(resources.bundled("config/language/courtesy.toml").read_text(encoding="utf-8"))
    names = {f"act.{one['id']}": one["name"] for one in courtesy["act"]}
    texts = catalogue.load("zh-CN")
    assert {key: text for key, text in texts.items() if key.startswith("act.")} == names


@pytest.mark.parametrize("kind", get_args(MannerKind))
def test_every_kind_of_manner_has_a_name(kind: str) -> None:
    assert f"manner.{kind}" in catalogue.load("en")


@pytest.mark.parametrize(
    "code",
    [
        "microphone-lost",
        "staff-microphone-lost",
        "visitor-microphone-lost",
        "staff-microphone-silent",
        "visitor-microphone-silent",
        "microphones-swapped",
        "microphones-alike",
        "store-failing",
        "rules-rejected",
        "slow-cpu",
        "clock-jump",
        "hall-rules-refused",
        "hall-settings-refused",
        "hall-settings-waiting",
    ],
)
def test_every_note_has_a_title_and_a_remedy(code: str) -> None:
    assert {f"banner.{code}_title", f"banner.{code}_remedy"} <= set(catalogue.load("en"))
