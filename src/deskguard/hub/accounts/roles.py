"""The roles of the hall and what each may do; an administrator runs the server and does not read findings."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, get_args

Permission = Literal[
    "wall.view",
    "feed.read",
    "trends.view",
    "findings.view",
    "findings.decide",
    "findings.own",
    "rules.view",
    "rules.edit",
    "rules.publish",
    "desks.manage",
    "accounts.manage",
    "audit.view",
    "settings.manage",
    "scorecards.manage",
    "export",
]
RoleName = Literal["clerk", "reviewer", "supervisor", "rule-author", "administrator", "auditor"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
ROLES: tuple[RoleName, ...] = get_args(RoleName)
ALLOWED: MappingProxyType[RoleName, frozenset[Permission]] = MappingProxyType(
    {
        "clerk": frozenset({"findings.own"}),
        "reviewer": frozenset({"wall.view", "trends.view", "findings.view", "findings.decide"}),
        "supervisor": frozenset(
            {
                "wall.view",
                "feed.read",
                "trends.view",
                "findings.view",
                "findings.decide",
                "rules.view",
                "scorecards.manage",
                "export",
            }
        ),
        "rule-author": frozenset({"trends.view", "rules.view", "rules.edit", "rules.publish"}),
        "administrator": frozenset(
            {
                "wall.view",
                "rules.view",
                "desks.manage",
                "accounts.manage",
                "settings.manage",
                "scorecards.manage",
            }
        ),
        "auditor": frozenset({"trends.view", "rules.view", "audit.view"}),
    }
)
