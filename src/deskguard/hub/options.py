"""How the hall is run, as the command line said it; and whether it may be run so."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from deskguard.errors import DeskguardError
from deskguard.resources import data_folder

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8470


@dataclass(frozen=True, slots=True, kw_only=True)
class HubOptions:
    """Where the hall keeps what it knows, and where it is reached."""

    db: str = ""
    """A file, sqlite:///FILE or postgresql://user@host/database; empty means a file in the data folder."""
    data: Path | None = None
    password_file: Path | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    cert: Path | None = None
    """Certificate with its chain, as PEM."""
    key: Path | None = None
    """The certificate's private key, as PEM."""
    behind_proxy: bool = False
    base_path: str = ""
    demo: bool = False
    oidc: Path | None = None
    """A file that names an OIDC provider."""

    @property
    def folder(self) -> Path:
        """The data folder: the one named, else beside the desk's."""
        return self.data or data_folder() / "hub"

    @property
    def has_tls(self) -> bool:
        """Whether this server itself speaks TLS."""
        return self.cert is not None

    def check(self) -> None:
        """Raise DeskguardError where the hall would send names and findings readable through the network."""
        if (self.cert is None) != (self.key is None):
            raise DeskguardError(
                "--cert and --key belong together, and one of them is missing.",
                "name both files: the certificate and its private key.",
                "hub-tls-half",
            )
        if not (_is_here(self.host) or self.has_tls or self.behind_proxy):
            raise DeskguardError(
                f"{self.host} is reached from other computers, and nothing here would be encrypted.",
                "give --cert FILE --key FILE, or --behind-proxy where a proxy in front of it speaks TLS.",
                "hub-insecure",
            )
        if self.base_path and not (self.base_path.startswith("/") and not self.base_path.endswith("/")):
            raise DeskguardError(
                f'The base path "{self.base_path[:60]}" is not one.', "write it as /hall.", "bad-base-path"
            )

    def database_password(self) -> str | None:
        """The password in the file named, if one is; raises DeskguardError."""
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise DeskguardError(
                f"The password file {self.password_file} cannot be read: {why}.",
                "mend --password-file.",
                "file-unreadable",
            ) from None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
