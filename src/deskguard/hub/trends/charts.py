"""The numbers that the charts of /trends draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.hub.trends import counting, rollups

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from deskguard.hub.trends.asking import Asked


def charts(connection: Connection, asked: Asked, t: Callable[..., str]) -> dict[str, Any]:
    """What the page's script draws: of the night by day, of the desks by day and by hour."""
    severity = counting.by_severity(connection, asked)
    days = counting.rows(connection, "day", asked)
    told = rollups.sums(connection, "day", asked)
    hours = {int(one.key): one for one in rollups.sums(connection, "hour", asked)}
    span = list(range(min(hours), max(hours) + 1)) if hours else []
    return {
        "days": list(severity),
        "severity": [
            {"name": t(f"severity.{name}"), "data": [day[name] for day in severity.values()]}
            for name in ("high", "medium", "low")
        ],
        "rate": {
            "days": [one.key for one in days],
            "name": t("hub.trends.phrases"),
            "data": [percent(one.phrases.value) for one in days],
            "low": [percent(one.phrases.low) for one in days],
            "high": [percent(one.phrases.high) for one in days],
        },
        "courtesy": {
            "days": [one.key for one in days],
            "name": t("hub.trends.courtesy"),
            "data": [percent(one.courtesy.value) for one in days],
        },
        "visits": {
            "days": [one.key for one in told],
            "name": t("hub.trends.visits"),
            "data": [one.visits for one in told],
        },
        "told": {
            "days": [one.key for one in told],
            "names": [t("hub.trends.told.hits"), t("hub.trends.told.missing"), t("hub.trends.manner")],
            "data": [
                [percent(one.hit_rate.value) for one in told],
                [percent(one.missing_rate) for one in told],
                [percent(one.manner_rate.value) for one in told],
            ],
        },
        "hours": {
            "hours": span,
            "name": t("hub.trends.visits"),
            "data": [hours[one].visits if one in hours else 0 for one in span],
        },
    }


def percent(value: float | None) -> float | None:
    """For each hundred, to two places."""
    return None if value is None else round(100 * value, 2)
