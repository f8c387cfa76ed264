"""Final utterances, queue events and passing time in; visits, what was found in them, and calls for help out.

The parts of `visits` for one stream, with the rules in force. Rules that change take hold with the next visit:
one visit is judged by one set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.desk.holding import Holding
from deskguard.values import Courtesy, HelpCall, Manner, Visit
from deskguard.visits.help import SafeWord
from deskguard.visits.manner import MannerWatch
from deskguard.visits.manner_book import load_manner
from deskguard.visits.manner_normal import Normal
from deskguard.visits.reception import Reception

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings
    from deskguard.values import Hypothesis, Labelled, QueueEvent

Attended = Visit | Courtesy | Manner | HelpCall


class Attendant:
    """Follows the visits of one stream; pure but for `queue_events`, which it asks for what has come."""

    def __init__(
        self, rules: RuleSet, settings: Settings, run_id: str, queue_events: Callable[[], list[QueueEvent]]
    ) -> None:
        self._settings = settings
        self._run_id = run_id
        self._queue_events = queue_events
        self._safe_word = SafeWord(settings.manner.safe_word)
        self._sets = 0
        self._fresh: RuleSet | None = None
        self._open_visit: str | None = None
        self._holding = Holding()
        self._time = 0
        """How far time has passed for the visits."""
        self._reception = self._new_reception(rules)

    def use(self, rules: RuleSet) -> None:
        """Go on with other rules from the next visit on."""
        self._fresh = rules

    def feed(self, said: Hypothesis, *, is_open: bool = False) -> list[Attended]:
        """Take a final utterance of either side, in order of arrival.

        `is_open`: it may still be found out who spoke. A call for help does not wait for that.
        """
        found = self._told()
        if said.is_announcement:
            return found
        self._holding.take(said, is_open=is_open)
        found += self._heard(self._holding.ready(said.end_sample))
        call = self._safe_word.heard(said)
        return found if call is None else [call, *found]

    def recast(self, label: Labelled) -> None:
        """It has been found out who spoke; what has been taken into the visit counts so at its end."""
        self._holding.recast(label)
        self._reception.recast(label)

    def tick(self, now_sample: int) -> list[Attended]:
        """Audio time has come to here."""
        found = self._told() + self._heard(self._holding.ready(now_sample))
        time = self._holding.time_for_others(now_sample)
        if time > self._time:
            self._time = time
            found += self._noted([*self._reception.tick(time)])
        return found

    def finish(self) -> list[Attended]:
        """The stream is over."""
        found = self._told() + self._heard(self._holding.finish())
        return found + self._noted([*self._reception.finish()])

    def _heard(self, said: list[Hypothesis]) -> list[Attended]:
        return self._noted([found for one in said for found in self._reception.feed(one)])

    def _told(self) -> list[Attended]:
        """What the queue system has told since."""
        if self._fresh is not None and self._open_visit is None:
            self._reception, self._fresh = self._new_reception(self._fresh), None
        return self._noted([one for event in self._queue_events() for one in self._reception.queue(event)])

    def _noted(self, found: list[Attended]) -> list[Attended]:
        for one in found:
            if not isinstance(one, Visit):
                continue
            # One that is over may be told again while another goes on.
            if one.end_sample is None:
                self._open_visit = one.visit_id
            elif one.visit_id == self._open_visit:
                self._open_visit = None
        return found

    def _new_reception(self, rules: RuleSet) -> Reception:
        """Ids of visits go on apart from those under the rules before."""
        self._sets += 1
        run_id = self._run_id if self._sets == 1 else f"{self._run_id}-r{self._sets}"
        settings = self._settings
        book = load_manner(rules.packs).without(settings.visits.off)
        manner = MannerWatch(book, settings.manner, Normal.of(settings.manner), run_id)
        return Reception(rules.courtesy, settings.visits, run_id, manner)
