"""The texts of `deskguard review` and `deskguard scorecards` in the language asked for."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable


class Words:
    """One language's texts under [night...] of the catalogue."""

    def __init__(self, language: str = catalogue.LANGUAGES[0]) -> None:
        self._texts = catalogue.load(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text "night.KEY" with its places filled."""
        return self._texts[f"night.{key}"].format(**values)

    def title(self, kind: str, title: str) -> str:
        """What a finding is called: kinds of manner by their name in this language, all else as written."""
        return self._texts.get(f"manner.{title}", title) if kind == "manner" else title

    def joined(self, parts: Iterable[str]) -> str:
        """Parts as a list within a sentence."""
        told = list(parts)
        return reduce(lambda first, second: self("both", first=first, second=second), told) if told else ""
