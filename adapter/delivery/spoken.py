"""A field's value in words, for a person who may read it. Pure. Never for a log."""
from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from mappings.datatypes import Coded


def shown(value: Any) -> str:
    """Everything that is said, and nothing of what is not.

    >>> shown("stopped"), shown(None), shown((Coded(text="low sodium"), Coded(text="a fall"))), shown(True)
    ("'stopped'", 'nothing', "'low sodium'; 'a fall'", 'yes')
    """
    if value is None or value == ():
        return "nothing"
    if isinstance(value, tuple):
        return "; ".join(map(shown, value))
    if isinstance(value, Coded):
        return _coded(value)
    if is_dataclass(value):
        said = ((x.name.replace("_", " "), getattr(value, x.name)) for x in fields(value))
        return ", ".join(f"{name} {_within(v)}" for name, v in said if v not in (None, ()))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _within(value: Any) -> str:
    return f"({shown(value)})" if is_dataclass(value) or isinstance(value, tuple) else shown(value)


def _coded(said: Coded) -> str:
    name = said.text or next((c.display for c in said.codings if c.display), None)
    codes = ", ".join(f"code {c.code}" for c in said.codings if c.code)
    return " ".join(filter(None, [f"'{name}'" if name else "", f"({codes})" if codes and name else codes])) or "nothing"
