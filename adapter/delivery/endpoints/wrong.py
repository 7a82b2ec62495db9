"""What pydantic finds wrong with a table of the endpoints' file, in our sentences. The values themselves are never repeated. Pure."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adapter.delivery.endpoints.credentials import KINDS
from adapter.records.layout.options import perhaps

EXPECTED = {
    "string_type": "a text, in quotes", "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
    "float_type": "a number", "float_parsing": "a number", "bool_type": "true or false", "tuple_type": "a list, in [ ]",
    "dict_type": "a table", "model_type": "a table", "model_attributes_type": "a table", "path_type": "the path of a file, in quotes",
    "finite_number": "a number", "is_instance_of": "a text, in quotes", "string_too_short": "a text that is not empty",
    "string_pattern_mismatch": "letters, digits, `.`, `_` or `-`, beginning with a letter or digit, 64 at most",
}
BOUNDS = {"greater_than": "more than {gt}", "greater_than_equal": "{ge} or more", "less_than_equal": "{le} or less"}


class Wrong(NamedTuple):
    """`at`: the keys that lead to it, within the table."""

    at: tuple[str | int, ...]
    says: str


def wrongs(error: ValidationError, model: type[BaseModel], what: str) -> Iterator[Wrong]:
    """`what` is the table, as it is called in the file: [store]."""
    for found in error.errors(include_url=False, include_input=False):
        at, table, inside = _place(found["loc"], model, what)
        yield Wrong(at, _says(found, at, table, inside))


def _place(loc: tuple[str | int, ...], model: type[BaseModel], what: str) -> tuple[tuple[str | int, ...], type[BaseModel], str]:
    """Where it is in the file: pydantic also names which kind of authentication it took it for."""
    if loc[:1] == ("auth",) and len(loc) > 1 and loc[1] in KINDS:
        return ("auth", *loc[2:]), KINDS[str(loc[1])], f"{what.removesuffix(']')}.auth]"
    return loc, model, what


def _says(found: ErrorDetails, at: tuple[str | int, ...], model: type[BaseModel], what: str) -> str:
    kind, more = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        known = [name for name in model.model_fields if name != "name"]
        return f"is no option of {what}{perhaps(str(at[-1]), known)}; they are {', '.join(known)}"
    if kind == "missing":
        return f"is missing: {_description(model, at)}"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return f"needs `kind`, one of: {', '.join(KINDS)}"
    return f"{_expected(kind, more)} ({_description(model, at)})" if kind != "value_error" else str(more["error"])


def _expected(kind: str, more: Mapping[str, Any]) -> str:
    if kind == "literal_error":
        return f"expected one of: {str(more['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind in BOUNDS:
        return f"expected {BOUNDS[kind].format(**{k: _number(v) for k, v in more.items()})}"
    return f"expected {EXPECTED.get(kind, 'something else there')}"


def _number(value: Any) -> str:
    return f"{value:,.0f}" if value == int(value) else str(value)


def _description(model: type[BaseModel], at: tuple[str | int, ...]) -> str:
    """What the field is, its first sentence."""
    field = next((model.model_fields[str(name)] for name in reversed(at) if name in model.model_fields), None)
    said = (field.description or "" if field else "").partition(". ")[0]
    return (f"{said[:1].lower()}{said[1:]}" if said[1:2].islower() or said[1:2] == " " else said).rstrip(".:")
