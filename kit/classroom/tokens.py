"""Tokens: 256 random bits that stand for a person. They are shown once; the database keeps their SHA-256."""

import secrets
from hashlib import sha256

__all__ = ["hashed", "new"]

BYTES = 32


def new() -> str:
    """A fresh token, 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(BYTES)


def hashed(token: str) -> str:
    """What is kept of a token: its SHA-256 in hexadecimal. Enough by itself, because nobody guesses 256 random bits."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
