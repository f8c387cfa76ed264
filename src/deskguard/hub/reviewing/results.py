"""The night's store to what the pages need of it, judged by the card in force; kept while nothing changes.

To read a month of a hall takes a second, and every page asks: what was read is kept with a stamp of the store
(newest examination; how many examinations, decisions and imports there are), and read again when that changes.
Scores, standings and reasons come from `scoring`: the hall reckons nothing by itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.rules.pack import load_packs
from deskguard.scoring.card_choice import chosen, day_that_decides, scope_of
from deskguard.scoring.card_files import find_card
from deskguard.scoring.lines import Judged, judged
from deskguard.scoring.policy import deadlines_of, policy_of
from deskguard.scoring.results import scores
from deskguard.scoring.scorecard import usable
from deskguard.scoring.store import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from deskguard.hub.accounts.people import Person
    from deskguard.hub.state import HubState
    from deskguard.scoring.card_choice import CardChoice
    from deskguard.scoring.periods import Period
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.results import Night
    from deskguard.scoring.review import Deadlines
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import By
    from deskguard.scoring.values import Recording, Spoken
    from deskguard.settings import Settings

_KEPT = 24
_STAMP = sa.text(
    "SELECT (SELECT MAX(examined_utc) FROM night_examinations) AS newest,"
    " (SELECT COUNT(*) FROM night_examinations) AS examinations,"
    " (SELECT COUNT(*) FROM night_decisions) AS decisions,"
    " (SELECT COUNT(*) FROM night_imports) AS imports"
)
_CHOICES = sa.text("SELECT COUNT(*) FROM night_card_choices")
_Key = tuple["date | None", "date | None", tuple[str, ...], tuple[str, ...]]
_Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Some days of the night, and every finding of them as the card has it."""

    night: Night
    found: tuple[Judged, ...]
    due: frozenset[str]
    """Acts of courtesy that something asks for; others may be said, and are never missing."""

    def narrowed(self, keeps: Callable[[Recording], bool]) -> Looked:
        """What lies in some of the recordings."""
        night = replace(
            self.night,
            parts=tuple(part for part in self.night.parts if keeps(part[0])),
            findings=tuple(one for one in self.night.findings if keeps(one.recording)),
        )
        return Looked(night, tuple(one for one in self.found if keeps(one.finding.recording)), self.due)


class Results:
    """What routes ask the night; safe to use from several threads."""

    def __init__(self, state: HubState, settings: Settings) -> None:
        """Raises DeskguardError where the card of the settings is missing or has blanks."""
        self._state = state
        places = [_path(one) for one in settings.scoring.cards]
        self._own: Scorecard = usable(find_card(settings.scoring.card, places))
        self.scope = scope_of(settings)
        """The standard that this hall scores alone; empty: all of them."""
        self._choices: tuple[int, tuple[CardChoice, ...]] = (0, ())
        self._built: dict[int, Scorecard | None] = {}
        self.policy: Policy = policy_of(settings.scoring)
        self.deadlines: Deadlines = deadlines_of(settings.scoring)
        self._rules = settings.rules
        self._due: frozenset[str] | None = None
        self._turn = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[_Stamp, Looked]] = OrderedDict()

    @property
    def today(self) -> date:
        """The day of this place."""
        return self._state.now().astimezone().date()

    @property
    def card(self) -> Scorecard:
        """The card in force today; raises DeskguardError where what was chosen cannot be used any more."""
        return self.card_on(self.today)

    def card_on(self, day: date, scope: str | None = None) -> Scorecard:
        """The card that scores a day, for all that this hall scores or for one standard alone."""
        choice = chosen(self.choices(), self.scope if scope is None else scope, day)
        if choice is None:
            return self._own
        if choice.serial not in self._built:
            # A choice never changes.
            self._built[choice.serial] = choice.card()
        return self._built[choice.serial] or self._own

    def card_of(self, period: Period, scope: str | None = None) -> Scorecard:
        """The card that scores a period."""
        return self.card_on(day_that_decides(period, self.today), scope)

    def choices(self) -> tuple[CardChoice, ...]:
        """Which cards were chosen; read again when there are more."""
        with self._state.store.reading() as connection:
            many = int(connection.execute(_CHOICES).scalar_one())
        if self._choices[0] != many:
            self._choices = (many, tuple(self._state.night.card_choices()))
        return self._choices[1]

    def scores(self, night: Night, by: By) -> list[Score]:
        """Scores by the periods of the card in force, each period by the card that scores it."""
        now = self.card
        found: dict[str, dict[tuple[str, Period], Score]] = {}
        listed = []
        for one in scores(night, now, self.policy, by, now.period):
            card = self.card_of(one.period)
            if card.sha256 == now.sha256:
                listed.append(one)
                continue
            if card.sha256 not in found:
                several = scores(night, card, self.policy, by, now.period)
                found[card.sha256] = {(each.subject, each.period): each for each in several}
            listed.append(found[card.sha256].get((one.subject, one.period), one))
        return listed

    def look(self, first: date | None, last: date | None, person: Person | None = None) -> Looked:
        """The days from `first` to `last` in the windows that a person may see; of a clerk, without windows."""
        return self._look((first, last, () if person is None else person.windows, ()))

    def own(self, clerk_id: str) -> Looked:
        """All that was ever found about one clerk."""
        return self._look((None, None, (), (clerk_id,)))

    def one(self, finding_id: str) -> Judged:
        """A finding, judged among those of its day and window; raises DeskguardError (`unknown-finding`)."""
        finding, standing = self._state.night.finding(finding_id, self.deadlines)
        day, window = finding.recording.day, finding.recording.window_id
        near = self._look((day, day, (window,), ()))
        of_day = (one for one in near.found if one.finding.finding_id == finding.finding_id)
        # One that was not found any more the last time is known to nobody but the store.
        return next(of_day, Judged(finding=finding, standing=standing))

    def beside(self, one: Judged) -> tuple[Judged, ...]:
        """All findings of the day and window of a finding, itself among them."""
        day, window = one.finding.recording.day, one.finding.recording.window_id
        near = self._look((day, day, (window,), ())).found
        is_known = any(each.finding.finding_id == one.finding.finding_id for each in near)
        return near if is_known else (*near, one)

    def of_recordings(self, sha256s: tuple[str, ...]) -> Looked:
        """Everything in some recordings, a few hundred at most; read each time."""
        return self._read(Wanted(recordings=sha256s), self.card)

    def spoken(self, recording_sha256: str) -> list[Spoken]:
        """What was said in a recording, redacted."""
        return self._state.night.spoken(recording_sha256)

    def _look(self, key: _Key) -> Looked:
        card = self.card
        stamp = (*self._stamp(), card.sha256)
        first, last, windows, clerks = key
        if (known := self._known(key, stamp)) is not None:
            return known
        looked = self._read(Wanted(first=first, last=last, windows=windows, clerks=clerks), card)
        with self._turn:
            self._kept[key] = (stamp, looked)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return looked

    def _read(self, wanted: Wanted, card: Scorecard) -> Looked:
        night = self._state.night.night(wanted, self.deadlines)
        return Looked(night, tuple(judged(night, card, self.policy)), self.due)

    @property
    def due(self) -> frozenset[str]:
        """Acts that something asks for, by the rules in force when first asked: to load them takes a second."""
        if self._due is None:
            rules = load_packs([_path(one) for one in self._rules.packs], self._rules.only)
            self._due = frozenset(act.act_id for act in rules.courtesy.acts if act.expect is not None)
        return self._due

    def _known(self, key: _Key, stamp: _Stamp) -> Looked | None:
        """What was read before and still holds: these very days, or more days that hold them."""
        first, last, windows, clerks = key
        with self._turn:
            kept = {one: looked for one, (then, looked) in self._kept.items() if then == stamp}
            if key in kept:
                self._kept.move_to_end(key)
                return kept[key]
        if first is None or last is None:
            return None
        for (begin, end, *whose), looked in kept.items():
            is_wider = (begin is None or begin <= first) and (end is None or last <= end)
            # Words on the same place are judged together; they never lie in two recordings.
            if is_wider and whose == [windows, clerks]:
                return looked.narrowed(lambda one: first <= one.day <= last)
        return None

    def _stamp(self) -> _Stamp:
        with self._state.store.reading() as connection:
            return tuple(connection.execute(_STAMP).one())


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)
