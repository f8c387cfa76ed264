"""The hall's key and what address may be used with or without it.

One file, made once and carried to every computer by hand, is secret and certificate in one: scheduler, workers
and whoever starts a run show it to each other over TLS, and talk to nobody who has another. Whoever has it may
run any program on every worker; so it is a private file, and one that others can read is refused.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deskguard.errors import DeskguardError
from deskguard.settings import own_settings_path

FILE_NAME = "cluster-key.pem"
DEFAULT_PORT = 8786
YEARS = 10
_OTHERS = 0o077
_TELLS = ("-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----")


def default_key() -> Path:
    """Where the key is looked for when nobody names it: beside the user's own settings."""
    return own_settings_path().with_name(FILE_NAME)


def find_key(given: Path | None) -> Path | None:
    """The key to use: the one given, else the user's own if there is one; raises DeskguardError."""
    key = given or default_key()
    if given is None and not key.is_file():
        return None
    try:
        text = key.read_text(encoding="ascii")
        mode = key.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no key file"
        raise DeskguardError(
            f"The cluster's key {key} cannot be read: {why}.",
            "make one with deskguard cluster key FILE, or copy it from the computer that has it.",
            "bad-cluster-key",
        ) from None
    if not all(tell in text for tell in _TELLS):
        raise DeskguardError(
            f"The cluster's key {key} does not hold a certificate and a private key.",
            "make one with deskguard cluster key FILE, or copy it again from the computer that has it.",
            "bad-cluster-key",
        )
    if os.name == "posix" and mode & _OTHERS:
        raise DeskguardError(
            f"The cluster's key {key} can be read by others (mode {mode & 0o777:o}, should be 600).",
            f"chmod 600 {key}; if somebody may have read it, make a new one.",
            "cluster-key-open",
        )
    return key


def make_key(path: Path) -> None:
    """Write a new key; raises DeskguardError when there is a file already, or it cannot be written."""
    text = _new_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made with its rights: a file that is narrowed afterwards could be read in between.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise _exists(path) from None
        raise DeskguardError(
            f"The key {path} cannot be written: {error.strerror}.",
            "give a folder that you may write to.",
            "file-unwritable",
        ) from None


def _exists(path: Path) -> DeskguardError:
    return DeskguardError(
        f"{path} exists already; a key that is in use must not be lost.",
        "give another name, or delete it first.",
        "file-exists",
    )


def _new_key() -> bytes:
    """A private key and a certificate that it signed itself, as PEM."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ModuleNotFoundError as error:
        raise extra_missing(error) from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deskguard cluster")])
    begun = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # A day back: the clocks of a hall's desktops differ.
        .not_valid_before(begun - timedelta(days=1))
        .not_valid_after(begun + timedelta(days=365 * YEARS + 3))
        # It is its own authority: nobody else's certificate is trusted.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


def extra_missing(error: ModuleNotFoundError) -> DeskguardError:
    """A package of the cluster extra is not there."""
    return DeskguardError(
        f"Work on several processes or computers needs a package that is not installed: {error.name}.",
        'install the cluster extra: pip install "deskguard[cluster]"',
        "cluster-extra-missing",
    )


def checked_address(address: str, key: Path | None, *, insecure: bool = False) -> str:
    """The address of a scheduler with its scheme and port; raises DeskguardError for one that is not safe.

    Without a key only this computer may be talked to, unless `insecure`.
    """
    scheme, _, rest = address.rpartition("://")
    host, _, port = rest.rpartition(":") if _has_port(rest) else (rest, "", str(DEFAULT_PORT))
    if scheme not in ("", "tcp", "tls") or not host or not (port.isdecimal() and 0 < int(port) < 65_536):
        raise DeskguardError(
            f'"{address[:80]}" is not the address of a scheduler.',
            f"write it as tls://host:{DEFAULT_PORT}; deskguard cluster scheduler prints it.",
            "bad-cluster-address",
        )
    scheme = scheme or ("tls" if key else "tcp")
    if scheme == "tls" and key is None:
        raise DeskguardError(
            f"{address} wants a key, and there is none at {default_key()}.",
            "give the scheduler's key with --key FILE.",
            "cluster-key-missing",
        )
    if scheme == "tcp" and not is_this_computer(host) and not insecure:
        raise DeskguardError(
            f"{address} is another computer, and tcp is open: whoever is on the network could listen and join.",
            f"use tls://{host}:{port} and a key (deskguard cluster key), or give --insecure if you know why.",
            "cluster-insecure",
        )
    return f"{scheme}://{host}:{port}"


def is_this_computer(host: str) -> bool:
    """Whether a host name or address leads nowhere else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _has_port(rest: str) -> bool:
    """Whether the last colon is that of a port and not of an IPv6 address."""
    return ":" in rest and (rest.count(":") == 1 or "]:" in rest)
