"""Why no token was given, and what to do: in our words, known by the server's. The server's own are never repeated. Pure.

Sources: RFC 6749, 5.2; NHS England's identity service (its texts as it sends them: nhs-identity-service, oauth2/token).
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Whose(Enum):
    """Who can do something about it."""

    OURS = "the configuration is to be mended"
    CLOCK = "this machine's clock is to be set"
    THEIRS = "it may pass"


@dataclass(frozen=True)
class Refusal:
    says: str
    whose: Whose = Whose.OURS


KID = Refusal("does not know the key that we sign with: look at `kid`, and whether the public key is published in the key set registered "
              "there, which it may look at once an hour only")
ISS = Refusal("does not know who we are (`iss` and `sub`): look at `client_id`, which is the API key of the application there, and whether "
              "it belongs to this environment")
AUD = Refusal("is not whom we sign for (`aud`): look at `token_url`, which is compared letter by letter, or give `audience`")
SIGNATURE = Refusal("finds that the signature does not fit the public key registered there: look at `key` and `kid`, which must be of one "
                    "pair")
REGISTER = Refusal("has no public key of ours: register one there, or the address of the key set")
ALGORITHM = Refusal("does not take the algorithm that we sign with: look at `algorithm` (NHS England takes RS512 alone)")
EXPIRED = Refusal("finds what we signed just now over already: this machine's clock is behind", Whose.CLOCK)
AHEAD = Refusal("finds what we signed good for longer than five minutes: this machine's clock is ahead", Whose.CLOCK)
# each assertion has a jti of its own, so somebody between us asked twice with one of them; the next is another
TWICE = Refusal("was asked twice with the same `jti`: a proxy between us repeats requests", Whose.THEIRS)
KEY_SET = Refusal("cannot reach the key set that is registered for us: look whether its address can be reached", Whose.THEIRS)
ANOTHER_WAY = Refusal("does not understand how we ask: look at `kind`, which it may not offer, and at `token_url`")
SECRET = Refusal("does not accept who we are: look at the client's name and its secret or key")
SCOPE = Refusal("does not give what is asked for: look at `scope`")

TEXTS: tuple[tuple[str, Refusal], ...] = (  # what stands in error_description; the first that fits
    ("no matching public key", KID),
    ("'kid' header", KID),
    ("JWT has expired", EXPIRED),
    ("more than 5 minutes in future", AHEAD),
    ("'iss'/'sub' claims", ISS),
    ("'aud' claim", AUD),
    ("Non-unique 'jti'", TWICE),
    ("'alg' header", ALGORITHM),
    ("signature verification failed", SIGNATURE),
    ("register a public key", REGISTER),
    ("JWKS endpoint", KEY_SET),
    ("client_assertion", ANOTHER_WAY),
    ("grant_type", ANOTHER_WAY),
)
ERRORS = {  # RFC 6749, 5.2
    "invalid_client": SECRET, "unauthorized_client": SECRET, "invalid_grant": SECRET, "access_denied": SECRET, "invalid_scope": SCOPE,
    "unsupported_grant_type": ANOTHER_WAY, "invalid_request": ANOTHER_WAY, "unsupported_response_type": ANOTHER_WAY,
}
STATUSES = {
    400: ANOTHER_WAY, 401: SECRET, 403: Refusal("does not let us in: look at who we are said to be, and from where we may ask"),
    404: Refusal("is not there: look at `token_url`"), 405: Refusal("is not one that gives out tokens: look at `token_url`"),
    410: Refusal("is not there any more: look at `token_url`"), 415: ANOTHER_WAY,
}
LATER = frozenset({408, 425, 429})
OTHER = Refusal("refuses, and does not say why in words we know: look at the whole of [endpoint.NAME.auth]")
BUSY = Refusal("is asked too often, or out of service", Whose.THEIRS)
MOVED = Refusal("sends us somewhere else: give the address it has moved to as `token_url`")


def refusal(status: int, body: Any) -> Refusal:
    """`body` as it came: an object, or anything else."""
    if status in LATER or status >= 500:
        return BUSY
    if status < 400:
        return MOVED
    said = body if isinstance(body, dict) else {}
    text, error = str(said.get("error_description") or ""), str(said.get("error") or "")
    by_text = next((why for words, why in TEXTS if words.casefold() in text.casefold()), None)
    return by_text or ERRORS.get(error) or STATUSES.get(status) or OTHER
