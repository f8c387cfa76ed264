"""Settings in, the parts of a desk out: the one place where models, rules and stages are put together."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard import resources
from deskguard.desk.memory import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.desk.casting import Casting
    from deskguard.hearing.endpoint import Endpointer
    from deskguard.hearing.recognise import Recogniser
    from deskguard.hearing.roles.channels import ByChannels
    from deskguard.hearing.roles.voice import Embedder
    from deskguard.hearing.vad import SileroVad
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings


def rule_paths(settings: Settings, given: Sequence[Path] = ()) -> list[Path]:
    """The packs to load: those of the command line, else of the settings, else those that come along."""
    return list(given) or [Path(one) for one in settings.rules.packs] or [resources.bundled("config/standards")]


def load_rules(settings: Settings, given: Sequence[Path] = ()) -> RuleSet:
    from deskguard.language.syllables import syllables
    from deskguard.language.text import normalise
    from deskguard.language.words import word_edges
    from deskguard.rules.pack import load_packs

    rules = load_packs(rule_paths(settings, given), settings.rules.only)
    # Dictionaries are read at the first look; the first card must not wait half a second for them.
    text = normalise("您好")
    syllables(text)
    word_edges(text)
    return rules


def load_recogniser(settings: Settings, lanes: int = 1) -> Recogniser:
    """The configured model, found and checked; raises DeskguardError with what to fetch."""
    from deskguard.hearing.layout import TextTools
    from deskguard.hearing.recognise import Recogniser
    from deskguard.language.text import normalise, simplify
    from deskguard.models.locate import locate

    give_back_memory()
    folder = Path(settings.model.folder) if settings.model.folder else resources.models_folder()
    tools = TextTools(simplify=simplify, comparable=lambda text: normalise(text).chars)
    return Recogniser.load(locate(settings.model.name, folder), settings.model, settings.hearing, tools, lanes)


def store_folder(settings: Settings) -> Path:
    return Path(settings.store.folder) if settings.store.folder else resources.data_folder()


def new_vad() -> SileroVad:
    """Voice activity of one stream."""
    from deskguard.hearing.vad import SileroVad

    return SileroVad()


def new_endpointer(settings: Settings) -> ByChannels:
    """Endpointing for whatever the source has: two channels that differ are two sides."""
    from deskguard.hearing.roles.channels import ByChannels
    from deskguard.hearing.vad import SileroVad

    return ByChannels(settings.hearing, settings.roles, SileroVad)


def new_casting(settings: Settings) -> Casting:
    """Who speaks, for a stream whose channels may not tell; DeskguardError for a damaged voice encoder."""
    from deskguard.desk.announcements import Announcements
    from deskguard.desk.casting import Casting
    from deskguard.hearing.roles.onemic import OneMicrophone

    is_call = settings.visits.channel in ("phone-in", "phone-out")
    is_looked_for = settings.roles.mode != "none" and not is_call
    ears = OneMicrophone(_voice_encoder().voice) if is_looked_for else None
    return Casting(ears, Announcements(settings.roles.announcements), is_staff_only=is_call)


@lru_cache(maxsize=1)
def _voice_encoder() -> Embedder:
    """Loaded once: it holds no voice, so any number of streams may share it."""
    from deskguard.hearing.roles.voice import Embedder

    return Embedder(resources.bundled("models/roles"))


def new_plain_endpointer(settings: Settings) -> Endpointer:
    """Endpointing of the first channel, where somebody told who speaks."""
    from deskguard.hearing.endpoint import Endpointer
    from deskguard.hearing.vad import SileroVad

    vad = SileroVad()
    return Endpointer(settings.hearing, vad.probability, vad.reset, vad.probabilities)
