"""The texts of the held-out set in, speech with its places out: sentences one by one, days turn by turn."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from halls import FLOOR_DBFS, LEVEL_DB, rng
from sounds import RATE_HZ, Sound, gain
from voices import Voice, VoiceMaker, audible

HERE = Path(__file__).resolve().parent
VOICES = (
    ("zf_xiaobei", 0.0),
    ("zm_yunxi:0.5+zm_yunyang:0.5", 0.0),
    ("f_low", 0.0),
    ("m_mix1", 0.0),
    ("zf_xiaoyi:0.5+zf_xiaobei:0.5", 0.0),
    ("m_old", 0.0),
    ("f_mix1", 0.0),
    ("zm_yunjian:0.6+zm_yunxia:0.4", -1.0),
    ("zf_xiaoxiao:0.6+zf_xiaoyi:0.4", 1.0),
    ("zm_yunyang:0.6+zm_yunjian:0.4", 0.5),
)
"""Blended, shifted and the stock voices that the development set leaves out, with semitones."""
SPEEDS = (1.03, 0.93, 1.07, 1.17, 0.98, 1.12, 1.22)
LEAD_S, TAIL_S = 0.3, 0.8
DAY_LEAD_S = 2.0
LOUD_DB = 6.0
_MARK = re.compile(r"<([\w+]+) ([lvc]):([^>]*)>")
_TURN = re.compile(r"([SVW])(?:@(-?[\d.]+))? (.*)")
_FORMS = {"l": "literal", "v": "variant", "c": "class"}

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Speech of one turn at the voice maker's level, and the samples it is heard in."""

    text: str
    voice: Voice
    sound: Sound
    start: int
    end: int
    phrases: list[Line]
    """Lines of a set, with `start` and `end` in samples of the sound in place of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A turn on the axis of a day: the sample at which its sound begins."""

    speaker: str
    visit: int
    said: Said
    at: int
    tags: frozenset[str]

    @property
    def start(self) -> int:
        return self.at + self.said.start

    @property
    def end(self) -> int:
        return self.at + self.said.end

    @property
    def role(self) -> str:
        return "staff" if self.speaker == "S" else "visitor"

    @property
    def level_db(self) -> float:
        return LEVEL_DB + LOUD_DB * ("loud" in self.tags)


def say(maker: VoiceMaker, marked: str, voice: Voice) -> Said:
    """A text with marks, spoken; ValueError where a mark is left open."""
    text = _MARK.sub(lambda mark: mark[3], marked)
    if re.search("[<>]", text):
        raise ValueError(f"a mark is left open in: {marked}")
    pieces = maker.pieces(text, voice)
    sound = np.zeros(pieces[-1].at + len(pieces[-1].sound))
    for piece in pieces:
        sound[piece.at : piece.at + len(piece.sound)] += piece.sound
    phrases = []
    for rules, form, wording in _MARK.findall(marked):
        rule_id, *also = rules.split("+")
        place = maker.place(pieces, wording, voice)
        phrases.append(
            {
                "rule_id": rule_id,
                "wording": wording,
                "form": _FORMS[form],
                "also": also,
                "start": place.start,
                "end": place.end,
                "place": "measured" if place.is_measured else "estimated",
            }
        )
    start, end = audible(sound)
    return Said(text=text, voice=voice, sound=sound, start=start, end=end, phrases=phrases)


def phrases_at(said: Said, at: int) -> list[Line]:
    """The phrases of a turn whose sound begins at a sample, with their places in seconds."""
    return [
        {key: value for key, value in one.items() if key not in ("start", "end")}
        | {"start_s": round((at + one["start"]) / RATE_HZ, 3), "end_s": round((at + one["end"]) / RATE_HZ, 3)}
        for one in said.phrases
    ]


def sentences(maker: VoiceMaker) -> list[tuple[Line, Sound]]:
    """Every sentence with its line, in the voice maker's clean sound over a microphone's faint noise."""
    table = tomllib.loads((HERE / "sentences.toml").read_text("utf-8"))
    made = []
    rows = [(kind, row) for kind, text in table.items() for row in _rows(text)]
    for index, (kind, row) in enumerate(rows):
        # Neighbours are of one rule: the strides let it go round all voices and speeds.
        name, pitch = VOICES[(3 * index + index // 10) % len(VOICES)]
        voice = Voice(name=name, speed=SPEEDS[(2 * index + index // 7) % len(SPEEDS)], pitch=pitch)
        about, marked = ("", row) if kind in ("phrase", "class") else row.split(" | ")
        said = say(maker, marked, voice)
        made.append(_sentence(kind, about, said))
        print(f"sentence {index + 1} {made[-1][0]['file']}", flush=True)
    return made


def _rows(text: str) -> list[str]:
    return text.strip().splitlines()


def _sentence(kind: str, about: str, said: Said) -> tuple[Line, Sound]:
    looks_like, _, why = about.partition(" ")
    phrases = phrases_at(said, round(LEAD_S * RATE_HZ))
    label = looks_like or phrases[0]["rule_id"]
    voice = said.voice
    key = hashlib.sha256(f"{said.text}|{voice.name}|{voice.speed}|{voice.pitch}".encode()).hexdigest()[:10]
    lead, tail = np.zeros(round(LEAD_S * RATE_HZ)), np.zeros(round(TAIL_S * RATE_HZ))
    sound = np.concatenate([lead, said.sound * gain(LEVEL_DB), tail])
    line: Line = {
        "file": f"wav/clean/{kind}-{label}-{key}.wav",
        "text": said.text,
        "kind": "innocent" if kind == "visitor" else kind,
        "role": "visitor" if kind == "visitor" else "staff",
        "rule_ids": [one["rule_id"] for one in phrases],
        "phrases": phrases,
        "looks_like": looks_like or None,
        "why": "visitor_side" if kind == "visitor" else why or None,
        "voice": voice.name,
        "speed": voice.speed,
        "pitch": voice.pitch,
        "condition": "clean",
        "duration_s": round(len(sound) / RATE_HZ, 3),
    }
    if phrases:
        first = phrases[0]
        line |= {
            "wording": first["wording"],
            "phrase_start_s": first["start_s"],
            "phrase_end_s": first["end_s"],
        }
    floor = gain(FLOOR_DBFS) * rng(line["file"]).standard_normal(len(sound))
    return line, sound + floor


def talkers(texts: list[str], maker: VoiceMaker) -> list[Sound]:
    """The people of the hall, each in another voice."""
    voices = [Voice(name=name, pitch=pitch) for name, pitch in VOICES]
    return [maker.speak(text, voices[at % len(voices)]) for at, text in enumerate(texts)]


def lay(day: Line, maker: VoiceMaker) -> list[Laid]:
    """The turns of a day one after the other; pauses that the script leaves open are drawn from its name."""
    chance = rng(day["name"])
    laid: list[Laid] = []
    end = round(DAY_LEAD_S * RATE_HZ)
    for number, visit in enumerate(day["visit"]):
        voices = {
            "S": _voice(day["staff"]),
            "V": _voice(visit["visitor"]),
            "W": _voice(visit.get("companion", visit["visitor"])),
        }
        for index, row in enumerate(_rows(visit["turns"])):
            speaker, gap, rest = _parsed(row)
            marked, *tags = rest.split(" #")
            said = say(maker, marked, voices[speaker])
            drawn_s = float(chance.uniform(0.35, 1.1))
            gap_s = visit.get("pause_s", 0) if index == 0 else drawn_s if gap is None else float(gap)
            at = max(0, end + round(gap_s * RATE_HZ) - said.start)
            laid.append(Laid(speaker=speaker, visit=number, said=said, at=at, tags=frozenset(tags)))
            end = max(end, laid[-1].end)
    return laid


def _voice(table: Line) -> Voice:
    return Voice(name=table["voice"], speed=table["speed"], pitch=table.get("pitch", 0.0))


def _parsed(row: str) -> tuple[str, str | None, str]:
    turn = _TURN.fullmatch(row)
    if turn is None:
        raise ValueError(f"no turn: {row}")
    return turn[1], turn[2], turn[3]


def day_line(day: Line, laid: list[Laid]) -> Line:
    """What is said in a day, by whom and where."""
    return {
        "text": "\n".join(one.said.text for one in laid),
        "kind": "conversation",
        "role": "both",
        "encounter": day["name"],
        "rule_ids": [one["rule_id"] for turn in laid for one in turn.said.phrases],
        "phrases": [one | {"turn": turn} for turn, of in enumerate(laid) for one in phrases_at(of.said, of.at)],
        "speakers": [
            {
                "role": one.role,
                "turn": turn,
                "start_s": round(one.start / RATE_HZ, 3),
                "end_s": round(one.end / RATE_HZ, 3),
                "text": one.said.text,
                "voice": one.said.voice.name,
                "speed": one.said.voice.speed,
                "pitch": one.said.voice.pitch,
            }
            for turn, one in enumerate(laid)
        ],
        "visits": [
            _visit(visit, [one for one in laid if one.visit == n]) for n, visit in enumerate(day["visit"])
        ],
        "events": [
            {
                "kind": tag,
                "turn": turn,
                "start_s": round(one.start / RATE_HZ, 3),
                "end_s": round(one.end / RATE_HZ, 3),
            }
            for turn, one in enumerate(laid)
            for tag in sorted(one.tags)
        ],
    }


def _visit(visit: Line, laid: list[Laid]) -> Line:
    return {
        "start_s": round(laid[0].start / RATE_HZ, 3),
        "end_s": round(max(one.end for one in laid) / RATE_HZ, 3),
        "missing": visit.get("missing", []),
        "doubtful": visit.get("doubtful", []),
    }
