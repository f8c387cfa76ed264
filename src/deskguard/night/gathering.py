"""What the mind tells of a recording, one thing after another, in; the whole of it as an examination out.

Hits, courtesies and texts are told again whenever they change: the newest word on each counts. Only what is
settled in the end is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from deskguard.language.sentences import joined
from deskguard.night.report.clips import personal_spans
from deskguard.privacy.redact import redact
from deskguard.scoring.findings import finding_of_courtesy, finding_of_hit, finding_of_manner, visit_at
from deskguard.scoring.values import Examined, Exposure, Spoken
from deskguard.values import Alert, Courtesy, Hypothesis, Labelled, Manner, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.desk.mind import Outcome
    from deskguard.rules.ruleset import Rule
    from deskguard.scoring.values import Curve, Examination, Finding
    from deskguard.values import Hit, Role


@dataclass(slots=True)
class Gathering:
    """One recording so far."""

    hits: dict[str, Hit] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    courtesies: dict[str, Courtesy] = field(default_factory=dict)
    manners: dict[str, Manner] = field(default_factory=dict)
    texts: dict[int, Hypothesis] = field(default_factory=dict)
    """Final texts by utterance."""

    def take(self, outcome: Outcome) -> None:
        """The next thing that the mind tells."""
        if isinstance(outcome, Alert):
            self.hits[outcome.hit.hit_id] = outcome.hit
        elif isinstance(outcome, Hypothesis):
            if outcome.is_final and outcome.text:
                self.texts[outcome.utterance_id] = outcome
        elif isinstance(outcome, Labelled):
            said = self.texts.get(outcome.utterance_id)
            if said is not None:
                said = replace(said, role=outcome.role, role_confidence=outcome.confidence)
                self.texts[outcome.utterance_id] = said
        elif isinstance(outcome, Visit):
            self.visits[outcome.visit_id] = outcome
        elif isinstance(outcome, Courtesy):
            self.courtesies[outcome.courtesy_id] = outcome
        elif isinstance(outcome, Manner):
            self.manners[outcome.manner_id] = outcome

    def examined(
        self, examination: Examination, rules: Mapping[str, Rule], curves: Mapping[int, Curve] | None = None
    ) -> Examined:
        """All of it, in the order of the recording; `curves` by utterance, see `scoring.curves`."""
        curves = curves or {}
        findings = sorted(
            self._findings(examination, rules),
            key=lambda one: (one.start_sample, one.end_sample, one.rule_id, one.finding_id),
        )
        return Examined(
            examination=examination,
            exposure=self._exposure(examination.recording.duration_samples),
            findings=tuple({one.finding_id: one for one in findings}.values()),
            spoken=tuple(
                Spoken(
                    start_sample=one.passage.spans[0][0],
                    end_sample=one.passage.spans[-1][1],
                    role=one.role,
                    text=redact(one.text),
                    personal=tuple(personal_spans(one.passage)),
                    curve=curves.get(one.utterance_id),
                )
                for one in self.in_order()
            ),
        )

    def _findings(self, examination: Examination, rules: Mapping[str, Rule]) -> Iterator[Finding]:
        visits = list(self.visits.values())
        for hit in self.hits.values():
            if hit.state == "confirmed":
                yield finding_of_hit(
                    hit,
                    rules[hit.rule_id],
                    examination,
                    visit_id=visit_at(visits, hit.start_sample),
                    evidence=self._words(hit.start_sample, hit.end_sample, hit.role),
                )
        for courtesy in self.courtesies.values():
            if courtesy.state != "open":
                words = self._words(courtesy.start_sample, courtesy.end_sample)
                yield finding_of_courtesy(courtesy, examination, evidence=words)
        for manner in self.manners.values():
            words = self._words(manner.start_sample, manner.end_sample)
            yield finding_of_manner(manner, examination, evidence=words)

    def _words(self, start_sample: int, end_sample: int, role: Role | None = None) -> str:
        """What was said there; of two who speak at once, what `role` said, if anything."""
        there = [
            one
            for one in self.in_order()
            if one.passage.spans[0][0] < end_sample and start_sample < one.passage.spans[-1][1]
        ]
        own = [one for one in there if one.role == role]
        return joined(one.text for one in own or there)

    def in_order(self) -> list[Hypothesis]:
        """The final texts by their places."""
        return sorted(self.texts.values(), key=lambda one: (one.start_sample, one.utterance_id))

    def _exposure(self, audio_samples: int) -> Exposure:
        voiced: dict[Role, int] = {"staff": 0, "visitor": 0, "unknown": 0}
        for one in self.texts.values():
            if one.sound is not None:
                voiced[one.role] += one.sound.voiced_samples
        return Exposure(
            visits=len(self.visits),
            audio_samples=audio_samples,
            staff_samples=voiced["staff"],
            visitor_samples=voiced["visitor"],
            unknown_samples=voiced["unknown"],
            silent_samples=max(0, audio_samples - sum(voiced.values())),
        )
