"""Where things stand in a JSON text. A document is looked through once, for where each resident begins, when a place is first asked for."""
from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from adapter import scan, wire

Ordinals = tuple[int, ...]      # of members and elements, as they are counted in the text
_BETWEEN = re.compile(r"[ \t\r\n,]*")


class Spots(Protocol):
    def resident(self, number: int, steps: Ordinals) -> tuple[int, int]:
        """Line and column of something in the resident with this number, from 0."""
        ...

    def top(self, steps: Ordinals) -> tuple[int, int]: ...


class Line(NamedTuple):
    """A line of NDJSON."""

    data: bytes
    line: int

    def resident(self, _: int, steps: Ordinals) -> tuple[int, int]:
        return scan.locate(self.data.decode(), [steps], wire.LIMITS.depth, self.line)[steps]

    def top(self, _: Ordinals) -> tuple[int, int]:
        return self.line, 1


class _Span(NamedTuple):
    """Of a resident: first byte, the byte after the last, line and column."""

    start: int
    end: int
    line: int
    column: int


class Document:
    """`way`: the ordinals that lead to the list of residents."""

    def __init__(self, path: Path, way: Ordinals) -> None:
        self.path, self.way = path, way
        self._tops: dict[Ordinals, tuple[int, int]] = {}      # every resident may refer to the same wrong row there

    def top(self, steps: Ordinals) -> tuple[int, int]:
        if steps not in self._tops:
            self._tops |= scan.locate(self.path.read_bytes().decode("utf-8-sig"), [steps], wire.LIMITS.depth)
        return self._tops[steps]

    def resident(self, number: int, steps: Ordinals) -> tuple[int, int]:
        span = self._spans[number]
        if not steps:
            return span.line, span.column
        with self.path.open("rb") as file:
            file.seek(span.start)
            text = file.read(span.end - span.start).decode()
        line, column = scan.locate(text, [steps], wire.LIMITS.depth, span.line)[steps]
        return line, column + span.column - 1 if line == span.line else column

    @cached_property
    def _spans(self) -> list[_Span]:
        """Of every resident: the decoder of the standard library passes over each."""
        data = self.path.read_bytes()
        text, mark = data.decode("utf-8-sig"), 3 * data.startswith(b"\xef\xbb\xbf")
        at, spans, passes = self._list(text), list[_Span](), json.JSONDecoder().raw_decode
        is_list = text[at] == "["
        line, begins, counted, start = 1, 0, 0, mark      # of `counted`: its line, where that begins, its byte
        at = _BETWEEN.match(text, at + is_list).end()      # type: ignore[union-attr]  # it matches everywhere
        while not spans or is_list and text[at] != "]":
            line, begins = line + text.count("\n", counted, at), text.rfind("\n", counted, at) + 1 or begins
            start += len(text[counted:at].encode())
            end = passes(text, at)[1]
            spans.append(_Span(start, start + len(text[at:end].encode()), line, at - begins + 1))
            counted, at = at, _BETWEEN.match(text, end).end() if is_list else end      # type: ignore[union-attr]
        return spans

    def _list(self, text: str) -> int:
        """Where the list of residents begins."""
        return next(at for steps, _, at in scan.Walk(text, wire.LIMITS.depth).document() if steps == self.way)
