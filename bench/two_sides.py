"""How often two microphones tell clerk and visitor right, in conversations through the whole run.

    python bench/two_sides.py --set SET.jsonl [--condition two_mic,swapped] [--ppm 200 --late 0.3]

Every recording of two channels of the set goes through `replay`. An utterance is right when its role is that
of whoever speaks in it; one in which both speak has no right answer and is left out. With `--ppm` the second
channel first goes through a sound card whose clock runs that much faster and whose blocks come late, and both
are joined again as at a desk. Of `swapped` recordings no role is right once they have been noticed, and before
that all are wrong: what counts is how soon, and that nothing of the visitor's is held against the clerk.
Nothing that was said is printed or kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import Clip, clips_of, heading, save
from deskguard.desk.replay import Replayer
from deskguard.hearing.media import read_recording
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm
from devices import Card, Joined, joined

Line = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """Of some recordings."""

    utterances: int = 0
    right: int = 0
    wrong: int = 0
    both: int = 0
    """Left out: two speak in them."""
    hits: int = 0
    held: int = 0
    """Hits on a visitor's words that are held against the clerk."""

    def text(self) -> str:
        decided = self.right + self.wrong
        return (
            f"{self.utterances:4} utterances, right {self.right / max(1, self.utterances):.3f}, of "
            f"{decided} decided {self.right / max(1, decided):.4f}, wrong {self.wrong}; of both {self.both}; "
            f"{self.hits} hits, {self.held} of the visitor's held against the clerk"
        )


def tally(lines: list[Line], clip: Clip) -> Tally:
    found = Tally()
    for line in lines:
        if line["type"] == "transcript":
            truth = _speaker(line, clip)
            found.both += truth == "both"
            if truth in ("staff", "visitor"):
                found.utterances += 1
                found.right += line["role"] == truth
                found.wrong += line["role"] not in (truth, "unknown")
    for line in _last_states(lines):
        found.hits += 1
        is_against = line["role"] != "visitor" and line["suppressed"] not in ("role-unknown", "softened")
        found.held += is_against and line["state"] == "confirmed" and _speaker(line, clip) == "visitor"
    return found


def _last_states(lines: list[Line]) -> list[Line]:
    return list({line["hit_id"]: line for line in lines if line["type"] == "alert"}.values())


def _speaker(line: Line, clip: Clip) -> str:
    """Who speaks where a line lies: staff, visitor, both, or nobody."""
    said = {"staff": 0.0, "visitor": 0.0}
    for role, start_s, end_s in clip.speakers:
        said[role] += max(0.0, min(line["end_s"], end_s) - max(line["start_s"], start_s))
    best = max(said, key=lambda one: said[one])
    if said[best] == 0:
        return "nobody"
    return "both" if min(said.values()) > 0.2 * said[best] else best


def drifted(clip: Clip, card: Card, folder: Path) -> Path:
    """The recording as two sound cards would have given it and a desk joins it."""
    pcm = np.concatenate([chunk.pcm for chunk in read_recording(clip.file)], axis=1)
    chunks = list(joined(pcm, card, Joined([])))
    out = np.zeros((2, chunks[-1].end_sample), np.float32)
    for one in chunks:
        out[:, one.start_sample : one.end_sample] = one.pcm
    return _written(out, folder / f"{clip.file.stem}.wav")


def _written(pcm: Pcm, path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((pcm.clip(-1, 1).T * 32767).astype("<i2").tobytes())
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--condition", default="two_mic,swapped,dead")
    parser.add_argument("--ppm", type=float, help="let the second channel come from a card of its own")
    parser.add_argument("--late", type=float, default=0.3)
    parser.add_argument("--most", type=int, default=1000, help="recordings of each condition")
    args = parser.parse_args()
    replayer = Replayer.load(Settings(), [], is_real_pace=False, partials=False)
    print(
        heading("Whisper base") + (f"; second card {args.ppm:+.0f} ppm, {args.late} s late" if args.ppm else "")
    )
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for condition in args.condition.split(","):
            clips = [one for one in clips_of(args.set) if one.condition == condition][: args.most]
            total = Tally()
            for clip in clips:
                path = clip.file if args.ppm is None else drifted(clip, Card(args.ppm, args.late), Path(folder))
                lines = list(replayer.lines(str(path)))
                one, summary = tally(lines, clip), lines[-1]
                print(
                    f"  {clip.file.stem:18} {summary['layout']}, {summary['notes']}: {one.text()}", flush=True
                )
                for name in Tally.__dataclass_fields__:
                    setattr(total, name, getattr(total, name) + getattr(one, name))
            print(f"{condition:12} {len(clips)} recordings: {total.text()}")
            figures[condition] = {name: getattr(total, name) for name in Tally.__dataclass_fields__}
    save("two_sides" if args.ppm is None else f"two_sides_{args.ppm:+.0f}", figures)


if __name__ == "__main__":
    main()
