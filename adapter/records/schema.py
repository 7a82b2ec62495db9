"""The native format for others to see: a JSON Schema made from the type hints, and an example that is complete and valid.

The schema says what each member holds and becomes in FHIR, and every word that a code table knows. It asks for all that is needed to send:
a key of every record that is the sender's. What only a record's own findings can tell is not in it. Source: JSON Schema 2020-12.
"""
from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import singledispatch
from importlib.resources import files
from posixpath import commonprefix
from typing import Any

from adapter import wire
from adapter.records.kinds import REQUIRED, Concept, Kind, Many, Object, OneOf, Saying, Scalar, Slot, Text, Word
from adapter.records.stream import care_records
from adapter.records.words import FIELDS
from mappings.bag import DIRECTORY, PERSONAL, CareRecord
from mappings.catalogue import RECORDS
from mappings.patient import Resident
from mappings.values import Form

Json = Any
SENT = (Resident, *(record for section in (*DIRECTORY, *PERSONAL) for record in section.records))
NHS_NUMBERS = Form("[0-9]{10}", "the last digit is a modulus 11 check digit")  # the record's own findings are who refuses another
SAYS = (
    "One resident's care record, as this adapter reads it: one JSON object, one per line of NDJSON, or a list of them. "
    "Leave out what is not known; null is read as left out. A list says what is known; where there is none, say why.")


def example() -> dict[str, Json]:
    """A resident who does not exist, with something in every part of the bag that a home fills in."""
    return wire.loads(files("adapter.records").joinpath("example.json").read_bytes())


def schema() -> dict[str, Json]:
    form = care_records().kind
    objects = {o.record.__name__: o for o in sorted(_objects(form, {}).values(), key=lambda o: o.record.__name__)}
    names = {name: _object(o) for name, o in objects.items() if o.record is not CareRecord}
    start = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "CareRecord", "description": SAYS}
    return {**start, **{k: v for k, v in _object(form).items() if k != "description"}, "$defs": names}


def _objects(kind: Kind, found: dict[type, Object]) -> dict[type, Object]:
    """Every record class that may stand somewhere."""
    if isinstance(kind, Concept | Saying):
        return _objects(kind.whole, found)
    if isinstance(kind, Object) and kind.record not in found:
        found[kind.record] = kind
        for slot in kind.slots.values():
            _objects(slot.kind, found)
    for inner in [kind.of] if isinstance(kind, Many) else kind.members if isinstance(kind, OneOf) else ():
        _objects(inner, found)
    return found


def _object(kind: Object) -> dict[str, Json]:
    said = RECORDS.get(kind.record)
    places = _places(said[1], kind.record) if said else {}
    keyed = ["key"] if kind.record in SENT else []
    members = {s.name: _member(s, kind.record, said[0] if said else "", places.get(s.name), s.name in keyed) for s in kind.slots.values()}
    text = inspect.cleandoc(kind.record.__doc__ or "")
    says = {} if not text or text.startswith(f"{kind.record.__name__}(") else {"description": text}
    return {**says, "type": "object", "properties": members, "required": [*kind.required, *keyed], "additionalProperties": False}


def _places(shape: Any, record: type) -> dict[str, str]:
    """Field -> its path in FHIR; of a list, the path of the list."""
    one = next(s for s in getattr(shape, "shapes", (shape,)) if s.record is record)
    places = defaultdict[str, list[str]](list)
    for names, path, _ in one.table():
        for name in names.split(" & "):
            places[name.partition("[]")[0]].append(path)
    return {field: paths[0] if len(paths) == 1 else commonprefix(paths).rpartition("[")[0] for field, paths in places.items()}


def _member(slot: Slot, record: type, resource: str, path: str | None, needed: bool) -> dict[str, Json]:
    kind = Text(form=NHS_NUMBERS) if (record, slot.name) == (Resident, "nhs_number") else slot.kind
    made = _schema(kind) if needed or slot.default is REQUIRED else {"anyOf": [_schema(kind), {"type": "null"}]}
    plain = next((FIELDS[name] for r in record.__mro__ if (name := f"{r.__name__}.{slot.name}") in FIELDS), FIELDS.get(f"*.{slot.name}"))
    said = [plain, *(f"{note[:1].upper()}{note[1:]}" for note in _notes(kind)), f"FHIR: {resource}.{path}" if path else None]
    says = ". ".join(dict.fromkeys(filter(None, said)))
    return {**made, "description": says} if says else made


def _notes(kind: Kind) -> Iterator[str]:
    """What a person should know of the values, besides their type."""
    if isinstance(kind, Text) and kind.form:
        yield kind.form.says
    if isinstance(kind, Concept) and kind.table:
        yield kind.table.source
    for inner in [kind.of] if isinstance(kind, Many) else kind.members if isinstance(kind, OneOf) else ():
        yield from _notes(inner)


# ---- one value ---------------------------------------------------------------------------------------------------------------
@singledispatch
def _schema(kind: Kind) -> dict[str, Json]:
    raise TypeError(f"{type(kind).__name__} has no schema")


@_schema.register
def _(kind: Text) -> dict[str, Json]:
    return {"enum": list(kind.words)} if kind.words else {"type": "string", "pattern": f"^(?:{kind.form.pattern})$" if kind.form else r"\S"}


@_schema.register
def _(kind: Scalar) -> dict[str, Json]:
    least = {} if kind.least is None else {"minimum": kind.least}
    return {"type": "boolean" if bool in kind.takes else "number" if Decimal in kind.takes else "integer", **least}


@_schema.register
def _(kind: Word) -> dict[str, Json]:
    return {"enum": list(kind.words)}


@_schema.register
def _(kind: Many) -> dict[str, Json]:
    return {"type": "array", "items": _schema(kind.of), **({"minItems": 1} if kind.filled else {})}


@_schema.register
def _(kind: Object) -> dict[str, Json]:
    return {"$ref": f"#/$defs/{kind.record.__name__}"}


@_schema.register
def _(kind: Concept) -> dict[str, Json]:
    return {"anyOf": [{"enum": list(kind.words)} if kind.table else _schema(Text()), _schema(kind.whole)]}


@_schema.register
def _(kind: Saying) -> dict[str, Json]:
    return {"anyOf": [_schema(Text()), _schema(kind.whole)]}


@_schema.register
def _(kind: OneOf) -> dict[str, Json]:
    return {"anyOf": [_schema(m) for m in kind.members]}
