"""Accuracy on recordings: recall and false alarms per hour, and CER against the same model padded to 30 s.

    python bench/accuracy.py                         the fixtures: phrases found, false alarms
    python bench/accuracy.py --set SET.jsonl         the same on your own (lines of file, text, rule_id)
    python bench/accuracy.py --cer                   CER of transcripts, the clean fixtures
    python bench/accuracy.py --cer TABLE.tsv         the same on your own (columns file, seconds, transcript)

A phrase counts as found when its rule is confirmed anywhere in the clip; a false alarm is a card that would
have been shown for a rule that nobody broke. Recordings with visitors' traps are left out: until roles are
known, their words raise cards too.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, clips_of, edit_distance, fixture_clips, heading, percentiles, save
from deskguard.desk.replay import Replayer
from deskguard.language.text import normalise
from deskguard.settings import Settings


@dataclass(slots=True)
class Tally:
    """What a set came to."""

    phrases: int = 0
    found: int = 0
    innocent_clips: int = 0
    innocent_flagged: int = 0
    cards: int = 0
    wrong_cards: int = 0
    audio_s: float = 0.0
    cpu_s: float = 0.0
    tiers: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def phrases(replayer: Replayer, clips: list[Clip], show: bool) -> Tally:
    tally = Tally()
    for clip in clips:
        lines = list(replayer.lines(str(clip.file)))
        alerts = [line for line in lines if line["type"] == "alert"]
        tally.audio_s += lines[-1]["audio_s"]
        tally.cpu_s += lines[-1]["cpu_s"]
        confirmed = [line for line in alerts if line["state"] == "confirmed"]
        count_cards(tally, clip, alerts)
        if clip.rule_ids:
            for rule_id, end_s in clip.rule_ids:
                count_phrase(tally, clip, rule_id, end_s, alerts)
        else:
            tally.innocent_clips += 1
            tally.innocent_flagged += bool(confirmed)
            if confirmed and show:
                print("  flagged", clip.file.name, sorted({line["rule_id"] for line in confirmed}))
    return tally


def count_phrase(
    tally: Tally, clip: Clip, rule_id: str, end_s: float | None, alerts: list[dict[str, Any]]
) -> None:
    tally.phrases += 1
    right = [line for line in alerts if line["rule_id"] == rule_id and line["state"] == "confirmed"]
    if end_s is not None and len(clip.rule_ids) > 1:
        right = [line for line in right if abs(line["end_s"] - end_s) < 1.5]
    if not right:
        tally.missed.append(f"{clip.file.name} {rule_id}")
        return
    tally.found += 1
    tally.tiers[right[0]["tier"]] += 1
    if end_s is not None and clip.is_end_exact:
        ids = {line["hit_id"] for line in right}
        tally.latencies.append(min(line["raised_s"] for line in alerts if line["hit_id"] in ids) - end_s)


def count_cards(tally: Tally, clip: Clip, alerts: list[dict[str, Any]]) -> None:
    shown = {line["hit_id"]: line["rule_id"] for line in alerts if line["suppressed"] is None}
    tally.cards += len(shown)
    tally.wrong_cards += sum(rule_id not in clip.allowed for rule_id in shown.values())


def report(name: str, tally: Tally) -> None:
    hours = tally.audio_s / 3600
    load = tally.cpu_s / max(tally.audio_s, 1e-9)
    print(f"{name}: {tally.audio_s / 60:.1f} min of audio, {load:.2f} CPU s per s")
    if tally.phrases:
        recall = tally.found / tally.phrases
        print(f"  recall {recall:.3f} ({tally.found}/{tally.phrases}), by tier {dict(tally.tiers)}")
    print(f"  innocent clips flagged {tally.innocent_flagged}/{tally.innocent_clips}")
    print(
        f"  wrong cards {tally.wrong_cards} of {tally.cards}: {tally.wrong_cards / max(hours, 1e-9):.1f} FA/h"
    )
    print(f"  phrase end to card: {percentiles(tally.latencies)}")


def references(table: Path | None, most: int) -> list[tuple[Path, str]]:
    """Recordings and what is said in them: of a table (TSV: file, transcript), else the clean fixtures."""
    if table is None:
        clips = [clip for clip in fixture_clips(FIXTURES, with_visitors=True) if clip.text and clip.is_clean]
        return [(clip.file, clip.text) for clip in clips][:most]
    rows = csv.DictReader(table.open(encoding="utf-8"), delimiter="\t")
    # Single words are no transcripts.
    sentences = [row for row in rows if float(row["seconds"]) >= 1.5]
    return [(table.parent / row["file"], row["transcript"]) for row in sentences][:most]


def character_errors(replayer: Replayer, pairs: list[tuple[Path, str]]) -> dict[str, float]:
    """CER of final transcripts, and of the same model on the clip padded to 30 s."""
    errors = Counter[str]()
    for file, text in pairs:
        reference = normalise(text).chars
        heard = "".join(line["text"] for line in replayer.lines(str(file)) if line["type"] == "transcript")
        errors["reference"] += len(reference)
        errors["deskguard"] += edit_distance(reference, normalise(heard).chars)
        for name, beam in (("padded beam 5", 5), ("padded greedy", 1)):
            errors[name] += edit_distance(reference, normalise(padded(replayer, file, beam)).chars)
    total = errors.pop("reference")
    return {name: count / total for name, count in errors.items()} | {"clips": len(pairs), "characters": total}


def padded(replayer: Replayer, file: Path, beam: int) -> str:
    """faster-whisper's own transcription, which pads to 30 s."""
    model = replayer.recogniser.whisper
    segments, _ = model.transcribe(
        str(file), language="zh", beam_size=beam, temperature=0.0, condition_on_previous_text=False
    )
    return "".join(segment.text for segment in segments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="a .jsonl of your own instead of the fixtures")
    parser.add_argument(
        "--cer", type=Path, nargs="?", const=Path(), metavar="TABLE", help="measure CER instead"
    )
    parser.add_argument("--most", type=int, default=80, help="clips of the CER table")
    parser.add_argument("--show", action="store_true", help="name what was missed and wrongly flagged")
    options = parser.parse_args()
    replayer = Replayer.load(Settings(), [], is_real_pace=False, partials=False)
    print(heading("base int8, 1 thread"))
    if options.cer is not None:
        table = options.cer if options.cer.is_file() else None
        figures = character_errors(replayer, references(table, options.most))
        print("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        save("accuracy-cer", figures)
        return
    clips = clips_of(options.set) if options.set else fixture_clips(FIXTURES)
    tally = phrases(replayer, clips, options.show)
    report(options.set.name if options.set else "fixtures", tally)
    if options.show:
        print("  missed", *tally.missed, sep="\n    ")
    save("accuracy", {"recall": tally.found / max(tally.phrases, 1), "latencies_s": tally.latencies})


if __name__ == "__main__":
    main()
