"""One change of a resource, written as JSON paths and what to put there: {"contact[0].name": DROP, "telecom[+]": {...}}."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Json = Any
Edits = Mapping[str, Json]
DROP = object()                          # instead of a value: the element is taken away
STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\+)]")


def edited(resource: Json, edits: Edits) -> Json:
    """A changed copy. `[+]` is one more at the end of a list; what is missing on the way is made. Raises LookupError where a path cannot
    be walked: then the base has changed, and the mutant means nothing any more."""
    out = copied(resource)
    for path, value in edits.items():
        _edit(out, steps(path), value)
    return out


def steps(path: str) -> list[str | int]:
    return [int(number) if number.isdigit() else name or "+" for name, number in STEP.findall(path)]


def _edit(into: Json, way: list[str | int], value: Json) -> None:
    *before, last = way
    for step, following in zip(before, way[1:], strict=True):
        into = _entered(into, step, [] if following == "+" else {})
    if value is DROP:
        del into[last]
    elif last == "+":
        into.append(copied(value))
    elif isinstance(into, list) and last not in range(len(into)):
        raise LookupError("an index that the list does not have")
    else:
        into[last] = copied(value)


def _entered(into: Json, step: str | int, empty: Json) -> Json:
    if isinstance(into, dict):
        return into.setdefault(step, empty)
    if step == "+":
        into.append(empty)
        return empty
    return into[step]


def copied(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def at(*way: str | int) -> str:
    """The path of these steps."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).removeprefix(".")
