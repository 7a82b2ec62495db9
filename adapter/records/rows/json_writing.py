"""Trees as one JSON document, or as NDJSON."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.faults import Fault, Refused
from adapter.records.rows.hanging import Hanging, names
from adapter.records.rows.row import Node, Settings


def write(path: Path, settings: Settings, top: Node, trees: Iterable[Node]) -> None:
    """Raises Refused for half a character, and for a top that has no place beside a list of residents."""
    steps, hanging = names(settings.residents), Hanging(settings.lookups, top)
    with path.open("wb") as file:
        file.write(_before(top, steps))
        for i, tree in enumerate(trees):
            file.write((b",\n" if i else b"\n") + wire.dumps(hanging.shed(tree)))
        file.write(b"\n]" + b"}" * len(steps) + b"\n")


def write_lines(path: Path, settings: Settings, top: Node, trees: Iterable[Node]) -> None:
    _nothing(top)
    with path.open("wb") as file:
        for tree in trees:
            file.write(wire.dumps(tree) + b"\n")


def _before(top: Any, steps: list[str]) -> bytes:
    """The document up to the first resident: at each level what stands beside the way to them, then the way."""
    if not steps:
        _nothing(top)
        return b"["
    beside = wire.dumps({name: value for name, value in top.items() if name != steps[0]})[:-1] if isinstance(top, dict) else b"{"
    return beside + (b"," if len(beside) > 1 else b"") + wire.dumps({steps[0]: 0})[1:-2] + _before(_inner(top, steps[0]), steps[1:])


def _inner(top: Any, step: str) -> Any:
    return top.get(step, {}) if isinstance(top, dict) else {}


def _nothing(top: Any) -> None:
    if top:
        raise Refused([Fault("no-place", "this form of export has no place for anything outside of the residents", "export.residents")])


