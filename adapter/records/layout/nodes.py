"""The tree of a layout, one node for each kind of thing in the record: what is constant, an object, a list of elements.

Each node has reading and writing side by side. `reader` makes a function of Here that answers JSON or None; `write` puts JSON into a row.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adapter.records.kinds import Concept, Kind, Saying
from adapter.records.layout.alike import plainest, same
from adapter.records.layout.here import Here, Json, Names
from adapter.records.layout.leaf import WRONG, Leaf, Reader
from adapter.records.layout.tree import Out

STATED = "the layout states a constant, which is something else"


@dataclass
class Constant:
    """What the layout says of every resident, and why it may."""

    value: Json
    because: str
    constant = True

    def leaves(self) -> Iterator[Leaf]:
        yield from ()

    def within(self, depth: int) -> bool:
        return True

    def states(self, value: Json) -> bool:
        return same(self.value, value)

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        if not same(self.value, value):
            out.no(value, names, STATED)

    def clear(self, here: Here, out: Out, names: Names) -> None:
        pass


@dataclass
class Fields:
    """An object, field by field. One that only has constants is there wherever it stands; any other only if one of its values is."""

    kind: Kind
    members: dict[str, Any] = field(default_factory=dict)  # name -> Constant | Leaf | Fields | Elements

    @cached_property
    def constant(self) -> bool:
        return all(member.constant for member in self.members.values())

    @cached_property
    def value(self) -> Json:
        """Of all that is constant."""
        return {name: member.value for name, member in self.members.items() if member.constant}

    @cached_property
    def tracer(self) -> Reader:
        """The reader that leaves a trace, made once."""
        return self.reader(traced=True)

    def leaves(self) -> Iterator[Leaf]:
        for member in self.members.values():
            yield from member.leaves()

    @cached_property
    def firsts(self) -> frozenset[str]:
        return frozenset[str]().union(*(member.firsts for member in self.members.values() if not member.constant))

    def within(self, depth: int) -> bool:
        """Do all paths stay in what is so many objects up?"""
        return all(member.within(depth) for member in self.members.values())

    @cached_property
    def plain(self) -> Json:
        """All that is constant, as the native format writes it."""
        return plainest(self.kind, self.value)

    def states(self, value: Json) -> bool:
        """Of all that is constant: is it this?"""
        return value is not None and same(self.plain, plainest(self.kind, value))

    def reader(self, *, traced: bool = False) -> Reader:
        members = [(name, member.reader(traced=traced)) for name, member in self.members.items() if not member.constant]
        constants, firsts = self.value, self.firsts

        def read(here: Here) -> Json:
            if "" not in firsts and here.row.keys().isdisjoint(firsts):
                return None
            said = {}
            for name, get in members:
                value = get(here)
                if value is not None:
                    said[name] = value
            return {**constants, **said} if said and constants else said or None

        return read

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        said = self.whole(value)
        if not isinstance(said, dict):
            out.no(value, names, "is said as one value, and the layout has places for its parts")
            return self.clear(here, out, names)
        for name, member in self.members.items():
            self._write(member, said.get(name), here, out, (*names, name))
        for name in said.keys() - self.members.keys():
            out.no(said[name], (*names, name), "no column is named for it")
        return None

    @staticmethod
    def _write(member: Any, value: Json, here: Here, out: Out, names: Names) -> None:
        """A value never goes where it would be read with a constant that is not its own; but a resident is written whatever is constant."""
        apart = isinstance(member, Fields) and not member.constant and isinstance(member.whole(value), dict)
        other = apart and names != ("resident",) and not member.agrees(value)
        if other:
            out.no(value, names, STATED)
        if other or (value is None and not member.constant):
            member.clear(here, out, names)
        else:
            member.write(value, here, out, names)

    def whole(self, value: Json) -> Json:
        """The object for which a text stands."""
        for kind in getattr(self.kind, "members", (self.kind,)) if isinstance(value, str) else ():
            if isinstance(kind, Concept):
                return kind.whole.encode(kind.words[value]) if value in kind.words else {"text": value}
            if isinstance(kind, Saying):
                return {"display": value}
        return value

    def clear(self, here: Here, out: Out, names: Names) -> None:
        if "" not in self.firsts and here.row.keys().isdisjoint(self.firsts):
            return
        for name, member in self.members.items():
            member.clear(here, out, (*names, name))

    def agrees(self, value: Json, *, deep: bool = True) -> bool:
        """Does this value have the constants of the layout? `deep`: and what is in it too."""
        said = self.whole(value)
        return isinstance(said, dict) and all(
            member.states(said.get(name)) if member.constant
            else not (deep and isinstance(member, Fields)) or name not in said or member.agrees(said[name])
            for name, member in self.members.items())


def pruned(value: Json) -> Json:
    """Without the marks of what could not be read."""
    if isinstance(value, dict):
        return {k: pruned(v) for k, v in value.items() if v is not WRONG}
    return [pruned(v) for v in value if v is not WRONG] if isinstance(value, list) else value
