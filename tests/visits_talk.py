"""Plain lines to streams of final hypotheses, and a small book of courtesy, for the tests of visits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from deskguard.rules.courtesy import Act, Channel, CourtesyBook, Expect
from deskguard.settings import VisitSettings
from deskguard.values import (
    SAMPLE_RATE_HZ,
    ClauseRef,
    Courtesy,
    Hypothesis,
    Passage,
    QueueEvent,
    Role,
    Visit,
)
from deskguard.visits.reception import Finding, Reception

CHAR_S, PAUSE_S = 0.22, 0.6
_ROLES: dict[str, Role] = {"员": "staff", "客": "visitor", "某": "unknown"}
_ALL: tuple[Channel, ...] = ("counter", "phone-in", "phone-out")


def samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def seconds(at_sample: int | None) -> float | None:
    return None if at_sample is None else round(at_sample / SAMPLE_RATE_HZ, 2)


def said(line: str, at_s: float, utterance_id: int = 0) -> Hypothesis:
    """A final hypothesis of a line such as 员：您好, at an even pace."""
    marks = [samples(at_s + index * CHAR_S) for index in range(len(line) - 1)]
    passage = Passage(text=line[2:], spans=tuple(pairwise(marks)))
    return Hypothesis(
        utterance_id=utterance_id,
        passage=passage,
        start_sample=marks[0],
        end_sample=marks[-1],
        is_final=True,
        role=_ROLES[line[0]],
    )


def talk(*lines: str | float, at_s: float = 5.0) -> list[Hypothesis]:
    """Lines one after the other with short pauses; a number is a longer silence in seconds instead."""
    stream: list[Hypothesis] = []
    pause_s = 0.0
    for line in lines:
        if not isinstance(line, str):
            pause_s = line
            continue
        one = said(line, at_s + pause_s, len(stream))
        stream.append(one)
        at_s, pause_s = one.end_sample / SAMPLE_RATE_HZ, PAUSE_S
    return stream


def act(
    act_id: str, scene: str, say: Sequence[str], expect: Expect | None = None, *, not_: Sequence[str] = ()
) -> Act:
    return Act(
        act_id=act_id,
        scene=scene,
        name=act_id,
        requirement="required",
        channels=("phone-in",) if scene == "phone_in" else _ALL,
        say=tuple(say),
        does_not_count=tuple(not_),
        advice=say[0],
        clauses=(ClauseRef(standard="s", title="t", clause="1", quote="q"),),
        expect=expect,
    )


BOOK = CourtesyBook(
    acts=(
        act(
            "hello",
            "greet",
            ["您好", "早上好"],
            Expect(when="visit-begins", within_s=15, within_turns=2, satisfied_by=("ask",), live=True),
            not_=["喂", "你好好"],
        ),
        act(
            "ask",
            "ask_purpose",
            ["请问您办什么业务", "您要办什么业务", "请讲"],
            Expect(when="visit-begins", within_s=30, within_turns=3, unless=("我想", "我来")),
            not_=["请将…给我"],
        ),
        act("wait", "wait", ["请稍候", "请您稍候，马上为您办理"]),
        act("newcomer", "wait", ["等我回答完他的问题"]),
        act("back", "wait", ["让您久等了"], Expect(when="after-wait", within_s=10, within_turns=1)),
        act(
            "call",
            "wait",
            ["对不起，我接一下电话", "对不起，我接一下电话，请稍候"],
            Expect(when="after", within_s=3, within_turns=0, before_s=15, occasion=("喂，您好", "喂，哪位")),
        ),
        act("sorry", "apology", ["对不起", "抱歉", "请原谅"]),
        act(
            "failure",
            "system_failure",
            ["对不起，系统出故障了"],
            Expect(
                when="after",
                within_s=15,
                within_turns=1,
                occasion=("系统坏", "系统出故障"),
                unless=("恢复了",),
                satisfied_by=("sorry",),
                live=True,
            ),
        ),
        act(
            "once",
            "missing_documents",
            ["一共要三样", "我把清单给您"],
            Expect(when="after", within_s=5, within_turns=0, occasion=("还要一份", "还缺一"), from_nth=3),
        ),
        act(
            "reason",
            "apology",
            ["按规定"],
            Expect(when="after", within_s=20, within_turns=1, occasion=("办不了", "不能办")),
        ),
        act(
            "welcome",
            "thanks",
            ["不客气", "应该的"],
            Expect(when="after", within_s=10, within_turns=1, occasion=("谢谢",), occasion_by="visitor"),
        ),
        act("hand", "hand_over", ["请收好", "请核对"]),
        act(
            "bye",
            "farewell",
            ["请慢走", "再见", "慢走"],
            Expect(when="visit-ends", within_s=20, within_turns=2, satisfied_by=("hang-up",)),
            not_=["慢走不送"],
        ),
        act(
            "number",
            "phone_in",
            ["您好，…窗口", "您好，…中心"],
            Expect(when="visit-begins", within_s=8, within_turns=1),
        ),
        act(
            "hang-up",
            "phone_in",
            ["再见"],
            Expect(when="visit-ends", within_s=20, within_turns=2, satisfied_by=("bye",)),
        ),
    )
)
"""A few acts of each sort; the bundled ones are tested where they are written."""


@dataclass(frozen=True)
class Told:
    """All that a reception told of a stream, in order."""

    findings: tuple[Finding, ...]

    @property
    def visits(self) -> list[Visit]:
        """Each as it was told last."""
        return list({one.visit_id: one for one in self.findings if isinstance(one, Visit)}.values())

    @property
    def courtesies(self) -> list[Courtesy]:
        return list({one.courtesy_id: one for one in self.findings if isinstance(one, Courtesy)}.values())

    @property
    def spans(self) -> list[tuple[float | None, float | None]]:
        return [(seconds(one.start_sample), seconds(one.end_sample)) for one in self.visits]

    def acts(self, state: str) -> set[str]:
        return {one.act_id for one in self.courtesies if one.state == state}


def a_reception(settings: VisitSettings | None = None, book: CourtesyBook = BOOK) -> Reception:
    return Reception(book, settings or VisitSettings(), "run")


def told(
    stream: Iterable[Hypothesis],
    events: Sequence[tuple[float, QueueEvent]] = (),
    *,
    settings: VisitSettings | None = None,
    until_s: float | None = None,
    tick_s: float | None = 1.0,
) -> Told:
    """What a stream tells, with `events` arriving at their seconds and a tick each `tick_s`.

    An utterance arrives half a second after it ended.
    """
    reception = a_reception(settings)
    arrivals: list[tuple[float, int, Hypothesis | QueueEvent | None]] = []
    last_s = until_s or 0.0
    for one in stream:
        arrivals.append((one.end_sample / SAMPLE_RATE_HZ + 0.5, 1, one))
        last_s = max(last_s, arrivals[-1][0])
    arrivals += [(at_s, 0, event) for at_s, event in events]
    if tick_s is not None:
        arrivals += [(step * tick_s, 2, None) for step in range(1, int(last_s / tick_s) + 1)]
    findings: list[Finding] = []
    for at_s, _, what in sorted(arrivals, key=lambda each: each[:2]):
        if what is None:
            findings += reception.tick(samples(at_s))
        elif isinstance(what, QueueEvent):
            findings += reception.queue(what)
        else:
            findings += reception.feed(what)
    return Told((*findings, *reception.finish()))


def spoken_by(stream: Iterable[Hypothesis], role: Role) -> list[Hypothesis]:
    """The same words by another speaker."""
    return [replace(one, role=role) for one in stream]
