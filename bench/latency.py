"""Latency as a clerk feels it: from the end of a phrase to the card, and on to the screen of a real browser.

    python bench/latency.py                  the fixtures' phrases at real pace through a whole desk (minutes)
    python bench/latency.py --browser        the same with headless Chromium on the staff page
    python bench/latency.py --set SET.jsonl  on a set of your own (lines of file, text, rule_id, phrase_end_s)

Only phrases whose end is known to the sample count; cooldown and hourly cap are off, because one stream
says in minutes what a desk hears in weeks. The recordings follow one another with 1.2 s of room noise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import numpy as np
from browser_driver import make_driver

from common import FIXTURES, Clip, clips_of, fixture_clips, heading, percentiles, save
from deskguard.desk import compose
from deskguard.desk.pacing import PacedRecording
from deskguard.desk.window import Parts, Window
from deskguard.hearing.media import CHUNK_SAMPLES, read_recording
from deskguard.settings import AlertSettings, ScreenSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, Alert, AudioChunk, Hypothesis, Pcm, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP_S = 1.2
_ROOM_NOISE = 3e-4
_NEAR_S = 1.5
"""An alert this near the end of a phrase, in the audio, is that phrase's."""

SETTINGS = Settings(
    alerts=AlertSettings(cooldown_s=0.0, max_per_hour=100_000),
    screen=ScreenSettings(port=0),
)


def joined(clips: list[Clip]) -> tuple[Pcm, list[tuple[str, float]]]:
    """One recording of all clips, and (rule, end of phrase in seconds) for each phrase with a known end."""
    noise = np.random.default_rng(7)
    parts: list[Pcm] = []
    ends: list[tuple[str, float]] = []
    length = 0
    for clip in clips:
        pcm = np.concatenate([chunk.pcm[0] for chunk in read_recording(clip.file)])
        ends += [(rule_id, seconds(length) + end) for rule_id, end in clip.rule_ids if end is not None]
        gap = (noise.standard_normal(int(_GAP_S * SAMPLE_RATE_HZ)) * _ROOM_NOISE).astype(np.float32)
        parts += [pcm, gap]
        length += pcm.size + gap.size
    return np.concatenate(parts), ends


def chunks(pcm: Pcm) -> Iterator[AudioChunk]:
    for start in range(0, pcm.size, CHUNK_SAMPLES):
        yield AudioChunk(start_sample=start, pcm=pcm[None, start : start + CHUNK_SAMPLES])


def run(pcm: Pcm, *, browser: bool) -> tuple[list[Alert], list[float], str]:
    """Alerts of a desk at real pace, the delays to the screen in seconds, and a line on the desk's health."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        window = Window(_parts(folder / "desk"))
        driver = None
        if browser:
            driver = make_driver(folder / "profile")
            stack.callback(driver.quit)
            driver.get(window.url)
        source = PacedRecording(lambda: chunks(pcm), window.on_state)
        alerts: list[Alert] = []
        shown: list[dict[str, Any]] = []
        for outcome in window.run(source):
            if isinstance(outcome, Alert):
                alerts.append(outcome)
            elif driver is not None and isinstance(outcome, Hypothesis) and outcome.is_final:
                # Read as it goes: the page ends with the run.
                shown = driver.execute_script("return window.deskguard.cardShown")
        health = window.health
    line = f"steps {health.steps}, skipped {health.windows_skipped}, RTF {health.rtf}, lost {health.lost_s} s"
    first = {one["hit_id"]: one for one in reversed(shown)}
    on_screen = [(one["shown_epoch_ms"] - one["raised_epoch_ms"]) / 1000 for one in first.values()]
    return alerts, on_screen, line


def _parts(folder: Path) -> Parts:
    rules = compose.load_rules(SETTINGS)
    eager = {key: replace(one, cooldown_s=0.0) for key, one in rules.rules.items()}
    return Parts(
        settings=SETTINGS,
        recogniser=compose.load_recogniser(SETTINGS),
        rules=replace(rules, rules=eager),
        rule_paths=compose.rule_paths(SETTINGS),
        data_folder=folder,
        device="bench",
    )


def delays(alerts: list[Alert], ends: list[tuple[str, float]]) -> tuple[list[float], list[str]]:
    """Phrase end to card, for each phrase of `ends` that got one; and the phrases that got none."""
    shown: dict[str, Alert] = {}
    for alert in alerts:
        if alert.hit.state != "withdrawn" and alert.suppressed != "awaiting-confirmation":
            shown.setdefault(alert.hit.hit_id, alert)
    found, missed = [], []
    for rule_id, end_s in ends:
        near = [
            seconds(one.raised_sample) - end_s
            for one in shown.values()
            if one.hit.rule_id == rule_id and abs(seconds(one.hit.end_sample) - end_s) < _NEAR_S
        ]
        found += [min(near)] if near else []
        missed += [] if near else [f"{rule_id} at {end_s:.1f} s"]
    return found, missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--most", type=int, default=60, help="recordings to play")
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    clips = clips_of(options.set) if options.set else fixture_clips(FIXTURES)
    clips = [one for one in clips if one.rule_ids and one.is_end_exact]
    step = max(1, len(clips) // options.most)
    pcm, ends = joined(clips[::step][: options.most])
    print(heading("base int8, 1 thread, real pace"))
    alerts, on_screen, health = run(pcm, browser=options.browser)
    found, missed = delays(alerts, ends)
    print(f"{len(ends)} phrases in {pcm.size / SAMPLE_RATE_HZ:.0f} s of audio; {health}")
    print(f"phrase end to card   {percentiles(found)}")
    if options.browser:
        print(f"card to screen       {percentiles(on_screen)}")
    print(f"not found: {', '.join(missed) or 'none'}")
    save("latency", {"card_s": found, "screen_s": on_screen, "missed": missed})


if __name__ == "__main__":
    main()
