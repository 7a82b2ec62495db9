"""Whether bytes hold a word in any form in which it is easily had back: as text, in hex, in base64, and in what zlib has packed. Pure."""
from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator

ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")  # RFC 1950: how a stream begins
MOST = 1 << 20  # bytes of one stream


def traces(data: bytes, words: Iterable[str]) -> list[str]:
    """The words of which there is a trace, and how; letters large or small."""
    folded = [data.lower(), *(packed.lower() for packed in _packed(data))]
    return sorted({f"{word} ({how})" for word in words for how, form in _forms(word) for held in folded
                   if form in (data if how == "base64" else held)})


def _forms(word: str) -> Iterator[tuple[str, bytes]]:
    plain = word.lower().encode()
    yield from (("text", plain), ("UTF-16", word.lower().encode("utf-16-le")))
    yield from (("hex", cased.encode().hex().encode()) for cased in (word, word.lower(), word.upper()))
    for before in range(3):  # a word stands at any of three places in a group of base64
        whole = base64.b64encode(b"\0" * before + word.encode())
        yield "base64", whole[(0, 2, 3)[before]:len(whole) - (0, 3, 2)[(before + len(word.encode())) % 3]].rstrip(b"=")


def _packed(data: bytes) -> Iterator[bytes]:
    for found in ZLIB.finditer(data):
        stream = zlib.decompressobj()
        try:
            yield stream.decompress(data[found.start():found.start() + MOST], MOST)
        except zlib.error:
            continue
