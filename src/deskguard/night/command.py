"""`deskguard score ...`: the options, and what it prints. Nothing heavy is imported early.

Exit status: 0 when all was scored, 3 when some recordings could not be, 2 for what can be mended.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.night.cluster_command import resources_in

if TYPE_CHECKING:
    from deskguard.night.options import Options
    from deskguard.night.workers import ClusterOptions
    from deskguard.settings import Settings


def add_score_options(score: argparse.ArgumentParser) -> None:
    """Give the parser of `score` its options."""
    score.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="recordings, folders of them, or a list of them (.csv, .xlsx)",
    )
    score.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the reports go")
    score.add_argument("--scorecard", metavar="NAME", help="see: deskguard scorecards list")
    score.add_argument("--standard", metavar="NAME", help="the rules of one standard only, such as s003")
    score.add_argument("--windows", nargs="+", default=[], metavar="GLOB", help="only these windows")
    score.add_argument("--since", type=_day, metavar="DATE", help="recordings of this day and later")
    score.add_argument("--limit", type=_count, metavar="N", help="no more than so many recordings")
    score.add_argument(
        "--ratings", nargs="+", default=[], type=Path, metavar="FILE", help="tables of ratings and counts"
    )
    where = score.add_mutually_exclusive_group()
    where.add_argument("--local", type=_count, metavar="N", help="with N processes of this computer")
    where.add_argument("--cluster", metavar="ADDRESS", help="with the workers of a scheduler, see: cluster")
    score.add_argument("--key", type=Path, metavar="FILE", help="the hall's key, for --cluster")
    score.add_argument(
        "--insecure", action="store_true", help="without a key to another computer, for --cluster"
    )
    score.add_argument(
        "--resources",
        type=resources_in,
        default={},
        metavar="NAME=N",
        help="only with workers that offer this, such as GPU=1, for --cluster",
    )
    score.add_argument("--force", action="store_true", help="examine again what has been examined")
    score.add_argument(
        "--store",
        metavar="PLACE",
        help="a file or postgresql://...; default: of the settings, else in DIR",
    )
    score.add_argument("--config", type=Path, metavar="PATH", help="settings file (deskguard.toml)")
    score.add_argument(
        "--rules", type=Path, nargs="+", default=[], metavar="PATH", help="rule packs instead of the configured"
    )
    score.add_argument(
        "--channels",
        choices=("staff,visitor", "visitor,staff"),
        help="whose microphone each channel is, the left one first",
    )
    score.add_argument("--language", choices=("zh-CN", "en"), help="of the reports; default: of the settings")
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    from deskguard.scoring.opening import need_night_extra

    need_night_extra()
    from deskguard.night.progress import Progress
    from deskguard.night.run import Ready, run

    settings = _settings(arguments)
    language = arguments.language or settings.screen.language
    ready = Ready.of(_options(arguments), settings, _standard(arguments.standard), language)
    status, summary = run(ready, Progress(ready.words))
    words = ready.words
    told = {"done": summary["examined"], "before": summary["examined_before"], "out": arguments.out}
    sys.stdout.write(words("scored", left_out=summary["not_analysed"], **told) + "\n")
    if summary["scorecard"] != settings.scoring.card:
        sys.stdout.write(words("card_chosen", card=summary["scorecard"]) + "\n")
    sys.stdout.write(words("review_with", store=summary["store"]) + "\n")
    return status


def _settings(arguments: argparse.Namespace) -> Settings:
    from deskguard.settings import find_settings, load_settings

    settings = load_settings(find_settings(arguments.config))
    update: dict[str, Any] = {}
    if arguments.channels is not None:
        update["roles"] = settings.roles.model_copy(update={"channels": arguments.channels})
    if arguments.scorecard is not None:
        update["scoring"] = settings.scoring.model_copy(update={"card": arguments.scorecard})
    return settings.model_copy(update=update)


def _options(arguments: argparse.Namespace) -> Options:
    from deskguard.night.inputs import Wish
    from deskguard.night.options import Options

    return Options(
        paths=tuple(arguments.paths),
        out=arguments.out,
        rules=tuple(arguments.rules),
        store=arguments.store,
        has_card=arguments.scorecard is not None,
        ratings=tuple(arguments.ratings),
        wish=Wish(windows=tuple(arguments.windows), since=arguments.since, limit=arguments.limit),
        local=arguments.local,
        cluster=_cluster(arguments),
        is_forced=arguments.force,
    )


def _cluster(arguments: argparse.Namespace) -> ClusterOptions | None:
    if arguments.cluster is None:
        return None
    from deskguard.night.workers import ClusterOptions

    return ClusterOptions(
        address=arguments.cluster, key=arguments.key, insecure=arguments.insecure, resources=arguments.resources
    )


def _standard(name: str | None) -> str | None:
    """Standards go by their number, packs by s and the number."""
    return f"s{name}" if name is not None and name.isdecimal() else name


def _day(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-21") from None


def _count(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
