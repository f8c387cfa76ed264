"""A whole desk with the real voice encoder, and everything that leaves it: no voice is in any of it."""

from __future__ import annotations

import json
import logging
import pickle
import re
import threading
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casting_talk import a_casting
from deskguard import resources
from deskguard.desk.mind import Outcome
from deskguard.desk.replay import Replayer
from deskguard.desk.store import Store
from deskguard.hearing.media import read_recording
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.hearing.roles.voice import Embedder, Vector
from deskguard.rules.pack import load_packs
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Alert, Hypothesis, Passage, Pcm
from golden_recordings import FOLDER
from hearing_values import ScriptedRecogniser, silence
from rules_packs import entry, pack_file
from window_parts import PATIENCE_S, Desk

NAME = "demo_counter"
MOST_NUMBERS = 8
"""So many in a row are no coincidence: a vector has 286."""
ROW = re.compile(rf"(?:-?\d+\.\d+(?:[eE][-+]?\d+)?[\s,;\[\]]+){{{MOST_NUMBERS}}}")


def turns() -> list[dict[str, Any]]:
    import tomllib

    found: list[dict[str, Any]] = tomllib.loads((FOLDER / f"{NAME}.toml").read_text("utf-8"))["turn"]
    return found


def script() -> Passage:
    """All turns, each at an even pace in its place."""
    text, spans = "", []
    for turn in turns():
        marks = np.linspace(turn["start_s"], turn["end_s"], len(turn["text"]) + 1) * SAMPLE_RATE_HZ
        text += turn["text"]
        spans += list(pairwise(int(one) for one in marks))
    return Passage(text=text, spans=tuple(spans))


class Overheard:
    """The voice encoder, with every voice that it ever made kept for comparison."""

    def __init__(self) -> None:
        self._embedder = Embedder(resources.bundled("models/roles"))
        self.voices: list[Vector] = []

    def voice(self, pcm: Pcm) -> Vector:
        self.voices.append(self._embedder.voice(pcm))
        return self.voices[-1]


class Run:
    """A desk that has heard a whole conversation, and what left it."""

    def __init__(self, folder: Path, pack: Path) -> None:
        self.folder = folder
        self.encoder = Overheard()
        self.ears = OneMicrophone(self.encoder.voice)
        self.casting = a_casting(self.ears)
        desk = Desk(folder, [pack], recogniser=ScriptedRecogniser(script()), casting=self.casting)
        self.window = desk.window
        self.events: list[str] = []
        reader = threading.Thread(target=self._read, args=(desk,), daemon=True)
        reader.start()
        self.outcomes: list[Outcome] = []
        pcm = np.concatenate([one.pcm[0] for one in read_recording(FOLDER / f"{NAME}.flac")])
        heard = 0
        for turn in turns():
            # Turn by turn, because a desk that is told faster than it hears loses sound.
            until = int((turn["end_s"] + 0.45) * SAMPLE_RATE_HZ)
            desk.source.hear(pcm[heard:until])
            heard = until
            self._until_read(desk, heard)
        desk.source.hear(silence(2.0))
        # A visit's end is when the clerk's own voice is averaged.
        self.casting.end_visit(desk.source.position)
        desk.end()
        reader.join(PATIENCE_S)
        self.clerk = self.ears._clerk

    def _until_read(self, desk: Desk, sample: int) -> None:
        """Wait until the turn that ends here has been read."""
        while True:
            self.outcomes.append(desk.outcome())
            last = self.outcomes[-1]
            if isinstance(last, Hypothesis) and last.is_final and last.end_sample > sample - SAMPLE_RATE_HZ:
                return

    def _read(self, desk: Desk) -> None:
        self.events += list(desk.page.lines())


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_file(tmp_path_factory.mktemp("rules"), entry("我不知道", "T01", advice="我帮您问一下"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> Run:
    return Run(tmp_path_factory.mktemp("desk"), pack)


def told(run: Run, pack: Path) -> str:
    """All text that left: the page's events, today's list, replay's lines."""
    replayer = Replayer(
        Settings(),
        load_packs([pack]),
        ScriptedRecogniser(script()),  # type: ignore[arg-type]
        is_real_pace=False,
    )
    lines = replayer.lines(str(FOLDER / f"{NAME}.flac"))
    return "\n".join([*run.events, *(json.dumps(one, ensure_ascii=False) for one in lines)])


def numbers(voice: Vector) -> Iterator[str]:
    """The numbers of a voice as anybody would write them."""
    for one in voice[np.abs(voice) > 0.02]:
        yield from {repr(float(one)), str(np.float32(one)), f"{float(one):.8g}"}


def rows(value: object) -> Iterator[object]:
    """Every array, and every row of fractions, inside a value."""
    if isinstance(value, np.ndarray):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from rows(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from rows(tuple(value.values()))
    elif isinstance(value, list | tuple):
        if sum(isinstance(one, float) for one in value) >= MOST_NUMBERS:
            yield value
        for one in value:
            yield from rows(one)


def test_the_run_compared_voices_and_found_both_sides(run: Run) -> None:
    roles = {one.role for one in run.outcomes if isinstance(one, Hypothesis)}
    assert {"staff", "visitor"} <= roles
    assert len(run.encoder.voices) >= len(turns())
    assert run.clerk is not None
    shown = [one for one in run.outcomes if isinstance(one, Alert) and one.suppressed is None]
    assert {one.hit.role for one in shown} == {"staff"}


def test_no_file_of_the_desk_holds_a_number_of_a_voice(run: Run) -> None:
    clerk = np.asarray(run.clerk)
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" or "sqlite" in path.name for path in files) or len(files) > 1
    whole = b"\n".join(path.read_bytes() for path in files)
    assert len(whole) > 10_000
    for voice in [*run.encoder.voices, clerk]:
        singles, doubles = np.asarray(voice, "<f4"), np.asarray(voice, "<f8")
        kept = [at for at in range(voice.size - 1) if singles[at] and singles[at + 1]]
        # Two neighbours of four bytes, or one number of eight: either is eight bytes of chance.
        assert not [at for at in kept if singles[at : at + 2].tobytes() in whole]
        assert not [at for at in kept if doubles[at].tobytes() in whole]
        assert not [one for one in numbers(voice) if one.encode() in whole]
    assert ROW.search(whole.decode("latin-1")) is None


def test_the_store_keeps_roles_and_no_voice(run: Run) -> None:
    store = Store.open_reader(run.folder)
    found: dict[str, list[object]] = {}
    tables = store._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in store._connection.execute(f"SELECT * FROM {table}"):  # noqa: S608
            assert not [one for one in row if isinstance(one, bytes)]
            found.setdefault(table, []).append(row)
    store.close()
    assert {"utterances", "hits", "alerts"} <= set(found)


def test_nothing_that_is_told_holds_a_voice(run: Run, pack: Path) -> None:
    assert list(rows(run.outcomes)) == []
    text = told(run, pack)
    assert '"role": "staff"' in text
    assert ROW.search(text) is None
    for voice in [*run.encoder.voices, np.asarray(run.clerk)]:
        assert not [one for one in numbers(voice) if one in text]


def test_what_holds_voices_can_not_be_pickled(run: Run) -> None:
    for held in (run.ears, run.casting):
        with pytest.raises(TypeError, match="voices stay in memory"):
            pickle.dumps(held)


def test_no_log_holds_a_voice(tmp_path: Path, pack: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run = Run(tmp_path / "desk", pack)
    text = "\n".join(one.getMessage() + repr(one.args) for one in caplog.records)
    assert ROW.search(text) is None
    for voice in run.encoder.voices:
        assert not [one for one in numbers(voice) if one in text]
