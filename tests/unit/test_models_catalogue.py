"""The catalogue is strict, and the one that comes along says what it must."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from deskguard import resources
from deskguard.errors import DeskguardError
from deskguard.models.catalogue import load_catalogue

HASH = "0" * 64
GOOD = f"""
[[models]]
name = "mini"
kind = "whisper"
title = "t"
licence = "MIT"
source = "s"
[[models.editions]]
name = "one"
files = [{{ name = "model.bin", size = 10, sha256 = "{HASH}" }}, {{ name = "config.json", size = 2 }}]
"""
CARRIER = f"""
[[models.editions.carriers]]
project = "p"
version = "1.0"
size = 5
sha256 = "{HASH}"
members = [
  {{ path = "p/data/model.bin", file = "model.bin", part = 1 }},
  {{ path = "p/data/config.json", file = "config.json", part = 1 }},
]
"""


def load(folder: Path, text: str) -> DeskguardError | None:
    (folder / "models.toml").write_text(text, encoding="utf-8")
    try:
        load_catalogue(folder / "models.toml")
    except DeskguardError as error:
        return error
    return None


def test_every_model_of_ours_pins_every_file_and_names_licence_and_source() -> None:
    catalogue = load_catalogue()
    assert catalogue.names() == ["base", "tiny", "small", "medium"]
    for model in catalogue.models:
        assert model.licence == "MIT"
        assert model.source
        assert all(one.sha256 for edition in model.editions for one in edition.files)


def test_base_has_two_sets_of_carriers_before_the_hub() -> None:
    base = load_catalogue().model("base")
    carriers = [[one.project for one in edition.carriers] for edition in base.editions]
    assert [len(one) for one in carriers] == [2, 2]
    assert base.editions[0].hub is not None


def test_our_file_is_toml_without_surprises() -> None:
    text = resources.bundled("models/models.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == {"models"}


def test_a_catalogue_may_leave_a_hash_out(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) is None
    assert load(tmp_path, GOOD + CARRIER) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('licence = "MIT"', 'licence = "MIT"\nlisence = "MIT"', 'did you mean "licence"'),
        (HASH, "abc", "sha256"),
        ("size = 10", 'size = "10"', "size"),
        ("size = 10", "size = 0", "size"),
        ('name = "model.bin"', 'name = "../model.bin"', "files.0.name"),
        ('kind = "whisper"', 'kind = "parrot"', "kind"),
        ('title = "t"\n', "", "title"),
        ("part = 1 },\n]", "part = 2 },\n]", "parts [2] of config.json"),
        ('file = "config.json"', 'file = "other.json"', "other.json"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = GOOD + CARRIER
    assert old in text
    error = load(tmp_path, text.replace(old, new, 1) if old != HASH else text.replace(old, new))
    assert error is not None
    assert error.code == "bad-catalogue"
    assert told in error.problem


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    error = load(tmp_path, GOOD + GOOD)
    assert error is not None
    assert "mini" in error.problem


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("base.en", "english-only-model", "base"),
        ("bsae", "unknown-model", '"base"'),
        ("x", "unknown-model", "name"),
    ],
)
def test_an_unknown_name_is_refused_with_a_hint(name: str, code: str, told: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        load_catalogue().model(name)
    assert caught.value.code == code
    assert told in caught.value.remedy
