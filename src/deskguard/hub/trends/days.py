"""Days as an address says them: within years that calendars reckon with; an empty field is none."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
MaybeDay = Annotated[Day | None, BeforeValidator(lambda value: value or None)]
