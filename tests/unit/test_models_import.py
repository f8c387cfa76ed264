"""Weights that come on a stick: recognised by their hashes, copied whole or not at all."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.models.importing import Imported, import_model
from deskguard.models.staging import PREFIX
from models_values import TOKENS, a_catalogue, an_edition, carry, model_files, write_model

CATALOGUE = a_catalogue(an_edition(model_files()))


def bring(path: Path, folder: Path, name: str | None = None) -> Imported:
    return import_model(path, folder, name, None, CATALOGUE)


def refusal(path: Path, folder: Path, name: str | None = None) -> DeskguardError:
    before = sorted(folder.rglob("*"))
    with pytest.raises(DeskguardError) as caught:
        bring(path, folder, name)
    assert sorted(folder.rglob("*")) == before
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "models"
    home.mkdir()
    return home


def test_a_known_model_is_recognised_whatever_its_folder_is_called(tmp_path: Path, folder: Path) -> None:
    source = write_model(tmp_path / "snapshot-4711")
    done = bring(source, folder)
    assert done == Imported(name="mini", path=folder / "mini", is_known=True)
    assert sorted(one.name for one in done.path.iterdir()) == sorted(model_files())
    assert [one.name for one in folder.iterdir()] == ["mini"]
    assert sorted(one.name for one in source.iterdir()) == sorted(model_files())


def test_importing_twice_says_so(tmp_path: Path, folder: Path) -> None:
    source = write_model(tmp_path / "mini")
    bring(source, folder)
    assert bring(source, folder).already_here


def test_a_damaged_model_in_place_is_replaced_by_a_good_one(tmp_path: Path, folder: Path) -> None:
    write_model(folder / "mini", model_files() | {"config.json": b"[]"})
    done = bring(write_model(tmp_path / "stick"), folder)
    assert not done.already_here
    assert (folder / "mini" / "config.json").read_bytes() == b"{}"


def test_another_model_comes_in_under_its_folders_name_with_a_note(tmp_path: Path, folder: Path) -> None:
    done = bring(write_model(tmp_path / "tuned", model_files(seed=9)), folder)
    assert done == Imported(name="tuned", path=folder / "tuned", is_known=False)


def test_another_model_does_not_displace_one_of_its_name(tmp_path: Path, folder: Path) -> None:
    bring(write_model(tmp_path / "a" / "tuned", model_files(seed=9)), folder)
    error = refusal(write_model(tmp_path / "b" / "tuned", model_files(seed=8)), folder)
    assert error.code == "model-name-taken"
    assert bring(tmp_path / "b" / "tuned", folder, "tuned-2").name == "tuned-2"


def test_a_model_that_calls_itself_after_a_known_one_is_held_to_its_hash(tmp_path: Path, folder: Path) -> None:
    error = refusal(write_model(tmp_path / "mini", model_files(seed=9)), folder)
    assert error.code == "model-wrong-hash"
    assert "expected" in error.problem
    error = refusal(write_model(tmp_path / "tuned", model_files(seed=9)), folder, "mini")
    assert error.code == "model-wrong-hash"


def test_weights_of_a_known_model_with_a_foreign_tokenizer_are_refused(tmp_path: Path, folder: Path) -> None:
    error = refusal(write_model(tmp_path / "x", model_files() | {"tokenizer.json": b"{}"}), folder)
    assert "tokenizer.json" in error.problem


def test_a_model_is_found_on_a_stick_among_other_files(tmp_path: Path, folder: Path) -> None:
    stick = tmp_path / "stick"
    write_model(stick / "deskguard" / "mini")
    (stick / "holiday.jpg").write_bytes(b"x" * 100)
    (stick / "deskguard" / "mini" / "autorun.exe").write_bytes(b"MZ")
    done = bring(stick, folder)
    assert not (done.path / "autorun.exe").exists()


def test_of_several_models_on_a_stick_one_must_be_named(tmp_path: Path, folder: Path) -> None:
    write_model(tmp_path / "stick" / "mini")
    write_model(tmp_path / "stick" / "tuned", model_files(seed=9))
    assert refusal(tmp_path / "stick", folder).code == "several-models"
    assert bring(tmp_path / "stick", folder, "tuned").name == "tuned"


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_imported(tmp_path: Path, folder: Path, kind: str) -> None:
    path = pack(tmp_path / f"mini.{kind}", {f"some/where/{name}": one for name, one in model_files().items()})
    assert bring(path, folder) == Imported(name="mini", path=folder / "mini", is_known=True)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_cannot_write_outside_its_place(tmp_path: Path, folder: Path, kind: str) -> None:
    files = {f"../../{name}": one for name, one in model_files(seed=9).items()}
    path = pack(tmp_path / f"evil.{kind}", files | {"/tmp/evil": b"x", "../../../evil": b"x"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DeskguardError):
        bring(path, folder)
    done = bring(path, folder, "caught")
    assert sorted(one.name for one in done.path.iterdir()) == sorted(model_files())
    outside = [one for one in sorted(tmp_path.rglob("*")) if done.path not in (one, *one.parents)]
    assert outside == before


def test_a_truncated_archive_is_refused(tmp_path: Path, folder: Path) -> None:
    whole = pack(tmp_path / "a.zip", model_files())
    (tmp_path / "b.zip").write_bytes(whole.read_bytes()[:-300])
    assert refusal(tmp_path / "b.zip", folder).code == "model-source-unreadable"
    whole = pack(tmp_path / "a.tar", model_files())
    (tmp_path / "b.tar").write_bytes(whole.read_bytes()[:3000])
    assert refusal(tmp_path / "b.tar", folder).code == "model-source-unreadable"


def test_a_flipped_bit_in_an_archive_is_refused(tmp_path: Path, folder: Path) -> None:
    content = bytearray(pack(tmp_path / "a.zip", model_files()).read_bytes())
    content[1000] ^= 1
    (tmp_path / "b.zip").write_bytes(content)
    assert refusal(tmp_path / "b.zip", folder).code == "model-source-unreadable"


def test_carrier_wheels_on_a_stick_are_imported(tmp_path: Path, folder: Path) -> None:
    files = model_files()
    catalogue = a_catalogue(an_edition(files, carry(tmp_path / "stick", "carrier", files)))
    done = import_model(tmp_path / "stick", folder, None, None, catalogue)
    assert done == Imported(name="mini", path=folder / "mini", is_known=True)
    assert (done.path / "model.bin").read_bytes() == files["model.bin"]


def test_half_of_the_carrier_wheels_is_refused(tmp_path: Path, folder: Path) -> None:
    files = model_files()
    catalogue = a_catalogue(an_edition(files, carry(tmp_path / "stick", "carrier", files)))
    next((tmp_path / "stick").glob("*part2*")).unlink()
    with pytest.raises(DeskguardError) as caught:
        import_model(tmp_path / "stick", folder, None, None, catalogue)
    assert caught.value.code == "model-wrong-hash"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (model_files(seed=2, tokens=TOKENS - 1), "english-only-model"),
        ({"model.bin": b"x"}, "model-incomplete"),
        (model_files() | {"model.bin": b"a letter"}, "wrong-model-kind"),
        ({"notes.txt": b"x"}, "model-incomplete"),
    ],
)
def test_what_is_no_multilingual_whisper_model_is_refused(
    tmp_path: Path, folder: Path, files: dict[str, bytes], code: str
) -> None:
    assert refusal(write_model(tmp_path / "thing", files), folder).code == code


def test_a_folder_called_en_is_refused(tmp_path: Path, folder: Path) -> None:
    assert refusal(write_model(tmp_path / "tiny.en", model_files(seed=4)), folder).code == "bad-model-name"


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "x" * 99])
def test_a_name_that_would_be_a_path_is_refused(tmp_path: Path, folder: Path, name: str) -> None:
    assert refusal(write_model(tmp_path / "x"), folder, name).code == "bad-model-name"


def test_what_does_not_exist_or_is_no_archive_is_refused(tmp_path: Path, folder: Path) -> None:
    assert refusal(tmp_path / "nowhere", folder).code == "file-missing"
    (tmp_path / "letter.txt").write_text("dear all")
    assert refusal(tmp_path / "letter.txt", folder).code == "model-source-unreadable"


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path, folder: Path) -> None:
    left = write_model(folder / f"{PREFIX}999999999-abc" / "mini")
    bring(write_model(tmp_path / "mini"), folder)
    assert not left.exists()
    assert [one.name for one in folder.iterdir()] == ["mini"]


def pack(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path
