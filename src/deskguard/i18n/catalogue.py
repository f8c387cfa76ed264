"""<language>.toml to a flat mapping "table.key" -> text; page and command line read the same one.

Every language has the same keys and the same {placeholders}: a test holds them together.
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
    table = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(dict(_flat(table, "")))


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
