"""`deskguard review ...` and `deskguard scorecards ...`: the options, and what each action prints.

Nothing heavy is imported early. Exit status: 0, or 2 for what can be mended.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deskguard.scoring.lines import Judged
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.review import Deadlines
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.store import NightStore, Wanted
    from deskguard.scoring.words import Words
    from deskguard.settings import Settings

_Actions = Any
"""argparse keeps the type of its sub-parsers to itself."""
_ACTS = {
    "confirm": "a person says that it is so",
    "reject": "a person says that it is not so",
    "appeal": "the clerk objects",
    "uphold": "a second reviewer says that it is so",
    "overturn": "a second reviewer says that it is not so",
    "acknowledge": "the clerk has seen it and does not object",
}


def add_review_actions(review: argparse.ArgumentParser) -> None:
    """Give the parser of `review` its actions."""
    actions: _Actions = review.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="findings that wait for a decision, one line each")
    _add_wanted(listing)
    listing.add_argument("--state", metavar="STATE", help="those in this state, whatever they wait for")
    listing.add_argument("--all", action="store_true", help="all findings")
    _add_common(listing, json=True)
    listing.set_defaults(run=_list)

    show = actions.add_parser("show", help="everything about one finding")
    show.add_argument("id", metavar="ID", help="of a finding, or an unmistakable beginning of it")
    _add_common(show, json=True)
    show.set_defaults(run=_show)

    for act, what in _ACTS.items():
        action = actions.add_parser(act, help=what)
        action.add_argument("id", metavar="ID", help="of a finding, or an unmistakable beginning of it")
        action.add_argument("--by", metavar="NAME", help="who decides; default: the name you are logged in by")
        action.add_argument("--why", default="", metavar="TEXT", help="the reason, kept with the decision")
        _add_common(action)
        action.set_defaults(run=_decide, act=act)

    agreement = actions.add_parser(
        "agreement", help="how far machine and people agree, and each rule's precision"
    )
    _add_wanted(agreement)
    _add_common(agreement, json=True)
    agreement.set_defaults(run=_agreement)

    examples = actions.add_parser("counter-examples", help="overturned findings as lines for a rule pack")
    _add_wanted(examples)
    examples.add_argument("--rejected", action="store_true", help="those of rejected findings as well")
    _add_common(examples)
    examples.set_defaults(run=_counter_examples)


def add_scorecards_actions(scorecards: argparse.ArgumentParser) -> None:
    """Give the parser of `scorecards` its actions."""
    actions: _Actions = scorecards.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the scorecards there are; * is in use")
    show = actions.add_parser("show", help="everything of one scorecard, with the source of every figure")
    show.add_argument("name", metavar="NAME")
    check = actions.add_parser("check", help="check a scorecard file; reports every mistake at once")
    check.add_argument("file", type=Path, metavar="FILE")
    for action, run in ((listing, _cards_list), (show, _cards_show), (check, _cards_check)):
        _add_settings(action)
        action.set_defaults(run=run)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="PATH", help="settings file (deskguard.toml)")
    parser.add_argument(
        "--language", choices=("zh-CN", "en"), help="of what is printed; default: that of the settings"
    )


def _add_common(parser: argparse.ArgumentParser, *, json: bool = False) -> None:
    parser.add_argument(
        "--store", metavar="PLACE", help="a file or postgresql://...; default: that of the settings"
    )
    _add_settings(parser)
    if json:
        parser.add_argument("--json", action="store_true", help="one JSON object a line and nothing else")


def _add_wanted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=_day, metavar="DATE", help="recordings of this day and later")
    parser.add_argument("--until", type=_day, metavar="DATE", help="recordings of this day and earlier")
    parser.add_argument("--windows", nargs="+", default=[], metavar="GLOB", help="only these windows")
    parser.add_argument("--clerks", nargs="+", default=[], metavar="GLOB", help="only these clerks")
    parser.add_argument("--rules", nargs="+", default=[], metavar="GLOB", help="only findings of these rules")


def _day(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-21") from None


def _list(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.lines import finding_line
    from deskguard.scoring.reviewing import finding_lines

    known = _state(arguments.state)
    with _Desk(arguments) as desk:
        found = [
            one
            for one in desk.judged()
            if arguments.all or (one.standing.state == known if known else _is_open(one))
        ]
        if arguments.json:
            return _print_json(map(finding_line, found))
        if not found:
            return _print([desk.words("nothing" if not (known or arguments.all) else "total", n=0)])
        return _print(finding_lines(found, desk.words, _now()))


def _show(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.lines import finding_line
    from deskguard.scoring.reviewing import everything

    with _Desk(arguments) as desk:
        one = desk.one(arguments.id)
        if arguments.json:
            return _print_json([finding_line(one)])
        return _print(everything(one, desk.card, desk.words, _now()))


def _decide(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.review import Decision

    with _Desk(arguments) as desk:
        by = _user() if arguments.by is None else arguments.by
        made = Decision(finding_id=arguments.id, act=arguments.act, by=by, at_utc=_now(), why=arguments.why)
        standing = desk.store.decide(made, desk.deadlines)
        name = standing.decisions[-1].finding_id
        return _print([desk.words("done", finding_id=name, state=desk.words(f"state.{standing.state}"))])


def _agreement(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from deskguard.scoring.agreement import agreement
    from deskguard.scoring.reviewing import agreement_lines

    with _Desk(arguments) as desk:
        night = desk.night()
        found = agreement(night.findings, night.standings, desk.policy)
        if not arguments.json:
            return _print(agreement_lines(found, desk.words))
        rules = [{**asdict(one), "precision": one.precision} for one in found.rules]
        return _print_json([{"v": 1, "type": "agreement", **asdict(found), "rules": rules}])


def _counter_examples(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.counter_examples import counter_examples, pack_lines

    with _Desk(arguments) as desk:
        night = desk.night()
        offered = counter_examples(night.findings, night.standings, rejected=arguments.rejected)
        # A line of TOML as well: what is printed may go into a file as it is.
        return _print(pack_lines(offered) or [f"# {desk.words('no_examples')}"])


def _cards_list(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.card_files import card_files, load_card
    from deskguard.scoring.cards_shown import card_lines

    settings, words = _begin(arguments)
    places = _places(settings)
    cards = {card.card_id: card for card in (load_card(one, places) for one in reversed(card_files(places)))}
    ordered = [cards[name] for name in sorted(cards)]
    return _print(card_lines(ordered, settings.scoring.card, words))


def _cards_show(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.card_files import find_card
    from deskguard.scoring.cards_shown import everything

    settings, words = _begin(arguments)
    return _print(everything(find_card(arguments.name, _places(settings)), words))


def _cards_check(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.card_files import load_card
    from deskguard.scoring.cards_shown import blank_lines
    from deskguard.scoring.known import check_names

    settings, words = _begin(arguments)
    card = load_card(arguments.file, _places(settings))
    check_names(card, settings)
    items = sum(len(section.items) for section in card.sections)
    good = words(
        "card_good", path=arguments.file, card_id=card.card_id, sections=len(card.sections), items=items
    )
    return _print([good, *blank_lines(card, words)])


class _Desk:
    """The store and what findings are judged by, open for one action."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from deskguard.scoring.card_choice import card_in_force, scope_of
        from deskguard.scoring.card_files import find_card
        from deskguard.scoring.opening import open_store
        from deskguard.scoring.policy import deadlines_of, policy_of
        from deskguard.scoring.scorecard import usable

        self._arguments = arguments
        settings, self.words = _begin(arguments)
        own = usable(find_card(settings.scoring.card, _places(settings)))
        self.policy: Policy = policy_of(settings.scoring)
        self.deadlines: Deadlines = deadlines_of(settings.scoring)
        self.store: NightStore = open_store(settings.scoring, arguments.store)
        self.card: Scorecard = card_in_force(self.store.card_choices(), scope_of(settings), _today(), own)

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def night(self) -> Any:
        """What the store holds of what is wanted."""
        from dataclasses import replace

        from deskguard.scoring.occurrences import matches

        night = self.store.night(_wanted(self._arguments), self.deadlines)
        rules = self._arguments.rules
        if not rules:
            return night
        return replace(night, findings=tuple(one for one in night.findings if matches(one.rule_id, rules)))

    def judged(self) -> list[Judged]:
        """The wanted findings, each with what the card makes of it."""
        from deskguard.scoring.lines import judged
        from deskguard.scoring.occurrences import matches

        # All findings first: those on the same words are judged together.
        night = self.store.night(_wanted(self._arguments), self.deadlines)
        rules = self._arguments.rules or ["*"]
        return [one for one in judged(night, self.card, self.policy) if matches(one.finding.rule_id, rules)]

    def one(self, name: str) -> Judged:
        """One finding, among those of its day and window."""
        from deskguard.scoring.lines import Judged, judged
        from deskguard.scoring.store import Wanted

        finding, standing = self.store.finding(name, self.deadlines)
        day, window = finding.recording.day, finding.recording.window_id
        near = self.store.night(Wanted(first=day, last=day, windows=(window,)), self.deadlines)
        found = (
            one for one in judged(near, self.card, self.policy) if one.finding.finding_id == finding.finding_id
        )
        # One that was not found any more the last time is known to nobody but the store.
        return next(found, Judged(finding=finding, standing=standing))


def _wanted(arguments: argparse.Namespace) -> Wanted:
    from deskguard.scoring.store import Wanted

    return Wanted(
        first=arguments.since,
        last=arguments.until,
        windows=tuple(arguments.windows),
        clerks=tuple(arguments.clerks),
    )


def _is_open(one: Judged) -> bool:
    """Somebody should decide: it waits for a person, or is under appeal."""
    return one.waiting is not None or one.standing.state == "appealed"


def _state(given: str | None) -> str | None:
    from typing import get_args

    from deskguard.errors import DeskguardError
    from deskguard.scoring.review import State

    known = get_args(State)
    if given is not None and given not in known:
        raise DeskguardError(
            f'"{given[:40]}" is no state of a finding.', f"write one of {', '.join(known)}.", "unknown-state"
        )
    return given


def _places(settings: Settings) -> list[Path]:
    return [Path(one) for one in settings.scoring.cards]


def _begin(arguments: argparse.Namespace) -> tuple[Settings, Words]:
    from deskguard.scoring.words import Words
    from deskguard.settings import find_settings, load_settings

    settings = load_settings(find_settings(arguments.config))
    return settings, Words(arguments.language or settings.screen.language)


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _now() -> str:
    from datetime import UTC, datetime

    # The wall clock: a decision is dated for people, and the card in force is that of today.
    return datetime.now(UTC).isoformat(timespec="seconds")


def _today() -> date:
    from datetime import datetime

    return datetime.fromisoformat(_now()).astimezone().date()


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def _print_json(tables: Iterable[dict[str, Any]]) -> int:
    import json

    return _print(json.dumps(one, ensure_ascii=False) for one in tables)
