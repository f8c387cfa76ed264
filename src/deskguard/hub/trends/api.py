"""GET /api/v1/trends: what desks reported, summed up for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.trends import rollups
from deskguard.hub.trends.asking import Asked
from deskguard.hub.trends.days import MaybeDay

if TYPE_CHECKING:
    from deskguard.hub.state import HubState
    from deskguard.hub.trends.rollups import Dimension

Viewer = Annotated[Person, Depends(needs("trends.view"))]
By = Annotated[str, Query(pattern=r"^(day|hour|window|rule|standard|scene|act)$")]
Window = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.*?-]*$", description="with * for anything")]
_DAYS = timedelta(days=30)


def router(state: HubState) -> APIRouter:
    """The route of the roll-ups."""
    routes = APIRouter(tags=["trends"])

    @routes.get("/api/v1/trends")
    def trends(
        person: Viewer, by: By = "day", first: MaybeDay = None, last: MaybeDay = None, window: Window = ""
    ) -> dict[str, Any]:
        """Counts of what desks reported from `first` to `last`, both included; else of the last 30 days.

        Days are those that the windows had. `hit_rate` and `courtesy` carry the bounds of 95 %.
        """
        until = last or state.today()
        asked = Asked(first or until - _DAYS, until, person.windows, (window,) if window else ())
        dimension: Dimension = by  # type: ignore[assignment]
        with state.store.reading() as connection:
            found = rollups.sums(connection, dimension, asked)
            manner = rollups.distributions(connection, asked)
        return {
            "v": 1,
            "by": by,
            "first": asked.first.isoformat(),
            "last": asked.last.isoformat(),
            "rows": [one.told() for one in found],
            "manner": [asdict(one) for one in manner],
        }

    return routes
