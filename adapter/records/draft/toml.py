"""Lines of a TOML file, as the draft needs them: proposals, which begin with `#`, and what is said to a person, after `# `."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def text(value: str) -> str:
    """
    >>> print(text('a "b"'), text("x"))
    "a \\"b\\"" "x"
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """
    >>> key("ROOM_NO"), key("medication/USER"), key("")
    ('ROOM_NO', '"medication/USER"', '""')
    """
    return name if BARE.fullmatch(name) else text(name)


def value(said: Any) -> str:
    """
    >>> value({"from": ["A", "B"], "join": " "})
    '{ from = ["A", "B"], join = " " }'
    """
    if isinstance(said, Mapping):
        return "{ " + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in said.items()) + " }"
    if isinstance(said, list | tuple):
        return "[" + ", ".join(map(value, said)) + "]"
    return text(said) if isinstance(said, str) else json.dumps(said)


def proposed(line: str, why: str = "") -> str:
    """A line that counts as soon as its `#` is taken away."""
    return f"#{line:<72}  # {why}" if why else f"#{line}"


def says(*sentences: str) -> Iterable[str]:
    return (f"# {sentence}" if sentence else "" for sentence in sentences)


def uncommented(page: str) -> str:
    """The page with every proposal in force.

    >>> uncommented("# why\\n#a = 1")
    '# why\\na = 1'
    """
    return re.sub(r"(?m)^#(?=[^ #\n])", "", page)
