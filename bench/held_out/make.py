"""Texts in, the held-out set out: sentences in three conditions, days at a counter by one and two microphones.

    PYTHON bench/held_out/make.py --say PATH_TO_say.py --out FOLDER [--noise TABLE.tsv]

FOLDER (outside the repository) gets wav/ and the tables that README.md names. Speech is made once and kept in
FOLDER/speech, so that a second run goes on where the first stopped; rooms and noise are drawn from names, so
that the set is the same whenever it is made. TABLE lists recorded noises (TSV: file, seconds, kind): half of
the days stand in them, and in babble like the others where there is no table. PYTHON and say.py are those of
fixtures/make.py. What a line holds is in bench/README.md; `events`, `noise` and `visitor_db` are for people.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

import sounds
from halls import LEVEL_DB, Day, Halls, babbles_of, far_off, in_babble, recorded_noises, rng
from sounds import RATE_HZ, Sound, gain
from talks import HERE, Laid, Line, day_line, lay, sentences, talkers
from voices import VoiceMaker

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_TAIL_S = 6.0


class Folder:
    """Where the set goes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, file: str, channels: Sound) -> None:
        """(samples,) or (samples, channels) as 16-bit WAV; what is over full scale is cut off."""
        import soundfile

        path = self._path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        pcm = np.clip(np.rint(channels * 32767), -32768, 32767).astype(np.int16)
        soundfile.write(path, pcm, RATE_HZ, subtype="PCM_16")

    def table(self, name: str, lines: list[Line]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        part = self._path / f"{name}.part"
        part.write_text(text, "utf-8")
        part.replace(self._path / f"{name}.jsonl")
        print(f"{name}.jsonl: {len(lines)} recordings", flush=True)


def tracks(laid: list[Laid]) -> dict[str, Sound]:
    """Staff and visitors apart, at the level of their mouths."""
    samples = max(one.end for one in laid) + round(DAY_TAIL_S * RATE_HZ)
    apart = {"staff": np.zeros(samples), "visitor": np.zeros(samples)}
    for one in laid:
        sound = one.said.sound[: samples - one.at]
        apart[one.role][one.at : one.at + len(sound)] += sound * gain(one.level_db)
    return apart


def speech_rms(laid: list[Laid]) -> float:
    parts = [one.said.sound[one.said.start : one.said.end] * gain(LEVEL_DB) for one in laid]
    return sounds.rms(np.concatenate(parts))


def make_days(folder: Folder, maker: VoiceMaker, days: list[Line], halls: Halls) -> None:
    tables: dict[str, list[Line]] = {"dry": [], "hall": [], "two": []}
    for number, script in enumerate(days):
        name, laid = script["name"], lay(script, maker)
        # The clerk sits nearer to the one microphone.
        visitor_db = round(float(rng(f"{name} near").uniform(-5.0, -1.0)), 1)
        day = Day(name=name, number=number, apart=tracks(laid), level=speech_rms(laid), visitor_db=visitor_db)
        line, (hall, noise) = day_line(script, laid), halls.one(day)
        dry, two = halls.dry(day), halls.two(day)
        one = {"visitor_db": visitor_db}
        for where, condition, sound, how in (
            ("dry", "clean", dry, one),
            ("hall", "hall", hall, one | {"noise": noise}),
            ("two", "two_mic", two, {}),
        ):
            file = f"wav/days/{name}-{where}.wav"
            folder.write(file, sound)
            known = {"file": file, "condition": condition, "duration_s": round(len(sound) / RATE_HZ, 3)}
            tables[where].append(line | known | how)
        print(f"day {name}: {len(laid)} turns, {len(dry) / RATE_HZ / 60:.1f} min", flush=True)
    for where, lines in tables.items():
        folder.table(f"days_given_{where}", lines)
        folder.table(f"days_found_{where}", [line | {"speakers": _untold(line)} for line in lines])


def _untold(line: Line) -> list[Line]:
    """The speakers with one more, who never speaks and is of neither role: bench/reading.py then tells none."""
    return [*line["speakers"], {"role": "nobody", "start_s": 0.0, "end_s": 0.0}]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--say", type=Path, required=True, help="the voice maker's say.py")
    parser.add_argument("--noise", type=Path, metavar="TABLE", help="recorded noises, as a TSV table")
    parser.add_argument("--out", type=Path, default=Path.home() / ".cache" / "deskguard-held-out")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    folder, maker = Folder(options.out), VoiceMaker(options.say, options.out / "speech")
    script = tomllib.loads((HERE / "days.toml").read_text("utf-8"))
    made = sentences(maker)
    babbles = babbles_of(talkers(script["talkers"], maker))
    conditions: dict[str, Callable[[str, Sound], Sound]] = {
        "clean": lambda _, clean: clean,
        "babble10": lambda file, clean: in_babble(file, clean, babbles),
        "far": far_off,
    }
    for condition, heard in conditions.items():
        lines = []
        for line, clean in made:
            file = line["file"].replace("/clean/", f"/{condition}/")
            lines.append(line | {"file": file, "condition": condition})
            folder.write(file, heard(file, clean))
        folder.table(f"sentences_{condition}", lines)
    make_days(folder, maker, script["day"], Halls(babbles, recorded_noises(options.noise)))


if __name__ == "__main__":
    main()
