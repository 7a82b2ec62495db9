"""Reading one table of a layout file: each option by its type, and whatever is not an option named."""
from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

from adapter.records.layout.toml import At, Document


def perhaps(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; perhaps {near[0]} is meant" if near else ""


class Options:
    """A table at a place of the file. What is asked for and of a wrong type is a fault, and then reads as left out."""

    def __init__(self, document: Document, at: At, values: Any = None) -> None:
        self.document, self.at = document, at
        values = values_at(document.values, at) if values is None else values
        if not isinstance(values, dict):
            self.no((), "is one value, and a table of options is expected")
            values = {}
        self.values: dict[str, Any] = values

    def no(self, names: At, says: str) -> None:
        self.document.no((*self.at, *names), says)

    def only(self, known: Iterable[str], what: str) -> None:
        known = list(known)
        for name in self.values:
            if name not in known:
                self.no((name,), f"is no option of {what}{perhaps(name, known)}; they are {', '.join(known)}")

    def _of(self, name: str, fits: Callable[[Any], bool], says: str, default: Any) -> Any:
        if name not in self.values:
            return default
        value = self.values[name]
        if fits(value):
            return value
        self.no((name,), f"is not what is expected there: {says}")
        return default

    def text(self, name: str, default: str = "") -> str:
        said: str = self._of(name, lambda v: isinstance(v, str), "a text", default)
        return said

    def flag(self, name: str) -> bool:
        said: bool = self._of(name, lambda v: isinstance(v, bool), "true or false", False)
        return said

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; or one, which stands for a list of one."""
        said = self._of(name, lambda v: isinstance(v, str) or are_texts(v), "a list of texts", [])
        return (said,) if isinstance(said, str) else tuple(said)

    def pairs(self, name: str) -> dict[str, str]:
        said = self._of(name, lambda v: isinstance(v, dict) and are_texts(list(v.values())), "a table of texts", {})
        return dict(said)

    def tables(self) -> Iterable[tuple[str, Options]]:
        """Each table in this one."""
        for name in self.values:
            yield name, Options(self.document, (*self.at, name), self.values[name])


def values_at(values: Any, at: At) -> Any:
    """What stands there, an empty table where nothing does."""
    name: Any
    for name in at:
        values = values[name] if isinstance(values, list) or name in values else {}
    return values


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)
