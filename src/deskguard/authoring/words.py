"""The texts of `deskguard rules` in the language asked for, and complaints made of them."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable


class Words:
    """One language's texts under [rules...] of the catalogue."""

    def __init__(self, language: str = catalogue.LANGUAGES[0]) -> None:
        self.language = language
        self._texts = catalogue.load(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text "rules.KEY" with its places filled."""
        return self._texts[f"rules.{key}"].format(**values)

    def has(self, key: str) -> bool:
        return f"rules.{key}" in self._texts

    def joined(self, parts: Iterable[str]) -> str:
        """Parts as a list within a sentence."""
        told = list(parts)
        return reduce(lambda first, second: self("both", first=first, second=second), told) if told else ""


def complaint(words: Words, key: str, code: str, **values: object) -> DeskguardError:
    """The error "KEY" with the remedy "KEY_fix"; values come from files and options, never from speech."""
    return DeskguardError(words(f"error.{key}", **values), words(f"error.{key}_fix", **values), code)
