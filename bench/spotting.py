"""What the rules cost: time per hypothesis and memory, with the five standards and with 10,000 phrases.

    python bench/spotting.py

The texts are counter talk of about 40 characters, each looked at once, so nothing is answered from a cache.
With 10,000 phrases every text holds one of them.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from common import heading, percentiles, save
from deskguard.rules.pack import RuleSet, load_packs
from deskguard.spotting.spot import Spotter
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


def main() -> None:
    rng = random.Random(20261121)
    print(heading("none (text only)"))
    before = _rss_mb()
    started = time.perf_counter()
    spotter = Spotter(load_packs([]))
    spotter.find(_passage("我不知道，能不能办"))  # word lists load with the first short phrase
    ready_s, ready_mb = time.perf_counter() - started, _rss_mb() - before
    print(f"five standards: ready in {ready_s:.2f} s, {ready_mb:.0f} MB")
    few_ms = _time(spotter, [_text(rng) for _ in range(TEXTS)])
    before = _rss_mb()
    phrases = _phrases(rng)
    started = time.perf_counter()
    spotter = Spotter(_loaded(phrases))
    print(
        f"{PHRASES} phrases: ready in {time.perf_counter() - started:.2f} s, {_rss_mb() - before:.0f} MB more"
    )
    many_ms = _time(spotter, [_text(rng, rng.choice(phrases)) for _ in range(TEXTS)])
    save("spotting", {"ready_s": ready_s, "ready_mb": ready_mb, "few_ms": few_ms, "many_ms": many_ms})


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
