"""The three vendors: where their exports stand, who is in them, and every single value of one resident's rows."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from adapter.faults import Fault
from adapter.records.layout import Layout, load
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import TOP, Node, Place, Rows, Steps
from adapter.records.stream import Found, care_records
from mappings.bag import CareRecord

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "exports"
EXAMPLES = Path(str(files("adapter").joinpath("examples")))
EXPORTS = {"fernbank": FIXTURES / "fernbank" / "export.json", "larkfield": FIXTURES / "larkfield",
           "mossgate": FIXTURES / "mossgate" / "export.xml"}
BEFORE = FIXTURES / "larkfield-before"
VENDORS = tuple(EXPORTS)
Json = Any


@cache
def layout(vendor: str) -> Layout:
    return load(EXAMPLES / "layouts" / f"{vendor}.toml")


def read(vendor: str, path: Path) -> list[tuple[Rows, Found]]:
    """Every resident of an export: her rows, and what the layout makes of them."""
    with open_export(path, layout(vendor).settings) as export:
        return [(rows, layout(vendor).record(rows)) for rows in export]


@cache
def residents(vendor: str) -> list[tuple[Rows, Found]]:
    return read(vendor, EXPORTS[vendor])


@cache
def records(vendor: str) -> dict[str, CareRecord]:
    """By the resident's key. Raises Refused where one cannot be read."""
    return {record.resident.key or "": record for _, found in residents(vendor) for record in [granted(found)]}


def granted(found: Found) -> CareRecord:
    if not isinstance(found.record, CareRecord):
        raise found.record
    return found.record


@dataclass(frozen=True)
class Written:
    """Rows that are in memory only, such as what a layout has written."""

    tree: Node
    top: Node
    number: int = 1
    faults: tuple[Fault, ...] = ()

    def place(self, steps: Steps) -> Place:
        return Place(name="/".join(map(str, steps)))


# ---- values --------------------------------------------------------------------------------------------------------------------
class Value(NamedTuple):
    """One value of an export: the object or list that it stands in, under which name, and the steps from the resident's tree."""

    holder: Any
    name: str | int
    steps: Steps

    @property
    def path(self) -> str:
        """As a layout writes it: without the places in lists."""
        names = [str(step).replace("~", "~0").replace("/", "~1") for step in self.steps if isinstance(step, str)]
        return "/" + "/".join(names[1:]) if self.steps[0] == TOP else "/".join(names)


def values(rows: Rows) -> Iterator[Value]:
    """Everything in the resident's tree, then what stands outside of it; what hangs in the tree from there is told once."""
    yield from _values(rows.tree, (), {id(node) for node in _nodes(rows.top)})
    yield from _values(rows.top, (TOP,), set())


def _nodes(value: Any) -> Iterator[Any]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield inner
        yield from _nodes(inner)


def _values(holder: Any, steps: Steps, elsewhere: set[int]) -> Iterator[Value]:
    for name, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(value, dict | list):
            if id(value) not in elsewhere:
                yield from _values(value, (*steps, name), elsewhere)
        else:
            yield Value(holder, name, (*steps, name))


def nudged(value: Any) -> Any:
    """The same kind of value, a little different, and unlike its neighbours: a number a thousand more, a text by its first digit."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value + 1000
    digits = [i for i, character in enumerate(value) if character in "0123456789"]
    if len(digits) < 4:
        return f"{value}7x"
    at = digits[0]
    return f"{value[:at]}{(int(value[at]) + 1) % 10}{value[at + 1:]}"


@contextmanager
def changed(value: Value) -> Iterator[None]:
    """With this one value nudged, in place."""
    before = value.holder[value.name]
    value.holder[value.name] = nudged(before)
    try:
        yield
    finally:
        value.holder[value.name] = before


# ---- native JSON ---------------------------------------------------------------------------------------------------------------
def native(record: CareRecord) -> Json:
    return care_records().encode(record)


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """(medicines[3].doses[0].text, value) of everything in native JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{i}]")
    else:
        yield path, value
