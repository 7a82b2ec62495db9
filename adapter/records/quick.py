"""The native format's reading as straight-line Python, one function per record class, made once. It gives the same answers as kinds.py for
what is right; whatever is unusual raises, and kinds.py decides and explains. It may give up at any time, so it never carries meaning.

A record is made by filling `__dict__`: the __init__ of a frozen dataclass is one call per field, three times slower.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from typing import Any

from adapter.records.kinds import CONTROL, REQUIRED, Concept, Kind, Many, Object, OneOf, Scalar, Text, Word, Words
from mappings.faults import BadValue


class Slow(Exception):
    """Not usual: ask kinds.py."""


UNUSUAL = (Slow, BadValue)


def reader(kind: Object) -> Callable[[Any], Any]:
    """object -> record; raises one of UNUSUAL for anything that is not right."""
    source = Source()
    name = source.function(kind)
    exec("\n\n".join(source.functions), source.env)  # noqa: S102 - the source comes from the type hints alone
    made: Callable[[Any], Any] = source.env[name]
    return made


def text(value: Any) -> Any:
    """A text that is not plainly printable: line breaks and the like are fine."""
    if value.__class__ is not str or not value or value.isspace() or CONTROL.search(value):
        raise Slow
    return value


def nothing(value: Any) -> tuple[()]:
    """For a list: null and an empty one."""
    if value is not None and value != []:
        raise Slow
    return ()


class Source:
    """Functions, and the names they use. `function` answers a function's name, `check` an expression that raises or is the value."""

    def __init__(self) -> None:
        self.functions, self.known = list[str](), dict[int, str]()
        self.env: dict[str, Any] = {"put": object.__setattr__, "Decimal": Decimal, "Slow": Slow}
        self.env |= {"stop": stop, "text": text, "nothing": nothing}

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

    def expression(self, kind: Kind, v: str) -> str:
        """The value of what stands in variable `v`."""
        if isinstance(kind, Text):
            return self.text(kind, v)
        if isinstance(kind, Scalar):
            return f"{v} if {self.scalar(kind, v)} else stop()"
        return f"{self.function(kind)}({v})"

    def text(self, kind: Text, v: str) -> str:
        if kind.words:
            return f"{v} if {v}.__class__ is str and {v} in {self.name(frozenset(kind.words), 'words')} else stop()"
        if kind.check:
            return f"{self.name(kind.check, 'check')}({v} if {self.plain(v)} else text({v}))"
        return f"{v} if {self.plain(v)} else text({v})"

    def plain(self, v: str) -> str:
        return f"{v}.__class__ is str and {v}.isprintable() and {v}.strip()"

    def scalar(self, kind: Scalar, v: str) -> str:
        exact = " or ".join(f"{v}.__class__ is {t.__name__}" for t in kind.takes if t is not Decimal)
        return " or ".join(filter(None, [exact, f"{v}.__class__ is Decimal and {v}.is_finite()" * (Decimal in kind.takes)]))

    # -- the functions ------------------------------------------------------------------------------------------------------
    def _Object(self, kind: Object) -> list[str]:
        start = {s.name: None if s.default is REQUIRED else s.default for s in kind.slots.values()}
        lines = ["if v.__class__ is not dict: raise Slow", f"d = {{**{self.name(start, 'start')}, **v}}"]
        lines += [f"if len(d) != {len(start)}: raise Slow"]  # a name too many
        lines += [] if kind.required else [f"if d == {self.name(start, 'start')}: raise Slow"]
        for slot in kind.slots.values():
            lines.append(f"x = d[{slot.name!r}]")
            lines += self.field(slot.name, slot.kind, slot.default)
        return [*lines, *self.record(kind)]

    def field(self, name: str, kind: Kind, default: Any) -> list[str]:
        """`x` is what was given, or the default."""
        if isinstance(kind, Text) and not kind.words and not kind.check:
            unless = "" if default is REQUIRED else "x is not None and "
            return [f"if {unless}not ({self.plain('x')}): text(x)"]
        if isinstance(kind, Scalar):
            return [f"if {'' if default is REQUIRED else 'x is not None and '}not ({self.scalar(kind, 'x')}): raise Slow"]
        if default is REQUIRED:
            return ["if x is None: raise Slow", f"d[{name!r}] = {self.expression(kind, 'x')}"]
        if default is None:
            return [f"if x is not None: d[{name!r}] = {self.expression(kind, 'x')}"]
        was = self.name(default, "default")
        return [f"if x is not {was}: d[{name!r}] = {self.expression(kind, 'x')} if x is not None else {was}"]

    def record(self, kind: Object) -> list[str]:
        made = self.name(kind.record, kind.record.__name__)
        if hasattr(kind.record, "__post_init__") or "__slots__" in vars(kind.record) or not all(f.init for f in fields(kind.record)):
            return [f"return {made}(**d)"]
        return [f"r = {self.name(kind.record.__new__, 'new')}({made})", "put(r, '__dict__', d)", "return r"]

    def _Concept(self, kind: Concept) -> list[str]:
        said = f"{self.name(kind.record, 'Coded')}((), {self.expression(Text(), 'v')})"
        word = f"{self.name(kind.words, 'words')}.get(v) or stop()"
        return [f"if v.__class__ is str: return {word if kind.table else said}", *self._Object(kind)]

    def _Words(self, kind: Words) -> list[str]:
        return [f"if v.__class__ is str: return {self.name(kind.record, 'Said')}({self.expression(Text(), 'v')})", *self._Object(kind)]

    def _Word(self, kind: Word) -> list[str]:
        words = {word: kind.enum(word) for word in kind.words}
        return [f"return v.__class__ is str and {self.name(words, 'words')}.get(v) or stop()"]

    def _Many(self, kind: Many) -> list[str]:
        usual = "if v.__class__ is not list or not v: " + ("raise Slow" if kind.filled else "return nothing(v)")
        made = f"tuple([{self.expression(kind.of, 'x')} for x in v])"
        return [usual, f"return {self.name(kind.check, 'check')}({made})" if kind.check else f"return {made}"]

    def _OneOf(self, kind: OneOf) -> list[str]:
        lines = ["kind = v.__class__"]
        for json, member in kind.by_json.items():
            lines.append(f"if kind is {json.__name__}: return {self.expression(member, 'v')}")
        for member in kind.objects:
            names = " and ".join(f"{n!r} in v" for n in member.required) or f"v.keys() <= {self.name(set(member.slots), 'slots')}"
            fits = "kind is dict" if len(kind.objects) == 1 else f"kind is dict and {names}"
            lines.append(f"if {fits}: return {self.function(member)}(v)")
        return [*lines, "raise Slow"]


def stop() -> Any:
    raise Slow
