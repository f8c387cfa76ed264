"""Recordings through the desk's own pipeline, as lines of JSON or as text: the main debugging tool.

One JSON object a line; the fields are a contract that others read (README, "replay"). They hold the words as
they were recognised; the text is for a screen, so words of masked rules cannot be read there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.desk import compose
from deskguard.desk.cards import ScreenWords
from deskguard.desk.finding_lines import finding_line
from deskguard.desk.live import LiveRun
from deskguard.desk.mind import Beside, Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.desk.pacing import Pacer
from deskguard.desk.usage import cpu_s, peak_rss_mb
from deskguard.errors import DeskguardError
from deskguard.hearing.media import read_raw, read_recording
from deskguard.hearing.roles.channels import ByChannels
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import Alert, HelpCall, Hypothesis, Labelled, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.desk.mind import Outcome
    from deskguard.desk.rttm import GivenRoles
    from deskguard.hearing.endpoint import Endpointer
    from deskguard.hearing.recognise import Recogniser
    from deskguard.hearing.roles.sides import Endpointing
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings
    from deskguard.values import AudioChunk

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayer:
    """A loaded model and rules, for any number of recordings."""

    settings: Settings
    rules: RuleSet
    recogniser: Recogniser
    is_real_pace: bool
    partials: bool = False
    """Whether partial transcripts are given too."""
    roles: GivenRoles | None = None
    """Who speaks where, when somebody told; without, it is found by listening."""
    rulebook: Rulebook | None = None
    """Of the rules; None makes one for each recording."""

    @classmethod
    def load(
        cls, settings: Settings, rule_files: Sequence[Path], *, is_real_pace: bool, partials: bool
    ) -> Replayer:
        rules = compose.load_rules(settings, rule_files)
        rulebook = Rulebook.of(rules, settings.spotting)
        recogniser = compose.load_recogniser(settings)
        return cls(settings, rules, recogniser, is_real_pace, partials, rulebook=rulebook)

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of one recording ("-" is raw audio on standard input), the summary last.

        A recording that breaks off gives the lines up to the break, the summary, and then raises.
        """
        source = _Source(name)
        run_id = "stdin" if name == "-" else Path(name).stem
        mind = Mind(self.recogniser, self.rules, self.settings, run_id, self._beside())
        begun = cpu_s()
        endpointer = self._endpointer()
        run = self._run(mind, endpointer)
        chunks = source.chunks() if self.roles is None else self.roles.mark(name, source.chunks())
        for outcome in run.run(chunks):
            line = _line(outcome, partials=self.partials)
            if line is not None:
                yield {"v": 1, **line, "file": name}
        yield {
            "v": 1,
            "type": "summary",
            "file": name,
            "audio_s": round(seconds(run.heard_samples), 3),
            "speech_s": round(seconds(run.speech_samples), 3),
            "cpu_s": round(cpu_s() - begun, 3),
            "peak_rss_mb": peak_rss_mb(),
            "steps": mind.work.steps,
            "windows_skipped": run.skipped,
            "lost_s": round(seconds(run.lost_samples), 3),
            "layout": endpointer.layout if isinstance(endpointer, ByChannels) else "told",
            "notes": [*mind.notes, *(endpointer.notes if isinstance(endpointer, ByChannels) else ())],
        }
        if source.failure is not None:
            raise source.failure
        if self.roles is not None:
            self.roles.check_length(name, run.heard_samples)

    def _beside(self) -> Beside:
        """Whoever is told who speaks does not ask the voices either."""
        casting = None if self.roles is not None else compose.new_casting(self.settings)
        return Beside(casting=casting, rulebook=self.rulebook)

    def _endpointer(self) -> ByChannels | Endpointer:
        """Whoever is told who speaks does not ask the channels."""
        if self.roles is not None:
            return compose.new_plain_endpointer(self.settings)
        return compose.new_endpointer(self.settings)

    def _run(self, mind: Mind, endpointer: Endpointing) -> ModelledRun | LiveRun:
        if self.is_real_pace:
            return LiveRun(endpointer, mind, self.settings.queues, pace=Pacer().paced)
        return ModelledRun(endpointer, mind, self.settings.queues.final_s)


class _Source:
    """The chunks of a recording; a failure after some audio waits until that audio has been dealt with."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.failure: DeskguardError | None = None

    def chunks(self) -> Iterator[AudioChunk]:
        count = 0
        try:
            for chunk in self._read():
                count += 1
                yield chunk
        except DeskguardError as error:
            if not count:
                raise
            self.failure = error

    def _read(self) -> Iterator[AudioChunk]:
        return read_raw(sys.stdin.buffer) if self._name == "-" else read_recording(Path(self._name))


def _line(outcome: Outcome, *, partials: bool) -> Line | None:
    if isinstance(outcome, Alert):
        return alert_line(outcome)
    if isinstance(outcome, HelpCall):
        return {"type": "help", "by": outcome.by, "at_s": round(seconds(outcome.at_sample), 3)}
    if isinstance(outcome, Labelled):
        return role_line(outcome)
    if not isinstance(outcome, Hypothesis):
        return finding_line(outcome)
    if not outcome.text or not (outcome.is_final or partials):
        return None
    return {
        "type": "transcript",
        "utterance_id": outcome.utterance_id,
        "start_s": round(seconds(outcome.passage.spans[0][0]), 3),
        "end_s": round(seconds(outcome.passage.spans[-1][1]), 3),
        "text": outcome.text,
        "role": outcome.role,
        "role_confidence": round(outcome.role_confidence, 3),
        "is_announcement": outcome.is_announcement,
        "is_final": outcome.is_final,
    }


def role_line(label: Labelled) -> Line:
    """Who spoke in an earlier utterance, as it has been found out since."""
    confidence = round(label.confidence, 3)
    return {
        "type": "role",
        "utterance_id": label.utterance_id,
        "role": label.role,
        "role_confidence": confidence,
    }


def alert_line(alert: Alert) -> Line:
    """An alert as the contract has it."""
    hit, clause = alert.hit, alert.clauses[0]
    return {
        "type": "alert",
        "rule_id": hit.rule_id,
        "kind": alert.kind,
        "phrase": alert.phrase,
        "heard": hit.heard,
        "standard": clause.standard,
        "clause": clause.clause,
        "clauses": [
            {"standard": one.standard, "clause": one.clause, "quote": one.quote} for one in alert.clauses
        ],
        "role": hit.role,
        "severity": alert.severity,
        "confidence": hit.confidence,
        "tier": hit.tier,
        "state": hit.state,
        "hit_id": hit.hit_id,
        "start_s": round(seconds(hit.start_sample), 3),
        "end_s": round(seconds(hit.end_sample), 3),
        "raised_s": round(seconds(alert.raised_sample), 3),
        "advice": alert.advice,
        "suppressed": alert.suppressed,
        "why": list(hit.why),
    }


def play(replayer: Replayer, names: Sequence[str], *, as_json: bool) -> list[DeskguardError]:
    """All recordings to standard output; what could not be read comes back, the rest goes on."""
    failures: list[DeskguardError] = []
    words = ScreenWords(replayer.rules)
    for name in names:
        try:
            for line in replayer.lines(name):
                _write(json.dumps(line, ensure_ascii=False) if as_json else _readable(line, words))
        except DeskguardError as error:
            failures.append(error)
    return failures


def _readable(line: Line, words: ScreenWords) -> str:
    if line["type"] == "alert":
        shown = "" if line["suppressed"] is None else f"  [{line['suppressed']}]"
        # What a person decides is no accusation, not even here.
        mark = "?" if line["suppressed"] == "needs-person" else "!"
        phrase = words.text(line["phrase"])
        return f"  {mark} {line['start_s']:8.2f}  {line['rule_id']} {phrase}  {line['state']}{shown}"
    if line["type"] == "role":
        return f"    utterance {line['utterance_id']}: {line['role']}"
    if line["type"] in ("visit", "courtesy", "manner", "help"):
        return _finding(line)
    if line["type"] == "transcript":
        return f"    {line['start_s']:8.2f}  {words.text(line['text'])}"
    figures = ", ".join(f"{key} {value}" for key, value in line.items() if key not in ("v", "type", "file"))
    return f"{line['file']}: {figures}"


def _finding(line: Line) -> str:
    """A finding in one line of text: what, where, and the figure or the state."""
    if line["type"] == "visit":
        end = "" if line["end_s"] is None else f" - {line['end_s']:.2f} {line['ended_by']}"
        return (
            f"  # {line['start_s']:8.2f}{end}  {line['channel']} {line['begun_by']} {line['ticket']}".rstrip()
        )
    if line["type"] == "help":
        return f"  ! {line['at_s']:8.2f}  help: {line['by']}"
    if line["type"] == "courtesy":
        return f"  + {line['start_s']:8.2f}  {line['act_id']} {line['name']}  {line['state']}"
    bound = f"{line['value']} {line['unit']} (bound {line['expected']})"
    return f"  ~ {line['start_s']:8.2f}  manner.{line['kind']} {line['role']}  {bound}"


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
