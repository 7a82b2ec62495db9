"""What the rows of an export look like, whatever it is written in: one tree for each resident, whose leaves are the export's own values.

    {"RES_NO": "17", "SURNAME": "Teatime", "medication": [{"DRUG": "Aspirin 75mg tablets", "DOSE": "ONE each morning"}, ...]}

    JSON   as it is; numbers are int or Decimal
    CSV    a row is an object of its filled cells, all text; rows of a file that belongs to another hang under its name, as a list; the one
           row of a lookup hangs there as an object
    XML    an element without attributes and children is its text; any other is an object: "@id" its attributes, "." its own text, its
           children by their names; a child that occurs more than once is a list. Text after a child is kept as "#mixed".
           A name of a namespace that has no prefix is {uri}name

What stands outside of all residents is the top: in CSV the single tables by their names, in JSON the document, in XML an object with the
root element by its name, so that the path to the residents begins with it: export/residents/resident.

A blank cell, a blank text and null say nothing, and are left out; so are objects and lists in which nothing is left. What says something
is kept code point for code point. In CSV a cell for which the header has no name stands under its number: "#7".
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self

from adapter.faults import Fault

Leaf = str | bool | int | Decimal
Steps = tuple[str | int, ...]      # from a resident's tree to a value in it: ("medication", 3, "DOSE")
TOP = "/"                          # as the first of the steps: not in the resident's tree, but in what stands outside of all residents


class Node(dict[str, Any]):
    """One object of the export: a row, an element, a JSON object. `file` and `line` where it begins, as far as that is known."""

    __slots__ = ("file", "line")

    def __init__(self, values: Any = (), file: str = "", line: int | None = None) -> None:
        super().__init__(values)
        self.file, self.line = file, line


class Top(Node):
    """What stands outside of all residents, of an export of several files. `absent`: the names of the tables whose file is not there."""

    __slots__ = ("absent",)

    def __init__(self, values: Any = (), absent: frozenset[str] = frozenset()) -> None:
        super().__init__(values)
        self.absent = absent


def absent(top: Node) -> frozenset[str]:
    """The tables that the export does not have: it says nothing about their rows, not even that there are none."""
    return top.absent if isinstance(top, Top) else frozenset()


class Place(NamedTuple):
    """Where a value stands. `file`: as it is called inside the export, empty where the export is one file. Lines and columns count from 1;
    `column` counts characters. `name`: what the value is called there, a column of a table or a path such as medications/3/dose."""

    file: str = ""
    line: int | None = None
    column: int | None = None
    name: str = ""


class Rows(Protocol):
    """Everything the export says about one resident. `number`: her place in it, from 1. `top`: what stands outside of all residents.
    `orphaned`: the tables that have rows which belong to nobody, and might be hers.

    With `faults` the tree is not to be trusted: bytes that cannot be read, a row with too many cells, a key that is there twice.
    """

    @property
    def number(self) -> int: ...
    @property
    def tree(self) -> Node: ...
    @property
    def top(self) -> Node: ...
    @property
    def faults(self) -> tuple[Fault, ...]: ...
    @property
    def orphaned(self) -> frozenset[str]: ...

    def place(self, steps: Steps) -> Place:
        """Where this stands; where it is not there, whatever it would stand in."""
        ...


class Export(Protocol):
    """An export that is open. `says`: what was found out about it and should be stated, such as its encoding; no values."""

    @property
    def says(self) -> tuple[str, ...]: ...
    @property
    def top(self) -> Node: ...
    @property
    def delimiters(self) -> Mapping[str, str]:
        """Of CSV, by file: what stands between its cells."""
        ...

    @property
    def orphaned(self) -> frozenset[str]:
        """Of CSV: the tables that have rows which belong to nobody."""
        ...

    def __iter__(self) -> Iterator[Rows]: ...
    def unnamed(self) -> Iterator[tuple[str, Node]]:
        """After the last resident, be it closed by then or not: (table, row) of lookups of CSV that no row named. Those of JSON and XML
        stand in the top."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class OneFile:
    """An export in which all rows of a resident stand in her own: what only tables have, it has not."""

    delimiters: Mapping[str, str] = MappingProxyType({})
    orphaned: frozenset[str] = frozenset()

    def unnamed(self) -> Iterator[tuple[str, Node]]:
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def stands(tree: Node, top: Node, steps: Steps, path: bool = False) -> Place:
    """The place of the nearest node on the way. `path`: what it is called is the way itself, else the last name on it."""
    node, value = (top, top) if steps[:1] == (TOP,) else (tree, tree)
    names = steps[1:] if steps[:1] == (TOP,) else steps
    for step in names:
        try:
            value = value[step]     # type: ignore[index]  # a step may be the name of a member or a place in a list
        except (KeyError, IndexError, TypeError):
            break
        node = value if isinstance(value, Node) else node
    name = "/".join(map(str, names)) if path else next((step for step in reversed(names) if isinstance(step, str)), "")
    return Place(node.file, node.line, None, name)


# ---- what a layout says about the files ----------------------------------------------------------------------------------------
class Form(NamedTuple):
    """How one file of a CSV export is written. `nameless`: the columns for which its header has no name. `encoding` as Python calls it."""

    columns: tuple[str, ...]
    nameless: frozenset[str]
    encoding: str
    delimiter: str


@dataclass(frozen=True)
class Table:
    """One file of a CSV export. `name`: under which its rows hang in the tree. `file`: its file name, in whatever case.

    `of` and `by`: the rows belong to rows of that table, by columns of equal value: {its own column: the other's column}.
    `lookup`: the other way round: each row of `of` has at most one row here, and many rows may share it; it hangs there as one object.
    `single`: one row about the whole export; it stands at the top under its name. `columns`: in which order they are written.
    `key`: the column by which its rows are told apart, if there is one. `named`: the columns of which the layout says what they mean; the
    file must have them. `form`: how it is to be written, instead of what all settings say.
    """

    name: str
    file: str
    key: str = ""
    of: str = ""
    by: tuple[tuple[str, str], ...] = ()
    lookup: bool = False
    single: bool = False
    optional: bool = False
    columns: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    form: Form | None = None


@dataclass(frozen=True)
class Lookup:
    """JSON and XML: a list outside of the residents, of which a row names one element by a key; it hangs in the row under `name`.

    `items`: its path from the top. `key`: the name of the key there. `by`: the path of the naming value; its last name stands in the row.
    """

    name: str
    items: str
    key: str
    by: str


@dataclass(frozen=True)
class Settings:
    """`residents`: for CSV the name of the table with one row for each resident; for JSON and XML the path to the list of them, empty where
    the document itself is the list (or, in NDJSON, one a line). `encoding` and `delimiter`: empty to find out. `namespaces`: prefix -> URI;
    names in the namespace of the empty prefix are written without one. `left_out`: what the layout ignores, so that it is nobody's row."""

    format: str                                          # csv, json, ndjson, xml
    residents: str = ""
    key: str = ""                                        # the path of the resident's key in her tree
    encoding: str = ""
    delimiter: str = ""
    tables: tuple[Table, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    namespaces: dict[str, str] = field(default_factory=dict)
    left_out: Callable[[Rows], object] | None = None


FORMATS = ("csv", "json", "ndjson", "xml")
