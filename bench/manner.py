"""How loud and how fast, as the desk measures it, against the standard's own meter and the words of the script.

    python bench/manner.py [--set SET.jsonl] [--no-fixtures]

Every utterance of recordings whose turns are written down goes through endpointing and recognition,
speakers told. *Loudness*: the level an utterance held, against its gated loudness by ITU-R BS.1770-5 (48 kHz,
the filters as they are tabulated, both gates), reckoned here apart from the desk. *Pace*: utterances that are
one whole turn and have a pace at all. Syllables read, against those of the script in the same voiced time, are
what reading does to it; against the turn's own time without its pauses (20 ms frames by level, pauses from
0.15 s) what voice activity does, too. A set names its turns as `speakers`, each with a `text`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, clips_of, fixture_clips, heading, percentiles, save
from deskguard.desk.live import LiveRun
from deskguard.desk.mind import Beside, Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.hearing.media import read_recording
from deskguard.language.text import normalise
from deskguard.rules.pack import RuleSet
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Pcm
from deskguard.visits.manner_book import load_manner
from deskguard.visits.manner_turn import spoken_syllables, turn_of
from reading import given_roles, load

_RATE_HZ = 48_000
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_FRAME_S, _PAUSE_S = 0.02, 0.15
_SLACK_S = 0.25


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn of a script."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Errors:
    """What was measured, each value of one utterance."""

    loudness_lu: list[float]
    reading: list[float]
    """Pace, as a share of the true one."""
    pace: list[float]


def gated_lufs(pcm: Pcm) -> float:
    """Integrated loudness of mono audio at 16 kHz by BS.1770-5; -inf where nothing passes the gates."""
    block, hop = round(0.4 * _RATE_HZ), round(0.1 * _RATE_HZ)
    weighted = _k_weighted(pcm)
    starts = range(0, max(1, weighted.size - block + 1), hop)
    powers = np.array([np.mean(weighted[at : at + block] ** 2) for at in starts])
    levels = 10 * np.log10(powers + 1e-15) - 0.691
    powers, levels = powers[levels > -70.0], levels[levels > -70.0]
    if powers.size:
        powers = powers[levels > _lufs(float(powers.mean())) - 10.0]
    return _lufs(float(powers.mean())) if powers.size else float("-inf")


def _k_weighted(pcm: Pcm) -> npt.NDArray[np.float64]:
    """At 48 kHz, which the tables are for: band-limited, three times as many samples."""
    size = 1 << (pcm.size + SAMPLE_RATE_HZ // 2).bit_length()
    spectrum = np.zeros(3 * size // 2 + 1, complex)
    spectrum[: size // 2 + 1] = 3 * np.fft.rfft(np.asarray(pcm, np.float64), size)
    turn = np.exp(-2j * np.pi * np.arange(spectrum.size) / (3 * size))
    for above, below in (_SHELF, _HIGH_PASS):
        spectrum *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    return np.asarray(np.fft.irfft(spectrum, 3 * size)[: 3 * pcm.size])


def _lufs(power: float) -> float:
    return 10 * float(np.log10(power + 1e-15)) - 0.691


def voiced_s(pcm: Pcm) -> float:
    """How long a turn is without its pauses."""
    length = round(_FRAME_S * SAMPLE_RATE_HZ)
    frames = pcm[: pcm.size // length * length].reshape(-1, length)
    level = 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-12)
    quiet = level < (np.percentile(level, 95) + np.percentile(level, 2)) / 2 - 3.0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]]))).reshape(-1, 2)
    pauses = sum(stop - start for start, stop in edges if (stop - start) * _FRAME_S >= _PAUSE_S)
    return float(len(frames) - pauses) * _FRAME_S


def measured(clip: Clip, turns: list[Spoken], run: ModelledRun | LiveRun) -> Errors:
    pcm = np.concatenate([chunk.pcm[0] for chunk in read_recording(clip.file)])
    roles = given_roles(clip, str(clip.file))
    assert roles is not None
    errors, book = Errors([], [], []), load_manner([])
    for said in run.run(roles.mark(str(clip.file), read_recording(clip.file))):
        if not isinstance(said, Hypothesis) or said.sound is None:
            continue
        sound = said.sound
        reference = gated_lufs(pcm[said.start_sample : said.end_sample])
        if np.isfinite(reference) and sound.loudness_lufs is not None:
            errors.loudness_lu.append(abs(sound.loudness_lufs - reference))
        turn, of = turn_of(said, book), _whole(said, turns)
        if turn is None or turn.syllables_per_s is None or of is None:
            continue
        true = spoken_syllables(normalise(of.text))
        errors.reading.append(abs(turn.syllables / true - 1))
        own = voiced_s(pcm[round(of.start_s * SAMPLE_RATE_HZ) : round(of.end_s * SAMPLE_RATE_HZ)])
        errors.pace.append(abs(turn.syllables_per_s / (true / own) - 1))
    return errors


def _whole(said: Hypothesis, turns: list[Spoken]) -> Spoken | None:
    """The turn that an utterance is, if it is all of one."""
    assert said.sound is not None
    start, end = (at / SAMPLE_RATE_HZ for at in (said.sound.start_sample, said.sound.end_sample))
    near = [one for one in turns if max(abs(one.start_s - start), abs(one.end_s - end)) <= _SLACK_S]
    return near[0] if near else None


def scripts(options: argparse.Namespace) -> Iterator[tuple[Clip, list[Spoken]]]:
    """Recordings with their turns."""
    if not options.no_fixtures:
        for clip in fixture_clips(FIXTURES, with_visitors=True):
            table = tomllib.loads(clip.file.with_suffix(".toml").read_text("utf-8"))
            turns = [Spoken(one["start_s"], one["end_s"], one["text"]) for one in table.get("turn", [])]
            if turns and all(one.end_s > one.start_s for one in turns):
                yield clip, turns
    if options.set:
        rows = [json.loads(row) for row in options.set.read_text("utf-8").splitlines()]
        for row, clip in zip(rows, clips_of(options.set), strict=True):
            told = [one for one in row.get("speakers", []) if one.get("text")]
            yield clip, [Spoken(one["start_s"], one["end_s"], one["text"]) for one in told]


def show(name: str, errors: Errors) -> None:
    within = np.mean(np.array(errors.loudness_lu or [np.nan]) <= 1.0)
    print(f"{name}: loudness error, LU: {percentiles(errors.loudness_lu, 'LU')}; {within:.3f} within 1 LU")
    for what, shares in (("reading alone", errors.reading), ("reading and time", errors.pace)):
        within = np.mean(np.array(shares or [np.nan]) <= 0.1)
        print(f"{name}: pace error, {what}: {percentiles(shares, '')}; {within:.3f} within 10 %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--no-fixtures", action="store_true")
    options = parser.parse_args()
    settings = Settings()
    replayer = load(settings)
    rules = replace(replayer.rules, rules={})
    assert isinstance(rules, RuleSet)
    found: dict[str, Errors] = {}
    for clip, turns in scripts(options):
        mind = Mind(replayer.recogniser, rules, settings, clip.file.stem, Beside())
        run = replayer._run(mind, replace(replayer, roles=given_roles(clip, str(clip.file)))._endpointer())
        one = measured(clip, turns, run)
        of = found.setdefault(clip.condition, Errors([], [], []))
        for name in ("loudness_lu", "reading", "pace"):
            getattr(of, name).extend(getattr(one, name))
    print(heading("base int8, 1 thread"))
    for condition, errors in found.items():
        show(condition, errors)
    names = ("loudness_lu", "reading", "pace")
    every = Errors(*([value for one in found.values() for value in getattr(one, name)] for name in names))
    show("all", every)
    save("manner", {name: sorted(getattr(every, name)) for name in names})


if __name__ == "__main__":
    main()
