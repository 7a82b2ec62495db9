"""What may stand where in the native format, made from the type hints of the records: the meaning of reading and writing it.

    str               a text: not blank, no control characters; a word of its code list, a date ... where the shape says so
    bool int Decimal  exactly that: true is not 1, 1.0 is not 1
    tuple[X, ...]     a list
    Enum of str       one of its values
    Coded             {"codings": [...], "text": ...}; or a string: the word of the field's code table, or where there is none the text
    Said              {"display": ...}; or a string, where no other member of the union is one
    a dataclass       an object with its field names; what is null is left out; in a union the names that are there tell which

quick.py says the same as straight-line code; a test holds the two to the same answers.
"""
from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from adapter.records.spot import Spot
from mappings.codes import CodeTable
from mappings.datatypes import Coded
from mappings.values import Form, Said

Json = Any
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # all but tab and line ends: FHIR R4, page Data Types, string
REQUIRED: Any = MISSING
GUESSES = 100  # what may be meant is looked for so often in a record: a milliseconds' work that a bomb would ask for without end


class Kind:
    """`makes`: the Python types of its values; `takes`: the JSON types it reads; `says`: what is expected, for a sentence."""

    makes: tuple[type, ...]
    takes: tuple[type, ...]
    says: str

    def decode(self, value: Json, spot: Spot) -> Any:
        """The value; what is wrong is noted on the spot, and then the answer means nothing."""
        raise NotImplementedError

    def encode(self, value: Any) -> Json:
        return value


class Text(Kind):
    """`words`: all that are allowed, empty for any. `form`: how it is written. `check` is the shape's own, it raises BadValue."""

    makes = takes = (str,)

    def __init__(self, words: tuple[str, ...] = (), check: Callable[[Any], object] | None = None, form: Form | None = None) -> None:
        self.words, self.check, self.form = words, check, form
        self.says = f"one of: {', '.join(words)}" if words else form.says if form else "a text"

    def decode(self, value: Json, spot: Spot) -> Any:
        if value.__class__ is not str:
            spot.no("wrong-type", f"expected {self.says}")
        elif not value or value.isspace():
            spot.no("empty-text", f"is empty: expected {self.says}" if self.form else "is empty; leave it out if it is not known")
        elif CONTROL.search(value):
            spot.no("control-character", "holds a control character")
        elif self.words and value not in self.words:
            spot.no("not-a-word", f"expected {self.says}")
        else:
            spot.approved(self.check, value)
        return value


class Scalar(Kind):
    """A number or a truth value: exactly of these types. `least`: the smallest whole number that is allowed."""

    def __init__(self, *kinds: type, least: int | None = None) -> None:
        self.makes = self.takes = kinds
        self.least = least
        self.says = "true or false" if bool in kinds else "a number" if Decimal in kinds else "a whole number"
        self.says += "" if least is None else f", {least} or more"

    def decode(self, value: Json, spot: Spot) -> Any:
        if value.__class__ not in self.takes:
            spot.no("wrong-type", f"expected {self.says}")
        elif value.__class__ is Decimal and not value.is_finite():
            spot.no("not-a-number", f"expected {self.says}")
        elif value.__class__ is int and self.least is not None and value < self.least:
            spot.no("too-small", f"expected {self.says}")
        return value


class Word(Kind):
    """A member of an Enum, by its value."""

    takes = (str,)

    def __init__(self, enum: type[Enum]) -> None:
        self.enum, self.makes = enum, (enum,)
        self.words = tuple(str(member.value) for member in enum)
        self.says = "one of: " + ", ".join(self.words)

    def decode(self, value: Json, spot: Spot) -> Any:
        if value in self.words:
            return self.enum(value)
        spot.no("not-a-word", f"expected {self.says}")
        return None

    def encode(self, value: Any) -> Json:
        return value.value


class Many(Kind):
    """A list. `filled`: an empty one is refused, because the field has words for that."""

    makes, takes, says = (tuple,), (list,), "a list"

    def __init__(self, of: Kind, check: Callable[[Any], object] | None = None, *, filled: bool = False) -> None:
        self.of, self.check, self.filled = of, check, filled

    def decode(self, value: Json, spot: Spot) -> Any:
        if value.__class__ is not list:
            return spot.no("wrong-type", "expected a list")
        if self.filled and not value:
            return spot.no("empty-list", "an empty list does not say whether there is none or nobody asked; say it in words")
        before = len(spot.wrong)
        values = tuple(self.of.decode(v, spot.element(i)) for i, v in enumerate(value))
        if len(spot.wrong) == before and values:
            spot.approved(self.check, values)
        return values

    def encode(self, value: Any) -> Json:
        return [self.of.encode(v) for v in value]


@dataclass
class Slot:
    """A field of a record. `default` is REQUIRED where there is none; an `implied` one may be left out all the same."""

    name: str
    kind: Kind
    default: Any


class Object(Kind):
    """A dataclass. Its slots are given later: records may hold each other."""

    takes: tuple[type, ...] = (dict,)

    def __init__(self, record: type) -> None:
        self.record, self.makes = record, (record,)
        self.slots: dict[str, Slot] = {}

    @property
    def says(self) -> str:  # type: ignore[override]  # known only when the slots are
        names = self.required or list(self.slots)
        return f"an object ({self.record.__name__}: {', '.join(names[:6])}{' …' * (len(names) > 6)})"

    @property
    def required(self) -> list[str]:
        return [s.name for s in self.slots.values() if s.default is REQUIRED]

    def fits(self, value: Mapping[str, Json]) -> bool:
        said = {name for name, v in value.items() if v is not None}
        return said.issuperset(self.required) and said <= self.slots.keys()

    def decode(self, value: Json, spot: Spot) -> Any:
        if value.__class__ is not dict:
            return spot.no("wrong-type", f"expected {self.says}")
        before, place = len(spot.wrong), {name: i for i, name in enumerate(value)}
        for name in (n for n, v in value.items() if v is not None and n not in self.slots):
            spot.unknown(place[name], self._unknown(name, place[name], guess=len(spot.wrong) < GUESSES))
        found = {s.name: self._field(s, value, spot, place) for s in self.slots.values()}
        if len(spot.wrong) == before and not self.required and all(found[s.name] == s.default for s in self.slots.values()):
            spot.no("says-nothing", "says nothing; leave it out")
        return spot.approved(lambda said: self.record(**said), found) if len(spot.wrong) == before else None

    def _field(self, slot: Slot, value: Mapping[str, Json], spot: Spot, place: Mapping[str, int]) -> Any:
        if (given := value.get(slot.name)) is not None:
            return slot.kind.decode(given, spot.member(slot.name, place[slot.name]))
        if slot.default is REQUIRED:
            spot.lacks(slot.name, f"is missing: expected {slot.kind.says}")
        return slot.default

    def _unknown(self, name: str, ordinal: int, *, guess: bool) -> str:
        near = difflib.get_close_matches(name, self.slots, 1) if guess else ()
        return f"its name {ordinal + 1} is not a field of {self.record.__name__}" + "".join(f"; perhaps {n} is meant" for n in near)

    def encode(self, value: Any) -> Json:
        said = ((s, getattr(value, s.name)) for s in self.slots.values())
        return {s.name: s.kind.encode(v) for s, v in said if v is not None and v != () and (s.default is REQUIRED or v != s.default)}


class Concept(Object):
    """Coded, or a string that stands for one."""

    takes = (dict, str)

    def __init__(self, table: CodeTable | None, whole: Object, check: Callable[[Any], object] | None = None) -> None:
        super().__init__(Coded)
        self.whole, self.slots, self.table, self.check = whole, whole.slots, table, check
        self.words = {word: table.coded(word) for word in table.table} if table else {}

    @property
    def says(self) -> str:  # type: ignore[override]
        return (f"one of: {', '.join(self.words)}; or " if self.table else "a text, or ") + 'an object {"codings": [...], "text": ...}'

    def decode(self, value: Json, spot: Spot) -> Any:
        before = len(spot.wrong)
        concept = self._said(value, spot) if value.__class__ is str else super().decode(value, spot)
        if len(spot.wrong) == before:
            spot.approved(self.check, concept)
        return concept

    def _said(self, value: str, spot: Spot) -> Any:
        if not self.table:
            return Coded(text=Text().decode(value, spot))
        if value not in self.words:
            spot.no("not-a-word", f"expected {self.says}")
        return self.words.get(value)

    def encode(self, value: Any) -> Json:
        word = self.table.word(value) if self.table else None
        if word is not None and self.words[word] == value:
            return word
        return value.text if not self.table and value == Coded(text=value.text) and value.text else super().encode(value)


class Saying(Object):
    """Said, or a string that stands for one."""

    takes = (dict, str)

    def __init__(self, whole: Object) -> None:
        super().__init__(Said)
        self.whole, self.slots = whole, whole.slots

    @property
    def says(self) -> str:  # type: ignore[override]
        return 'a text, or an object {"display": ...}'

    def decode(self, value: Json, spot: Spot) -> Any:
        return Said(Text().decode(value, spot)) if value.__class__ is str else super().decode(value, spot)

    def encode(self, value: Any) -> Json:
        return value.display


class OneOf(Kind):
    """A union. The JSON type decides, and among objects the names that are there."""

    def __init__(self, members: Iterable[Kind]) -> None:
        self.members = tuple(members)
        self.by_json = {t: m for m in self.members for t in m.takes if t is not dict}
        self.by_type = {t: m for m in self.members for t in m.makes}
        self.objects = tuple(m for m in self.members if isinstance(m, Object))
        self.makes, self.takes = tuple(self.by_type), tuple({t for m in self.members for t in m.takes})
        self.says = ", or ".join(m.says for m in self.members)

    def decode(self, value: Json, spot: Spot) -> Any:
        member = self._meant(value) if value.__class__ is dict else self.by_json.get(value.__class__)
        if member:
            return member.decode(value, spot)
        if value.__class__ is dict and len(names := self._telling(value)) > 1:
            return spot.no("two-in-one", f"{' and '.join(names)} stand side by side; only one of them can be meant")
        return spot.no("wrong-type", f"expected {self.says}")

    def _meant(self, value: Mapping[str, Json]) -> Object | None:
        """The one that fits; else the one that comes nearest, so that it can say what is wrong; none where two are told."""
        if fitting := [m for m in self.objects if m.fits(value)]:
            return fitting[0]
        if len(self._telling(value)) > 1:
            return None
        near = sorted(self.objects, key=lambda m: (sum(name in value for name in m.required), len(value.keys() & m.slots.keys())))
        return near[-1] if near and value.keys() & near[-1].slots.keys() else None

    def _telling(self, value: Mapping[str, Json]) -> list[str]:
        """The names that are there by which one member alone is told, one of each."""
        return [names[0] for m in self.objects if (names := [n for n in m.required if value.get(n) is not None and self._alone(m, n)])]

    def _alone(self, member: Object, name: str) -> bool:
        return not any(name in other.slots for other in self.objects if other is not member)

    def encode(self, value: Any) -> Json:
        return self.by_type[type(value)].encode(value)
