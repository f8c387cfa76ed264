"""Clean speech in, what microphones in a hall hear of it out: babble, rooms, one microphone, two.

Every noise and room is drawn from the name of its recording. Signal-to-noise ratios are RMS of the speech, from
its first to its last audible sample (of a day: of all turns, pauses left out), against RMS of the noise.
"""

from __future__ import annotations

import csv
import re
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

import sounds
from sounds import RATE_HZ, Sound, gain
from voices import audible

LEVEL_DB, FLOOR_DBFS = -6.0, -75.0
FAR_DB, NEAR_DB = -2.0, 8.0
"""Direct sound over the echo."""
SENTENCE_DB, HALL_DB, TWO_DB = 10.0, 15.0, 20.0
"""Speech over the noise: of a sentence, of a day by one microphone and by two."""
CROSSTALK_DB, CROSSTALK_SAMPLES = -12.0, 47
BABBLES, BABBLE_S = 4, 60
_NOISES = re.compile("restaurant|crowd|supermarket|pub")


def rng(name: str) -> np.random.Generator:
    """The chance that belongs to a recording."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def in_babble(file: str, clean: Sound, babbles: list[Sound]) -> Sound:
    """A sentence with the hall's babble below it."""
    chance = rng(file)
    noise = babbles[int(chance.integers(len(babbles)))]
    level = sounds.rms(clean[slice(*audible(clean))])
    return clean + excerpt(noise, len(clean), chance) * level * gain(-SENTENCE_DB)


def far_off(file: str, clean: Sound) -> Sound:
    """A sentence across the room, as loud as it was: what has changed is clarity, not level."""
    chance = rng(file)
    heard = sounds.in_room(clean, FAR_DB, float(chance.uniform(0.4, 0.8)), chance)
    spoken = slice(*audible(clean))
    return heard * (sounds.rms(clean[spoken]) / sounds.rms(heard[spoken]))


def excerpt(noise: Sound, samples: int, chance: np.random.Generator) -> Sound:
    """A stretch of a noise from a random place, RMS 1, going round where it ends."""
    places = (np.arange(samples) + int(chance.integers(len(noise)))) % len(noise)
    return noise[places] / sounds.rms(noise[places])


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Who spoke in a day, apart, each at the level of his own microphone."""

    name: str
    number: int
    apart: dict[str, Sound]
    level: float
    """RMS of the speech."""
    visitor_db: float
    """Of visitors at a microphone that both share, over the clerk."""


class Halls:
    """How the tracks of a day reach the microphones."""

    def __init__(self, babbles: list[Sound], recorded: dict[str, Sound]) -> None:
        self._babbles = babbles
        self._recorded = recorded

    def dry(self, day: Day) -> Sound:
        """One microphone, no room, no noise but its own."""
        mixed = day.apart["staff"] + day.apart["visitor"] * gain(day.visitor_db)
        return mixed + gain(FLOOR_DBFS) * rng(f"{day.name} dry").standard_normal(len(mixed))

    def one(self, day: Day) -> tuple[Sound, str]:
        """One microphone on the desk in a hall, and which noise is in it."""
        chance = rng(f"{day.name} hall")
        decay_s = float(chance.uniform(0.4, 0.6))
        mixed = sounds.in_room(day.apart["staff"], NEAR_DB, decay_s, chance)
        mixed += sounds.in_room(day.apart["visitor"], NEAR_DB, decay_s, chance) * gain(day.visitor_db)
        kind, noise = "babble", self._babbles[day.number // 2 % len(self._babbles)]
        # Every other day, so that both kinds of noise are heard.
        if self._recorded and day.number % 2:
            kind = sorted(self._recorded)[day.number // 2 % len(self._recorded)]
            noise = self._recorded[kind]
        return mixed + excerpt(noise, len(mixed), chance) * day.level * gain(-HALL_DB), kind

    def two(self, day: Day) -> Sound:
        """A microphone for each side: the other side comes later, weaker and by another echo."""
        chance = rng(f"{day.name} two")
        decay_s = float(chance.uniform(0.4, 0.6))
        channels = []
        for own, other in (("staff", "visitor"), ("visitor", "staff")):
            mixed = sounds.in_room(day.apart[own], NEAR_DB, decay_s, chance)
            across = sounds.in_room(day.apart[other], NEAR_DB, decay_s, chance) * gain(CROSSTALK_DB)
            mixed[CROSSTALK_SAMPLES:] += across[:-CROSSTALK_SAMPLES]
            noise = self._babbles[int(chance.integers(len(self._babbles)))]
            channels.append(mixed + excerpt(noise, len(mixed), chance) * day.level * gain(-TWO_DB))
        return np.stack(channels, axis=1)


def recorded_noises(table: Path | None) -> dict[str, Sound]:
    """Noises of halls that last."""
    if table is None:
        return {}
    import soundfile
    import soxr

    noises = {}
    for row in csv.DictReader(table.open(encoding="utf-8"), delimiter="\t"):
        if _NOISES.search(row["kind"]) and float(row["seconds"]) >= 20:
            sound, rate = soundfile.read(table.parent / row["file"], always_2d=True)
            heard = soxr.resample(sound.mean(axis=1), rate, RATE_HZ, quality="HQ")
            noises[Path(row["file"]).stem] = np.asarray(heard, np.float64)
    return noises


def babbles_of(talkers: list[Sound]) -> list[Sound]:
    """Some minutes of a hall in which they all talk."""
    return [sounds.babble(talkers, BABBLE_S * RATE_HZ, rng(f"babble {number}")) for number in range(BABBLES)]
