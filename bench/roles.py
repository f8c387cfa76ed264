"""How often one microphone tells clerk and visitor right, and how often it decides.

    python bench/roles.py [--set SET.jsonl] [--speakers TABLE.tsv] [--noise TABLE.tsv] [--days 12]
                           [--voices A,B] [--built-only]

*Recorded*: the conversations of the fixtures (and of the set) go through endpointing and recognition as at
a desk; each is a first visit. *Built*: a day of four visits of one clerk, each with another visitor, made
of pieces of other recordings, 0.6 to 6 s, in the room's noise 15 dB below; the words are those of a
conversation of the fixtures (or the set), with one character in eight misheard. Voices come from the set or
from the table of speakers (columns file, speaker); the table's are played a little slower or faster, too,
for want of more people. Without either nothing is built.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, clips_of, fixture_clips, heading, save
from deskguard import resources
from deskguard.desk import compose
from deskguard.hearing.media import read_recording
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.hearing.roles.voice import Embedder, spoken
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm, SpeechWindow, seconds

_SNR_DB = 15.0
_MISHEARD = 0.125
_PLAYED = (0.85, 0.92, 1.0, 1.08, 1.17)
"""Speeds at which a recorded speaker counts as another one; those within 15 % never meet."""
_SPEECH_DB = -26.0
_VISITS = 4
Dialogue = list[tuple[bool, str]]
"""Turns: whether the clerk speaks, and the words."""


@dataclass(frozen=True, slots=True)
class Told:
    """One utterance: what it was and what was made of it."""

    is_staff: bool
    visit: int
    voiced_s: float
    at_once: str
    at_end: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice: one long stretch of its speech, level and without pauses at the ends of sentences."""

    person: str
    played: float
    speech: Pcm

    def is_like(self, other: Speaker) -> bool:
        return self.person == other.person and abs(np.log(self.played / other.played)) < 0.14


def recorded(clips: list[Clip], embedder: Embedder) -> list[Told]:
    """Every conversation as a first visit, heard and read as at a desk."""
    settings = Settings()
    recogniser = compose.load_recogniser(settings)
    told = []
    for clip in clips:
        ears = OneMicrophone(embedder.voice)
        rows = []
        for window in _finals(clip, settings):
            hypothesis = recogniser.decode(window)
            pcm = window.pcm[: window.speech_end_sample - window.start_sample]
            labels = ears.feed(window.utterance_id, pcm, window.voiced_samples, hypothesis.text)
            rows.append((window, labels))
        told += _told(rows, clip)
    return told


def _finals(clip: Clip, settings: Settings) -> list[SpeechWindow]:
    endpointer = compose.new_endpointer(settings)
    windows = [one for chunk in read_recording(clip.file) for one in endpointer.feed(chunk)]
    return [one for one in [*windows, *endpointer.finish()] if one.is_final]


def _told(rows: list[tuple[SpeechWindow, list]], clip: Clip) -> list[Told]:
    last = {label.utterance_id: label.role for _, labels in rows for label in labels}
    told = []
    for window, labels in rows:
        start, end = seconds(window.start_sample), seconds(window.speech_end_sample)
        said = dict.fromkeys(("staff", "visitor"), 0.0)
        for role, begin, stop in clip.speakers:
            said[role] += max(0.0, min(end, stop) - max(start, begin))
        # An utterance of both has no right answer.
        if min(said.values()) < 0.2 * max(said.values()):
            is_staff = said["staff"] > said["visitor"]
            voiced_s = seconds(window.voiced_samples)
            told.append(Told(is_staff, 0, voiced_s, labels[0].role, last[window.utterance_id]))
    return told


def built(speakers: list[Speaker], dialogues: list[Dialogue], noises: list[Pcm], days: int) -> list[Told]:
    """Days of four visits; the clerk stays, the visitors change."""
    rng = np.random.default_rng(20261122)
    embedder = Embedder(resources.bundled("models/roles"))
    told = []
    for _ in range(days):
        clerk = speakers[rng.integers(len(speakers))]
        others = [one for one in speakers if one is not clerk and not one.is_like(clerk)]
        noise = noises[rng.integers(len(noises))]
        ears = OneMicrophone(embedder.voice)
        for visit in range(_VISITS):
            visitor = others[rng.integers(len(others))]
            dialogue = dialogues[rng.integers(len(dialogues))]
            turns = []
            for at, (is_staff, text) in enumerate(dialogue):
                pcm = _piece(clerk if is_staff else visitor, len(text), noise, rng)
                turns.append((is_staff, pcm.size, ears.feed(at, pcm, pcm.size, _misheard(text, rng))))
            last = {label.utterance_id: label.role for _, _, labels in turns for label in labels}
            for at, (is_staff, samples, labels) in enumerate(turns):
                told.append(Told(is_staff, visit, seconds(samples), labels[0].role, last[at]))
            ears.forget_visit()
    return told


def _piece(speaker: Speaker, characters: int, noise: Pcm, rng: np.random.Generator) -> Pcm:
    """As much speech as so many characters take, 4.5 a second, with noise under it."""
    length = int(np.clip(characters / 4.5 * rng.uniform(0.85, 1.15), 0.6, 6.0) * SAMPLE_RATE_HZ)
    start = rng.integers(speaker.speech.size - length)
    under = rng.integers(noise.size - length)
    gain = np.float32(10 ** ((_SPEECH_DB - _SNR_DB) / 20))
    return speaker.speech[start : start + length] + gain * noise[under : under + length]


def _misheard(text: str, rng: np.random.Generator) -> str:
    return "".join("嗯" if rng.random() < _MISHEARD else char for char in text)


def _mono(path: Path) -> Pcm:
    return np.concatenate([chunk.pcm[0] for chunk in read_recording(path)])


def _at_level(pcm: Pcm, level_db: float) -> Pcm:
    return pcm * np.float32(10 ** (level_db / 20) / (np.sqrt(np.mean(np.square(pcm))) + 1e-9))


def _speech(paths: list[Path]) -> Pcm:
    return np.concatenate([_at_level(spoken(_mono(path)), _SPEECH_DB) for path in paths])


def speakers_of_set(path: Path, wanted: set[str]) -> list[Speaker]:
    by_voice: dict[str, list[Path]] = defaultdict(list)
    for clip in clips_of(path):
        if clip.voice and clip.is_clean and clip.kind != "conversation":
            by_voice[clip.voice].append(clip.file)
    return [
        Speaker(voice, 1.0, _speech(files))
        for voice, files in by_voice.items()
        if not wanted or voice in wanted
    ]


def speakers_of_table(path: Path) -> list[Speaker]:
    by_person: dict[str, list[Path]] = defaultdict(list)
    for row in csv.DictReader(path.open(encoding="utf-8"), delimiter="\t"):
        if float(row["seconds"]) >= 1.5:
            by_person[row["speaker"]].append(path.parent / row["file"])
    people = {person: _speech(files) for person, files in by_person.items() if len(files) >= 20}
    return [Speaker(one, speed, _played(pcm, speed)) for one, pcm in people.items() for speed in _PLAYED]


def _played(pcm: Pcm, speed: float) -> Pcm:
    """Pitch and formants move with the speed: linear interpolation, good enough below 4 kHz."""
    return np.interp(np.arange(int(pcm.size / speed)) * speed, np.arange(pcm.size), pcm).astype(np.float32)


def noises_of(table: Path | None) -> list[Pcm]:
    if table is None:
        hall = FIXTURES / "hall_noise.flac"
        return [_at_level(_mono(hall), 0.0)]
    rows = csv.DictReader(table.open(encoding="utf-8"), delimiter="\t")
    files = [table.parent / row["file"] for row in rows if float(row["seconds"]) >= 20]
    return [_at_level(_mono(file), 0.0) for file in files]


def dialogues_of(conversations: list[Clip], path: Path | None) -> list[Dialogue]:
    """The words of conversations: of the set turn by turn, else of the fixtures' manifests."""
    if path is not None:
        turns: dict[str, dict[int, tuple[bool, str]]] = defaultdict(dict)
        for line in map(json.loads, path.read_text("utf-8").splitlines()):
            if line["kind"] == "encounter":
                turns[line["encounter"]][line["turn"]] = (line["role"] == "staff", line["text"])
        return [[one for _, one in sorted(turn.items())] for turn in turns.values()]
    return [_spoken_turns(clip.file.with_suffix(".toml")) for clip in conversations]


def _spoken_turns(manifest: Path) -> Dialogue:
    import tomllib

    table = tomllib.loads(manifest.read_text("utf-8"))
    return [(turn["speaker"] == "staff", turn["text"]) for turn in table["turn"]]


def show(name: str, told: list[Told]) -> dict[str, float]:
    """Print and return the figures of utterances with more than 1 s of speech."""
    long = [one for one in told if one.voiced_s > 1.0]
    figures: dict[str, float] = {"utterances": len(long)}
    for when in ("at_once", "at_end"):
        roles = [(getattr(one, when), "staff" if one.is_staff else "visitor") for one in long]
        decided = [role == truth for role, truth in roles if role != "unknown"]
        accused = sum(role == "staff" and truth == "visitor" for role, truth in roles)
        figures |= {f"{when}_decided": len(decided) / max(1, len(long)), f"{when}_accused": accused}
        figures |= {f"{when}_right": sum(decided) / max(1, len(decided))}
    print(
        f"{name:42} n={len(long):4}  at once: decided {figures['at_once_decided']:.3f}, right "
        f"{figures['at_once_right']:.4f}, visitor as clerk {figures['at_once_accused']}   at the end: decided "
        f"{figures['at_end_decided']:.3f}, right {figures['at_end_right']:.4f}, visitor as clerk "
        f"{figures['at_end_accused']}"
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--speakers", type=Path)
    parser.add_argument("--noise", type=Path)
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--voices", default="", help="of the set, only these")
    parser.add_argument("--built-only", action="store_true", help="leave the recorded conversations out")
    args = parser.parse_args()
    conversations = [one for one in fixture_clips(FIXTURES, with_visitors=True) if one.kind == "conversation"]
    print(heading("GE2E" if args.built_only else "GE2E, Whisper base"))
    figures = {}
    if not args.built_only:
        recordings = conversations + [one for one in _clips(args.set) if one.kind == "conversation"]
        figures["recorded"] = show(
            "recorded", recorded(recordings, Embedder(resources.bundled("models/roles")))
        )
    dialogues, noises = dialogues_of(conversations, args.set), noises_of(args.noise)
    wanted = {one for one in args.voices.split(",") if one}
    groups = {
        "built, voices of the set": speakers_of_set(args.set, wanted) if args.set else [],
        "built, speakers of the table": speakers_of_table(args.speakers) if args.speakers else [],
    }
    for name, speakers in groups.items():
        if not speakers:
            print(f"{name}: left out, because no {'set' if 'set' in name else 'table'} was given")
            continue
        told = built(speakers, dialogues, noises, args.days)
        for part, of_part in (("first", [0]), ("later", range(1, _VISITS))):
            figures[f"{name}, {part}"] = show(f"{name}, {part} visits", [t for t in told if t.visit in of_part])
    save("roles", figures)


def _clips(path: Path | None) -> list[Clip]:
    return clips_of(path) if path is not None else []


if __name__ == "__main__":
    main()
