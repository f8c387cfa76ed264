"""Tables to TOML the way packs are written by hand: tables one below the other, one spelling a line.

A list of a table is what supervisors change, so it has a line for each of its items and a changed spelling is
one changed line. Reading it again gives the same table.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ONE_LINE = 80


def dumps(table: Mapping[str, Any], comment: str = "") -> str:
    """TOML text of tables and lists of tables, with a comment above; values are text, numbers, true or false,
    lists and tables."""
    lines = [f"# {line}" for line in comment.splitlines()]
    for name, value in table.items():
        for one in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{_key(name)}]]" if isinstance(value, list) else f"[{_key(name)}]"]
            lines += [line for key, inner in one.items() for line in _lines(key, inner)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _lines(key: str, value: Any) -> Iterator[str]:
    whole = f"{_key(key)} = {_inline(value)}"
    if not isinstance(value, list) or (len(value) < 2 and len(whole) <= _ONE_LINE):
        yield whole
        return
    yield f"{_key(key)} = ["
    yield from (f"  {_inline(one)}," for one in value)
    yield "]"


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, too, but TOML wants one more of them.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_inline(inner)}" for key, inner in value.items()) + " }"
    return repr(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")
