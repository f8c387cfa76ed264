"""Accuracy on recordings: what is found and what is raised wrongly, by rule, tier, condition, voice; and CER.

python bench/accuracy.py                         the fixtures
python bench/accuracy.py --set SET.jsonl         recordings of your own (README.md says what a line holds)
    --background TABLE.tsv                       and other people's speech, for false alarms per hour
    --kinds phrase,innocent --conditions clean   some of them; --sample 200: so many, spread evenly
    --workers 2                                  so many processes, each with a model of its own
    --live                                       live windows too, not only whole utterances: slower
    --name TEXT                                  keep tables and plots in bench/results
python bench/accuracy.py --cer [TABLE.tsv]       CER beside the same model padded to 30 s
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, background_clips, clips_of, edit_distance, fixture_clips, heading, save
from deskguard.desk.replay import Replayer
from deskguard.language.text import normalise
from deskguard.settings import Settings, SpottingSettings
from reading import Reading, load, read, read_all
from results import keep
from scores import Judged, by_rule, by_tier, groups, score, trade_off

KEYS: dict[str, Callable[[Clip], str]] = {
    "kind": lambda clip: f"{clip.kind}, {clip.condition}",
    "voice": lambda clip: clip.voice or "-",
    "speed": lambda clip: f"{clip.speed:.2f}",
    "form": lambda clip: clip.said[0].form if clip.said else "innocent",
}


def chosen(options: argparse.Namespace) -> list[Clip]:
    """The clips asked for, in the order of the set."""
    if options.set:
        clips = clips_of(options.set)
    else:
        clips = fixture_clips(FIXTURES, with_visitors=True) + fixture_clips(
            FIXTURES / "check", with_visitors=True
        )
    if options.kinds:
        clips = [one for one in clips if one.kind in options.kinds.split(",")]
    if options.conditions:
        clips = [one for one in clips if one.condition in options.conditions.split(",")]
    if options.background:
        clips += background_clips(options.background)
    return sampled(clips, options.sample) if options.sample else clips


def sampled(clips: Sequence[Clip], most: int) -> list[Clip]:
    """As many clips, always the same and from all over the set, whatever its order."""
    names = sorted(clips, key=lambda one: hashlib.sha256(one.file.name.encode()).digest())
    kept = set(names[:most])
    return [one for one in clips if one in kept]


def figures(readings: Sequence[Reading]) -> dict[str, Any]:
    """All tables of a run."""
    judged = [Judged(one) for one in readings]
    # The same phrases in noise would drown the clean ones in every table but the first.
    clean = [one for one in judged if one.clip.is_clean and one.clip.kind != "background"]
    alone = [one for one in clean if one.clip.kind in ("phrase", "class", "innocent")]
    tables = {key: groups(judged if key == "kind" else alone, of) for key, of in KEYS.items()}
    return {
        "all": score(judged),
        **tables,
        "rule": by_rule(alone or clean),
        "tier": by_tier(judged),
        "trade_off": trade_off([one.reading for one in judged if one.clip.kind != "conversation"]),
        "missed": _missed(judged),
        "wrong": _wrong(judged),
    }


def _missed(judged: Iterable[Judged]) -> list[str]:
    return sorted(
        f"{one.clip.file.name} {one.clip.condition} {said.rule_id}"
        for one in judged
        for said, hit in one.found
        if hit is None
    )


def _wrong(judged: Iterable[Judged]) -> list[str]:
    return sorted(
        f"{one.clip.file.name} {one.clip.condition} {hit.rule_id} {hit.tier} {hit.confidence:.2f}"
        for one in judged
        for hit in one.wrong
    )


def table(rows: dict[str, dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows of figures under their names."""
    width = max([12, *(len(name) for name in rows)])
    lines = [" " * (width + 2) + "".join(f"{name:>16}" for name in columns)]
    for name, row in rows.items():
        cells = ["-" if row[column] is None else f"{row[column]:g}" for column in columns]
        lines.append(f"  {name:<{width}}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def report(found: dict[str, Any], *, show: bool) -> None:
    whole = ("phrases", "recall", "innocent", "innocent_raised", "wrong", "precision", "visitor_raised")
    print(table(found["kind"] | {"all": found["all"]}, (*whole, "wrong_per_hour")))
    print("single sentences, clean")
    print(table(found["rule"], ("phrases", "found", "recall", "wrong", "wrong_per_hour")))
    print(table(found["tier"], ("hits", "found", "wrong", "precision")))
    for key in ("voice", "speed", "form"):
        print(table(found[key], ("phrases", "recall", "innocent", "innocent_raised", "wrong")))
    if show:
        print("missed", *found["missed"], sep="\n  ")
        print("raised wrongly", *found["wrong"], sep="\n  ")


def references(path: Path | None, most: int) -> list[tuple[Path, str]]:
    """Recordings and what is said in them: of a table (TSV: file, transcript), else the clean fixtures."""
    clips = background_clips(path) if path else fixture_clips(FIXTURES, with_visitors=True)
    return [(clip.file, clip.text) for clip in clips if clip.text and clip.is_clean][:most]


def character_errors(replayer: Replayer, pairs: list[tuple[Path, str]]) -> dict[str, float]:
    """CER of final transcripts, and of the same model on the clip padded to 30 s."""
    errors = Counter[str]()
    for file, text in pairs:
        reference = normalise(text).chars
        heard = read(replayer, Clip(file=file)).text
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


def believing(least: float | None) -> Settings:
    """The defaults, or the same with another confidence from which all tiers are believed."""
    if least is None:
        return Settings()
    return Settings(spotting=SpottingSettings(characters_from=least, sound_from=least, near_from=least))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="a .jsonl of your own instead of the fixtures")
    parser.add_argument("--background", type=Path, metavar="TABLE", help="speech without any phrase (TSV)")
    parser.add_argument("--kinds", help="of the set, these only, with commas between")
    parser.add_argument("--conditions", help="of the set, these only, with commas between")
    parser.add_argument("--sample", type=int, help="so many clips")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--believe-from", type=float, metavar="CONFIDENCE", help="for all tiers")
    parser.add_argument("--live", action="store_true", help="live windows too")
    parser.add_argument("--name", help="keep tables and plots in bench/results under this name")
    parser.add_argument("--cer", type=Path, nargs="?", const=Path(), metavar="TABLE", help="CER instead")
    parser.add_argument("--most", type=int, default=80, help="clips of the CER table")
    parser.add_argument("--show", action="store_true", help="name what was missed and wrongly raised")
    return parser.parse_args()


def main() -> None:
    options = parsed()
    model = "base int8, 1 thread"
    print(heading(model))
    if options.cer is not None:
        of = options.cer if options.cer.is_file() else None
        errors = character_errors(load(Settings()), references(of, options.most))
        print("  ".join(f"{name} {value:.3f}" for name, value in errors.items()))
        save("accuracy-cer", errors)
        return
    clips = chosen(options)
    settings = believing(options.believe_from)
    readings = list(read_all(clips, settings, is_live=options.live, workers=options.workers))
    cpu_s = sum(one.cpu_s for one in readings)
    audio_s = sum(one.audio_s for one in readings)
    print(f"{len(clips)} recordings, {audio_s / 60:.1f} min, {cpu_s / max(audio_s, 1e-9):.2f} CPU s per s")
    found = figures(readings)
    report(found, show=options.show)
    save("accuracy", found)
    if options.name:
        about = {
            "machine": heading(model),
            "set": options.name,
            "windows": "live" if options.live else "final",
            "believe_from": options.believe_from,
        }
        for path in keep(options.name, about, found):
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
