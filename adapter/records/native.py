"""The native record format: JSON with our own field names, for any record by its type hints.

    form = Format(Medication)
    form.decode({"status": "active", "drug": "Amlodipine 5 mg tablets"})      # Medication(...), or Refused with every fault at once
    form.encode(medication)                                                   # what `decode` reads back as the same record
    form.loads(b'{"status": ...}')                                            # the same from bytes: faults have line and column

The format itself is told in kinds.py. Inside a record `resident` is implied: it is whoever the bag belongs to.
"""
from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from itertools import combinations
from typing import Annotated, Any, Generic, TypeVar

from adapter import scan, wire
from adapter.faults import Fault, Refused
from adapter.records.kinds import REQUIRED, Concept, Kind, Many, Object, OneOf, Saying, Scalar, Slot, Text, Word
from adapter.records.quick import Quick
from adapter.records.spot import Spot, Wrong
from adapter.scan import Steps
from mappings import tree
from mappings.bag import THE_RESIDENT
from mappings.codes import CodeTable
from mappings.datatypes import Coded
from mappings.shape import Codec
from mappings.straight import AS_IS
from mappings.values import FORMS, LEAST, Form, Ref, Said, many

R = TypeVar("R")
Json = Any
Checks = Mapping[type, Mapping[str, Codec]]  # record class -> field -> the codec the shape has for it


class Format(Generic[R]):
    """How one kind of record is read and written. Making one is slow (it compiles); keep it."""

    def __init__(self, record: type[R], checks: Checks | None = None) -> None:
        builder = Builder(checks or {})
        self.kind = builder.object(record)
        self.names = {name for made in builder.objects.values() for name in made.slots}
        self.quick = Quick(self.kind)

    def decode(self, value: Json, path: str = "") -> R:
        """The record of a JSON object. Raises Refused; `path` is where it stands in something larger."""
        made: R | None = self.quick.from_json(value)
        return made if made is not None else self.careful(value, path)

    def encode(self, record: R) -> dict[str, Json]:
        said: dict[str, Json] = self.kind.encode(record)
        return said

    def loads(self, data: bytes, limits: wire.Limits = wire.LIMITS, line: int = 1) -> R:
        """The record of bytes that hold one JSON object. Raises Refused with places; `line` is the number of the first line."""
        made: R | None = self.quick.from_bytes(data) if len(data) <= limits.size else None
        if made is None:
            return self.careful(wire.loads(data, limits, line, self.names), "", data.decode("utf-8-sig"), line, limits.depth)
        return made

    def loads_all(self, data: bytes, limits: wire.Limits = wire.LIMITS) -> list[R | Refused]:
        """The records of bytes that hold a JSON list of objects. Raises Refused only when it is not one."""
        values, text = wire.loads_list(data, limits, self.names), data.decode("utf-8-sig")
        spots = [Spot(f"[{i}]", (i,)) for i in range(len(values))]
        records: list[R] = [self.quick.from_json(v) or self.kind.decode(v, spot) for v, spot in zip(values, spots, strict=True)]
        places = scan.locate(text, {w.steps for spot in spots for w in spot.wrong}, limits.depth)
        return [Refused(placed(spot.wrong, places)) if spot.wrong else record for record, spot in zip(records, spots, strict=True)]

    def careful(self, value: Json, path: str = "", text: str | None = None, line: int = 1, depth: int = 64) -> R:
        """The same by the meaning, with everything that is wrong."""
        spot = Spot(path)
        record: R = self.kind.decode(value, spot)
        if spot.wrong:
            raise Refused(placed(spot.wrong, scan.locate(text, {w.steps for w in spot.wrong}, depth, line) if text else {}))
        return record


def placed(wrong: list[Wrong], places: Mapping[Steps, tuple[int, int]]) -> list[Fault]:
    """In the order of the text, with line and column where they are known."""
    return [Fault(w.rule, w.says, w.path, *places.get(w.steps, (None, None))) for w in sorted(wrong, key=lambda w: w.steps)]


_formats: dict[type, Format[Any]] = {}


def format_of(record: type[R]) -> Format[R]:
    """By the hints alone, without the checks of a shape."""
    if record not in _formats:
        _formats[record] = Format(record)
    return _formats[record]


def decode(record: type[R], value: Json, path: str = "") -> R:
    """Any record from JSON, by its hints alone. Raises Refused."""
    return format_of(record).decode(value, path)


def encode(record: Any) -> dict[str, Json]:
    """Any record as JSON, by its hints alone."""
    return format_of(type(record)).encode(record)


KEY = Text(form=Form(r"[\s\S]*\S[\s\S]*", "a key of yours, always the same for the same thing"))


class Builder:
    """Type hints -> kinds. A hint that JSON could not be told apart by is refused here."""

    def __init__(self, checks: Checks) -> None:
        self.checks, self.objects, self.kinds = checks, dict[type, Object](), dict[Any, Kind]()

    def object(self, record: type) -> Object:
        if record not in self.objects:
            made = self.objects[record] = Object(record)
            hints, checks = typing.get_type_hints(record, include_extras=True), self.checks.get(record, {})
            for declared in fields(record):
                hint = hints[declared.name]
                implied = declared.name == "resident" and Ref in typing.get_args(hint)  # a vaccination may carry her inside instead
                default = THE_RESIDENT if implied else default_of(declared)
                kind = KEY if declared.name == "key" else self.kind(hint, checks.get(declared.name))
                made.slots[declared.name] = Slot(declared.name, kind, default)
        return self.objects[record]

    def kind(self, hint: Any, codec: Codec | None = None, table: CodeTable | None = None) -> Kind:
        """One for all fields that are alike."""
        alike = (hint, id(codec), id(table))
        if alike not in self.kinds:
            self.kinds[alike] = self.made(hint, codec, table)
        return self.kinds[alike]

    def made(self, hint: Any, codec: Codec | None, table: CodeTable | None) -> Kind:
        if typing.get_origin(hint) is Annotated:
            hint, *notes = typing.get_args(hint)
            table = next((n for n in notes if isinstance(n, CodeTable)), table)
            codec = next((n for n in notes if isinstance(n, Codec)), codec)
        if typing.get_origin(hint) not in (typing.Union, types.UnionType):
            return self.single(hint, codec, table, said=True)
        hints = [h for h in typing.get_args(hint) if h is not type(None)]
        numbers = [h for h in hints if h in NUMBERS]
        others = [h for h in hints if h not in NUMBERS]
        said = not {str, Coded} & set(others)  # else Said must be an object
        members = [self.single(h, codec, table, said, filled=any(map(is_words, others))) for h in others]
        members += [Scalar(bool)] * (bool in numbers)
        members += [Scalar(*(n for n in numbers if n is not bool), least=least_of(codec))] * (numbers not in ([], [bool]))
        return members[0] if len(members) == 1 else distinct(OneOf(members), hint)

    def single(self, hint: Any, codec: Codec | None, table: CodeTable | None, said: bool, filled: bool = False) -> Kind:
        if hint is str:
            codec = one_for(str, codec)
            return Text(words_of(codec), checker(codec), form_of(codec))
        if hint in NUMBERS:
            return Scalar(hint, least=least_of(codec))
        if typing.get_origin(hint) is tuple:
            of = typing.get_args(hint)[0]
            one = Text(words_of(codec), form=form_of(codec)) if of is str else self.kind(of, None, table)
            return Many(one, checker(codec) if of is str else None, filled=filled)
        if is_words(hint):
            return Word(hint)
        if hint is Coded:
            return Concept(table, self.object(Coded), checker(codec) if codec and codec.type is Coded else None)
        if hint is Said and said:
            return Saying(self.object(Said))
        if is_dataclass(hint):
            return self.object(typing.cast(type, hint))
        raise TypeError(f"{hint} has no place in the native format")


NUMBERS = (bool, int, Decimal)


def is_words(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)


def default_of(declared: Field[Any]) -> Any:
    made = REQUIRED if declared.default_factory is MISSING else declared.default_factory()
    return made if declared.default is MISSING else declared.default


def checker(codec: Codec | None) -> Callable[[Any], Any] | None:
    """Answers the value itself, or raises BadValue."""
    if codec is None or codec.label == AS_IS:
        return None

    def check(value: Any) -> Any:
        codec.put(value)
        return value

    return check


def one_for(kind: type, codec: Codec | None) -> Codec | None:
    """Of a choice, the codec of this type."""
    return next((c for c in codec.kinds.values() if c.type is kind), None) if codec and codec.kinds else codec


def least_of(codec: Codec | None) -> int | None:
    whole = one_for(int, codec)
    return LEAST.get(whole.label) if whole else None


def form_of(codec: Codec | None) -> Form | None:
    return FORMS.get(codec.label.removeprefix("list of ")) if codec else None


def words_of(codec: Codec | None) -> tuple[str, ...]:
    """The words of a closed code list."""
    listed, _, words = codec.label.rpartition("code: ") if codec else ("", "", "")
    return tuple(words.split(", ")) if codec and codec.label != words and listed in ("", "list of ") else ()


def distinct(union: OneOf, hint: Any) -> OneOf:
    takers = [t for m in union.members for t in m.takes if t is not dict]
    if len(set(takers)) < len(takers):
        raise TypeError(f"{hint}: two members are the same in JSON")
    for a, b in combinations(union.objects, 2):
        shared = a.slots.keys() & b.slots.keys()
        if shared and shared >= {*a.required, *b.required}:
            raise TypeError(f"{hint}: an object could be {a.record.__name__} and {b.record.__name__}")
    return union


def checks_of(shapes: Iterable[Any]) -> Checks:
    """Every codec that stands alone for one field, in every part of these shapes."""
    found: dict[type, dict[str, Codec]] = {}
    for part in parts_of(shapes):
        for node in leaves_of(part.node):
            if len(node.names) == 1 and isinstance(node.codec, Codec):
                found.setdefault(part.record, {})[node.names[0]] = many(node.codec) if isinstance(node, tree.Many) else node.codec
    return found


def parts_of(shapes: Iterable[Any]) -> Iterable[Any]:
    waiting, seen = [s for lens in shapes for s in getattr(lens, "shapes", (lens,))], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            waiting += [inner for n in leaves_of(part.node) for inner in parts_in(n.codec)]
            yield part


def parts_in(codec: Any) -> list[Any]:
    """The parts that a value of this codec may be made by: itself, one of a choice, one that is contained."""
    if hasattr(codec, "node"):
        return [codec]
    inside = codec.inside("contained", None)[0] if getattr(codec, "inside", None) else None
    return [part for other in [*(getattr(codec, "kinds", None) or {}).values(), inside] if other for part in parts_in(other)]


def leaves_of(node: Any) -> list[Any]:
    inner = [*getattr(node, "parts", {}).values(), *getattr(node, "items", ())]
    return [leaf for n in inner for leaf in leaves_of(n)] if inner else [node] * hasattr(node, "codec")
