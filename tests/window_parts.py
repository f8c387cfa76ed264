"""A window at work for tests: real store, real page, real voice activity; scripted sound and recognition."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from deskguard.desk.mind import Outcome
from deskguard.desk.window import Parts, Window
from deskguard.hearing.media import read_recording
from deskguard.rules.pack import load_packs
from deskguard.settings import ScreenSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, Alert, AudioChunk, Hypothesis, Pcm, SpeechWindow
from golden_recordings import load
from hearing_values import HandClock, ScriptedRecogniser, chunk, chunked, silence, spoken

PATIENCE_S = 60.0
"""Far beyond what a busy machine needs; only a test that fails waits so long."""
Payload = dict[str, Any]
SPEECH_BEGINS_S = 0.35
"""Where speech begins in the recording that `Desk.say` plays."""


@cache
def some_speech() -> Pcm:
    """1.8 s of speech from 0.35 s on, and silence enough to end it."""
    recorded = np.concatenate([one.pcm[0] for one in read_recording(load("t01_literal").path)])
    return np.concatenate([recorded, silence(0.5)])


class ScriptedSource:
    """A microphone that hears what a test gives it."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[AudioChunk | BaseException | None] = queue.Queue()
        self.position = 0
        self.is_paused = False
        self.on_state: Callable[[str], None] = lambda _state: None

    def hear(self, pcm: Pcm) -> None:
        for one in chunked(pcm, start_sample=self.position):
            self._waiting.put(one)
        self.position += pcm.size

    def hear_both(self, pcm: Pcm, missing: tuple[int, ...] = ()) -> None:
        """Two channels, (2, samples); `missing`: whose microphone is not there."""
        for one in chunked(pcm[0], start_sample=self.position):
            begin, end = one.start_sample - self.position, one.end_sample - self.position
            self._waiting.put(replace(one, pcm=pcm[:, begin:end], missing=missing))
        self.position += pcm.shape[1]

    def end(self, failure: BaseException | None = None) -> None:
        self._waiting.put(failure)

    def chunks(self) -> Iterator[AudioChunk]:
        self.on_state("listening")
        while (one := self._waiting.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield replace(one, captured_ns=time.monotonic_ns())

    def pause(self) -> None:
        self.is_paused = True
        self._waiting.put(chunk(np.zeros(0, np.float32), self.position, is_break=True))
        self.on_state("paused")

    def resume(self) -> None:
        self.is_paused = False
        self.on_state("listening")

    def stop(self) -> None:
        self._waiting.put(None)


class WallClock:
    """The wall clock as the computer would show it: it goes on, and can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.failure: Exception | None = None

    def __call__(self) -> datetime:
        if self.failure is not None:
            raise self.failure
        return datetime.now(UTC) + self.ahead


class Page:
    """A tab of the staff page: its event stream and its buttons."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE_S)
        self._stream = self._client.stream("GET", url + "events")
        self._lines = self._stream.__enter__().iter_lines()
        self.snapshot = self.until("snapshot")

    def until(self, kind: str, holds: Callable[[Payload], Any] = lambda _payload: True) -> Payload:
        """The next event of that kind of which `holds` is true."""
        until_s = time.monotonic() + PATIENCE_S
        seen = ""
        for line in self._lines:
            if line.startswith("event:"):
                seen = line.removeprefix("event:").strip()
            elif line.startswith("data:") and seen == kind:
                payload: Payload = json.loads(line.removeprefix("data:"))
                if holds(payload):
                    return payload
            assert time.monotonic() < until_s, f"no such {kind}"
        raise AssertionError(f"the stream ended before such a {kind}")

    def rest(self) -> list[str]:
        """The kinds of all events until the stream ends."""
        return [line.removeprefix("event:").strip() for line in self._lines if line.startswith("event:")]

    def lines(self) -> Iterator[str]:
        """All that the stream still says, as it comes."""
        return self._lines

    def press(self, button: str, **body: object) -> Payload:
        answer = self._client.post(self._url + button, json=body, headers={"sec-fetch-site": "same-origin"})
        found: Payload = answer.json()
        return found

    def today(self) -> list[Payload]:
        entries: list[Payload] = self._client.get(self._url + "today").json()["entries"]
        return entries

    def close(self) -> None:
        self._stream.__exit__(None, None, None)
        self._client.close()


class Desk:
    """A window that runs in a thread, with what it hears, says and shows."""

    def __init__(self, folder: Path, rule_paths: list[Path], **changes: Any) -> None:
        self.wall = WallClock()
        self.source = ScriptedSource()
        self.recogniser = ScriptedRecogniser(spoken(""))
        self.clock = HandClock()
        self._outcomes: queue.Queue[Outcome | BaseException | None] = queue.Queue()
        parts = Parts(
            settings=Settings(screen=ScreenSettings(port=0)),
            recogniser=self.recogniser,  # type: ignore[arg-type]
            rules=load_packs(rule_paths),
            rule_paths=rule_paths,
            data_folder=folder,
            device="scripted",
            wall_clock=self.wall,
        )
        self.window = Window(replace(parts, **changes))
        self.source.on_state = self.window.on_state
        self._thread = threading.Thread(target=self._run, name="desk-under-test", daemon=True)
        self._thread.start()
        self.page = Page(self.window.url)

    def say(self, text: str) -> None:
        """Let somebody say `text` now."""
        begin_s = self.source.position / SAMPLE_RATE_HZ + SPEECH_BEGINS_S
        self.recogniser.script = spoken(text, begin_s, 1.8 / max(len(text), 1))
        self.source.hear(some_speech())

    def say_at(self, side: int, text: str) -> None:
        """The same before two microphones, nearer to the one of `side`."""
        begin_s = self.source.position / SAMPLE_RATE_HZ + SPEECH_BEGINS_S
        self.recogniser.script = spoken(text, begin_s, 1.8 / max(len(text), 1))
        near = np.concatenate([some_speech(), silence(0.5)])
        pcm = np.random.default_rng(3).standard_normal((2, near.size)).astype(np.float32) * np.float32(0.0005)
        pcm[side] += near
        pcm[1 - side] += near * np.float32(0.25)
        self.source.hear_both(pcm)

    def begin_to_say(self, text: str) -> Pcm:
        """Let somebody say `text` in 1.2 s and go on speaking; the rest of the sound, to be heard later."""
        begin_s = self.source.position / SAMPLE_RATE_HZ + SPEECH_BEGINS_S
        self.recogniser.script = spoken(text, begin_s, 1.2 / len(text))
        first = round(1.9 * SAMPLE_RATE_HZ)
        self.source.hear(some_speech()[:first])
        return some_speech()[first:]

    def hears(self, text: str, side: int | None = None) -> list[Alert]:
        """Let somebody say `text`, and wait for its final transcript; the alerts that came before it."""
        self.say(text) if side is None else self.say_at(side, text)
        alerts: list[Alert] = []
        while True:
            outcome = self.outcome()
            if isinstance(outcome, Alert):
                alerts.append(outcome)
            elif isinstance(outcome, Hypothesis) and outcome.is_final:
                return alerts

    def outcome(self) -> Outcome:
        """What the window says next; raises what ended it."""
        outcome = self._outcomes.get(timeout=PATIENCE_S)
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is not None, "the window has ended"
        return outcome

    def hold_after_first_sight(self, gate: threading.Event) -> None:
        """Let recognition wait for `gate` once it has read all that is said."""

        def before(_window: SpeechWindow) -> None:
            said = self.recogniser.script.spans
            if said and any(one.end_sample >= said[-1][1] for one in self.recogniser.windows):
                assert gate.wait(PATIENCE_S)

        self.recogniser.before = before

    def first_alert(self) -> Alert:
        while not isinstance(outcome := self.outcome(), Alert):
            pass
        return outcome

    def end(self, failure: BaseException | None = None) -> None:
        """End the source and wait for the window."""
        self.source.end(failure)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.page.close()

    def _run(self) -> None:
        try:
            for outcome in self.window.run(self.source):
                self._outcomes.put(outcome)
        except BaseException as error:
            self._outcomes.put(error)
        else:
            self._outcomes.put(None)
