"""What we sign to be given a token: who we are, for whom it is meant, and until when.

Sources: RFC 7523; NHS England API platform, "Application-restricted RESTful API - signed JWT authentication" (RS512, at most five minutes,
a `jti` that was not used for 30 days); HL7 SMART App Launch, Backend Services (RS384, ES384, at most five minutes).
"""
from __future__ import annotations

import uuid

import jwt

from adapter.delivery.endpoints.credentials import PrivateKeyJwt

LIFE = 240  # seconds: five minutes are allowed, and our clock may be fast by one
KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(us: PrivateKeyJwt, now: float) -> str:
    """Good for one request: its `jti` is never used again. `now` in seconds since 1970."""
    meant_for = us.audience or us.token_url
    claims = {"iss": us.client_id, "sub": us.client_id, "aud": meant_for, "jti": str(uuid.uuid4()), "exp": int(now) + LIFE}
    return jwt.encode(claims, us.key.get_secret_value(), us.algorithm, {"kid": us.kid})
