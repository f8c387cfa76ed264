"""The file that `deskguard hub --oidc` names, as a strict value: which provider, and whom the hall lets in."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.roles import RoleName
from deskguard.settings import Section, describe, read_toml

if TYPE_CHECKING:
    from pathlib import Path

_Claim = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,100}$")]


class OidcSettings(Section):
    """One provider."""

    issuer: Annotated[str, Field(min_length=1, max_length=300)]
    """As the provider calls itself, to the letter."""
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    address: Annotated[str, Field(min_length=1, max_length=300)]
    """Where browsers reach the hall, with the base path; the provider sends them back below it."""
    client_secret_file: str = ""
    """Holds the client's secret; empty: a public client, for whom PKCE must do."""
    ca_file: str = ""
    """Authority behind the provider's certificate, as PEM; empty is those the computer trusts."""
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: _Claim = "preferred_username"
    """Of the ID token: names the hall's account at the first login. Nothing that people choose themselves."""
    role_claim: Annotated[str, Field(max_length=100)] = ""
    """Holds what `roles` is about, a text or a list of texts; empty: roles are the hall's own."""
    roles: Annotated[dict[str, RoleName], Field(default_factory=dict)]
    """Value of the role claim to role; the first that the claim holds counts."""
    clerk_claim: Annotated[str, Field(max_length=100)] = ""
    """Holds the clerk's id; empty: it is the hall's own."""
    create: bool = False
    """Whether who has no account gets one at the first login."""
    default_role: RoleName | None = None
    """Of whom `roles` says nothing; None: they are not let in by the role claim, and get no account."""
    passwords: bool = True
    """Whether the hall's own passwords open it as well."""
    label: Annotated[str, Field(max_length=40)] = ""
    """What the button says; empty: a text of the hall's."""

    @model_validator(mode="after")
    def _fits(self) -> OidcSettings:
        if bool(self.roles) != bool(self.role_claim):
            raise ValueError("role_claim and [roles] belong together, and one of them is missing")
        if self.create and not self.default_role and not self.roles:
            raise ValueError("create needs default_role, or role_claim and [roles]: a new account has a role")
        if "openid" not in self.scopes:
            raise ValueError('scopes must hold "openid"')
        for name in ("issuer", "address"):
            if not is_safe(getattr(self, name)):
                raise ValueError(f"{name} does not begin with https:// and a host")
        return self

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to; it must know this address."""
        return f"{self.address.rstrip('/')}/login/oidc/back"


def is_safe(url: str) -> bool:
    """Whether an address is one of https, or of this computer."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return is_whole and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(str(parts.hostname))))


def load(path: Path) -> OidcSettings:
    """The settings in a file; raises DeskguardError (`bad-oidc-settings`) with every mistake."""
    table = read_toml(path, "OIDC file")
    try:
        return OidcSettings.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = [
            _told(one["msg"]) if not one["loc"] else describe(one, OidcSettings) for one in error.errors()
        ]
        raise DeskguardError(
            f"OIDC file {path}: " + " ".join(mistakes), "mend these and start again.", "bad-oidc-settings"
        ) from None


def secret_of(settings: OidcSettings) -> str:
    """The client's secret, read anew, so that it may be changed; raises DeskguardError (`file-unreadable`)."""
    if not settings.client_secret_file:
        return ""
    from pathlib import Path

    path = Path(settings.client_secret_file)
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DeskguardError(
            f"The file of the OIDC client's secret, {path}, cannot be read: {why}.",
            "mend client_secret_file.",
            "file-unreadable",
        ) from None


def _told(message: str) -> str:
    return f"{message.removeprefix('Value error, ')}."


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
