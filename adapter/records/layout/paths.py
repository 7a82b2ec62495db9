"""Paths in a resident's tree: `SURNAME`, `name/family`, `Dose/@unit`, `../RES_NO`, `/export/EXPORTED_AT`, and `.` for a row's own text.

A path starts at the current row; `..` is the object around it, a `/` in front starts at the top of the export. `~1` and `~0` stand for `/`
and `~` in a name. Where a list is met, every element of it is meant.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.records.layout.here import Bad, Here, Up
from adapter.records.rows.row import TOP, Leaf, Node, Steps

OWN = "."  # the text of an element that is not only a text
Found = tuple[Any, Steps]  # a value, and the steps that lead to it


@dataclass(frozen=True)
class Path:
    """`up`: how many objects up; `top`: from the top of the export. `text`: as the layout has it."""

    text: str
    names: tuple[str, ...]
    up: int = 0
    top: bool = False

    @cached_property
    def last(self) -> str:
        return self.names[-1]

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Path:
    """Raises ValueError with a sentence."""
    top, names = text.startswith("/"), text.removeprefix("/").split("/")
    up = next((i for i, name in enumerate(names) if name != ".."), len(names))
    names = [name.replace("~1", "/").replace("~0", "~") for name in names[up:]]
    if not all(names) or ".." in names or OWN in names[:-1] or (top and up):
        raise ValueError("is no path: names with / between them, .. only in front, such as ../RES_NO, name/family or /export/EXPORTED_AT")
    return Path(text, tuple(names), up, top)


def start(path: Path, here: Here) -> tuple[Node | None, Steps]:
    """The object where the names begin, and the steps to it."""
    if path.top:
        return here.run.top, (TOP,)
    row: Node | None = here.row
    up, steps = here.up, here.steps
    for _ in range(path.up):
        row, up = up or (None, None)
        steps = above(steps)
    return row, steps


def above(steps: Steps) -> Steps:
    """The steps to the object around: a place in a list is not an object."""
    while steps and isinstance(steps[-1], int):
        steps = steps[:-1]
    return steps[:-1]


def walk(value: Any, names: tuple[str, ...], steps: Steps = ()) -> Iterator[Found]:
    """Every value at the end of these names."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from walk(item, names, (*steps, i))
    elif names and isinstance(value, dict):
        if names[0] in value:
            yield from walk(value[names[0]], names[1:], (*steps, names[0]))
    elif isinstance(value, dict):
        yield (value[OWN], (*steps, OWN)) if OWN in value else (value, steps)
    elif not names or names == (OWN,):
        yield value, steps


def every(path: Path, here: Here) -> list[Found]:
    """The slow way to all values of a path, with the steps from the resident's tree."""
    row, steps = start(path, here)
    return [] if row is None else list(walk(row, path.names, steps))


def rows(value: Any, names: tuple[str, ...], up: Up, steps: Steps) -> Iterator[tuple[Node, Up, Steps]]:
    """Every object at the end of these names, with what it stands in. A bare text there is a row that only has its own text."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from rows(item, names, up, (*steps, i))
    elif not names:
        yield value if isinstance(value, dict) else Node({OWN: value}), up, steps  # type: ignore[misc]  # trees are made of Nodes
    elif isinstance(value, dict) and names[0] in value:
        yield from rows(value[names[0]], names[1:], (value, up), (*steps, names[0]))  # type: ignore[arg-type]


def one(path: Path) -> Any:
    """A function of Here: the value there or None, quickly. Raises Bad where a list has more than one, or an object has no text."""
    if path.up or path.top or len(path.names) != 1:
        return lambda here: _only(every(path, here))
    name = path.last

    def get(here: Here) -> Leaf | None:
        value = here.row.get(name)
        return _only(list(walk(value, ()))) if isinstance(value, dict | list) else value

    return get


def _only(found: list[Found]) -> Any:
    if len(found) > 1:
        raise Bad("twice", "stands there more than once, and the field takes one")
    if found and isinstance(found[0][0], dict):
        raise Bad("wrong-type", "holds more than one value: name the one that is meant")
    return found[0][0] if found else None

