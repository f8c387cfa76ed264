"""One made-up day at one window to what the night would have kept of it: by the real rules, visits and manner.

Whether words break a rule, and whether their surroundings make them innocent, is judged as everywhere; only how
sure the ear was is drawn by lot, because there was nothing to hear.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from deskguard.authoring.trials.judging import Judge
from deskguard.hub.demo import speaking
from deskguard.hub.demo.hall import SEED, Sitting
from deskguard.language.sentences import joined
from deskguard.privacy.redact import redact
from deskguard.scoring.curves import curves
from deskguard.scoring.findings import finding_of_courtesy, finding_of_hit, finding_of_manner, visit_at
from deskguard.scoring.values import Examination, Examined, Exposure, Recording, Spoken
from deskguard.settings import MannerSettings, VisitSettings
from deskguard.spotting.scene import Said, Scene
from deskguard.values import SAMPLE_RATE_HZ, Courtesy, Hit, Manner, QueueEvent, Visit, seconds
from deskguard.visits.manner import MannerWatch
from deskguard.visits.manner_book import load_manner
from deskguard.visits.manner_normal import Normal
from deskguard.visits.reception import Reception

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.ruleset import RuleSet
    from deskguard.scoring.values import Finding
    from deskguard.values import Candidate, Hypothesis

MODEL = "demo"
"""Stands where the recogniser's name does."""
_AFTERWARDS = 60 * SAMPLE_RATE_HZ


class DemoExaminer:
    """The rules in force, for any number of days."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._judge = Judge(rules)
        self._manner = load_manner(rules.packs)
        self._found: dict[str, list[Candidate]] = {}

    def examine(self, sitting: Sitting) -> tuple[Examined, list[tuple[str, float, float]]]:
        """All that one day yields; and its visits: id, begin and end in seconds."""
        rng = random.Random(f"{SEED} {sitting.sha256}")  # noqa: S311 - a demo must be the same each time
        recording = Recording(
            sha256=sitting.sha256,
            path=f"demo/{sitting.window_id}/{sitting.day}.flac",
            window_id=sitting.window_id,
            clerk_id=sitting.clerk.clerk_id,
            day=sitting.day,
            started_at=f"{sitting.day}T09:00:00",
            roles=("staff", "visitor"),
            duration_samples=round(sitting.length_s * SAMPLE_RATE_HZ),
        )
        examination = Examination(recording=recording, rules_sha256=self._rules.sha256, model=MODEL)
        visits = self._visits(sitting, rng)
        told = self._received(sitting, visits)
        kept = {_name(one): one for one in told}.values()
        findings = {one.finding_id: one for one in self._findings(visits, list(kept), examination, rng)}
        said = [one for talk in visits for one in talk]
        bounds_of = [one for one in kept if isinstance(one, Visit)]
        curve = curves(said, bounds_of, self._manner, MannerSettings())
        examined = Examined(
            examination=examination,
            exposure=_exposure(said, sum(isinstance(one, Visit) for one in kept), recording),
            findings=tuple(sorted(findings.values(), key=lambda one: (one.start_sample, one.finding_id))),
            spoken=tuple(
                Spoken(
                    start_sample=one.start_sample,
                    end_sample=one.end_sample,
                    role=one.role,
                    text=redact(one.text),
                    curve=curve.get(one.utterance_id),
                )
                for one in said
            ),
        )
        bounds = [
            (one.visit_id, seconds(one.start_sample), seconds(one.end_sample or one.start_sample))
            for one in bounds_of
        ]
        return examined, bounds

    def _visits(self, sitting: Sitting, rng: random.Random) -> list[list[Hypothesis]]:
        found: list[list[Hypothesis]] = []
        many = 0
        for start_s in sitting.starts_s:
            talk = speaking.heard(speaking.visit(sitting.clerk, rng), start_s, many, rng)
            many += len(talk)
            found.append(talk)
        return found

    def _received(
        self, sitting: Sitting, visits: Sequence[list[Hypothesis]]
    ) -> list[Visit | Courtesy | Manner]:
        """Visits, courtesies and manner, in the order in which they are told; the newest of each counts."""
        run_id = f"{sitting.window_id}-{sitting.day}"
        settings = MannerSettings()
        watch = MannerWatch(self._manner, settings, Normal.of(settings), run_id)
        reception = Reception(self._rules.courtesy, VisitSettings(), run_id, watch)
        told: list[Visit | Courtesy | Manner] = []
        for number, talk in enumerate(visits, 1):
            ticket = f"A{number:03}"
            begin, end = talk[0].start_sample - SAMPLE_RATE_HZ, talk[-1].end_sample + 3 * SAMPLE_RATE_HZ
            told += reception.tick(begin)
            told += reception.queue(QueueEvent(kind="called", ticket=ticket, at_sample=begin))
            now = begin
            for one in sorted(talk, key=lambda each: (each.end_sample, each.utterance_id)):
                while now + SAMPLE_RATE_HZ < one.end_sample:
                    now += SAMPLE_RATE_HZ
                    told += reception.tick(now)
                told += reception.feed(one)
            told += reception.tick(end)
            told += reception.queue(QueueEvent(kind="closed", ticket=ticket, at_sample=end))
        return told + reception.finish()

    def _findings(
        self,
        visits: Sequence[list[Hypothesis]],
        kept: Sequence[Visit | Courtesy | Manner],
        examination: Examination,
        rng: random.Random,
    ) -> Iterator[Finding]:
        bounds = [one for one in kept if isinstance(one, Visit)]
        for talk in visits:
            for hit, words in self._hits(talk, rng):
                yield finding_of_hit(
                    hit,
                    self._rules.rules[hit.rule_id],
                    examination,
                    visit_id=visit_at(bounds, hit.start_sample),
                    evidence=words,
                )
        said = [one for talk in visits for one in talk]
        for one in kept:
            if isinstance(one, Courtesy) and one.state != "open":
                yield finding_of_courtesy(one, examination, evidence=_words(said, one))
            elif isinstance(one, Manner):
                yield finding_of_manner(one, examination, evidence=_words(said, one))

    def _hits(self, talk: Sequence[Hypothesis], rng: random.Random) -> Iterator[tuple[Hit, str]]:
        """Words of the clerk that the rules are about, and whether the scene leaves anything of it."""
        said = [Said(role=one.role, passage=one.passage) for one in talk]
        for number, one in enumerate(talk):
            if one.role != "staff":
                continue
            around = Scene(
                said=said[number],
                before=tuple(said[:number]),
                after=tuple(said[number + 1 :]),
                is_closed=True,
                heard_until_sample=talk[-1].end_sample + _AFTERWARDS,
            )
            for candidate in self._candidates(one):
                outcome, why = self._judge.outcome(candidate, around)
                if outcome in ("raised", "softened"):
                    yield _hit(one, candidate, outcome == "softened", (why, rng)), one.text

    def _candidates(self, one: Hypothesis) -> list[Candidate]:
        """The same text has the same places, whoever says it."""
        if one.text not in self._found:
            self._found[one.text] = self._judge.candidates(one.passage)
        return self._found[one.text]


def _hit(
    one: Hypothesis, candidate: Candidate, is_softened: bool, more: tuple[tuple[str, ...], random.Random]
) -> Hit:
    why, rng = more
    start, end = one.passage.span(candidate.start_char, candidate.end_char)
    # Four of five are heard well; the others wait for a person.
    confidence = rng.uniform(0.84, 0.99) if rng.random() < 0.8 else rng.uniform(0.45, 0.79)
    return Hit(
        hit_id=f"{one.utterance_id}-{candidate.rule_id}-{candidate.start_char}",
        utterance_id=one.utterance_id,
        rule_id=candidate.rule_id,
        variant=candidate.variant,
        tier=candidate.tier,
        heard=one.text[candidate.start_char : candidate.end_char],
        state="confirmed",
        confidence=round(confidence, 3),
        start_sample=start,
        end_sample=end,
        role="staff",
        softened=is_softened,
        why=(f"tier {candidate.tier}", *why),
    )


def _name(one: Visit | Courtesy | Manner) -> str:
    if isinstance(one, Visit):
        return one.visit_id
    return one.courtesy_id if isinstance(one, Courtesy) else one.manner_id


def _words(said: Sequence[Hypothesis], one: Courtesy | Manner) -> str:
    there = [
        each.text for each in said if each.start_sample < one.end_sample and one.start_sample < each.end_sample
    ]
    return joined(there)


def _exposure(said: Sequence[Hypothesis], visits: int, recording: Recording) -> Exposure:
    voiced = {"staff": 0, "visitor": 0, "unknown": 0}
    for one in said:
        if one.sound is not None:
            voiced[one.role] += one.sound.voiced_samples
    return Exposure(
        visits=visits,
        audio_samples=recording.duration_samples,
        staff_samples=voiced["staff"],
        visitor_samples=voiced["visitor"],
        silent_samples=recording.duration_samples - sum(voiced.values()),
    )
