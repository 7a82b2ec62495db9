"""The mapping modules once more, with one of them changed: a mutant and everything that stands on it, beside the real ones."""
from __future__ import annotations

import ast
import importlib
import sys
import types
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import mappings
from mappings.catalogue import SHAPES
from mappings.codes import CodeTable

FOLDER = Path(mappings.__file__).parent


def _home(lens: Any) -> tuple[str, str]:
    module = (getattr(lens, "record", None) or lens.shapes[0].record).__module__
    return module.removeprefix("mappings."), next(name for name, value in vars(sys.modules[module]).items() if value is lens)


HOMES = {kind: _home(lens) for kind, lens in SHAPES.items()}  # resource type -> module, name of its shape


def source(module: str) -> str:
    return (FOLDER / f"{module}.py").read_text(encoding="utf-8")


@cache
def imports(module: str) -> frozenset[str]:
    """The mapping modules that a module stands on, directly or not; what is only for type checkers does not count."""
    direct = {name for node in ast.parse(source(module)).body if isinstance(node, ast.ImportFrom)
              for name in ([node.module.removeprefix("mappings.")] if node.module and node.module.startswith("mappings.") else
                           [alias.name for alias in node.names] if node.module == "mappings" else [])}
    return frozenset(direct).union(*(imports(name) for name in direct))


def standing_on(module: str) -> list[str]:
    """The resource types whose shapes a change of this module may change."""
    return [kind for kind, (home, _) in HOMES.items() if home == module or module in imports(home)]


@contextmanager
def changed(module: str, text: str) -> Iterator[None]:
    """Inside, importing a mapping module gives one that stands on the changed one. Raises whatever the changed one raises."""
    gone = [module, *(path.stem for path in FOLDER.glob("*.py") if module in imports(path.stem))]
    kept = {name: sys.modules.pop(f"mappings.{name}") for name in gone if f"mappings.{name}" in sys.modules}
    try:
        mutant = sys.modules[f"mappings.{module}"] = types.ModuleType(f"mappings.{module}")
        mutant.__file__ = str(FOLDER / f"{module}.py")  # tables are read from beside it
        exec(compile(text, mutant.__file__, "exec"), vars(mutant))  # noqa: S102 - our own source
        yield
    finally:
        for name in gone:
            sys.modules.pop(f"mappings.{name}", None)
        for name, real in kept.items():
            sys.modules[f"mappings.{name}"] = real
            setattr(mappings, name, real)


def shape_of(kind: str) -> Any:
    home, name = HOMES[kind]
    return getattr(importlib.import_module(f"mappings.{home}"), name)


def reborn(value: Any) -> Any:
    """The same record, of the classes as they are now."""
    if isinstance(value, tuple):
        return tuple(map(reborn, value))
    if not is_dataclass(value):
        return value
    kind = getattr(importlib.import_module(type(value).__module__), type(value).__name__)
    return kind(**{name: reborn(x) for name, x in vars(value).items()})


class Word(NamedTuple):
    """A concept in a record that is said by a word of its field's code table."""

    record: type
    field: str
    word: str
    concept: Any


def words(record: Any) -> Iterator[Word]:
    """Every such concept in a record, also in the records inside it."""
    for name, table in tables(type(record)).items():
        for concept in each(getattr(record, name)):
            word = table.word(concept)
            if word and table.coded(word) == concept:
                yield Word(type(record), name, word, concept)
    for x in fields(record):
        for inner in each(getattr(record, x.name)):
            if is_dataclass(inner):
                yield from words(inner)


def each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def is_lost(said: Word) -> bool:
    """Does the field's table, as it is now, say something else for the word?"""
    now = getattr(importlib.import_module(said.record.__module__), said.record.__name__)
    coding = tables(now)[said.field].codings.get(said.word)
    return coding is None or vars(coding) != vars(said.concept.codings[0])


@cache
def tables(record: type) -> dict[str, CodeTable]:
    """The code table of each coded field, from the hints."""
    found = {name: _table(hint) for name, hint in typing.get_type_hints(record, include_extras=True).items()}
    return {name: table for name, table in found.items() if table}


def _table(hint: Any) -> Any:
    inner = typing.get_args(hint)
    return next((x for x in inner if type(x).__name__ == "CodeTable"), None) or next(filter(None, map(_table, inner)), None)
