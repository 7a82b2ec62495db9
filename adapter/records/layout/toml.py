"""A layout file as TOML, and on which line of it each of its values stands."""
from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapter.faults import Fault, Refused

At = tuple[str | int, ...]  # from the top of the file: ("medicines", 0, "drug", "text")
PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass
class Document:
    """What the file says. `faults`: everything wrong with it so far."""

    name: str
    values: dict[str, Any]
    lines: dict[At, int]
    faults: list[Fault] = field(default_factory=list)

    def no(self, at: At, says: str, rule: str = "layout") -> None:
        self.faults.append(Fault(rule, says, path_of(at), self.line(at), None, self.name))

    def line(self, at: At) -> int | None:
        """Of the value, or of what it stands in."""
        return next((self.lines[at[:n]] for n in range(len(at), 0, -1) if at[:n] in self.lines), None)


def path_of(at: At) -> str:
    return "".join(f"[{n}]" if isinstance(n, int) else f".{n}" for n in at).lstrip(".")


def read(name: str, data: bytes) -> Document:
    """Raises Refused where it is not TOML."""
    text = ""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        return Document(name, tomllib.loads(text, parse_float=Decimal), lines_of(text))
    except UnicodeDecodeError:
        raise Refused([Fault("toml", "is not UTF-8, and TOML always is: save it as UTF-8", file=name)]) from None
    except tomllib.TOMLDecodeError as error:
        place = PLACE.search(str(error))
        line, column = (int(n) for n in place.groups()) if place and place[1] else (text.count("\n") + 1, None)
        says = PLACE.sub("", str(error))
        raise Refused([Fault("toml", f"is not TOML: {says[:1].lower()}{says[1:]}", "", line, column, name)]) from None


def lines_of(text: str) -> dict[At, int]:
    """Of a text that is TOML. A value that goes on over several lines stands where it begins."""
    found, rows, at, i = dict[At, int](), text.split("\n"), At(), 0
    counts = defaultdict[At, int](int)
    while i < len(rows):
        start, row = i, rows[i].strip()
        if row.startswith("["):
            at = _header(row, counts)
            found.setdefault(at, start + 1)
        elif row and not row.startswith("#"):
            value, i = _statement(rows, i)
            for inner in _within(value, at):
                found.setdefault(inner, start + 1)
        i += 1
    return found


def _header(row: str, counts: dict[At, int]) -> At:
    said: Any = tomllib.loads(row)
    at: At = ()
    while isinstance(said, dict) and said:
        (name, said), = said.items()
        at = (*at, name)
        if isinstance(said, list):
            counts[at] += 1
        if at in counts:
            at = (*at, counts[at] - 1)
    return at


def _statement(rows: list[str], i: int) -> tuple[dict[str, Any], int]:
    """A key with its value, and the number of its last line."""
    for end in range(i, len(rows)):
        try:
            return tomllib.loads("\n".join(rows[i:end + 1])), end
        except tomllib.TOMLDecodeError:
            continue
    return {}, len(rows)


def _within(value: Any, at: At) -> list[At]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [a for name, v in inner for a in ((*at, name), *_within(v, (*at, name)))]
