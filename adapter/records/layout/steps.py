"""The steps of a leaf: each a named pair of functions, from the export's value to the record's and back.

`get` raises Bad (and Doubtful), `put` raises Cannot. `invertible`: empty, or one sentence on what is not written back and why.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from adapter.records.layout.forms import Cannot
from adapter.records.layout.here import Bad

Value = Any
PLAIN = re.compile(r"-?[0-9]{1,1000}(\.[0-9]{1,1000})?")  # Python makes no number of more than 4,300 digits
COMMA = re.compile(r"-?[0-9]{1,1000}(,[0-9]{1,1000})?")


class Step(Protocol):
    @property
    def invertible(self) -> str: ...
    def get(self, value: Value, /) -> Value: ...
    def put(self, value: Value, /) -> Value: ...


def key_of(value: Value) -> str:
    """How a table of a layout writes a value of the export: true and false for truth values, numbers by their digits."""
    return ("false", "true")[value] if value.__class__ is bool else value if value.__class__ is str else str(value)


class Table:
    """Their code = our word. Of several codes for one word the first is written. `otherwise`: what is not in it travels as a text, which
    the native format says bare where the field has no table of its own (`bare`). `booleans`: the export's form has true and false."""

    def __init__(
            self, name: str, words: Mapping[str, Value], *, otherwise: bool = False, bare: bool = False, booleans: bool = False) -> None:
        self.name, self.words, self.otherwise, self.bare, self.booleans = name, dict(words), otherwise, bare, booleans
        self.codes: dict[tuple[type, Value], str] = {}
        for code, word in words.items():
            self.codes.setdefault((word.__class__, word), code)
        self.says = f"is a code that the table {name or 'of this field'} in the layout does not have"

    @property
    def invertible(self) -> str:
        return "" if len(self.codes) == len(self.words) else "several codes stand for one word: the first of them is written"

    def get(self, value: Value) -> Value:
        word = self.words.get(value if value.__class__ is str else key_of(value))
        if word is None:
            if not self.otherwise:
                raise Bad("not-in-table", self.says)
            return key_of(value) if self.bare else {"text": key_of(value)}
        return word

    def put(self, value: Value) -> Value:
        said = value["text"] if isinstance(value, dict) and value.keys() == {"text"} else value
        code = self.codes.get((value.__class__, value)) if not isinstance(value, dict | list) else None
        if code is None and self.otherwise and said.__class__ is str and (self.bare or said is not value):
            return said
        if code is None:
            raise Cannot("is none of the words in the layout's table")
        return code == "true" if self.booleans and code in ("true", "false") else code


class Remove:
    """Characters that are only there to be looked at: blanks in an NHS number."""

    def __init__(self, characters: str) -> None:
        self.characters = {ord(c): None for c in characters}
        self.invertible = "it is written without the characters that are removed"

    def get(self, value: Value) -> Value:
        return value.translate(self.characters) if value.__class__ is str else value

    def put(self, value: Value) -> Value:
        if value.__class__ is str and value != value.translate(self.characters):
            raise Cannot("holds a character that reading removes")
        return value


class Number:
    """A text of digits <-> a number, with every digit kept. `form`: plain for 0.5, comma for 0,5. A JSON number goes through as it is."""

    invertible = ""

    def __init__(self, form: str = "plain") -> None:
        self.pattern, self.point = (COMMA, ",") if form == "comma" else (PLAIN, ".")
        self.says = f"expected a number such as 0{self.point}5"
        self.get = lru_cache(1024, typed=True)(self.read)  # doses are few, and their numbers the same again and again

    def read(self, value: Value) -> Value:
        if value.__class__ in (int, Decimal):
            return value
        if value.__class__ is not str or not self.pattern.fullmatch(value):
            raise Bad("not-a-number", self.says)
        return Decimal(value.replace(",", ".")) if self.point in value else int(value)

    def put(self, value: Value) -> Value:
        if value.__class__ not in (int, Decimal):
            raise Cannot("is not a number")
        return str(value) if value.__class__ is int else f"{value:f}".replace(".", self.point)


class Digits:
    """A number of the export that is a text here, such as a key: 17 <-> "17"."""

    invertible = ""

    def get(self, value: Value) -> Value:
        if value.__class__ is str:
            return value
        if value.__class__ not in (int, Decimal):
            raise Bad("wrong-type", "expected a number or a text")
        return str(value)

    def put(self, value: Value) -> Value:
        if value.__class__ is not str:
            raise Cannot("is not a text")
        number = (int if value.isascii() and value.isdigit() else Decimal)(value) if PLAIN.fullmatch(value) else value
        return number if str(number) == value else value


class Same:
    """As it is, if it is of a type that the field takes. `texts`: the export's form has nothing but texts."""

    invertible = ""

    def __init__(self, takes: tuple[type, ...], says: str, *, texts: bool) -> None:
        self.takes, self.texts = frozenset(takes), texts
        self.says = f"expected {says}"

    def get(self, value: Value) -> Value:
        if value.__class__ not in self.takes:
            hint = '; where it is a name, say number = "plain"' if value.__class__ in (int, Decimal) else ""
            raise Bad("wrong-type", self.says + hint)
        return value

    def put(self, value: Value) -> Value:
        if isinstance(value, dict | list):
            raise Cannot("is said by more than one value, and the layout has one place for it")
        if self.texts and value.__class__ is not str:
            raise Cannot("is not a text, and the layout has no table or number for it")
        return value


class Mistake(RuntimeError):
    """A function of a layout's module is wrong. What it raised is not shown: it may hold a value; nor is where, for that may show one."""


def mistake(name: str, error: Exception) -> Mistake:
    return Mistake(f"the layout's function {name} fails with {type(error).__name__}: that is a mistake in it")


class Function:
    """The vendor's own, from the module beside the layout. Its ValueError is a fault; its text is not shown: it may hold a value."""

    def __init__(self, name: str, read: Callable[..., Value], write: Callable[..., Value] | None, sources: int) -> None:
        self.name, self.read, self.write, self.sources = name, read, write, sources
        self.invertible = "" if write else f"the function {name} has no function that writes"

    def get(self, value: Value) -> Value:
        try:
            return self.read(*value) if self.sources > 1 else self.read(value)
        except ValueError:
            raise Bad("function", f"the layout's function {self.name} cannot read it") from None
        except Exception as error:  # noqa: BLE001 - whatever a function of theirs raises
            raise mistake(self.name, error) from None

    def put(self, value: Value) -> Value:
        if self.write is None:
            raise Cannot(self.invertible)
        try:
            return self.write(value)
        except ValueError:
            raise Cannot("the layout's function that writes it cannot say it") from None
        except Exception as error:  # noqa: BLE001 - whatever a function of theirs raises
            raise mistake(f"that writes, beside {self.name},", error) from None
