"""Devices that a command line names in, settings with them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.settings import Settings


def named_devices(device: str | None, visitor_device: str | None) -> dict[str, str | int]:
    """What the command line names, by its key in the settings."""
    given = {"device": device, "visitor_device": visitor_device}
    return {key: int(one) if one.isdecimal() else one for key, one in given.items() if one is not None}


def with_devices(settings: Settings, named: Mapping[str, str | int]) -> Settings:
    """The settings with these devices."""
    microphone = settings.microphone.model_copy(update=dict(named))
    return settings.model_copy(update={"microphone": microphone})
