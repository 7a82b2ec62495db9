"""A JSON Schema of layout files, made from the native format's kinds, so that an editor completes them and marks what does not fit.

It knows every field of the record, every option, and every word that a table or a constant may have. What depends on two places of the
file, such as a table that is not defined, only `load` tells. Source: JSON Schema 2020-12.
"""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from adapter.records.kinds import Concept, Kind, Object, OneOf, Scalar, Word
from adapter.records.layout.compiler import STATUS
from adapter.records.layout.leaves import many, objects, scalars
from adapter.records.layout.load import ABSENT, STOPPED
from adapter.records.layout.says import BLOCK_SAYS, EXPORT_SAYS, FILE_SAYS, LEAF_SAYS, LOOKUP_SAYS, SECTION_SAYS
from adapter.records.layout.states import LISTED
from adapter.records.rows.row import FORMATS
from adapter.records.stream import care_records
from adapter.records.words import FIELDS
from mappings.bag import PERSONAL

Json = Any
TEXT: Json = {"type": "string", "minLength": 1}
TEXTS: Json = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
SCALAR: Json = {"type": ["string", "boolean", "number"]}
CHOICE: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
ONLY: Json = {"type": "object", "additionalProperties": CHOICE}
BOTH: Json = {"type": "object", "properties": {"read": TEXT, "write": TEXT}, "required": ["read"], "additionalProperties": False}
OPTIONS: dict[str, Json] = {
    "from": TEXTS, "join": {"type": "string"}, "split": TEXT, "remove": TEXT,
    "date": TEXTS, "time": TEXTS, "number": {"enum": ["plain", "comma"]},
    "function": {"anyOf": [TEXT, BOTH]}, "nothing": TEXTS, "otherwise": {"const": "text"}, "because": TEXT}


def schema() -> dict[str, Json]:
    return Schema().whole()


def closed(properties: dict[str, Json], says: dict[str, str], *required: str) -> Json:
    """An object with these members and no others."""
    described = {name: {**value, "description": says[name]} if name in says else value for name, value in properties.items()}
    return {"type": "object", "properties": described, **({"required": list(required)} if required else {}), "additionalProperties": False}


class Schema:
    """`defs`: one for each record class, as an object and as a block of a list; one for each kind of leaf."""

    def __init__(self) -> None:
        self.defs: dict[str, Json] = {name: {**option, "description": LEAF_SAYS[name]} for name, option in OPTIONS.items()}
        self.known: dict[str, str] = {}

    def whole(self) -> dict[str, Json]:
        record = care_records().kind
        properties = self.sections() | self.members(record)
        made = closed(properties, SECTION_SAYS, "export", "source", "resident")
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Layout",
                "description": "How one vendor's export is laid out: see docs/layouts.md", **made, "$defs": self.defs}

    def sections(self) -> dict[str, Json]:
        lists = [section.field for section in PERSONAL]
        absence = {name: {"enum": list(STOPPED if name == "medicines" else ABSENT)} for name in lists}
        rule = closed({"rows": TEXT, "only": ONLY, "because": TEXT}, BLOCK_SAYS, "rows", "because")
        return {
            "export": closed(self.export(), EXPORT_SAYS, "format"),
            "files": {"type": "object", "additionalProperties": self.file()},
            "lookups": {"type": "object", "additionalProperties": closed(dict.fromkeys(LOOKUP_SAYS, TEXT), LOOKUP_SAYS, *LOOKUP_SAYS)},
            "tables": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": SCALAR}},
            "absence": closed(absence, {}),
            "states": self.states(),
            "ignored": {"type": "object", "additionalProperties": TEXT},
            "ignored_rows": {"type": "array", "items": rule},
        }

    def export(self) -> dict[str, Json]:
        texts = {name: {"type": "string"} for name in ("vendor", "residents", "zone", "encoding", "delimiter", "module")}
        namespaces = {"type": "object", "additionalProperties": {"type": "string"}}
        return {"format": {"enum": list(FORMATS)}, **texts, "nothing": TEXTS, "namespaces": namespaces}

    def file(self) -> Json:
        flags = {name: {"type": "boolean"} for name in ("lookup", "single", "optional")}
        by = {"anyOf": [TEXT, {"type": "object", "additionalProperties": TEXT, "minProperties": 1}]}
        return closed({"file": TEXT, "key": TEXT, "of": TEXT, "by": by, **flags, "columns": TEXTS}, FILE_SAYS, "file")

    def states(self) -> Json:
        slots = care_records().kind.slots
        words = {name: next(k.words for k in slot.kind.members if isinstance(k, Word))
                 for name, slot in slots.items() if isinstance(slot.kind, OneOf) and many(slot.kind)}
        return closed({name: {"anyOf": [TEXT, self.source({"enum": [*said, LISTED]}), self.constant({"enum": list(said)})]}
                       for name, said in words.items()}, {})

    # ---- records ----------------------------------------------------------------------------------------------------------
    def members(self, *kinds: Object) -> dict[str, Json]:
        """Of several kinds that may stand in one place, those of all of them."""
        slots = [(kind, slot) for kind in kinds for slot in kind.slots.values()]
        return {slot.name: self.described(kind, slot.name, self.value(slot.kind, slot.name)) for kind, slot in slots}

    @staticmethod
    def described(kind: Object, name: str, value: Json) -> Json:
        says = next((FIELDS[key] for r in kind.record.__mro__ if (key := f"{r.__name__}.{name}") in FIELDS), FIELDS.get(f"*.{name}"))
        return {**value, "description": says} if says else value

    def value(self, kind: Kind, name: str) -> Json:
        """What may stand for a field: a path, a source with options, a constant, an object of fields, a list of blocks."""
        listed = many(kind)
        of = listed.of if listed else kind
        made = [TEXT] * bool(scalars(of)) + [self.known_as("source", self.source(word(of), otherwise=has_words(of)))]
        if not listed and scalars(of) and name != STATUS:
            made.append(self.known_as("constant", self.constant(word(of))))
        if inner := objects(of):
            ref = {"$ref": f"#/$defs/{self.object(*inner, block=bool(listed))}"}
            made.append({"type": "array", "items": ref} if listed else ref)
        return {"anyOf": made}

    def object(self, *kinds: Object, block: bool = False) -> str:
        name = "_or_".join(kind.record.__name__ for kind in kinds) + "_block" * block
        if name not in self.defs:
            self.defs[name] = {}
            options = {"each": TEXT, "only": ONLY, "always": TEXT} if block else {}
            self.defs[name] = closed({**options, **self.members(*kinds)}, BLOCK_SAYS)
        return name

    def known_as(self, what: str, made: Json) -> Json:
        """One for all that are alike."""
        alike = f"{what} {made}"
        if alike not in self.known:
            self.known[alike] = f"{what}_{len(self.known) + 1}"
            self.defs[self.known[alike]] = made
        return {"$ref": f"#/$defs/{self.known[alike]}"}

    @staticmethod
    def source(words: Json, *, otherwise: bool = False) -> Json:
        table = {"anyOf": [TEXT, {"type": "object", "additionalProperties": words}]}
        options = {name: {"$ref": f"#/$defs/{name}"} for name in OPTIONS if name != "because" and (otherwise or name != "otherwise")}
        return closed({**options, "table": table}, {"table": LEAF_SAYS["table"]}, "from")

    @staticmethod
    def constant(words: Json) -> Json:
        made = {"constant": words, "because": {"$ref": "#/$defs/because"}}
        return closed(made, {"constant": LEAF_SAYS["constant"]}, "constant", "because")


def has_words(kind: Kind) -> bool:
    """Does it take a code, and words in its place?"""
    return any(isinstance(k, Concept) for k in members(kind))


def members(kind: Kind) -> tuple[Kind, ...]:
    return kind.members if isinstance(kind, OneOf) else (kind,)


def word(kind: Kind) -> Json:
    """One value as a table or a constant may have it."""
    made = [_word(k) for k in members(kind) if scalars(k)]
    return made[0] if len(made) == 1 else {"anyOf": made} if made else SCALAR


def _word(kind: Kind) -> Json:
    if words := getattr(kind, "words", ()):
        return {"enum": list(words)}
    if isinstance(kind, Scalar):
        return {"type": "boolean" if bool in kind.takes else "number" if Decimal in kind.takes else "integer"}
    return {"type": "string"}
