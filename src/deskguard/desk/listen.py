"""`deskguard listen`: the daemon of a window, with a microphone, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.desk import compose
from deskguard.desk.devices import named_devices, with_devices
from deskguard.desk.fleet.choosing import FollowingWatcher
from deskguard.desk.fleet.opening import open_fleet
from deskguard.desk.reporting.reporter import open_reporter
from deskguard.desk.window import Parts, Window, run_quietly
from deskguard.hearing.two_microphones import chosen_devices, open_source
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.desk.fleet.adopting import News
    from deskguard.desk.fleet.opening import Fleet
    from deskguard.desk.reporting.reporter import Reporter
    from deskguard.settings import Settings


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What the command line may say over the settings; None leaves them."""

    device: str | None
    visitor_device: str | None
    port: int | None
    data: Path | None
    rules: Sequence[Path]
    opens_page: bool


def run_listen(settings: Settings, options: ListenOptions) -> None:
    """Listen until SIGINT or SIGTERM; raises DeskguardError for what keeps it from starting."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = _with_options(settings, options)
    folder = compose.store_folder(settings)
    fleet = open_fleet(settings, folder)
    settings = settings if fleet is None else fleet.settings

    def own_rules() -> Sequence[Path]:
        return compose.rule_paths(settings, options.rules)

    # Rules of the command line go before the hub's: who tries some wants to hear those.
    where = own_rules if fleet is None or options.rules else fleet.rules_from(own_rules)
    watcher = FollowingWatcher(where, settings.rules.only)
    rules = compose.load_rules(settings, where())
    # Microphones are looked for before the model is loaded: a wrong name should fail at once.
    devices = chosen_devices(settings)
    reporter = open_reporter(settings.hub, folder, lambda: datetime.now(UTC))
    parts = Parts(
        settings=settings,
        recogniser=compose.load_recogniser(settings).warmed_up(settings.hearing.max_utterance_s),
        rules=rules,
        rule_paths=where(),
        data_folder=folder,
        device=" + ".join(one.name for one in devices),
        watcher=watcher,
        casting=compose.new_casting(settings),
        reporter=reporter,
        tell_supervisor=lambda _: reporter is not None and reporter.reaches_somebody,
    )
    window = Window(parts)
    microphone = open_source(settings, window.on_state)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: microphone.stop())
    # The address goes to the console and not to the log: who has it may read the page.
    texts = catalogue.load(settings.screen.language)
    sys.stdout.write(texts["listen.page"].format(url=window.url) + "\n" + texts["listen.stop"] + "\n")
    sys.stdout.flush()
    if options.opens_page:
        import webbrowser

        webbrowser.open(window.url)
    if fleet is not None:
        _follow(fleet, window, reporter)
    try:
        run_quietly(window.run(microphone))
    finally:
        if fleet is not None:
            fleet.stop()


def _follow(fleet: Fleet, window: Window, reporter: Reporter | None) -> None:
    """Ask the hub from now on; what becomes of its releases is told to the clerk and back to the hub."""

    def tell(news: News) -> None:
        window.show_fleet(fleet.standing())
        if reporter is not None:
            reporter.pack(news.outcome, news.reason, news.sha256)

    window.show_fleet(fleet.standing())
    fleet.start(tell)


def _with_options(settings: Settings, options: ListenOptions) -> Settings:
    changes: dict[str, Any] = {}
    settings = with_devices(settings, named_devices(options.device, options.visitor_device))
    if options.port is not None:
        changes["screen"] = settings.screen.model_copy(update={"port": options.port})
    if options.data is not None:
        changes["store"] = settings.store.model_copy(update={"folder": str(options.data)})
    return settings.model_copy(update=changes)
