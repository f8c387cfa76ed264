"""deskguard.toml to frozen settings: every key is known, typed and in a named unit; anything else is an error.

All mistakes of a file are reported at once, each with its place, the value found, what was expected and a fix,
so that nobody edits, runs, edits and runs again. Nothing is read from the environment.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.values import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

Positive = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A frozen table that refuses unknown keys and does not guess types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class WindowSettings(Section):
    """Which counter window this desk is."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "window-1"


class MicrophoneSettings(Section):
    """Which microphones to open; `device` empty means the system's default input."""

    device: str | int = ""
    visitor_device: str | int = ""
    """A second one, at the visitor's side; empty means none."""
    lost_after_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """No audio for so long means the microphone has gone."""


class ModelSettings(Section):
    """Which Whisper model to run: a name of models.toml or the path of a CTranslate2 folder."""

    name: Annotated[str, Field(min_length=1)] = "base"
    folder: str = ""
    """Where weights are kept; empty means the place `deskguard models get` fetches to."""
    compute_type: Literal["int8", "int8_float32", "float32"] = "int8"
    threads: Annotated[int, Field(ge=1, le=64)] = 1


class HearingSettings(Section):
    """Voice activity, endpointing and how often to decode."""

    speech_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    pre_roll_s: Annotated[float, Field(ge=0, le=2)] = 0.3
    hangover_s: Annotated[float, Field(ge=0.2, le=3)] = 0.6
    max_utterance_s: Annotated[float, Field(ge=4, le=25)] = 12.0
    hop_s: Annotated[float, Field(ge=0.1, le=2)] = 0.2
    """Audio between two live decodes of an utterance."""
    beam_size: Annotated[int, Field(ge=1, le=10)] = 5
    """For the final pass; live decodes are greedy."""
    max_no_speech_probability: Annotated[float, Field(gt=0, le=1)] = 0.6


class RolesSettings(Section):
    """Who speaks: found by two channels, where there are two that differ, else by voice and words."""

    mode: Literal["auto", "two-microphones", "stereo", "one-microphone", "none"] = "auto"
    """`auto` takes what is there: two devices, where two are named, else the channels of the one; those that
    differ are two sides, identical ones are one microphone, on which voices are told apart. `none` does not
    look who speaks: no voice is compared with another."""
    channels: Literal["staff,visitor", "visitor,staff"] = "staff,visitor"
    """Whose microphone each channel is, the left one first; of two devices `device` is the first."""
    gain_difference_db: Annotated[float, Field(ge=-40, le=40)] = 0.0
    """How much louder the first channel records what is equally near to both; followed while it runs."""
    announcements: tuple[str, ...] = (
        "请…号到…窗口",
        "请…号到…柜台",
        "请…号客户到…号",
        "请…号顾客到…号",
        "请…号市民到…号",
        "请…号群众到…号",
        "号请到…窗口",
        "号请到…柜台",
    )
    """How the hall's loudspeaker calls, as spellings of rules. Such words are nobody's at the window."""


class QueueSettings(Section):
    """How much audio may wait between the stages."""

    capture_s: Positive = 30.0
    final_s: Positive = 60.0


class RulesSettings(Section):
    """Which rule packs to load; empty means all that come with deskguard."""

    packs: tuple[str, ...] = ()
    """Files, or folders of *.toml."""
    only: tuple[str, ...] = ()
    """Pack ids to keep; empty keeps all."""


class SpottingSettings(Section):
    """How sure it must be that a phrase was said; a rule's own min_confidence goes before."""

    characters_from: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Calibrated confidence from which a place that reads like a phrase is a hit."""
    sound_from: Annotated[float, Field(ge=0, le=1)] = 0.4
    """The same for one that sounds like it, tones aside."""
    near_from: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The same for one that sounds nearly like it."""
    sense_from: Annotated[float, Field(ge=0.5, le=1)] = 0.85
    """The same for a sentence that has the words of no list, but is made like breaches of a described ban; 1
    raises none."""
    confirm_from: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Confidence from which a hit does not wait to be seen a second time."""
    innocent_below: Annotated[float, Field(ge=0, le=1)] = 0.15
    """Where no condition of the packs holds: share of breaches among sentences with such surroundings, below
    which the words are taken for innocent; 0 asks the conditions only."""
    soften_below: Annotated[float, Field(ge=0, le=1)] = 0.3
    """The same for a remark without a card."""
    soften_for_person_below: Annotated[float, Field(ge=0, le=1)] = 0.6
    """The same for rules that a person decides (money, favours, private data)."""
    overrule_from: Annotated[float, Field(ge=0, le=1)] = 0.97
    """Share of breaches from which frames that give way excuse nothing; 1 lets every condition excuse."""


class VisitSettings(Section):
    """Where visits begin and end, and what is listened for in them."""

    channel: Literal["auto", "counter", "phone-in", "phone-out"] = "auto"
    """What this desk serves; auto hears from the first words whether it is a call."""
    silence_s: Annotated[float, Field(ge=20, le=3600)] = 90.0
    """Silence that ends a visit; four times as long after the visitor was asked to wait, and with a ticket."""
    farewell_s: Annotated[float, Field(ge=3, le=600)] = 20.0
    """Silence that ends it after a farewell."""
    greeting_within_s: Annotated[float, Field(ge=0, le=120)] = 0.0
    """By when a visitor should have been greeted; 0 takes what the courtesy file says."""
    own_words: bool = True
    """Whether courtesy, and what asks for it, counts in words that no list has, by likeness to written ones."""
    off: tuple[str, ...] = ()
    """Ids of acts of courtesy and kinds of manner that this window does not look for: K.greet.hello,
    manner.loud."""


class MannerSettings(Section):
    """How things are said: the clerk's own normal, and from where on something is told."""

    normal_lufs: Annotated[float, Field(ge=-70, le=0)] = 0.0
    """Loudness of the clerk's ordinary speech; 0 learns it while it runs."""
    normal_syllables_per_s: Annotated[float, Field(ge=0, le=12)] = 0.0
    """The clerk's ordinary pace, of voiced time; 0 learns it while it runs."""
    profile: Literal["standard", "elderly"] = "standard"
    """`elderly`: visitors who hear poorly; a raised voice and slow speech are right."""
    loud_lu: Annotated[float, Field(ge=2, le=30)] = 6.0
    """Above normal. A raised voice is 6 dB over a normal one, a loud one 12 dB (ISO 9921)."""
    fast_ratio: Annotated[float, Field(ge=1.1, le=3)] = 1.3
    """Times the normal pace."""
    slow_ratio: Annotated[float, Field(ge=0.2, le=0.9)] = 0.65
    sustained_s: Annotated[float, Field(ge=1, le=60)] = 3.0
    """Voiced time that makes one utterance loud by itself; two in a row do as well. Fast or slow are two in a
    row of so much together, or one of twice as much."""
    answer_within_s: Annotated[float, Field(ge=2, le=120)] = 8.0
    """By when a visitor's question has an answer, the visitor's own speech not counted."""
    wait_s: Annotated[float, Field(ge=10, le=1800)] = 40.0
    """How long a visitor may wait without a word; four times as long after "please wait"."""
    chat_s: Annotated[float, Field(ge=30, le=1800)] = 120.0
    """How long staff may talk about nothing of the visitor's while one waits."""
    safe_word: Annotated[str, Field(pattern=r"^$|^\S{2,16}$")] = ""
    """Words that call for help when staff says them; empty: none."""


class AlertSettings(Section):
    """When a card is worth interrupting a clerk for."""

    min_severity: Severity = "low"
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability that the words were said; a rule's own min_confidence goes before."""
    tentative_from: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Confidence from which a tentative hit is shown before it is confirmed; 1 always waits. A hit that is sure
    at first sight and still tentative may be excused by the next words, so there is little to gain below 1."""
    cooldown_s: Annotated[float, Field(ge=0)] = 60.0
    """Per rule, when the pack names none."""
    max_per_hour: Annotated[int, Field(ge=0)] = 6
    max_age_s: Positive = 5.0
    card_s: Positive = 12.0
    """How long a card stays up when nobody dismisses it."""
    show_unknown_role: bool = True
    """Show cards where nobody looked who spoke: mode "none", or turns told as unknown. A role that was looked
    for and not found never shows one, whatever this says."""


class StoreSettings(Section):
    """What the desk keeps, and for how long."""

    folder: str = ""
    """Empty means the user's data folder."""
    transcripts: Literal["redacted", "none"] = "redacted"
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30


class ScreenSettings(Section):
    """The staff page, on loopback only."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8469
    """0 takes any free port."""
    language: Literal["zh-CN", "en"] = "zh-CN"


class ScoringSettings(Section):
    """How the night keeps, reviews and scores what it found."""

    store: str = ""
    """A file, or postgresql://user@host/database; empty means a file in the user's data folder."""
    password_file: str = ""
    """Holds the database's password, so that it need not stand in the settings."""
    card: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "recommended"
    """The scorecard in use."""
    cards: tuple[str, ...] = ()
    """Files or folders of more scorecards."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.8
    """A finding below it does not count before a person confirms it."""
    unknown_role: Literal["review", "count"] = "review"
    """What to do with findings while nobody knows who spoke; `count` where only the clerk can be heard."""
    small_visits: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Fewer are a small sample."""
    small_speech_h: Annotated[float, Field(ge=0, le=1000)] = 1.0
    """Less of staff's speech is a small sample."""
    review_days: Annotated[int, Field(ge=1, le=365)] = 7
    """From the examination to a first decision."""
    appeal_days: Annotated[int, Field(ge=1, le=365)] = 10
    """From a confirmation to an appeal."""
    second_days: Annotated[int, Field(ge=1, le=365)] = 10
    """From an appeal to its decision."""
    model: str = ""
    """The model that the night uses; empty: that of [model]."""
    beam_below: Annotated[float, Field(ge=-10, le=0)] = 0.0
    """Mean log-probability of a token below which a text read greedily is read again by beam search; 0: all."""
    threads: Annotated[int, Field(ge=0, le=64)] = 0
    """Of a night in one process; 0: one for each core, up to four. Workers have one each."""
    pattern: Annotated[str, Field(min_length=1)] = "{window}/{date}/*"
    """How the paths of recordings are made, with {window}, {clerk}, {date}, {time} and *."""
    hang_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    """A worker that gets no further with a recording for so long is ended; 0: never."""
    clips: bool = True
    """Cut out the sound behind each finding."""
    ranking: bool = False
    """Tell who is first, second and so on."""


Reported = Literal[
    "desk", "state", "health", "visit", "queue", "hit", "courtesy", "manner", "help", "false-alarm", "pack",
]  # fmt: skip


class HubSettings(Section):
    """What a desk that has joined a hub tells it; without `deskguard join` nothing is told to anybody."""

    url: Annotated[str, Field(pattern=r"^(https?://\S{1,500})?$")] = ""
    """Address of the hub; empty: the one it was joined at."""
    ca_file: str = ""
    """The authority behind the hub's certificate, as PEM; empty: those the computer trusts."""
    hits: Literal["next-day", "at-once", "never"] = "next-day"
    """When hits, courtesy, manner and false alarms are told: what says how a person works."""
    send: tuple[Reported, ...] = get_args(Reported)
    """Kinds of events that are told."""
    health_every_s: Annotated[float, Field(ge=5, le=3600)] = 30.0
    keep_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How long reports wait for a hub that is away, and how long the clerk can read what was sent."""
    max_mb: Annotated[int, Field(ge=1, le=10_000)] = 50
    """How much may wait; beyond it the oldest goes, and is counted."""
    take: tuple[Literal["rules", "settings"], ...] = ("rules", "settings")
    """What the hub decides in the desk's place, once it has published something for its window."""
    pull_every_s: Annotated[float, Field(ge=10, le=86_400)] = 60.0
    """How often the hub is asked for newer ones."""


class Settings(Section):
    """All of deskguard.toml."""

    window: WindowSettings = WindowSettings()
    microphone: MicrophoneSettings = MicrophoneSettings()
    model: ModelSettings = ModelSettings()
    hearing: HearingSettings = HearingSettings()
    roles: RolesSettings = RolesSettings()
    queues: QueueSettings = QueueSettings()
    rules: RulesSettings = RulesSettings()
    spotting: SpottingSettings = SpottingSettings()
    visits: VisitSettings = VisitSettings()
    manner: MannerSettings = MannerSettings()
    alerts: AlertSettings = AlertSettings()
    store: StoreSettings = StoreSettings()
    screen: ScreenSettings = ScreenSettings()
    scoring: ScoringSettings = ScoringSettings()
    hub: HubSettings = HubSettings()

    @property
    def has_two_devices(self) -> bool:
        """Whether there is a microphone for each side, each a device of its own."""
        return self.microphone.visitor_device != "" and self.roles.mode in ("auto", "two-microphones")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file as a table; raises DeskguardError for a missing, undecodable or malformed one."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise DeskguardError(
            f"{what} {path} does not exist.", "give the path of an existing file.", "file-missing"
        ) from None
    except OSError as error:
        raise DeskguardError(
            f"{what} {path} cannot be read: {error.strerror or error}.",
            "check the path and its permissions.",
            "file-unreadable",
        ) from None
    except UnicodeDecodeError as error:
        raise DeskguardError(
            f"{what} {path} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.",
            "save it again as UTF-8 (in Notepad: Save as, encoding UTF-8).",
            "bad-encoding",
        ) from None
    except (ValueError, RecursionError) as error:  # beside its own error, tomllib lets these two through
        raise DeskguardError(
            f"{what} {path} is not valid TOML: {str(error)[:200]}.", "mend that line.", "bad-toml"
        ) from None


def own_settings_path() -> Path:
    """Where the user's own settings file is found without being named."""
    from platformdirs import user_config_path

    return user_config_path("deskguard", appauthor=False) / "deskguard.toml"


def find_settings(given: Path | None) -> Path:
    """The settings file to use: the one given, else the user's own, else the one that comes with deskguard."""
    own = own_settings_path()
    return given or (own if own.is_file() else bundled("config/deskguard.toml"))


def load_settings(path: Path | None) -> Settings:
    """Settings from a file, or the defaults when `path` is None; raises DeskguardError with every mistake."""
    if path is None:
        return Settings()
    table = read_toml(path, "Settings file")
    try:
        # Through JSON, so that strictness means TOML's types: 1 is a number, "1" is not; arrays are tuples.
        return Settings.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = [describe(one, Settings) for one in error.errors()]
        raise DeskguardError(
            f"Settings file {path}: " + " ".join(mistakes), "mend these and start again.", "bad-settings"
        ) from None


def describe(mistake: ErrorDetails, model: type[BaseModel], place: str = "") -> str:
    """One validation mistake as a sentence: where, what was found, what was expected, and the fix.

    `place` names the spot in the reader's words; without it, it is the path of keys.
    """
    at = place or f"[{'.'.join(str(part) for part in mistake['loc'])}]"
    if mistake["type"] == "extra_forbidden":
        known = _keys_at(model, mistake["loc"][:-1])
        close = difflib.get_close_matches(str(mistake["loc"][-1]), known, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"known keys: {', '.join(known)}."
        return f"{at} is not a known key; {hint}"
    if mistake["type"] == "missing":
        return f"{at} is missing; add it."
    found = json.dumps(mistake["input"], ensure_ascii=False, default=str)
    sentence = f"{at} is {found[:80]}; {mistake['msg'][0].lower()}{mistake['msg'][1:]}."
    if mistake["type"] == "literal_error" and isinstance(mistake["input"], str):
        known = re.findall(r"'([^']*)'", mistake.get("ctx", {}).get("expected", ""))
        close = difflib.get_close_matches(mistake["input"], known, n=1, cutoff=0.5)
        return f'{sentence} Write "{close[0]}".' if close else sentence
    return sentence


def _keys_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys a table at `loc` may have."""
    for part in loc:
        fields = model.model_fields.items()
        annotation = next((one.annotation for name, one in fields if part in (name, one.alias)), None)
        # Neither is what a list is counted by, or a table whose keys anybody may choose, a field.
        inner = [annotation, *getattr(annotation, "__args__", ())]
        model = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), model)
    return [field.alias or name for name, field in model.model_fields.items()]
