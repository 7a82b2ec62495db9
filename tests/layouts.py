"""A layout, and rows made by hand, for the tests of layouts: a vendor's CSV with nearly everything that a layout can say."""
from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.faults import Fault
from adapter.records.layout import Layout, Reading
from adapter.records.layout.here import Run
from adapter.records.layout.load import build
from adapter.records.layout.toml import read
from adapter.records.rows.row import Node, Place, Rows, Steps

EVERYTHING = (Path(__file__).parent / "layout_files" / "everyday.toml").read_text(encoding="utf-8")


@dataclass
class ByHand:
    """Rows whose place is the way that leads there."""

    tree: Node
    top: Node = field(default_factory=Node)
    number: int = 1
    faults: tuple[Fault, ...] = ()
    orphaned: frozenset[str] = frozenset()

    def place(self, steps: Steps) -> Place:
        return Place("hand", 1, None, "/".join(map(str, steps)))


def both(made: Layout, rows: Rows) -> Reading:
    """What is read, and the careful way says the same as the quick one."""
    reading, run = made.read(rows), Run(rows.top, rows=rows)
    careful = made._careful(rows.tree, run)
    assert (reading.json, reading.wrong, reading.doubts) == (careful, run.wrong, run.doubts)
    return reading


def nodes(value: Any) -> Any:
    if isinstance(value, dict):
        return Node({name: nodes(v) for name, v in value.items()})
    return [nodes(v) for v in value] if isinstance(value, list) else copy.copy(value)


def rows(tree: dict[str, Any], top: dict[str, Any] | None = None) -> ByHand:
    return ByHand(nodes(tree), nodes(top or {}))


def layout(text: str, folder: Path = Path()) -> Layout:
    """Of a text that is right. `folder`: where its module is, if it names one."""
    made, faults = tried(text, folder)
    assert faults == [], "\n".join(map(str, faults))
    return made


def tried(text: str, folder: Path = Path()) -> tuple[Layout, list[Fault]]:
    document = read("test.toml", text.encode())
    return build(document, folder), document.faults


# ---- pieces of a layout, to be put one behind the other -----------------------------------------------------------------------------
OURS = 'source = { constant = "https://home.example/records", because = "agreed" }\n'
HEAD = OURS + 'as_of = { constant = "2026-07-01T12:00:00+01:00", because = "a test" }\n'
SHORT = HEAD + '[export]\nformat = "json"\nzone = "Europe/London"\nnothing = ["N/K"]\n'
FILES = '[export]\nformat = "csv"\nresidents = "people"\n'
PEOPLE = '[files.people]\nfile = "P.CSV"\nkey = "id"\n'
MEDS = '[files.meds]\nfile = "M.CSV"\nof = "people"\nby = "id"\n'
MEDICINES = '[[medicines]]\neach = "meds"\nkey = "no"\nstatus = { constant = "active", because = "a test" }\ndrug = "drug"\n'
HER = '[resident]\nkey = "id"\nfamily_name = "name"\n'


def shared(name: str, file: str, by: str) -> str:
    """Rows that many share. `by`: their column, and the one that names it."""
    column, named = by.split()
    return f'[files.{name}]\nfile = "{file}"\nof = "people"\nby = {{ {column} = "{named}" }}\nlookup = true\n'


def short(fields: str, *, export: str = "") -> Layout:
    """A JSON layout of little else than these fields of a resident."""
    return layout(f"{SHORT}{export}\n[resident]\nkey = \"id\"\n{fields}")

