"""`deskguard cluster ...`: the key of a hall, its scheduler, and the workers on its desks.

Nothing heavy is imported early. Exit status: 0, or 2 for what can be mended.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from deskguard.scoring.words import Words

_Actions = Any
"""argparse keeps the type of its sub-parsers to itself."""
_DEFAULT_PORT = 8786
_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}


def add_cluster_actions(cluster: argparse.ArgumentParser) -> None:
    """Give the parser of `cluster` its actions."""
    actions: _Actions = cluster.add_subparsers(metavar="ACTION", required=True)
    key = actions.add_parser("key", help="make the key that every computer of the cluster has")
    key.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="where to; default: where it is looked for"
    )
    _add_language(key)
    key.set_defaults(run=_key)

    scheduler = actions.add_parser("scheduler", help="hand out recordings to workers until stopped")
    scheduler.add_argument(
        "--host", metavar="HOST", help="address to listen at; default: all with a key, else this computer only"
    )
    scheduler.add_argument("--port", type=_port, default=_DEFAULT_PORT, help="0 takes a free one")
    _add_key(scheduler)
    scheduler.set_defaults(run=_scheduler)

    worker = actions.add_parser("worker", help="examine recordings for a scheduler until stopped")
    worker.add_argument("address", metavar="ADDRESS", help="of the scheduler, as it prints it")
    worker.add_argument(
        "--threads",
        type=_count,
        default=1,
        metavar="N",
        help="recordings at a time, a process each (default 1)",
    )
    worker.add_argument(
        "--port", type=_port, default=0, help="first of those it listens at, two for each process; default any"
    )
    worker.add_argument(
        "--memory-limit",
        type=_bytes,
        default=0,
        metavar="SIZE",
        help="of each process, such as 2G; default none",
    )
    worker.add_argument(
        "--resources",
        type=resources_in,
        default={},
        metavar="NAME=N",
        help="what it offers, such as GPU=1",
    )
    _add_key(worker)
    worker.set_defaults(run=_worker)


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, metavar="FILE", help="the hall's key; default: the user's own")
    parser.add_argument(
        "--insecure", action="store_true", help="reach other computers without a key; anybody there may join"
    )
    _add_language(parser)


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=("zh-CN", "en"), help="of what is printed")


def _key(arguments: argparse.Namespace) -> int:
    from deskguard.night.cluster_key import default_key, make_key

    path = arguments.file or default_key()
    make_key(path)
    return _print(_words(arguments)("cluster.key_made", path=path))


def _scheduler(arguments: argparse.Namespace) -> int:
    from deskguard.night.cluster_key import checked_address, find_key

    key = find_key(arguments.key)
    host = arguments.host or ("" if key else "127.0.0.1")
    # An address to listen at is as unsafe as one to reach; without a name it is every one of this computer.
    checked_address(f"{host or '0.0.0.0'}:{arguments.port or 1}", key, insecure=arguments.insecure)  # noqa: S104
    words = _words(arguments)

    def tell(address: str) -> None:
        _print(words("cluster.scheduler_ready", address=address))

    _serving().serve_scheduler(host, arguments.port, key, tell)
    return 0


def _worker(arguments: argparse.Namespace) -> int:
    from deskguard.night.cluster_key import checked_address, find_key

    key = find_key(arguments.key)
    address = checked_address(arguments.address, key, insecure=arguments.insecure)
    serving = _serving()
    options = serving.WorkerOptions(
        address=address,
        key=key if address.startswith("tls") else None,
        port=arguments.port,
        processes=arguments.threads,
        memory_bytes=arguments.memory_limit,
        resources=arguments.resources,
    )
    serving.serve_worker(options, _teller(_words(arguments), address))
    return 0


def _teller(words: Words, address: str) -> Callable[[str], None]:
    def tell(what: str) -> None:
        state, _, why = what.partition(" ")
        _print(words(f"cluster.worker_{state}", address=address, why=why))

    return tell


def _serving() -> ModuleType:
    from deskguard.night.cluster_key import extra_missing

    try:
        from deskguard.night import cluster_serving
    except ModuleNotFoundError as error:
        raise extra_missing(error) from None
    return cluster_serving


def _words(arguments: argparse.Namespace) -> Words:
    from deskguard.scoring.words import Words
    from deskguard.settings import find_settings, load_settings

    return Words(arguments.language or load_settings(find_settings(None)).screen.language)


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 256")
    return int(text)


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", text.upper())
    size = float(found[1]) * _UNITS[found[2]] if found else 0
    # Less than this and the model alone is too much: every recording would be given up.
    if size < 200 * _UNITS["M"]:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size of at least 200M, such as 2G")
    return int(size)


def resources_in(text: str) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        name, _, amount = part.partition("=")
        if not re.fullmatch(r"[A-Za-z][\w.-]*", name) or not re.fullmatch(r"\d+(\.\d+)?", amount):
            raise argparse.ArgumentTypeError(f"{text!r} is not a list such as GPU=1")
        found[name] = float(amount)
    return found


def _print(line: str) -> int:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0
