"""The tables of the feed: a step of the hall's store.

hub_events holds each event once, in the order in which the hall took it: `position` rises in the order of
commits, because the number is drawn from a row that stays locked until then. Who reads on from a position
misses nothing.

hub_counts was the roll-up of the first steps, a row for each hour of a window; SUMMED puts `hub_sums` in its
place (`store.sums`, filled from the events that are there) and keeps the hour with the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.hub.store.sums import SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping

FEED = (
    "CREATE TABLE hub_sequence (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO hub_sequence VALUES ('events', 0)",
    """CREATE TABLE hub_streams (
        desk_id TEXT NOT NULL, stream TEXT NOT NULL, last_seq BIGINT NOT NULL, lost BIGINT NOT NULL,
        refused BIGINT NOT NULL, skew_s DOUBLE PRECISION NOT NULL, seen_utc TEXT NOT NULL,
        PRIMARY KEY (desk_id, stream)
    )""",
    """CREATE TABLE hub_events (
        position BIGINT PRIMARY KEY, desk_id TEXT NOT NULL, event_id TEXT NOT NULL, seq BIGINT NOT NULL,
        window_id TEXT NOT NULL, kind TEXT NOT NULL, at_utc TEXT NOT NULL, day TEXT NOT NULL,
        received_utc TEXT NOT NULL, body TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX hub_events_once ON hub_events (desk_id, event_id)",
    "CREATE INDEX hub_events_by_window ON hub_events (window_id, kind, position)",
    "CREATE INDEX hub_events_by_day ON hub_events (day, kind)",
    """CREATE TABLE hub_counts (
        day TEXT NOT NULL, hour INTEGER NOT NULL, window_id TEXT NOT NULL, kind TEXT NOT NULL,
        rule_id TEXT NOT NULL, standard TEXT NOT NULL, scene TEXT NOT NULL, severity TEXT NOT NULL,
        count BIGINT NOT NULL, total DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (day, hour, window_id, kind, rule_id, standard, scene, severity)
    )""",
    "CREATE INDEX hub_counts_by_kind ON hub_counts (kind, day)",
    """CREATE TABLE hub_webhooks (
        webhook_id TEXT PRIMARY KEY, url TEXT NOT NULL, form TEXT NOT NULL, secret TEXT NOT NULL,
        kinds TEXT NOT NULL, windows TEXT NOT NULL, made_utc TEXT NOT NULL, made_by TEXT NOT NULL,
        position BIGINT NOT NULL, tries INTEGER NOT NULL, next_utc TEXT NOT NULL, failing_since_utc TEXT,
        outcome TEXT NOT NULL, given_up BIGINT NOT NULL
    )""",
)
SUMMED: tuple[str | Mapping[str, tuple[str, ...]], ...] = (
    "DROP TABLE hub_counts",
    # Of the window's clock; those that were kept before have none.
    "ALTER TABLE hub_events ADD COLUMN hour INTEGER",
    *SUMS,
)
