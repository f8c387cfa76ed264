"""The settings that a hub may set for its desks: a closed list, and checked on both sides.

None of them opens a microphone, keeps or sends more, points to a file or changes what the desk listens with:
those stay with whoever runs the desk. What is here is the tone of a desk: when a card is worth it, when a visit
ends, from where on something is loud.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from deskguard.errors import DeskguardError
from deskguard.settings import Settings, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAFE: Mapping[str, tuple[str, ...]] = {
    "roles": ("announcements",),
    "visits": ("silence_s", "farewell_s", "greeting_within_s", "off"),
    "manner": (
        "profile", "loud_lu", "fast_ratio", "slow_ratio", "sustained_s", "answer_within_s", "wait_s", "chat_s",
    ),
    "alerts": (
        "min_severity", "min_confidence", "tentative_from", "cooldown_s", "max_per_hour", "max_age_s", "card_s",
    ),
    "screen": ("language",),
}  # fmt: skip
"""Table → keys."""
Values = dict[str, dict[str, Any]]


def checked(values: Mapping[str, Any]) -> Values:
    """Settings that may be sent, as they stand in the settings file; raises one DeskguardError
    (`bad-pushed-settings`) that names every mistake."""
    mistakes = list(_not_allowed(values))
    if not mistakes:
        try:
            Settings.model_validate_json(json.dumps(values))
        except ValidationError as error:
            mistakes = [describe(one, Settings) for one in error.errors()]
    if mistakes:
        raise DeskguardError(
            "Settings for desks: " + " ".join(mistakes), "mend these and publish again.", "bad-pushed-settings"
        )
    return {table: dict(keys) for table, keys in values.items() if keys}


def laid_over(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """A desk's settings with what the hub sets in the place of its own; raises DeskguardError."""
    kept = checked(values)
    given = Settings.model_validate_json(json.dumps(kept))
    return settings.model_copy(
        update={
            table: getattr(settings, table).model_copy(
                update={key: getattr(getattr(given, table), key) for key in keys}
            )
            for table, keys in kept.items()
        }
    )


def _not_allowed(values: Mapping[str, Any]) -> Iterator[str]:
    for table, keys in values.items():
        if table not in SAFE:
            yield f"[{table[:40]}] is not a table that a hub may set; it may set {', '.join(SAFE)}."
        elif not isinstance(keys, dict):
            yield f"[{table}] is not a table."
        else:
            yield from (
                f"[{table}] {str(key)[:40]} is not a key that a hub may set; it may set"
                f" {', '.join(SAFE[table])}."
                for key in keys
                if key not in SAFE[table]
            )
