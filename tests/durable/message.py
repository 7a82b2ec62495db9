"""HTTP/1.1 messages on asyncio's streams, as plainly as a proxy needs them. Source: RFC 9112."""
from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}  # of one connection only: said anew for the next


class Message(NamedTuple):
    """A request or an answer, whole. `start` is its first line; headers by lower-case name, without those of the connection."""

    start: str
    headers: Mapping[str, str]
    body: bytes

    def bytes(self, *, length: int | None = None, close: bool = False) -> bytes:
        """As it is written; `length` is what Content-Length claims."""
        headers = {**self.headers, "content-length": str(len(self.body) if length is None else length)}
        headers |= {"connection": "close"} if close else {}
        lines = [self.start, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


async def read(reader: asyncio.StreamReader, *, answer: bool = False) -> Message | None:
    """The next message; None where the other side has ended. Raises IncompleteReadError where it ends in the middle of one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise
        return None
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await _body(reader, headers, empty=not answer or start.split(" ", 2)[1] in ("204", "304"))
    return Message(start, {name: value for name, value in headers.items() if name not in HOP}, body)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], *, empty: bool) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        return await _chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return b"" if empty else await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    while (await reader.readline()).strip():  # trailers
        pass
    return b"".join(pieces)
