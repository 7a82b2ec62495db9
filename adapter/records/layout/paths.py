"""Paths in a resident's tree: `SURNAME`, `name/family`, `Dose/@unit`, `../RES_NO`, `/export/EXPORTED_AT`, and `.` for a row's own text.

A path starts at the current row; `..` is the object around it, a `/` in front starts at the top of the export. `~1` and `~0` stand for `/`
and `~` in a name. Where a list is met, every element of it is meant.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.records.layout.here import Bad, Here, Up
from adapter.records.rows.row import TOP, Node, Steps

OWN = "."  # the text of an element that is not only a text
MIXED = "#mixed"  # where an element holds texts with elements between them: what follows the first of those
OBJECTS: frozenset[type] = frozenset({Node, list})
TWICE = "stands there more than once, and the field takes one"
CUT = "is a text with elements in it: a part of it would be taken for the whole"
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

    @property
    def first(self) -> str:
        """The name that must be in the row; empty where the path leads out of it, or to its own text, which may begin behind an element."""
        return "" if self.up or self.top or self.names[0] == OWN else self.names[0]

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


def is_path(text: str) -> bool:
    try:
        return bool(parse(text))
    except ValueError:
        return False


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
    """Every value at the end of these names. An element of which the text goes on behind another stands for itself: it is no text."""
    if names[:1] in ((), (OWN,)) and isinstance(value, dict) and MIXED in value:
        yield value, steps
    elif isinstance(value, list):
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
    if isinstance(row, Bare):
        return [(row[OWN], steps)] if path.names == (OWN,) else []
    return [] if row is None else list(walk(row, path.names, steps))


class Bare(Node):
    """A row that is nothing but a text, or a number: it stands in the list as that."""

    __slots__ = ()


def rows(value: Any, names: tuple[str, ...], up: Up, steps: Steps) -> Iterator[tuple[Node, Up, Steps]]:
    """Every object at the end of these names, with what it stands in. A bare text there is a row that only has its own text."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from rows(item, names, up, (*steps, i))
    elif not names:
        yield value if isinstance(value, dict) else Bare({OWN: value}), up, steps  # type: ignore[misc]  # trees are made of Nodes
    elif isinstance(value, dict) and names[0] in value:
        yield from rows(value[names[0]], names[1:], (value, up), (*steps, names[0]))  # type: ignore[arg-type]


def one(path: Path) -> Callable[[Here], Any]:
    """The value there or None, quickly. Raises Bad where a list has more than one, or an object has no text."""
    if not path.first:
        return lambda here: only([value for value, _ in every(path, here)])
    first, rest = path.names[0], path.names[1:]
    if path.last == OWN:
        return lambda here: only([value for value, _ in walk(here.row, path.names)])

    def get(here: Here) -> Any:
        value = here.row.get(first)
        for name in rest:
            if value.__class__ is not Node:
                return only([v for v, _ in walk(here.row, path.names)])
            value = value.get(name)
        return only([v for v, _ in walk(value, ())]) if value.__class__ in OBJECTS else value

    return get


def only(values: list[Any]) -> Any:
    """The one value, or None. Raises Bad."""
    if len(values) > 1:
        raise Bad("twice", TWICE)
    if values and isinstance(values[0], dict):
        if MIXED in values[0]:
            raise Bad("wrong-type", CUT)
        raise Bad("wrong-type", "holds more than one value: name the one that is meant")
    return values[0] if values else None

