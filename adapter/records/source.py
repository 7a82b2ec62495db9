"""The text a record was read from: it finds the places of fields again, for what is said about a record only after it was read.

    source.places(["medicines[1].taken.end"])       {"medicines[1].taken.end": Place("", 12, 7)}
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adapter import scan
from adapter.records.rows.row import Place
from adapter.wire import LIMITS

STEP = re.compile(r"#?\w+")


class Places(Protocol):
    """Whatever a record was read from."""

    def places(self, paths: Iterable[str]) -> Mapping[str, Place]:
        """Where each of these begins; where it is not there, whatever it would stand in."""
        ...


@dataclass(frozen=True)
class Source:
    """`data` was read without a fault. `place`: of a list, which element the record is; `line`: the number of the first line."""

    data: bytes
    place: int | None = None
    line: int = 1

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Where each of these begins; where it is not there, whatever it would stand in. `#4` is the fifth member of an object,
        whatever its name is. The text is read again: only for what is wrong."""
        wanted = list(paths)
        if not wanted:
            return {}
        text = self.data.decode("utf-8-sig")
        whole = json.loads(text)
        start, record = ((), whole) if self.place is None else ((self.place,), whole[self.place])
        steps = {path: (*start, *_steps(record, STEP.findall(path))) for path in wanted}
        found = scan.locate(text, steps.values(), LIMITS.depth, self.line)
        return {path: Place("", *found[steps[path]]) for path in wanted}


def _steps(value: Any, names: Iterable[str]) -> Iterator[int]:
    """The ordinals that lead to a place of our own names, as far as it is there."""
    for name in names:
        if isinstance(value, dict) and name in value:
            yield list(value).index(name)
            value = value[name]
        elif isinstance(value, dict) and name.startswith("#"):
            yield int(name[1:])
            return
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            yield int(name)
            value = value[int(name)]
        else:
            return
