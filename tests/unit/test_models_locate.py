"""A name or path leads to a folder that can be loaded, or to an error that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.models.locate import installed, locate, verify
from models_values import TOKENS, a_catalogue, an_edition, model_files, write_model

CATALOGUE = a_catalogue(an_edition(model_files()))


def refusal(name: str, folder: Path) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        locate(name, folder, CATALOGUE)
    return caught.value


def test_a_name_leads_to_its_folder(tmp_path: Path) -> None:
    write_model(tmp_path / "mini")
    assert locate("mini", tmp_path, CATALOGUE) == tmp_path / "mini"


def test_a_path_leads_to_any_whisper_folder(tmp_path: Path) -> None:
    home = write_model(tmp_path / "elsewhere" / "mine", model_files(seed=3))
    assert locate(str(home), tmp_path / "models", CATALOGUE) == home


def test_an_imported_name_leads_to_its_folder(tmp_path: Path) -> None:
    write_model(tmp_path / "mine", model_files(seed=3))
    assert locate("mine", tmp_path, CATALOGUE) == tmp_path / "mine"
    assert installed(tmp_path) == ["mine"]


def test_a_missing_model_is_to_be_fetched(tmp_path: Path) -> None:
    error = refusal("mini", tmp_path)
    assert error.code == "model-missing"
    assert "deskguard models get mini" in error.remedy


@pytest.mark.parametrize("where", ["./nowhere", "~/nowhere-at-all", "a\\b"])
def test_a_path_that_is_no_folder_is_named(tmp_path: Path, where: str) -> None:
    assert refusal(where, tmp_path).code == "model-missing"


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    write_model(tmp_path / "mine")
    (tmp_path / "mine" / name).unlink()
    error = refusal(str(tmp_path / "mine"), tmp_path)
    assert error.code == "model-incomplete"
    assert name in error.problem


def test_a_vocabulary_as_json_will_do(tmp_path: Path) -> None:
    files = model_files()
    del files["vocabulary.txt"]
    write_model(tmp_path / "mine", files | {"vocabulary.json": json.dumps(["t"] * TOKENS).encode()})
    assert locate("mine", tmp_path, CATALOGUE) == tmp_path / "mine"
    (tmp_path / "mine" / "vocabulary.json").write_text("not json")
    assert refusal("mine", tmp_path).code == "model-damaged"


def test_a_short_file_is_found_by_its_size_at_every_start(tmp_path: Path) -> None:
    write_model(tmp_path / "mini")
    weights = tmp_path / "mini" / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    error = refusal("mini", tmp_path)
    assert error.code == "model-damaged"
    assert "5017 bytes, expected 5018" in error.problem


@pytest.mark.parametrize("name", ["mini.en", "small.en"])
def test_an_english_only_name_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(name, tmp_path).code == "english-only-model"


def test_an_english_only_folder_is_known_by_its_vocabulary(tmp_path: Path) -> None:
    write_model(tmp_path / "mine", model_files(tokens=TOKENS - 1))
    error = refusal("mine", tmp_path)
    assert error.code == "english-only-model"
    assert "51864" in error.problem


def test_a_folder_called_en_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "base.en")
    assert refusal(str(tmp_path / "base.en"), tmp_path).code == "english-only-model"


def test_another_kind_of_ctranslate2_model_is_refused(tmp_path: Path) -> None:
    write_model(
        tmp_path / "mine", model_files() | {"model.bin": b"\x06\0\0\0\x10\0TransformerSpec\0" + b"x" * 99}
    )
    assert refusal("mine", tmp_path).code == "wrong-model-kind"


def test_a_voice_detector_is_no_recogniser(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError) as caught:
        locate("silero-vad", tmp_path)
    assert caught.value.code == "wrong-model-kind"


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    write_model(tmp_path / "mine")
    error = refusal("mien", tmp_path)
    assert error.code == "unknown-model"
    assert "mine, mini" in error.problem


def test_verify_tells_good_flipped_short_missing_and_unpinned_apart(tmp_path: Path) -> None:
    write_model(tmp_path / "mini")
    write_model(tmp_path / "mine", model_files(seed=3))
    assert {one.sha for one in verify("mini", tmp_path, None, CATALOGUE)} == {"ok"}
    assert {one.sha for one in verify("mine", tmp_path, None, CATALOGUE)} == {"not pinned"}
    weights = tmp_path / "mini" / "model.bin"
    flipped = bytearray(weights.read_bytes())
    flipped[1000] ^= 1
    weights.write_bytes(flipped)
    (tmp_path / "mini" / "config.json").write_bytes(b"{")
    (tmp_path / "mini" / "tokenizer.json").unlink()
    found = {one.file: (one.sha, one.is_good) for one in verify("mini", tmp_path, None, CATALOGUE)}
    assert found == {
        "model.bin": ("wrong", False),
        "config.json": ("wrong", False),
        "tokenizer.json": ("missing", False),
        "vocabulary.txt": ("ok", True),
    }


def test_the_voice_detector_inside_the_package_is_the_pinned_one(tmp_path: Path) -> None:
    assert [(one.file, one.sha) for one in verify(None, tmp_path)] == [("silero_vad_v6.onnx", "ok")]


def test_verify_of_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError) as caught:
        verify("base", tmp_path)
    assert "models get base" in caught.value.remedy
