"""The settings that there are, as plain data for whoever prints them: name, kind of value, what holds where it is left out. Pure."""
from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from adapter.delivery.endpoints.quiet import Quiet
from adapter.delivery.endpoints.secrets import PerhapsSecret

WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "secret", Path: "file",
                         Quiet: "hours", tuple: "list", dict: "table"}


class Setting(NamedTuple):
    """`left_out`: what holds then; empty where nothing does."""

    name: str
    value: str
    left_out: str
    what: str


def settings(model: type[BaseModel]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        yield Setting(name, value(field.annotation), left_out(field), field.description or "")


def value(hint: Any) -> str:
    """What kind of value it takes.

    >>> value(int | None), value(typing.Literal["json", "xml"]), value(tuple[str, ...])
    ('whole number', '`json` or `xml`', 'list of text')
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{each}`" for each in inner)
    if origin is typing.Annotated:
        return "text or secret" if typing.get_args(PerhapsSecret)[1] in hint.__metadata__ else value(inner[0])
    if origin in (typing.Union, types.UnionType):
        said = dict.fromkeys(value(each) for each in inner if each is not type(None))
        return " or ".join(said)
    if origin in (tuple, dict):
        return f"{WORDS[origin]} of {value(inner[0 if origin is tuple else 1])}"
    return WORDS.get(hint, "table")


def left_out(field: FieldInfo) -> str:
    """What holds where it is left out."""
    if field.is_required():
        return "must be said"
    said = field.default
    if said is PydanticUndefined or said in (None, "", ()):
        return ""
    return f"`{said:g}`" if isinstance(said, float) else f"`{said}`"
