"""Logging in by the house's own identity provider: OpenID Connect, authorization code with PKCE."""
