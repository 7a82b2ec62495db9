"""It would be seen: the word in every form, at any place."""
from __future__ import annotations

import base64
import secrets
import zlib

import pytest

from tests.durable.traces import traces

WORD = "Quetzalcoatl"


@pytest.mark.parametrize(("hidden", "how"), [
    *((base64.b64encode(b"x" * before + WORD.encode() + b"y" * after), "base64") for before in range(4) for after in range(4)),
    (WORD.encode(), "text"), (WORD.upper().encode(), "text"), (WORD.encode("utf-16-le"), "UTF-16"), (WORD.encode().hex().encode(), "hex"),
    (WORD.encode().hex().upper().encode(), "hex"), (zlib.compress(b"{" + WORD.encode() + b"}"), "text"),
    (zlib.compress(WORD.encode() * 9, 9) + b"more", "text"), (zlib.compress(WORD.encode(), 1), "text"),
    (base64.b64encode(WORD.encode()), "base64"),
])
def test_a_trace(hidden: bytes, how: str) -> None:
    for before in (b"", b"x", b"\0\0", b"12345"):
        assert f"{WORD} ({how})" in traces(before + hidden + b"&", [WORD])


def test_no_trace() -> None:
    assert traces(secrets.token_bytes(200_000) + b"Quetzal" + base64.b64encode(b"Quetzalcoat"), [WORD]) == []
