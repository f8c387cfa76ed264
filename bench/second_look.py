"""What the second look costs: CPU for 1 to 6 suspected wordings in a window, aligning it included.

    python bench/second_look.py

The windows are the live and final ones of the fixtures' phrases. Each wording is new to the model. The time is
that of the process: on a busy machine the wall clock shows the neighbours.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, fixture_clips, heading, percentiles, save
from deskguard.desk import compose
from deskguard.hearing.media import read_recording
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, SpeechWindow, Suspect

WORDINGS = ("我不知道", "没时间跟你说", "自己看", "不归我管", "你去问别人吧", "下班了明天再来")
CLIPS = 24


def windows(settings: Settings) -> list[SpeechWindow]:
    found: list[SpeechWindow] = []
    for clip in [one for one in fixture_clips(FIXTURES) if one.rule_ids][:CLIPS]:
        endpointer = compose.new_endpointer(settings)
        taken = [window for chunk in read_recording(clip.file) for window in endpointer.feed(chunk)]
        taken += endpointer.finish()
        found += taken[2::5] + [one for one in taken if one.is_final][:1]
    return found


def main() -> None:
    settings = Settings()
    recogniser = compose.load_recogniser(settings)
    cost_ms: dict[int, list[float]] = {count: [] for count in range(len(WORDINGS) + 1)}
    lengths: list[float] = []
    for number, window in enumerate(windows(settings)):
        hypothesis = recogniser.decode(window)
        if len(hypothesis.text) < 4:
            continue
        lengths.append(window.pcm.size / SAMPLE_RATE_HZ)
        count = number % (len(WORDINGS) + 1)
        suspects = [Suspect(start_char=1, end_char=4, wording=wording) for wording in WORDINGS[:count]]
        begun = time.process_time()
        recogniser.look(hypothesis, suspects)
        recogniser.align(hypothesis)
        cost_ms[count].append((time.process_time() - begun) * 1000)
    print(heading("base int8, 1 thread"))
    print(f"windows: {percentiles(lengths)}")
    for count, values in cost_ms.items():
        print(f"  {count} wordings, aligned: {percentiles(values, 'ms')}")
    save("second_look", {"cost_ms": {str(count): values for count, values in cost_ms.items()}})


if __name__ == "__main__":
    main()
