"""What a rule pack file may hold, table by table: strict, every key named here, nothing guessed.

A phrase is words that a standard forbids; a ban is what a standard forbids without giving words, so the words
are ours. Both say in which context they are innocent: conditions, which are patterns in the manner of
spellings, gathered in named frames where several entries need the same.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from deskguard.rules.courtesy import Channel, Requirement, When
from deskguard.settings import Section
from deskguard.values import Severity

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Reach = Literal["clause", "utterance", "turn", "before", "after", "within"]
By = Literal["same", "staff", "visitor", "anyone"]
Speaker = Literal["staff", "visitor"]
Scene = Literal[
    "any", "greet", "ask_purpose", "explain", "request_documents", "missing_documents", "wait",
    "refer_elsewhere", "system_failure", "sign", "hand_over", "farewell", "phone_in", "phone_out", "apology",
    "thanks", "complaint", "praise", "off_hours", "conflict",
]  # fmt: skip
SPEAKERS: dict[str, Speaker] = {"员": "staff", "客": "visitor"}
"""How a line of a conversation in an example begins, before a colon."""


class PackHeader(Section):
    """Which standard a file holds."""

    id: Id
    title: Text
    version: str = "1"
    source: str = ""
    """Where the text of the standard comes from."""
    sector: str = ""
    language: str = "zh-CN"


class Condition(Section):
    """Something that is said around a phrase; a plain string in a pack is short for {say = [it]}."""

    say: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Patterns, any of which fulfils it; ~ stands for the phrase, "@id" for the patterns of a frame."""
    where: Reach | None = None
    """Where patterns without ~ may stand; unset means "after" with next_*, "before" with last_turns, else the
    turn. For patterns with ~ only "clause" means something: no pause inside."""
    next_turns: Annotated[int, Field(ge=0, le=10)] = 0
    """How many later turns of `by` count, beside this turn."""
    next_s: Annotated[float, Field(gt=0, le=120)] | None = None
    """How long after the phrase something may begin that still counts; unset means 8 s."""
    last_turns: Annotated[int, Field(ge=0, le=10)] = 0
    """How many earlier turns of `by` count, beside this turn."""
    by: By = "same"
    """Who says it; "same" is whoever said the phrase."""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, value: Any) -> Any:
        return _table({"say": [value]} if isinstance(value, str) else value)


class Example(Section):
    """Words to try a rule on: one utterance, or a conversation; a plain string is short for {text = it}."""

    text: str = ""
    role: Speaker = "staff"
    """Who says `text`."""
    turns: tuple[str, ...] = ()
    """Lines like "员：不知道" and "客：为什么", instead of `text`."""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, value: Any) -> Any:
        return _table({"text": value} if isinstance(value, str) else value)

    def lines(self) -> tuple[tuple[Speaker, str], ...]:
        """Who says what, in order."""
        if not self.turns:
            return ((self.role, self.text),)
        return tuple((SPEAKERS[line[0]], line[2:].strip()) for line in self.turns)


class Dialect(Section):
    """Spellings of one region or one manner of speaking."""

    region: str = ""
    register_: str = Field(default="", alias="register")
    say: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def mark(self) -> str:
        return self.region or self.register_


class _Listened(Section):
    """What phrases and bans have in common."""

    id: Id
    severity: Severity
    say: tuple[str, ...] = ()
    """More spellings."""
    answer_only: tuple[str, ...] = ()
    """Spellings that count only as an answer: at the start of a clause or after 我 or 这个, and ending it."""
    clause_end_only: tuple[str, ...] = ()
    """Spellings that count only at the end of a clause."""
    dialect: tuple[Dialect, ...] = ()
    except_: tuple[str, ...] = Field(default=(), alias="except")
    """Longer innocent wordings."""
    unless: tuple[Condition, ...] = ()
    """Any of them makes it innocent."""
    only_if: tuple[Condition, ...] = ()
    """Without any of them it is innocent."""
    soften: tuple[Condition, ...] = ()
    """Any of them lowers it to a remark: severity low, no card."""
    needs_person: bool = False
    """A person decides: never a card, never shown as an accusation."""
    masked: bool = False
    """Words that no screen shows in full."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    """This entry's own threshold."""
    advice: Text
    advice_source: str = ""
    cooldown_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None
    whole_words: bool | None = None
    """Whether a hit must start and end where words do; unset means for spellings up to three syllables."""
    examples: tuple[Example, ...] = ()
    """Staff's words that must raise it."""
    counter_examples: tuple[Example, ...] = ()
    """Words that must not."""


class PhraseEntry(_Listened):
    """A phrase that must not be said, and what to say instead."""

    phrase: str
    """The standard's wording; a spelling itself."""
    clause: Text
    quote: Text


class BanEntry(_Listened):
    """A ban that standards describe without giving words; the clauses are those of [[described]] naming it."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,31}$")]
    """One word for reports, e.g. "deflection"."""
    name: Text


class DescribedEntry(Section):
    """A clause that describes without giving words; listened for when it names the ban or act that has them."""

    id: Id
    clause: Text
    quote: Text
    ban: Id | None = None
    act: Id | None = None


class ActClause(Section):
    """A clause of a standard that asks for an act."""

    standard: Id
    clause: Text
    quote: Text


class ExpectEntry(Section):
    """When an act is expected; rules/courtesy.py says what each key means."""

    when: When
    within_s: Annotated[float, Field(gt=0, le=600)]
    within_turns: Annotated[int, Field(ge=0, le=20)]
    before_s: Annotated[float, Field(ge=0, le=120)] = 0.0
    occasion: tuple[Text, ...] = ()
    """Spellings, and "@id" for those of a frame."""
    protest: tuple[Text, ...] = ()
    unless: tuple[Text, ...] = ()
    occasion_by: Speaker = "staff"
    from_nth: Annotated[int, Field(ge=1, le=10)] = 1
    satisfied_by: tuple[Id, ...] = ()
    gives_way_to: tuple[Id, ...] = ()
    live: bool = False


class ActEntry(Section):
    """Something that standards ask to be said."""

    id: Id
    scene: Scene
    name: Text
    requirement: Requirement
    channels: tuple[Channel, ...]
    """Empty for what is said at no window and on no telephone: listed, and listened for nowhere."""
    say: Annotated[tuple[Text, ...], Field(min_length=1)]
    does_not_count: tuple[Text, ...] = ()
    advice: Text
    clause: tuple[ActClause, ...] = ()
    """Beside those of [[described]] entries that name the act."""
    expect: ExpectEntry | None = None


class FrameEntry(Section):
    """Patterns with a name."""

    id: Id
    title: Text
    say: Annotated[tuple[Text, ...], Field(min_length=1)]
    gives_way: bool = False
    """Its patterns excuse nothing where the words around a phrase almost surely lean to a breach."""


class PackFile(Section):
    """All of one rule pack."""

    pack: PackHeader
    frame: tuple[FrameEntry, ...] = ()
    phrase: tuple[PhraseEntry, ...] = ()
    ban: tuple[BanEntry, ...] = ()
    described: tuple[DescribedEntry, ...] = ()


class SharedFile(Section):
    """A file of config/language: frames, bans and acts that every standard may use."""

    frame: tuple[FrameEntry, ...] = ()
    ban: tuple[BanEntry, ...] = ()
    act: tuple[ActEntry, ...] = ()


def _table(value: Any) -> Any:
    """A table with tuples for arrays: what a validator hands on is no longer JSON, and strict."""
    if not isinstance(value, dict):
        return value
    return {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
