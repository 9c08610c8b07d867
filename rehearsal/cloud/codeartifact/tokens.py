"""Authorization tokens: opaque, kept as digests, tied to the credentials that fetched them.

Source: User Guide, "AWS CodeArtifact authentication and tokens". A token speaks for the principal that fetched it, with the
policies in force when it is used. One asked for with duration 0 ends with the session; the others outlive it.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

LONGEST = 43200  # seconds; also what a request without a duration gets
SHORTEST = 900


@dataclass(frozen=True)
class Token:
    """Who a token speaks for, in which domain (owner, name), until when."""

    principal: Any
    domain: tuple[str, str]
    expires: float
    ends_with_session: bool


@dataclass
class Tokens:
    _issued: dict[str, Token] = field(default_factory=dict)

    def issue(self, token: Token) -> str:
        """A new token's text; only its digest is kept."""
        text = secrets.token_urlsafe(180)
        self._issued[_digest(text)] = token
        return text

    def find(self, text: str, now: float) -> Token | None:
        """The token, unless unknown or expired."""
        token = self._issued.get(_digest(text))
        return token if token and now < token.expires else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
