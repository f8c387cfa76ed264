"""`deskguard visit ...`: its options, and telling the desk that runs what the queue system knows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_EVENTS = {
    "called": "a ticket was called",
    "closed": "its visit is over",
    "waiting": "how many wait for this window now",
}


def add_visit_actions(visit: argparse.ArgumentParser) -> None:
    """Give the parser of `visit` its events."""
    events: Any = visit.add_subparsers(metavar="EVENT", required=True)
    for event, what in _EVENTS.items():
        action = events.add_parser(event, help=what)
        if event == "waiting":
            action.add_argument("count", type=int, help="how many")
        else:
            action.add_argument("ticket", help="its number, such as A012")
            action.add_argument(
                "--waiting", dest="count", type=int, metavar="N", help="how many wait for this window now"
            )
        action.add_argument(
            "--longest", type=float, metavar="SECONDS", help="for how long the first of them has waited"
        )
        action.add_argument("--data", type=Path, metavar="DIR", help="where that desk keeps its records")
        action.add_argument("--config", type=Path, metavar="PATH", help="its settings file (deskguard.toml)")
        action.set_defaults(run=_tell, event=event, ticket="")


def _tell(arguments: argparse.Namespace) -> int:
    from deskguard.desk.compose import store_folder
    from deskguard.desk.hook_file import tell_desk
    from deskguard.settings import find_settings, load_settings

    folder = arguments.data or store_folder(load_settings(find_settings(arguments.config)))
    waits = {"waiting": arguments.count, "longest_wait_s": arguments.longest}
    outcome = tell_desk(folder, arguments.event, arguments.ticket, **waits)
    what = [arguments.ticket, arguments.event] if arguments.ticket else [arguments.event, str(arguments.count)]
    sys.stdout.write(f"{' '.join(what)}: {outcome}\n")
    return 0
