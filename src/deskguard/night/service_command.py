"""`deskguard service ...`: what runs by itself, every night.

Nothing heavy is imported early. Exit status: 0, or 2 for what can be mended.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.night.health import NightHealth
    from deskguard.night.service import Ran
    from deskguard.scoring.words import Words

_Actions = Any
"""argparse keeps the type of its sub-parsers to itself."""


def add_service_actions(service: argparse.ArgumentParser) -> None:
    """Give the parser of `service` its actions."""
    actions: _Actions = service.add_subparsers(metavar="ACTION", required=True)
    install = actions.add_parser("install", help="score recordings every night from now on")
    _add_night(install)
    install.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="recordings, folders, a manifest")
    install.add_argument("--at", default="20:00", metavar="HH:MM", help="when it begins (default 20:00)")
    install.add_argument("--out", type=Path, metavar="DIR", help="where its reports go")
    install.add_argument("--config", type=Path, metavar="FILE", help="settings file (deskguard.toml)")
    install.add_argument("--local", metavar="N", help="as of deskguard score")
    install.add_argument("--cluster", metavar="ADDRESS", help="as of deskguard score")
    install.add_argument("--key", type=Path, metavar="FILE", help="as of deskguard score")
    install.add_argument(
        "--dry-run", action="store_true", help="print what would be written, and write nothing"
    )
    install.set_defaults(run=_install)

    remove = actions.add_parser("remove", help="undo it; reports and store stay")
    _add_night(remove)
    remove.set_defaults(run=_remove)

    status = actions.add_parser("status", help="when it runs next, and how the last run stands")
    _add_night(status)
    status.set_defaults(run=_status)


def _add_night(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--night", action="store_true", required=True, help="the scoring of recordings")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--user", dest="scope", action="store_const", const="user", default="user", help="yours (default)"
    )
    whose.add_argument(
        "--system",
        dest="scope",
        action="store_const",
        const="system",
        help="the computer's; needs its administrator",
    )
    parser.add_argument("--language", choices=("zh-CN", "en"), help="of what is printed")


def _install(arguments: argparse.Namespace) -> int:
    from deskguard.night.service import Wanted, install, is_windows, plan
    from deskguard.night.service_units import read_time

    at = read_time(arguments.at)
    options = [word for name, value in _passed_on(arguments) if value for word in (name, value)]
    task, files = plan(
        Wanted(
            paths=tuple(arguments.paths),
            at=at,
            scope=arguments.scope,
            out=arguments.out,
            config=arguments.config,
            options=tuple(options),
        )
    )
    if arguments.dry_run:
        return _print(line for made in files for line in (f"# {made.path}", made.text))
    words = _words(arguments)
    ran = install(task, files)
    if not is_windows():
        _print(words("service.written", path=made.path) for made in files)
    if not _is_told_to_do_it(ran, words):
        _print([words("service.installed", at=f"{at[0]:02d}:{at[1]:02d}", out=task.out)])
    if arguments.scope == "user":
        _print([words("service.windows_logged_on" if is_windows() else "service.linger", user=task.user)])
    return 0


def _passed_on(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Options of `deskguard score` that are given to every night."""
    yield "--local", arguments.local
    yield "--cluster", arguments.cluster
    yield "--key", "" if arguments.key is None else str(arguments.key.absolute())


def _remove(arguments: argparse.Namespace) -> int:
    from deskguard.night.service import remove

    words = _words(arguments)
    ran = remove(arguments.scope)
    _print([words("service.removed")])
    _is_told_to_do_it(ran, words)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from deskguard.night.health import read_health
    from deskguard.night.service import state

    found = state(arguments.scope)
    words = _words(arguments)
    lines = [] if found.place is None else [words("service.at", path=found.place)]
    lines += found.lines
    if found.out is not None:
        health = read_health(found.out)
        lines.append(words("service.never", out=found.out) if health is None else _health_line(health, words))
    return _print(lines)


def _health_line(health: NightHealth, words: Words) -> str:
    return words(
        "service.health",
        state=words(f"service.state.{health.state}"),
        done=health.done,
        total=health.total,
        not_analysed=health.not_analysed,
        at=health.updated_utc,
    )


def _is_told_to_do_it(ran: Sequence[Ran], words: Words) -> bool:
    """Whether something did not work: then the user is told what to run, and why."""
    left = [one for one in ran if not one.is_good]
    if left:
        why = next((one.said.splitlines()[0] for one in left if one.said), "")
        _print([words("service.by_hand", why=why), *(f"  {' '.join(one.command)}" for one in left)])
    return bool(left)


def _words(arguments: argparse.Namespace) -> Words:
    from deskguard.scoring.words import Words
    from deskguard.settings import find_settings, load_settings

    config = getattr(arguments, "config", None)
    return Words(arguments.language or load_settings(find_settings(config)).screen.language)


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0
