"""`--roles` to the roles of each recording: one role for all of it, or the turns of an RTTM file.

RTTM is the Rich Transcription Time Marked format of NIST's evaluations, as every tool for speaker diarisation
writes it: one turn a line, "SPEAKER file 1 start duration <NA> <NA> name <NA> <NA>", times in seconds. The
names must say the role. The file is checked whole before anything is played.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.desk.roles import SpokenTurn, marked, stretches
from deskguard.errors import DeskguardError
from deskguard.values import SAMPLE_RATE_HZ, Role, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deskguard.values import AudioChunk

_NAMES: dict[Role, tuple[str, ...]] = {
    "staff": ("staff", "clerk", "agent", "employee", "员", "工作人员", "窗口", "坐席", "职员"),
    "visitor": (
        "visitor",
        "customer",
        "client",
        "caller",
        "客",
        "客户",
        "群众",
        "来访",
        "来访者",
        "市民",
        "顾客",
    ),
    "unknown": ("unknown", "other", "未知", "其他"),
}
_ROLE_OF: dict[str, Role] = {name: role for role, names in _NAMES.items() for name in names}
_NUMBER = re.compile(r"[-_]?\d+$")
"""Several visitors may speak: visitor1, 客_2."""
_IGNORED = ("SPKR-INFO", ";;")
_MOST_S = 7 * 24 * 3600.0
_MOST_TOLD = 10
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRoles:
    """Who speaks where in each recording that is played."""

    source: str
    turns: Mapping[str, Sequence[SpokenTurn]]

    def mark(self, recording: str, chunks: Iterable[AudioChunk]) -> Iterator[AudioChunk]:
        """The chunks of a recording with their roles."""
        return marked(chunks, stretches(self.turns[recording]))

    def check_length(self, recording: str, heard_samples: int) -> None:
        """Raises DeskguardError if a turn begins after the recording has ended: it is another's."""
        last = max(turn.start_sample for turn in self.turns[recording])
        if 0 < heard_samples <= last:
            raise DeskguardError(
                f"Roles {self.source}: a turn begins at {seconds(last):.2f} s, but {recording} is "
                f"{seconds(heard_samples):.2f} s long.",
                "give the RTTM file of this recording.",
                "roles-too-long",
            )


def read_roles(given: str, recordings: Sequence[str]) -> GivenRoles:
    """The roles of `recordings` by "staff", "visitor" or an RTTM file; DeskguardError with every mistake."""
    if given in ("staff", "visitor"):
        one = SpokenTurn(speaker=given, role=_ROLE_OF[given], start_sample=0, end_sample=1)
        return GivenRoles(source=given, turns=dict.fromkeys(recordings, (one,)))
    turns = _turns(given)
    is_single = len(turns) == 1 and len(set(recordings)) == 1
    found: dict[str, Sequence[SpokenTurn]] = {}
    missing: list[str] = []
    for name in recordings:
        own = next((turns[one] for one in _labels(name) if one in turns), None)
        own = own or (next(iter(turns.values())) if is_single else None)
        if own is None:
            missing.append(name)
        else:
            found[name] = own
    if missing:
        raise DeskguardError(
            f"Roles {given} names {', '.join(sorted(turns)[:_MOST_TOLD])} in its second column, "
            f"and nothing for {', '.join(missing[:_MOST_TOLD])}.",
            f'write the recording\'s name without its ending there: "{_labels(missing[0])[0]}".',
            "no-turns",
        )
    return GivenRoles(source=given, turns=found)


def _labels(recording: str) -> tuple[str, ...]:
    """What a recording may be called in the second column."""
    path = Path(recording)
    return ("stdin", "-") if recording == "-" else (path.stem, path.name, recording)


def _turns(name: str) -> dict[str, list[SpokenTurn]]:
    """The turns of an RTTM file by recording."""
    turns: dict[str, list[SpokenTurn]] = {}
    mistakes: list[str] = []
    for number, line in enumerate(_text(name).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(_IGNORED):
            continue
        fields = line.split()
        wrong = list(_mistakes(fields))
        mistakes += [f"{name}, line {number}: {one}" for one in wrong]
        if not wrong:
            turns.setdefault(fields[1], []).append(_turn(fields))
    if mistakes:
        told = "\n".join(f"  - {one}" for one in mistakes[:_MOST_TOLD])
        more = f"\n  - and {len(mistakes) - _MOST_TOLD} more" if len(mistakes) > _MOST_TOLD else ""
        raise DeskguardError(
            f"Roles file {name} holds {len(mistakes)} mistake(s):\n{told}{more}\n",
            'write each turn as "SPEAKER recording 1 START DURATION <NA> <NA> staff <NA> <NA>", or give '
            "--roles staff or --roles visitor.",
            "bad-rttm",
        )
    if not turns:
        raise DeskguardError(
            f"Roles file {name} holds no turn (no line that begins with SPEAKER).",
            'write a line for each turn: "SPEAKER recording 1 START DURATION <NA> <NA> staff <NA> <NA>".',
            "no-turns",
        )
    return turns


def _mistakes(fields: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line: value found, value expected, fix."""
    if fields[0] != "SPEAKER":
        yield f'it begins with "{fields[0][:_SHOWN]}", expected SPEAKER; mend or delete the line.'
        return
    if len(fields) not in (9, 10):
        yield f"it has {len(fields)} columns, expected 10; fill empty ones with <NA>."
        return
    start_s, length_s = _number(fields[3]), _number(fields[4])
    if start_s is None or not 0 <= start_s <= _MOST_S:
        yield f'start is "{fields[3][:_SHOWN]}", expected seconds from 0 on; write a number such as 12.34.'
    if length_s is None or not 0 < length_s <= _MOST_S:
        yield f'duration is "{fields[4][:_SHOWN]}", expected seconds above 0; write a number such as 2.5.'
    if _role(fields[7]) is None:
        yield f'speaker is "{fields[7][:_SHOWN]}", expected staff or visitor (or clerk, customer, 员, 客 …).'


def _turn(fields: Sequence[str]) -> SpokenTurn:
    start, length = (round(float(one) * SAMPLE_RATE_HZ) for one in fields[3:5])
    return SpokenTurn(
        speaker=fields[7].casefold(),
        role=_role(fields[7]) or "unknown",
        start_sample=start,
        end_sample=start + max(1, length),
    )


def _role(name: str) -> Role | None:
    plain = name.casefold()
    return _ROLE_OF.get(plain) or _ROLE_OF.get(_NUMBER.sub("", plain))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _text(name: str) -> str:
    try:
        return Path(name).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise DeskguardError(
            f"Roles file {name} does not exist.",
            "give --roles staff, --roles visitor, or the path of an RTTM file.",
            "file-missing",
        ) from None
    except OSError as error:
        raise DeskguardError(
            f"Roles file {name} cannot be read: {error.strerror or error}.",
            "give the path of an RTTM file that you may read.",
            "file-unreadable",
        ) from None
    except UnicodeDecodeError as error:
        raise DeskguardError(
            f"Roles file {name} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.",
            "save it again as UTF-8.",
            "bad-encoding",
        ) from None
    except ValueError as error:  # a path with a null character
        raise DeskguardError(
            f"Roles file {name!r} is no path: {error}.", "mend the path.", "bad-path"
        ) from None
