"""`deskguard demo`: a bundled counter conversation at real pace through the real desk, and a summary."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard import resources
from deskguard.desk import compose
from deskguard.desk.cards import ScreenWords
from deskguard.desk.pacing import PacedRecording
from deskguard.desk.window import Parts, Window
from deskguard.hearing.media import read_recording
from deskguard.i18n import catalogue
from deskguard.settings import ScreenSettings, Settings
from deskguard.values import Alert, Hypothesis, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

RECORDING = "fixtures/audio/demo_counter.flac"


def run_demo(language: Literal["zh-CN", "en"], port: int, *, opens_page: bool, linger_s: float) -> None:
    """Play the conversation; raises DeskguardError when the model is missing or the port is taken."""
    texts = catalogue.load(language)
    settings = Settings(screen=ScreenSettings(port=port, language=language))
    _say(texts["demo.loading"])
    recording = resources.bundled(RECORDING)
    with tempfile.TemporaryDirectory(prefix="deskguard-demo-") as folder:
        parts = Parts(
            settings=settings,
            recogniser=compose.load_recogniser(settings),
            rules=compose.load_rules(settings),
            rule_paths=compose.rule_paths(settings),
            data_folder=Path(folder),
            device="demo",
            casting=compose.new_casting(settings),
        )
        window = Window(parts)
        _say(texts["demo.page"].format(url=window.url))
        if opens_page:
            import webbrowser

            webbrowser.open(window.url)
        duration_s = sum(seconds(chunk.pcm.shape[1]) for chunk in read_recording(recording))
        _say(texts["demo.playing"].format(seconds=f"{duration_s:.0f}"))
        _say("")
        source = PacedRecording(lambda: read_recording(recording), window.on_state, linger_s=linger_s)
        _watch(window, source, texts, ScreenWords(parts.rules))


def _watch(window: Window, source: PacedRecording, texts: Mapping[str, str], words: ScreenWords) -> None:
    """Tell what happens as it happens, and what it came to."""
    begun = time.monotonic()
    latencies: dict[str, float] = {}
    for outcome in window.run(source):
        if isinstance(outcome, Alert):
            if _is_card(outcome) and outcome.hit.hit_id not in latencies:
                latencies[outcome.hit.hit_id] = seconds(outcome.raised_sample - outcome.hit.end_sample)
                _tell_card(outcome, texts, words)
        elif isinstance(outcome, Hypothesis) and outcome.is_final and outcome.text:
            _say(f"  {seconds(outcome.passage.spans[0][0]):6.1f} s  {words.text(outcome.text)}")
    health = window.health
    typical = sorted(latencies.values())[len(latencies) // 2] if latencies else 0.0
    _say("")
    _say(
        texts["demo.summary"].format(
            heard=f"{health.heard_s:.0f}",
            speech=f"{health.speech_s:.0f}",
            cards=len(latencies),
            latency=f"{typical:.2f}",
            steps=health.steps,
            skipped=health.windows_skipped,
            took=f"{time.monotonic() - begun:.0f}",
        )
    )
    _say(texts["demo.next"])


def _is_card(alert: Alert) -> bool:
    return alert.suppressed is None and alert.hit.state != "withdrawn"


def _tell_card(alert: Alert, texts: Mapping[str, str], words: ScreenWords) -> None:
    clause, heard = alert.clauses[0], words.heard(alert.hit.rule_id, alert.hit.heard)
    _say("")
    _say("  " + texts["demo.card_heard"].format(at=f"{seconds(alert.hit.end_sample):.1f}", heard=heard))
    quote = words.text(clause.quote)
    _say("    " + texts["demo.card_basis"].format(title=clause.title, clause=clause.clause, quote=quote))
    _say("    " + texts["demo.card_say"].format(advice=alert.advice))
    _say("")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
