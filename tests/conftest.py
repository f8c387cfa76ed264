"""What every folder of tests may use: settings, a store, a clock wound by hand, the real model, recordings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import golden_recordings
from deskguard.desk.store import Store
from deskguard.settings import Settings
from hearing_values import HandClock

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet

ROOT = Path(__file__).resolve().parents[1]
# The metrics of the benches are tested, too; bench/ is no package of the project.
sys.path.append(str(ROOT))

# No deadline: how long an example takes on a busy machine says nothing about the code.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("desk")


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return Settings()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "desk", "window-1")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The weights of base, or a skip that says how to get them."""
    folder = ROOT / "models" / "base"
    if not (folder / "model.bin").is_file():
        pytest.skip(f"no weights in {folder}: run deskguard models get base")
    return folder


@pytest.fixture(scope="session")
def recogniser(model_folder: Path) -> Recogniser:
    """The real model, loaded once."""
    from deskguard.desk.compose import load_recogniser

    assert model_folder.is_dir()
    return load_recogniser(Settings())


@pytest.fixture(scope="session")
def standards() -> RuleSet:
    """The rule packs that come with deskguard."""
    from deskguard.desk.compose import load_rules

    return load_rules(Settings())


@pytest.fixture(scope="session")
def recording() -> Callable[[str], golden_recordings.Recording]:
    """A recording of fixtures/audio by its name, with its manifest."""
    return golden_recordings.load
