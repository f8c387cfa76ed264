"""<language>.toml to a flat mapping "table.key" -> text; page and command line read the same one.

The hall's pages have as many words again: they lie in <language>/*.toml, a file for each part of the hall, and
no key stands in two of them. Every language has the same keys and the same {placeholders}: a test holds them
together.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LANGUAGES = ("zh-CN", "en")
"""The first is the default."""


@cache
def load(language: str) -> Mapping[str, str]:
    """All texts of a language; raises DeskguardError (code "unknown-language") for one that is not kept."""
    if language not in LANGUAGES:
        raise DeskguardError(
            f'Language "{language[:40]}" is not one of {", ".join(LANGUAGES)}.',
            f'use "{LANGUAGES[0]}" or "{LANGUAGES[1]}".',
            "unknown-language",
        )
    here = Path(__file__).parent
    texts: dict[str, str] = {}
    for path in (here / f"{language}.toml", *sorted((here / language).glob("*.toml"))):
        for key, text in _flat(tomllib.loads(path.read_text(encoding="utf-8")), ""):
            if key in texts:
                raise ValueError(f"{path.name} says {key}, which another file says")
            texts[key] = text
    return MappingProxyType(texts)


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
