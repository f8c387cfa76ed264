"""The command line: one thin function a command, no logic; nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from deskguard import __version__
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.settings import Settings

EXIT_USER = 2
_MICROPHONE_HELP = "index or (part of a) name, see: deskguard devices"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USER, f"deskguard: {message}. Fix: see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 2 something the user can fix, 1 a bug (with a traceback)."""
    _speak_utf8()
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except DeskguardError as error:
        print(f"deskguard: {error}", file=sys.stderr)
        return EXIT_USER
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`); Python would complain once more when it flushes at exit.
        sys.stdout = None
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="deskguard",
        description="Private help with the service standard at a counter window. No audio leaves the computer.",
    )
    parser.add_argument("--version", action="version", version=f"deskguard {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_desk_commands(commands)
    _add_tool_commands(commands)
    return parser


def _add_desk_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    from deskguard.desk.visit_command import add_visit_actions

    demo = commands.add_parser("demo", help="watch it work on a bundled conversation; no microphone needed")
    demo.add_argument("--language", choices=("zh-CN", "en"), default="zh-CN")
    demo.add_argument("--port", type=_port, default=0, help="of the staff page; 0 takes a free one (default)")
    demo.add_argument("--open", action="store_true", help="open the staff page in a browser")
    demo.add_argument(
        "--linger", type=_duration_s, default=0.0, metavar="SECONDS", help="keep the page up afterwards"
    )
    demo.set_defaults(run=_demo)

    listen = commands.add_parser("listen", help="listen at this window until stopped (the daemon)")
    _add_settings(listen)
    _add_devices(listen)
    listen.add_argument("--port", type=_port, help="of the staff page; 0 takes a free one")
    listen.add_argument("--data", type=Path, metavar="DIR", help="where records are kept")
    listen.add_argument("--open", action="store_true", help="open the staff page in a browser")
    _add_channels(listen)
    listen.set_defaults(run=_listen)

    visit = commands.add_parser("visit", help="tell the desk that runs what the queue system knows")
    add_visit_actions(visit)
    _add_join(commands)

    replay = commands.add_parser("replay", help="run recordings through the same pipeline")
    replay.add_argument(
        "files", nargs="+", metavar="FILE", help="recordings; - is raw 16 kHz 16-bit mono on stdin"
    )
    replay.add_argument("--pace", choices=("realtime", "fast"), default="fast")
    replay.add_argument("--jsonl", action="store_true", help="one JSON object a line and nothing else")
    replay.add_argument("--partials", action="store_true", help="give transcripts that may still change, too")
    replay.add_argument(
        "--roles", metavar="ROLES", help="who speaks: staff, visitor, or an RTTM file with the turns"
    )
    _add_channels(replay)
    _add_settings(replay)
    replay.set_defaults(run=_replay)


def _add_join(commands: argparse._SubParsersAction[_Parser]) -> None:
    join = commands.add_parser("join", help="have this desk report to the hall's server (deskguard hub)")
    join.add_argument("url", metavar="URL", help="its address: https://hub.example:8470")
    join.add_argument("code", metavar="CODE", help="the one-time code that deskguard hub enrol gave")
    join.add_argument("--data", type=Path, metavar="DIR", help="where this desk keeps its records")
    join.add_argument("--config", type=Path, metavar="PATH", help="its settings file (deskguard.toml)")
    join.set_defaults(run=_join)


def _add_tool_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    from deskguard.authoring.command import add_rules_actions
    from deskguard.hub.command import add_hub_actions
    from deskguard.night.cluster_command import add_cluster_actions
    from deskguard.night.command import add_score_options
    from deskguard.night.service_command import add_service_actions
    from deskguard.scoring.command import add_review_actions, add_scorecards_actions

    models = commands.add_parser("models", help="list, fetch, verify or import speech models")
    models.add_argument("--folder", type=Path, metavar="DIR", help="where weights are kept")
    actions = models.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("list", help="models deskguard knows and which are here").set_defaults(run=_models_list)
    get = actions.add_parser("get", help="fetch a model and verify it")
    get.add_argument("name")
    get.set_defaults(run=_models_get)
    verify = actions.add_parser("verify", help="check every file's sha256")
    verify.add_argument("name", nargs="?")
    verify.set_defaults(run=_models_verify)
    bring = actions.add_parser("import", help="take a model from a folder, an archive or a USB stick")
    bring.add_argument("path", type=Path)
    bring.add_argument("--name", help="what to call it; known models are recognised by their hash")
    bring.set_defaults(run=_models_import)

    devices = commands.add_parser("devices", help="list microphones")
    devices.set_defaults(run=_devices)

    rules = commands.add_parser("rules", help="list, try, test, compare, edit and publish rule packs")
    add_rules_actions(rules)

    _add_calibrate(commands)

    score = commands.add_parser("score", help="score recordings against the standard, with evidence")
    add_score_options(score)

    review = commands.add_parser("review", help="decide on what the night found: confirm, reject, appeal")
    add_review_actions(review)

    scorecards = commands.add_parser("scorecards", help="list, show and check scorecards")
    add_scorecards_actions(scorecards)

    cluster = commands.add_parser("cluster", help="many computers for one night: key, scheduler, workers")
    add_cluster_actions(cluster)

    service = commands.add_parser("service", help="have recordings scored every night by itself")
    add_service_actions(service)

    hub = commands.add_parser("hub", help="the hall's server: windows report to it, supervisors look at it")
    add_hub_actions(hub)

    doctor = commands.add_parser("doctor", help="check model, microphone, disk, CPU, clock; with remedies")
    _add_settings(doctor)
    doctor.set_defaults(run=_doctor)


def _add_calibrate(commands: argparse._SubParsersAction[_Parser]) -> None:
    calibrate = commands.add_parser(
        "calibrate", help="measure microphones, room and the clerk's normal voice in one guided minute"
    )
    calibrate.add_argument("--config", type=Path, metavar="PATH", help="settings file to read and to change")
    _add_devices(calibrate)
    calibrate.add_argument(
        "--seconds",
        type=_durations_s,
        default=(10.0, 20.0, 20.0),
        metavar="ROOM,CLERK,VISITOR",
        help="how long each part lasts (default 10,20,20)",
    )
    calibrate.add_argument(
        "--from", dest="recording", type=Path, metavar="FILE", help="a recording of the minute"
    )
    calibrate.add_argument("--language", choices=("zh-CN", "en"), help="default: that of the settings")
    calibrate.add_argument("--yes", action="store_true", help="begin and write without asking")
    calibrate.add_argument("--dry-run", action="store_true", help="write nothing")
    calibrate.set_defaults(run=_calibrate)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="PATH", help="settings file (deskguard.toml)")
    parser.add_argument(
        "--rules",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="rule packs instead of the configured ones",
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _duration_s(text: str) -> float:
    try:
        duration_s = float(text)
    except ValueError:
        duration_s = -1.0
    if not 0 <= duration_s <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return duration_s


def _durations_s(text: str) -> tuple[float, float, float]:
    lengths = [float(one) if one.replace(".", "", 1).isdecimal() else 0.0 for one in text.split(",")]
    if len(lengths) != 3 or not all(least <= one <= 300 for one, least in zip(lengths, (2, 5, 5), strict=True)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not three lengths such as 10,20,20: at least 2,5,5 and at most 300 seconds"
        )
    return lengths[0], lengths[1], lengths[2]


def _settings(arguments: argparse.Namespace) -> Settings:
    from deskguard.settings import find_settings, load_settings

    settings = load_settings(find_settings(arguments.config))
    channels = getattr(arguments, "channels", None)
    if channels is None:
        return settings
    return settings.model_copy(update={"roles": settings.roles.model_copy(update={"channels": channels})})


def _demo(arguments: argparse.Namespace) -> int:
    from deskguard.desk.demo import run_demo

    run_demo(arguments.language, arguments.port, opens_page=arguments.open, linger_s=arguments.linger)
    return 0


def _add_channels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--channels",
        choices=("staff,visitor", "visitor,staff"),
        help="whose microphone each channel is, the left one first",
    )


def _add_devices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help=f"microphone: {_MICROPHONE_HELP}")
    parser.add_argument(
        "--visitor-device", metavar="DEVICE", help="a second microphone, at the visitor's side, in the same way"
    )


def _listen(arguments: argparse.Namespace) -> int:
    from deskguard.desk.listen import ListenOptions, run_listen

    options = ListenOptions(
        device=arguments.device,
        visitor_device=arguments.visitor_device,
        port=arguments.port,
        data=arguments.data,
        rules=arguments.rules,
        opens_page=arguments.open,
    )
    run_listen(_settings(arguments), options)
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from deskguard.desk.calibrate import CalibrateOptions, run_calibrate
    from deskguard.desk.devices import named_devices

    options = CalibrateOptions(
        config=arguments.config,
        language=arguments.language,
        durations_s=arguments.seconds,
        recording=arguments.recording,
        is_agreed=arguments.yes,
        is_dry=arguments.dry_run,
        named=named_devices(arguments.device, arguments.visitor_device),
    )
    run_calibrate(_settings(arguments), options)
    return 0


def _join(arguments: argparse.Namespace) -> int:
    from deskguard.desk.compose import store_folder
    from deskguard.desk.reporting.joining import join_lines

    settings = _settings(arguments)
    folder = arguments.data or store_folder(settings)
    return _print(join_lines(settings, folder, arguments.url, arguments.code))


def _replay(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from deskguard.desk.replay import Replayer, play
    from deskguard.desk.rttm import read_roles

    # Before the model is loaded: a mistake in the turns should show at once.
    roles = None if arguments.roles is None else read_roles(arguments.roles, arguments.files)
    replayer = Replayer.load(
        _settings(arguments),
        arguments.rules,
        is_real_pace=arguments.pace == "realtime",
        partials=arguments.partials,
    )
    replayer = replace(replayer, roles=roles)
    failures = play(replayer, arguments.files, as_json=arguments.jsonl)
    for failure in failures:
        print(f"deskguard: {failure}", file=sys.stderr)
    return EXIT_USER if failures else 0


def _models_list(arguments: argparse.Namespace) -> int:
    from deskguard.models.command import list_models

    return _print(list_models(_models_folder(arguments)))


def _models_get(arguments: argparse.Namespace) -> int:
    from deskguard.models.command import get_model

    return _print(get_model(arguments.name, _models_folder(arguments)))


def _models_verify(arguments: argparse.Namespace) -> int:
    from deskguard.models.command import verify_models

    lines, is_good = verify_models(arguments.name, _models_folder(arguments))
    _print(lines)
    return 0 if is_good else EXIT_USER


def _models_import(arguments: argparse.Namespace) -> int:
    from deskguard.models.command import import_from

    return _print(import_from(arguments.path, _models_folder(arguments), arguments.name))


def _models_folder(arguments: argparse.Namespace) -> Path:
    from deskguard.resources import models_folder

    folder: Path | None = arguments.folder
    return folder or models_folder()


def _devices(_: argparse.Namespace) -> int:
    from deskguard.hearing.microphone import find_device, list_devices

    find_device("")
    return _print(
        f"{'*' if one.is_default else ' '} {one.index:3d}  {one.name}  "
        f"({one.channels} channels, {one.rate_hz:.0f} Hz)"
        for one in list_devices()
    )


def _doctor(arguments: argparse.Namespace) -> int:
    from deskguard.desk.examine import examine

    lines, is_healthy = examine(_settings(arguments), arguments.rules)
    _print(lines)
    return 0 if is_healthy else EXIT_USER


def _print(lines: object) -> int:
    for line in lines:  # type: ignore[attr-defined]
        print(line)
    return 0


def _speak_utf8() -> None:
    """A Windows console or a C locale must not turn Chinese into an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
