"""What the rules cost and find in text: time per hypothesis, memory, misheard phrases, false candidates.

    python bench/spotting.py [--texts FILE]

The texts are counter talk of about 40 characters, each looked at once, so nothing is answered from a cache.
With 10,000 phrases every text holds one of them, misheard in every second. Misheard means: syllables are
replaced by others, the likelier the nearer they sound, or dropped, or added, at random. --texts counts the near
candidates in a file of innocent sentences, one a line; each costs a second look at the audio.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from common import heading, percentiles, save
from deskguard.language.sounds import sound_distances
from deskguard.language.syllables import syllable_names, usual_syllables
from deskguard.language.text import normalise
from deskguard.rules.pack import RuleSet, load_packs
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Passage

SENTENCES = (
    "您好请问您要办理什么业务",
    "这个我不知道啊你去问保安吧",
    "請您稍候我馬上為您辦理",
    "材料不全，您还差一份户口本复印件",
    "没看我正忙着吗后面排队去",
    "请您到3号窗口办理，从左手边上楼",
    "墙上贴着呢自己看",
    "您要是没时间过来，网上也能办",
    "下班了明天再来吧",
    "都跟你说几遍了怎么还不明白",
)
SYLLABLE_POOL = "我你他这那不没有能办看说问知道时间窗口材料下班明天自己牌子啰嗦告诉懂忙快点管归再去来给"
TEXTS = 2_000
PHRASES = 10_000


SPOILT = 1_000
_SPREAD = 0.12
"""How fast a confusion grows unlikely with its distance."""
_COMMON = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本"
    "去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比"
    "或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总"
    "次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做"
    "必战先回则任取据处理世车快急懂烦啰嗦班牌贴墙磨蹭吵骂罚领导保安排队材料"
)
"""Characters that stand for their syllables when a phrase is spoilt."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, help="innocent sentences, one a line")
    given = parser.parse_args()
    rng = random.Random(20261121)
    print(heading("none (text only)"))
    before = _rss_mb()
    started = time.perf_counter()
    spotter = Spotter(load_packs([]))
    spotter.find(_passage("我不知道，能不能办"))  # word lists load with the first short phrase
    ready_s, ready_mb = time.perf_counter() - started, _rss_mb() - before
    print(f"five standards: ready in {ready_s:.2f} s, {ready_mb:.0f} MB")
    few_ms = _time(spotter, [_text(rng) for _ in range(TEXTS)])
    found = _spoilt_found(spotter, load_packs([]), rng)
    if given.texts:
        _count(spotter, [line for line in given.texts.read_text("utf-8").splitlines() if line.strip()])
    before = _rss_mb()
    phrases = _phrases(rng)
    started = time.perf_counter()
    spotter = Spotter(_loaded(phrases))
    print(
        f"{PHRASES} phrases: ready in {time.perf_counter() - started:.2f} s, {_rss_mb() - before:.0f} MB more"
    )
    planted = [rng.choice(phrases) for _ in range(TEXTS)]
    texts = [_text(rng, _spoil(rng, one, 1) if at % 2 else one) for at, one in enumerate(planted)]
    many_ms = _time(spotter, texts)
    save(
        "spotting",
        {"ready_s": ready_s, "ready_mb": ready_mb, "few_ms": few_ms, "many_ms": many_ms, "found": found},
    )


def _spoilt_found(spotter: Spotter, rules: RuleSet, rng: random.Random) -> dict[int, float]:
    """The share of spoilt phrases whose rule is found, by syllables spoilt."""
    spellings = [(rule.rule_id, one.text) for rule in rules.rules.values() for one in rule.variants]
    shares = {}
    for edits in range(4):
        tiers: Counter[str] = Counter()
        for rule_id, text in rng.choices(spellings, k=SPOILT):
            spoken = normalise(re.sub(r"\{[^}]*\}|…", "那边", text)).chars
            passage = _passage(f"您好，{_spoil(rng, spoken, edits)}。")
            found = [one for one in spotter.find(passage) if one.rule_id == rule_id]
            tiers[found[0].tier if found else "missed"] += 1
        shares[edits] = 1 - tiers["missed"] / SPOILT
        print(f"  {edits} syllables spoilt: found {shares[edits]:.3f} of {SPOILT}; {dict(tiers)}")
    return shares


def _spoil(rng: random.Random, chars: str, edits: int) -> str:
    """A phrase as a recogniser may write it: eight edits in ten are confusions, one a loss, one an addition."""
    spoilt = list(chars)
    for at in rng.sample(range(len(spoilt)), min(edits, len(spoilt))):
        kind = rng.random()
        if kind < 0.8:
            spoilt[at] = _confused(rng, spoilt[at])
        else:
            spoilt[at] = "" if kind < 0.9 else spoilt[at] + rng.choice(_COMMON)
    return "".join(spoilt)


def _confused(rng: random.Random, char: str) -> str:
    (sound,) = usual_syllables(char)
    if sound >= len(syllable_names()):
        return char
    others = [one for one in _COMMON if one != char]
    weights = np.exp(-sound_distances()[sound, usual_syllables("".join(others))] / _SPREAD)
    return rng.choices(others, weights.tolist())[0]


def _count(spotter: Spotter, texts: Sequence[str]) -> None:
    near = [sum(one.tier == "near" for one in spotter.find(_passage(text))) for text in texts]
    chars = sum(map(len, texts))
    print(f"  innocent: {sum(near)} near candidates in {len(texts)} sentences, {chars} characters:")
    print(f"  {sum(near) / len(texts):.3f} a sentence, {1000 * sum(near) / chars:.2f} per 1,000 characters")


def _time(spotter: Spotter, texts: Sequence[str]) -> list[float]:
    """Milliseconds of CPU per text; on a busy machine the wall clock shows the neighbours."""
    cpu: list[float] = []
    wall: list[float] = []
    hits = 0
    for text in texts:
        passage = _passage(text)
        cpu_started, started = time.thread_time(), time.perf_counter()
        hits += len(spotter.find(passage))
        cpu.append((time.thread_time() - cpu_started) * 1000)
        wall.append((time.perf_counter() - started) * 1000)
    print(f"  CPU per hypothesis:  {percentiles(cpu, 'ms')}; {hits} candidates")
    print(f"  wall per hypothesis: {percentiles(wall, 'ms')}")
    return cpu


def _text(rng: random.Random, phrase: str = "") -> str:
    """Whole sentences with a character misheard, so that every text is new, and a phrase in their midst."""
    text = "，".join(rng.choices(SENTENCES, k=4))[: 40 - len(phrase)]
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(SYLLABLE_POOL) + phrase + text[at + 1 :]


def _passage(text: str) -> Passage:
    return Passage(text=text, spans=tuple((at * 3200, (at + 1) * 3200) for at in range(len(text))))


def _phrases(rng: random.Random) -> list[str]:
    """10,000 phrases of three to eight syllables from counter talk, one in ten with a gap."""
    phrases: dict[str, str] = {}
    while len(phrases) < PHRASES:
        chars = "".join(rng.choices(SYLLABLE_POOL, k=rng.randint(3, 8)))
        phrases.setdefault(chars, f"{chars}，{chars[:2]}" if rng.random() < 0.1 else chars)
    return list(phrases.values())


def _loaded(phrases: Sequence[str]) -> RuleSet:
    """The phrases through a pack file, as a supervisor would have them."""
    entries = "".join(
        f'[[phrase]]\nid = "B{number}"\nphrase = "{phrase}"\nclause = "1"\nquote = "q"\nseverity = "low"\n'
        'advice = "a"\n'
        for number, phrase in enumerate(phrases)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.toml"
        path.write_text(f'[pack]\nid = "many"\ntitle = "Many"\n{entries}', encoding="utf-8")
        return load_packs([path])


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
