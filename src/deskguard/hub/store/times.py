"""Moments as text of fixed width, which sorts: the same form as in the night's tables."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """A moment with an offset as UTC to the microsecond: 2026-11-30T05:21:12.000000+00:00."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no offset from UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def utc_moment(text: str) -> datetime:
    """The moment behind `utc_text`."""
    return datetime.fromisoformat(text).astimezone(UTC)
