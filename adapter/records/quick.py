"""The native format's reading as straight-line Python, one function per record class, made once. It gives the same answers as kinds.py for
what is right; whatever is unusual raises, and kinds.py decides and explains. It may give up at any time, so it never carries meaning.

Three things make it fast. A record is made by giving it its `__dict__`: the __init__ of a frozen dataclass is one call per field. The
defaults and the object are merged in one step, and a name too many shows in the length. And the texts of a plain line (ASCII, without
escapes and DEL) cannot hold a control character, so that it is enough to look at the first character of each.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

from adapter.records.kinds import CONTROL, REQUIRED, Concept, Kind, Many, Object, OneOf, Saying, Scalar, Text, Word
from mappings.faults import BadValue

Reader = Callable[[Any], Any]


class Slow(Exception):
    """Not usual: ask kinds.py."""


UNUSUAL = (Slow, BadValue)


def reader(kind: Object) -> Reader:
    """object -> record. It raises one of UNUSUAL for anything that is not right."""
    return Source(lambda v: f"{v}.isprintable() and {v}.strip()").reader(kind)


def reader_of_plain(kind: Object) -> Reader:
    """The same for an object from a plain line."""
    return Source(lambda v: f"{v} >= '!'").reader(kind)


def plain(line: bytes) -> bool:
    return line.isascii() and b"\\" not in line and b"\x7f" not in line


def text(value: Any) -> Any:
    """A text that is not obviously right: line breaks and the like are fine."""
    if value.__class__ is not str or not value or value.isspace() or CONTROL.search(value):
        raise Slow
    return value


def nothing(value: Any) -> tuple[()]:
    """For a list: null and an empty one."""
    if value is not None and value != []:
        raise Slow
    return ()


def stop() -> Any:
    raise Slow


def remembering(check: Callable[[Any], object]) -> Reader:
    """Dates repeat all the time: the last thousands are remembered."""

    @lru_cache(maxsize=4096)
    def checked(value: Any) -> Any:
        check(text(value))
        return value

    return checked


class Source:
    """Functions, and the names they use. `good` is what to ask of a text before `text` has a closer look."""

    def __init__(self, good: Callable[[str], str]) -> None:
        self.good, self.functions, self.known = good, list[str](), dict[int, str]()
        self.env: dict[str, Any] = {"put": object.__setattr__, "Decimal": Decimal, "Slow": Slow}
        self.env |= {"stop": stop, "text": text, "nothing": nothing}

    def reader(self, kind: Object) -> Reader:
        name = self.function(kind)
        exec("\n\n".join(self.functions), self.env)  # noqa: S102 - the source comes from the type hints alone
        made: Reader = self.env[name]
        return made

    def name(self, value: Any, hint: str) -> str:
        name = f"{hint}_{len(self.env)}"
        self.env[name] = value
        return name

    def function(self, kind: Kind) -> str:
        """The name of the function that reads this kind."""
        if id(kind) not in self.known:
            name = self.known[id(kind)] = self.name(None, f"get_{type(kind).__name__}")
            lines = getattr(self, f"_{type(kind).__name__}")(kind)
            self.functions.append("\n".join([f"def {name}(v):", *(f"    {line}" for line in lines)]))
        return self.known[id(kind)]

    # -- expressions: what stands in variable `v`, read ----------------------------------------------------------------------
    def expression(self, kind: Kind, v: str) -> str:
        if isinstance(kind, Text):
            return self.text(kind, v)
        if isinstance(kind, Scalar):
            return f"{v} if {self.exact(kind, v)} else stop()"
        if isinstance(kind, Many):
            return self.elements(kind, v)
        if isinstance(kind, Concept) and kind.table:
            return self.concept(kind, v)
        return f"{self.function(kind)}({v})"

    def text(self, kind: Text, v: str) -> str:
        if kind.words:
            return f"{v} if {v}.__class__ is str and {v} in {self.name(frozenset(kind.words), 'words')} else stop()"
        if kind.check:
            return f"{self.name(remembering(kind.check), 'check')}({v}) if {v}.__class__ is str else stop()"
        return f"{v} if {self.fine(v)} else text({v})"

    def fine(self, v: str) -> str:
        return f"{v}.__class__ is str and {self.good(v)}"

    def exact(self, kind: Scalar, v: str) -> str:
        plain = " or ".join(f"{v}.__class__ is {t.__name__}" for t in kind.takes if t is not Decimal)
        return " or ".join(filter(None, [plain, f"{v}.__class__ is Decimal and {v}.is_finite()" * (Decimal in kind.takes)]))

    def elements(self, kind: Many, v: str) -> str:
        """Most lists have one element, and a comprehension costs more than that."""
        made = f"({self.expression(kind.of, f'{v}[0]')},) if len({v}) == 1 else tuple([{self.expression(kind.of, 'y')} for y in {v}])"
        made = f"{self.name(kind.check, 'check')}({made})" if kind.check else f"({made})"
        return f"{made} if {v}.__class__ is list and {v} else {'stop()' if kind.filled else f'nothing({v})'}"

    def concept(self, kind: Concept, v: str) -> str:
        made = f"{self.name(kind.words, 'words')}.get({v}) or stop() if {v}.__class__ is str else {self.function(kind.whole)}({v})"
        return f"{self.name(kind.check, 'check')}({made})" if kind.check else made

    # -- functions: the lines of each kind -----------------------------------------------------------------------------------
    def _Object(self, kind: Object) -> list[str]:
        start = self.name({s.name: None if s.default is REQUIRED else s.default for s in kind.slots.values()}, "start")
        lines = ["if v.__class__ is not dict: raise Slow", f"d = {{**{start}, **v}}"]
        lines += [f"if len(d) != {len(kind.slots)}: raise Slow"]  # a name too many
        for slot in kind.slots.values():
            lines += [f"x = d[{slot.name!r}]", self.field(slot.name, slot.kind, slot.default)]
        lines += [f"if d == {start}: raise Slow"] * (not kind.required)  # says nothing
        return [*lines, *self.record(kind)]

    def field(self, name: str, kind: Kind, default: Any) -> str:
        """`x` is what was given, or the default, or None where there is none."""
        given = "" if default is REQUIRED else "x is not None and "
        if isinstance(kind, Text) and not kind.words and not kind.check:
            return f"if {given}not ({self.fine('x')}): text(x)"
        if isinstance(kind, Scalar):
            return f"if {given}not ({self.exact(kind, 'x')}): raise Slow"
        read = f"d[{name!r}] = {self.expression(kind, 'x')}"
        if default is REQUIRED:
            return read
        if default is None:
            return f"if x is not None: {read}"
        was = self.name(default, "default")
        return f"if x is not {was}: d[{name!r}] = {was} if x is None else {self.expression(kind, 'x')}"

    def record(self, kind: Object) -> list[str]:
        """The record of the dict `d`."""
        made = self.name(kind.record, kind.record.__name__)
        if hasattr(kind.record, "__post_init__") or "__slots__" in vars(kind.record) or not all(f.init for f in fields(kind.record)):
            return [f"return {made}(**d)"]
        return [f"r = {self.name(kind.record.__new__, 'new')}({made})", "put(r, '__dict__', d)", "return r"]

    def _Concept(self, kind: Concept) -> list[str]:
        if kind.table or kind.check:
            return [f"return {self.concept(kind, 'v')}"] if kind.table else ["raise Slow"]
        objects = f"if v.__class__ is not str: return {self.function(kind.whole)}(v)"
        return [objects, f"d = {{'codings': (), 'text': {self.expression(Text(), 'v')}}}", *self.record(kind)]

    def _Saying(self, kind: Saying) -> list[str]:
        objects = f"if v.__class__ is not str: return {self.function(kind.whole)}(v)"
        return [objects, f"d = {{'display': {self.expression(Text(), 'v')}}}", *self.record(kind)]

    def _Word(self, kind: Word) -> list[str]:
        words = {word: kind.enum(word) for word in kind.words}
        return [f"return v.__class__ is str and {self.name(words, 'words')}.get(v) or stop()"]

    def _OneOf(self, kind: OneOf) -> list[str]:
        lines = ["kind = v.__class__"]
        for member in kind.objects:
            names = " and ".join(f"{n!r} in v" for n in member.required) or f"v.keys() <= {self.name(set(member.slots), 'slots')}"
            fits = "kind is dict" if len(kind.objects) == 1 else f"kind is dict and {names}"
            lines.append(f"if {fits}: return {self.function(member)}(v)")
        lines += [f"if kind is {json.__name__}: return {self.expression(member, 'v')}" for json, member in kind.by_json.items()]
        return [*lines, "raise Slow"]
