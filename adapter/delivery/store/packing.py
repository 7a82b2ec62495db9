"""A payload as bytes, to be sealed; and the hash by which the same content is known again. Pure.

    length of the head (4 bytes), head {"form", "options", "where"} as JSON, body
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import cast

from adapter.delivery.store.errors import Broken
from adapter.delivery.store.model import Form, Kind, Payload

WIDTH = 4  # bytes


def packed(payload: Payload) -> bytes:
    head = _json({"form": payload.form, "options": payload.options, "where": payload.where})
    return b"".join((len(head).to_bytes(WIDTH, "big"), head, payload.body))


def unpacked(plain: bytes) -> Payload:
    """Raises Broken."""
    end = WIDTH + int.from_bytes(plain[:WIDTH], "big")
    try:
        head = json.loads(plain[WIDTH:end])
        return Payload(cast(Form, head["form"]), plain[end:], head["options"], head["where"])
    except (ValueError, KeyError, TypeError):
        raise Broken("a payload was opened but is not laid out as this release lays them out") from None


def content_hash(kind: Kind, payload: Payload) -> str:
    """SHA-256 of all that is said, but not of where in the vendor's files it stood: the same record in another row is the same."""
    hashed = hashlib.sha256()
    for part in (kind.encode(), payload.form.encode(), _json(payload.options), payload.body):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()


def _json(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict).encode()
