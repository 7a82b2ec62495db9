"""Members of a JSON object that may hold anything: what is not of the kind asked for counts as missing (other rules tell of it)."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from adapter.conformance.rules.rule import Object

T = TypeVar("T")


def text(value: Object, key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def inner(value: Object, key: str) -> Object:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def each(value: Object, key: str) -> Iterator[tuple[str, Object]]:
    """The objects of a list member, each with its place in it: `.name[0]`."""
    return _listed(value, key, dict)


def texts(value: Object, key: str) -> Iterator[tuple[str, str]]:
    return _listed(value, key, str)


def _listed(value: Object, key: str, kind: type[T]) -> Iterator[tuple[str, T]]:
    found = value.get(key)
    return ((f".{key}[{i}]", item) for i, item in enumerate(found if isinstance(found, list) else ()) if isinstance(item, kind))


def has(value: Object, key: str) -> bool:
    """Is anything said there: a value, or (of a primitive) why there is none? Null and empty lists say nothing."""
    return _says(value.get(key)) or _says(value.get(f"_{key}"))


def has_choice(value: Object, stem: str) -> bool:
    """The same of a choice: `effective` is said by `effectiveDateTime`."""
    return any(key.lstrip("_").startswith(stem) and _says(found) for key, found in value.items())


def _says(found: Any) -> bool:
    return found is not None and found != [] and found != {} and found != ""


def has_extension(value: Object, url: str, key: str = "extension") -> bool:
    return any(found.get("url") == url for _, found in each(value, key))
