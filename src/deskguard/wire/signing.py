"""Ed25519: a hub signs what it sends to its desks, and a desk knows its hub by the key it was given on joining.

Keys travel as text: the private one as PEM in a file of the hub's data folder, the public one as base64 of its
32 bytes. cryptography is imported here and nowhere else in this room.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PUBLIC_BYTES = 32
_FINGERPRINT = 16
"""Hexadecimal digits: enough to tell keys apart; what is trusted is always the whole key."""


def new_private_key() -> str:
    """A new private key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def public_key(private: str) -> str:
    """The public key that belongs to a private one; raises DeskguardError (`bad-signing-key`)."""
    from cryptography.hazmat.primitives import serialization

    raw = (
        _private(private).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )
    return base64.b64encode(raw).decode("ascii")


def fingerprint(public: str) -> str:
    """A short name of a public key, for people and for messages."""
    return hashlib.sha256(public.encode("ascii", errors="replace")).hexdigest()[:_FINGERPRINT]


def sign(private: str, message: bytes) -> str:
    """The signature of a message as base64; raises DeskguardError (`bad-signing-key`)."""
    return base64.b64encode(_private(private).sign(message)).decode("ascii")


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether the owner of a public key signed this very message; False for whatever is no key or signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw = base64.b64decode(public, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def is_public_key(text: str) -> bool:
    """Whether a text could be a public key."""
    try:
        return len(base64.b64decode(text, validate=True)) == _PUBLIC_BYTES
    except (ValueError, binascii.Error):
        return False


def _private(pem: str) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as Ed25519

    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519):
        raise DeskguardError(
            "The key that signs rules is not an Ed25519 key in PEM.",
            "put the hub's own signing key back from a backup; with a new one every desk must join again.",
            "bad-signing-key",
        )
    return key
