"""The quick way to read the native format. For what is right it gives the same answers as kinds.py; for whatever is unusual it gives none,
and kinds.py decides and explains. So it never carries meaning; a test holds the two to the same answers.

Two steps. msgspec decodes JSON into structs made from the kinds, and on the way refuses wrong types, wrong words and unknown names, in C.
Then straight-line Python, one function per record class, made once, turns structs into records. A record is made by giving it its
`__dict__`: the __init__ of a frozen dataclass is one call per field.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Literal, Union

import msgspec

from adapter import wire
from adapter.records.kinds import CONTROL, REQUIRED, Concept, Kind, Many, Object, OneOf, Saying, Scalar, Slot, Text, Word
from mappings.faults import BadValue

Json = Any
Reader = Callable[[Any], Any]
UNUSUAL = (BadValue, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation)


class Slow(BadValue):
    """Not usual: ask kinds.py."""


class Quick:
    """`from_bytes` and `from_json` answer one record, or None for anything unusual."""

    def __init__(self, kind: Object) -> None:
        self.struct = Types().struct(kind)
        self.decode = msgspec.json.Decoder(self.struct, float_hook=Decimal).decode
        self.record = Source(lambda v: f"{v}.isprintable() and {v}.strip()").reader(kind)
        self.record_of_plain = Source(lambda v: f"{v} >= '!'").reader(kind)

    def from_json(self, value: Json) -> Any:
        try:
            return self.record(msgspec.convert(value, self.struct))
        except UNUSUAL:
            return None

    def from_bytes(self, body: bytes) -> Any:
        """Of a plain line first. It holds no control character, so that of each text only the first character is looked at; and what was
        decoded from it has as many colons when it is written again, or else a name stood there twice, or a null."""
        if body.isascii() and b"\\" not in body and b"\x7f" not in body:
            try:
                struct = self.decode(body)
                if wire.colons(struct) == body.count(b":"):
                    return self.record_of_plain(struct)
            except UNUSUAL:
                return None
        return self.from_json(wire.read(body))


# ---- kinds -> structs --------------------------------------------------------------------------------------------------------
class Types:
    """The msgspec type of each kind. A struct has the fields of a record; where several records may stand, those of all of them."""

    def __init__(self) -> None:
        self.structs: dict[tuple[type, ...], Any] = {}

    def struct(self, *kinds: Object) -> Any:
        key = tuple(k.record for k in kinds)
        if key not in self.structs:
            slots = {s.name: s for k in reversed(kinds) for s in k.slots.values()}
            named = [self._field(s, needed=len(kinds) == 1 and s.default is REQUIRED) for s in slots.values()]
            self.structs[key] = msgspec.defstruct(
                "_or_".join(r.__name__ for r in key), named, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False)
        return self.structs[key]

    def _field(self, slot: Slot, needed: bool) -> Any:
        kind = self.of(slot.kind)
        return (slot.name, kind) if needed else (slot.name, kind | None, None)

    def of(self, kind: Kind) -> Any:
        members = kind.members if isinstance(kind, OneOf) else (kind,)
        plain = [t for m in members for t in self._plain(m)]
        objects = [m.whole if isinstance(m, Concept | Saying) else m for m in members if isinstance(m, Object)]
        return Any if Any in plain else Union[(*plain, *([self.struct(*objects)] if objects else ()))]

    def _plain(self, kind: Kind) -> Iterable[Any]:
        """What may stand there besides an object."""
        if isinstance(kind, Scalar):
            whole = kind.takes if kind.least is None else (Annotated[int, msgspec.Meta(ge=kind.least)],)
            return (Any,) if Decimal in kind.takes else whole  # a Decimal would also be read from a text
        if isinstance(kind, Many):
            return (list[self.of(kind.of)],)  # type: ignore[misc]  # made while it runs
        words = getattr(kind, "words", ())
        return (Literal[tuple(words)],) if words else (str,) if str in kind.takes else ()


# ---- structs -> records ------------------------------------------------------------------------------------------------------
def text(value: str) -> str:
    """A text that is not obviously right: line breaks and the like are fine."""
    if not value or value.isspace() or CONTROL.search(value):
        raise Slow
    return value


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
        self.env: dict[str, Any] = {"put": object.__setattr__, "Decimal": Decimal, "Slow": Slow, "stop": stop, "text": text}

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
        """The name of the function for this kind."""
        if id(kind) not in self.known:
            name = self.known[id(kind)] = self.name(None, f"get_{type(kind).__name__}")
            lines = getattr(self, f"_{type(kind).__name__}")(kind)
            self.functions.append("\n".join([f"def {name}(v):", *(f"    {line}" for line in lines)]))
        return self.known[id(kind)]

    # -- expressions: the value for what stands in `v` -----------------------------------------------------------------------
    def expression(self, kind: Kind, v: str) -> str:
        if isinstance(kind, Text) and not kind.words:
            return f"{self.name(remembering(kind.check), 'check')}({v})" if kind.check else f"({v} if {self.good(v)} else text({v}))"
        if isinstance(kind, Text | Scalar):
            return f"({v} if {self.number(v)} else stop())" if Decimal in kind.takes else v
        if isinstance(kind, Word):
            return f"{self.name({word: kind.enum(word) for word in kind.words}, 'words')}[{v}]"
        if isinstance(kind, Many):
            return self.elements(kind, v)
        return self.concept(kind, v) if isinstance(kind, Concept) and kind.table else f"{self.function(kind)}({v})"

    def number(self, v: str) -> str:
        return f"{v}.__class__ is int or {v}.__class__ is Decimal and {v}.is_finite()"

    def elements(self, kind: Many, v: str) -> str:
        """Most lists have one element, and a comprehension costs more than that."""
        made = f"(({self.expression(kind.of, f'{v}[0]')},) if len({v}) == 1 else tuple([{self.expression(kind.of, 'y')} for y in {v}]))"
        made = f"{self.name(kind.check, 'check')}({made})" if kind.check else made
        return f"({made} if {v} else {'stop()' if kind.filled else '()'})"

    def concept(self, kind: Concept, v: str) -> str:
        made = f"({self.name(kind.words, 'words')}[{v}] if {v}.__class__ is str else {self.function(kind.whole)}({v}))"
        return f"{self.name(kind.check, 'check')}({made})" if kind.check else made

    # -- functions: the lines of each kind -----------------------------------------------------------------------------------
    def _Object(self, kind: Object) -> list[str]:
        """The defaults in one copy, and over them what was said."""
        start = self.name({s.name: None if s.default is REQUIRED else s.default for s in kind.slots.values()}, "start")
        lines = [f"d = {start}.copy()", *(line for s in kind.slots.values() for line in (f"x = v.{s.name}", self.field(s)))]
        lines += [f"if d == {start}: raise Slow"] * (not kind.required)  # says nothing
        return [*lines, *self.record(kind)]

    def field(self, slot: Slot) -> str:
        """`x` is what was said; None stands for what was left out, and is never said where something is needed."""
        said = f"d[{slot.name!r}] = {self.expression(slot.kind, 'x')}"
        return said if slot.default is REQUIRED else f"if x is not None: {said}"

    def record(self, kind: Object) -> list[str]:
        """The record of the dict `d`."""
        made = self.name(kind.record, kind.record.__name__)
        if hasattr(kind.record, "__post_init__") or "__slots__" in vars(kind.record) or not all(f.init for f in fields(kind.record)):
            return [f"return {made}(**d)"]
        into = next(vars(c)["__dict__"] for c in kind.record.__mro__ if "__dict__" in vars(c)).__set__
        return [f"r = {self.name(kind.record.__new__, 'new')}({made})", f"{self.name(into, 'into')}(r, d)", "return r"]

    def _Concept(self, kind: Concept) -> list[str]:
        if kind.table or kind.check:
            return [f"return {self.concept(kind, 'v')}"] if kind.table else ["raise Slow"]
        objects = f"if v.__class__ is not str: return {self.function(kind.whole)}(v)"
        return [objects, f"d = {{'codings': (), 'text': {self.expression(Text(), 'v')}}}", *self.record(kind)]

    def _Saying(self, kind: Saying) -> list[str]:
        objects = f"if v.__class__ is not str: return {self.function(kind.whole)}(v)"
        return [objects, f"d = {{'display': {self.expression(Text(), 'v')}}}", *self.record(kind)]

    def _OneOf(self, kind: OneOf) -> list[str]:
        if any(Decimal in m.takes for m in kind.members):
            return ["raise Slow"]
        lines = [f"if v.__class__ is {json.__name__}: return {self.expression(member, 'v')}" for json, member in kind.by_json.items()]
        names = {name for member in kind.objects for name in member.slots}
        for member in kind.objects:
            fits = [*(f"v.{n} is not None" for n in member.required), *(f"v.{n} is None" for n in sorted(names - member.slots.keys()))]
            lines.append(f"if {' and '.join(fits) or True}: return {self.function(getattr(member, 'whole', member))}(v)")
        return [*lines, "raise Slow"]
