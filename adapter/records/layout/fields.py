"""What a layout feeds and what it leaves unfed, field by field: for people, for `layout check`, and for the ledger."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapter.records.kinds import REQUIRED, Concept, Kind, Object, Saying
from adapter.records.layout.elements import Elements
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.leaves import many, objects
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.paths import Path
from adapter.records.layout.states import Listed
from adapter.records.rows.row import TOP

Where = tuple[str, ...]  # names from the resident's tree, or from TOP, without places in lists
SHOWN = ("join", "split", "remove", "table", "date", "time", "number", "function", "otherwise", "nothing")


class Fed(NamedTuple):
    """A field and where its values come from. `path`: medicines[].doses[].text. `sources`: from the resident's tree, as in [ignored]; none
    for a constant. `by`: what happens to it on the way, or why it is constant. `back`: why it is
    not written back as it was, or empty."""

    path: str
    sources: tuple[str, ...]
    by: str
    back: str = ""


@dataclass(frozen=True)
class Entry:
    """A leaf or a constant of the layout, with its path in the record and the row from which its paths start."""

    path: str
    node: Leaf | Constant
    where: Where

    def sources(self) -> tuple[Where, ...]:
        return tuple(absolute(path, self.where) for path in self.node.sources) if isinstance(self.node, Leaf) else ()


def absolute(path: Path, where: Where) -> Where:
    return (TOP, *path.names) if path.top else (*where[:len(where) - path.up], *path.names)


def shown(where: Where) -> str:
    """As a layout writes it."""
    top, names = (True, where[1:]) if where[:1] == (TOP,) else (False, where)
    return "/" * top + "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)


def entries(node: Any, path: str = "", where: Where = ()) -> Iterator[Entry]:
    """Every leaf and constant, in the order of the layout."""
    if isinstance(node, Leaf | Constant):
        yield Entry(path, node, where)
    for name, member in node.members.items() if isinstance(node, Fields) else ():
        yield from entries(member, f"{path}.{name}".lstrip("."), where)
    for block in node.blocks if isinstance(node, Elements) else ():
        yield from entries(block.fields, f"{path}[]", block.where)
    if isinstance(node, Listed):
        yield from entries(node.elements, path, where)
        yield from entries(node.state, path, where)


def fed(root: Fields) -> Iterator[Fed]:
    for entry in entries(root):
        if isinstance(entry.node, Constant):
            yield Fed(entry.path, (), f"constant, because {entry.node.because}")
        else:
            yield Fed(entry.path, tuple(map(shown, entry.sources())), by(entry.node), entry.node.invertible)


def by(leaf: Leaf) -> str:
    """Its options, in one line; of a table only its name."""
    return ", ".join(f"{name} {_plain(leaf.options[name])}".strip() for name in SHOWN if name in leaf.options)


def _plain(option: Any) -> str:
    if isinstance(option, dict):
        return " and ".join(map(str, option.values())) if option.keys() <= {"read", "write"} else ""
    return " or ".join(map(str, option)) if isinstance(option, list) else repr(option) if option in (" ", "") else str(option)


# ---- what nothing feeds ------------------------------------------------------------------------------------------------------
class Unfed(NamedTuple):
    """A field of the record that the layout does not feed. `needed`: without it its record is refused."""

    path: str
    needed: bool


def unfed(root: Fields) -> list[Unfed]:
    """Of every object that the layout makes; of what it does not make, the object alone. Each field once, however many blocks."""
    found, fedby = dict[str, bool](), {entry.path for entry in entries(root)}
    for path, slots in _open(root, root.kind, ""):
        for name, needed in slots:
            where = f"{path}.{name}".lstrip(".")
            if not any(f == where or f.startswith((f"{where}.", f"{where}[")) for f in fedby):
                found[where] = found.get(where, False) or needed
    return [Unfed(path, needed) for path, needed in found.items()]


def _open(node: Any, kind: Kind, path: str) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    """Every object with the fields that it lacks."""
    if isinstance(node, Fields):
        made = _meant(node, kind)
        if made and not isinstance(made, Concept | Saying):
            lacking = [slot for slot in made.slots.values() if slot.name not in node.members and slot.name != "resident"]
            yield path, [(slot.name, slot.default is REQUIRED) for slot in lacking]
        for name, member in node.members.items():
            yield from _open(member, made.slots[name].kind, f"{path}.{name}".lstrip(".")) if made else ()
    if isinstance(node, Listed):
        yield from _open(node.elements, kind, path)
    for block in node.blocks if isinstance(node, Elements) else ():
        listed = many(kind)
        yield from _open(block.fields, listed.of, f"{path}[]") if listed else ()


def _meant(node: Fields, kind: Kind) -> Object | None:
    fitting = [o for o in objects(kind) if node.members.keys() <= o.slots.keys()]
    return next((o for o in fitting if node.members.keys() >= set(o.required)), fitting[0] if fitting else None)

