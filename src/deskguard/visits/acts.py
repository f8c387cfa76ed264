"""A final hypothesis in, what is of use to a visit out: acts of courtesy, occasions that ask for one, cues.

All of them are spellings, and the spotter finds them as it finds forbidden phrases: by characters and by sound,
so that 请稍后 and 在见 are what they were meant to be. What only nearly sounds so does not count. A visitor's
words are no act; words of an unknown speaker may be. Where the speaker changes within an utterance, what each
said is heard by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deskguard.language.text import normalise
from deskguard.language.words import word_edges
from deskguard.rules.ruleset import Rule, RuleSet, Variant
from deskguard.rules.spelling import SpellingError, parse
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Passage
from deskguard.visits import meant
from deskguard.visits.cues import cues
from deskguard.visits.own_words import OwnWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

    from deskguard.rules.courtesy import Act, Channel, CourtesyBook
    from deskguard.values import Candidate, Hypothesis, Role
    from deskguard.visits.cues import Cue
    from deskguard.visits.meant import Meant, MeantModel
    from deskguard.visits.own_words import Likely

_ACT, _OCCASION, _PROTEST, _UNLESS, _CUE, _SCENE = "act", "occasion", "protest", "unless", "cue", "scene"
_PHONE_HELLO = "喂"
_CALL_LENGTH = 6
"""Characters of an opening that is surely one on the telephone: 您有什么事 is said at the counter, too."""
_FIRST_CHARS = 3
"""So far from the beginning words still open an utterance: 哎，同志…"""
_SURELY = 0.6
"""Likelihood from which words that no list has tell where in a visit one is."""
_SORTS: dict[str, Channel] = {"phone_in": "phone-in", "phone_out": "phone-out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that was found in an utterance."""

    name: str
    """Id of an act or of a cue, or a scene."""
    start_sample: int
    end_sample: int
    length: int = 0
    """Characters."""
    yous: int = 0
    """How many of them are 您 or 你."""
    likelihood: float = 1.0
    """Below 1 in words that no list has: how much they are like it."""
    is_part: bool = False
    """It lies within a longer act of the same scene: 请稍候 within 对不起，我接一下电话，请稍候."""

    def lies_in(self, other: Found) -> bool:
        return other.start_sample <= self.start_sample and self.end_sample <= other.end_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A final utterance, or a part of one, and what was found in it."""

    said: Hypothesis
    """The whole utterance."""
    role: Role
    start_sample: int
    end_sample: int
    """Where its last speech ends."""
    syllables: int
    acts: tuple[Found, ...] = ()
    """In order; never of a visitor."""
    perhaps: tuple[Found, ...] = ()
    """Other acts, in what the recogniser holds for less likely, and in words that no list has: enough not to
    miss them, no more."""
    occasions: tuple[Found, ...] = ()
    """The acts that its words ask for; only of a known speaker."""
    cues: tuple[Found, ...] = ()
    hints: frozenset[str] = frozenset()
    """Names of cues that its words likely are, in words that no list has."""
    scenes: tuple[Found, ...] = ()
    excused: frozenset[str] = frozenset()
    """The acts that its words say are not expected."""
    call: Channel | None = None
    """The sort of telephone call that staff opens with it."""
    newcomer: float = 0.0
    """Log-odds that its voice is of another visitor than those before."""

    def names(self) -> frozenset[str]:
        """Of the acts in it, and of those that it very likely holds in words of no list."""
        likely = (one.name for one in self.perhaps if _SURELY <= one.likelihood < 1)
        return frozenset((*(one.name for one in self.acts), *likely))

    def cue_names(self) -> frozenset[str]:
        return self.hints | {one.name for one in self.cues}

    def cut(self, at_sample: int) -> tuple[Words, Words]:
        """The words before a place and those from there on."""
        return self.within(self.start_sample, at_sample), self.within(at_sample, self.end_sample)

    def within(self, start_sample: int, end_sample: int) -> Words:
        """The words between two places."""
        start, end = max(start_sample, self.start_sample), min(end_sample, self.end_sample)
        if (start, end) == (self.start_sample, self.end_sample):
            return self

        def there(found: Iterable[Found]) -> tuple[Found, ...]:
            return tuple(one for one in found if start <= one.start_sample < end)

        share = (end - start) / max(1, self.end_sample - self.start_sample)
        return replace(
            self,
            start_sample=start,
            end_sample=end,
            syllables=round(self.syllables * share),
            acts=there(self.acts),
            perhaps=there(self.perhaps),
            occasions=there(self.occasions),
            cues=there(self.cues),
            scenes=there(self.scenes),
            call=self.call if start == self.start_sample else None,
        )


@lru_cache(maxsize=2)
def finder_of(book: CourtesyBook, *, own_words: bool) -> ActFinder:
    """The finder of a book: its tables take a quarter of a second, and a night asks for every recording.

    `own_words`: what is said in words that no list has is found, too.
    """
    return ActFinder(book, meant.fitted() if own_words else None)


class ActFinder:
    """Finds the acts of one courtesy book; holds tables only, so one may serve many streams."""

    def __init__(self, book: CourtesyBook, model: MeantModel | None = None) -> None:
        """Without `model` only listed words are found."""
        self._acts = {act.act_id: act for act in book.acts}
        self._own_words = OwnWords(self._acts, model)
        self._calls = {act.act_id: _SORTS[act.scene] for act in book.acts if _opens_call(act)}
        rules = [*(rule for act in book.acts for rule in _act_rules(act)), *_cue_rules()]
        self._first = {_cue_id(cue) for cue in cues().cue if cue.at_start}
        self._spotter = Spotter(RuleSet(rules={rule.rule_id: rule for rule in rules}, sha256="", packs=()))

    def turns(self, said: Hypothesis) -> list[Words]:
        """What each speaker said in a final hypothesis, one after the other."""
        if len(said.stretches) > 1:
            return [replace(self.hear(one), said=said) for one in _by_speaker(said)]
        return [replace(self.hear(_of_its_stretch(said)), said=said)]

    def hear(self, said: Hypothesis) -> Words:
        """What a final hypothesis of one speaker holds."""
        found = self._found(said.passage)
        spans = said.passage.spans
        bounds = (spans[0][0], spans[-1][1]) if spans else (said.start_sample, said.end_sample)
        if said.sound is not None:
            bounds = (said.sound.start_sample, said.sound.end_sample)
        chars = normalise(said.text).chars
        likely = self._own_words.hear(said.passage.text, said.role)
        return Words(
            said=said,
            newcomer=max((one.newcomer for one in said.stretches), key=abs, default=0.0),
            role=said.role,
            start_sample=bounds[0],
            end_sample=max(bounds),
            syllables=len(chars),
            acts=() if said.role == "visitor" else tuple(self._marked(found[_ACT])),
            perhaps=() if said.role == "visitor" else tuple(self._perhaps(said, found[_ACT], likely)),
            occasions=tuple(self._occasions(said, found, likely)),
            cues=_of_role(said.role, found[_CUE]),
            hints=likely.hints,
            scenes=_of_role(said.role, found[_SCENE]),
            excused=frozenset(one.name for one in found[_UNLESS]) | likely.excused,
            call=self._call(said, found[_ACT]) if said.role == "staff" else None,
        )

    def _perhaps(self, said: Hypothesis, acts: Sequence[Found], likely: Likely) -> Iterator[Found]:
        known = {one.name for one in acts}
        for text, passage in {one.text: one for one in said.alternatives}.items():
            for one in self._found(passage)[_ACT] if text != said.text else ():
                if one.name not in known:
                    known.add(one.name)
                    yield one
        for weighed in likely.acts:
            if weighed.name in self._acts.keys() - known:
                yield _weighed(weighed.name, weighed, said.passage)

    def _found(self, passage: Passage) -> dict[str, list[Found]]:
        """What the spotter finds, by sort; the names of cues and scenes still carry who says them."""
        found: dict[str, list[Found]] = {
            sort: [] for sort in (_ACT, _OCCASION, _PROTEST, _UNLESS, _CUE, _SCENE)
        }
        if not passage.text:
            return found
        text = normalise(passage.text)
        edges = {text.origin[at] for at in word_edges(text) if at < len(text.origin)}
        pauses = {text.origin[at] for at in text.breaks if at < len(text.origin)}
        for one in self._spotter.find(passage):
            sort, _, name = one.rule_id.partition(":")
            is_late = one.rule_id in self._first and one.start_char > _FIRST_CHARS
            is_torn = sort in (_OCCASION, _PROTEST, _UNLESS) and (
                one.start_char not in edges or _is_over_pause(one, pauses)
            )
            if one.tier != "near" and not is_late and not is_torn:
                found[sort].append(_place(name, one, passage))
        return found

    def _marked(self, acts: Sequence[Found]) -> Iterator[Found]:
        for one in acts:
            scene = self._acts[one.name].scene
            is_part = any(
                self._acts[other.name].scene == scene and one.lies_in(other) and not other.lies_in(one)
                for other in acts
            )
            yield replace(one, is_part=is_part)

    def _call(self, said: Hypothesis, acts: Sequence[Found]) -> Channel | None:
        """The sort of call that words of staff open.

        您好，社保窗口 says where one is; 您好，您去哪个窗口 asks where the visitor goes, and says 您 twice.
        """
        calls = [
            one
            for one in acts
            if one.name in self._calls
            and one.length >= _CALL_LENGTH
            and one.yous < 2
            and one.start_sample <= said.passage.spans[0][1]
        ]
        # 我是 opens calls of both sorts: one that was made comes first.
        opening = max(calls, key=lambda one: (one.length, self._calls[one.name]), default=None)
        if opening is not None:
            return self._calls[opening.name]
        return "phone-in" if said.text.startswith(_PHONE_HELLO) else None

    def _occasions(self, said: Hypothesis, found: dict[str, list[Found]], likely: Likely) -> Iterator[Found]:
        excused = {one.name for one in found[_UNLESS]}
        if said.role == "visitor":
            yield from found[_PROTEST]
        listed = [
            one
            for one in found[_OCCASION]
            if one.name not in excused | likely.unlikely
            and (expect := self._acts[one.name].expect) is not None
            and expect.occasion_by == said.role
        ]
        yield from listed
        # In order: a set of names has another order in every process.
        for name in sorted(likely.occasions.keys() - {one.name for one in listed} - excused):
            yield _weighed(name, likely.occasions[name], said.passage)


def _weighed(name: str, one: Meant, passage: Passage) -> Found:
    start, end = passage.span(one.start_char, one.end_char)
    return Found(name=name, start_sample=start, end_sample=end, likelihood=one.likelihood)


def _of_its_stretch(said: Hypothesis) -> Hypothesis:
    """Said by one: for courtesy a short utterance may have a role that it has for nothing else."""
    if said.role != "unknown" or not said.stretches:
        return said
    return replace(said, role=said.stretches[0].role, role_confidence=said.stretches[0].confidence)


def _by_speaker(said: Hypothesis) -> Iterator[Hypothesis]:
    """What each speaker said, as an utterance of its own; other readings have other characters and are left."""
    last, sound = len(said.passage.text), said.sound
    for one in said.stretches:
        start, end = one.start_char, min(one.end_char, last)
        passage = Passage(text=said.passage.text[start:end], spans=said.passage.spans[start:end])
        if not passage.text.strip():
            continue
        if sound is not None:
            begin = sound.start_sample if start == 0 else passage.spans[0][0]
            stop = sound.end_sample if end == last else passage.spans[-1][1]
            sound_of_it = replace(sound, start_sample=begin, end_sample=max(begin, stop))
        yield replace(
            said,
            passage=passage,
            alternatives=(),
            role=one.role,
            role_confidence=one.confidence,
            stretches=(one,),
            sound=None if sound is None else sound_of_it,
        )


def _place(name: str, one: Candidate, passage: Passage) -> Found:
    start, end = passage.span(one.start_char, one.end_char)
    chars = normalise(passage.text[one.start_char : one.end_char]).chars
    return Found(name=name, start_sample=start, end_sample=end, length=len(chars), yous=chars.count("你"))


def _is_over_pause(one: Candidate, pauses: Set[int]) -> bool:
    """Whether a pause stands where the spelling has none: 归谁管？你们… is no 谁管你们."""
    return len(parse(one.variant).pieces) == 1 and any(one.start_char < at < one.end_char for at in pauses)


def _of_role(role: Role, found: Iterable[Found]) -> tuple[Found, ...]:
    """Those that this speaker's words can be, under their plain names; an unknown speaker's can be any."""
    named = []
    for one in found:
        by, _, name = one.name.partition(":")
        if role in (by, "unknown"):
            named.append(replace(one, name=name))
    return tuple(named)


def _opens_call(act: Act) -> bool:
    return act.scene in _SORTS and act.expect is not None and act.expect.when == "visit-begins"


def _act_rules(act: Act) -> Iterator[Rule]:
    yield _rule(f"{_ACT}:{act.act_id}", act.say, innocent=tuple(filter(_is_spelling, act.does_not_count)))
    if act.expect is not None and act.expect.occasion:
        yield _rule(f"{_OCCASION}:{act.act_id}", act.expect.occasion, whole_words=False)
    if act.expect is not None and act.expect.protest:
        yield _rule(f"{_PROTEST}:{act.act_id}", act.expect.protest, whole_words=False)
    if act.expect is not None and act.expect.unless:
        yield _rule(f"{_UNLESS}:{act.act_id}", act.expect.unless, whole_words=False)


def _cue_rules() -> Iterator[Rule]:
    known = cues()
    for cue in known.cue:
        yield _rule(_cue_id(cue), cue.say, clause_end=cue.clause_end)
    for scene in known.scene:
        yield _rule(f"{_SCENE}:{scene.by}:{scene.scene}", scene.say)


def _cue_id(cue: Cue) -> str:
    return f"{_CUE}:{cue.by}:{cue.id}"


def _is_spelling(text: str) -> bool:
    """Whether something can be looked for; 喂 cannot, and no act is so short that it could be part of it."""
    try:
        parse(text)
    except SpellingError:
        return False
    return True


def _rule(
    rule_id: str,
    say: tuple[str, ...],
    *,
    innocent: tuple[str, ...] = (),
    clause_end: tuple[str, ...] = (),
    whole_words: bool | None = None,
) -> Rule:
    """Spellings as the spotter takes them; clauses and advice are none of its concern.

    The patterns of an occasion may end within a word, as those of conditions do: 还缺一 is in 还缺一张.
    """
    return Rule(
        rule_id=rule_id,
        phrase=rule_id,
        clauses=(),
        severity="low",
        cooldown_s=None,
        advice="",
        variants=(
            *(Variant(text=text) for text in say),
            *(Variant(text=text, where="clause-end") for text in clause_end),
        ),
        innocent=innocent,
        whole_words=whole_words,
    )
