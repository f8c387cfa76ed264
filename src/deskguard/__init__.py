"""deskguard: a private, local helper for keeping the service standard at a public-service counter."""

__version__ = "0.1.0"
