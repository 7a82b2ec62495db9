"""What a shape says, as pages for people who review it: which field stands where, what carries it, what is insisted on. Pure.

    page("Immunization").groups[0].rows[0]       Row("procedure", "extension[VaccinationProcedure].valueCodeableConcept", "Coded", ...)
"""
from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from posixpath import commonprefix
from typing import Annotated, Any, NamedTuple

from mappings import tree
from mappings.catalogue import RECORDS, SHAPES, WRITABLE
from mappings.codes import CodeTable
from mappings.faults import at
from mappings.shape import Part
from mappings.straight import AS_IS

# What a field without a codec holds, in plain words.
PLAIN = {str: "text", bool: "true or false", int: "whole number", Decimal: "number"}
SLICE = re.compile(r"\[\w+=(?:[^\]]*/)?(?:Extension-UKCore-)?([^/\]]+)\]")


class Row(NamedTuple):
    """One field of a record and its place. `required`: the record cannot be made without it. `table` offers our words for its codes."""

    field: str
    path: str
    carries: str
    required: bool = False
    table: CodeTable | None = None


class Constant(NamedTuple):
    """`insisted`: where it is missing or different the part is not read. Otherwise it is written only."""

    path: str
    value: Any
    insisted: bool


@dataclass(frozen=True)
class Group:
    """A record, or what several records of one resource have in common."""

    title: str
    about: str
    rows: tuple[Row, ...]
    constants: tuple[Constant, ...]
    not_in_fhir: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """One resource. `about` is the docstring of its module; `writes` is false where we only read it."""

    resource: str
    about: str
    writes: bool
    groups: tuple[Group, ...]

    @property
    def tables(self) -> dict[str, CodeTable]:
        """Code tables by the fields that use them."""
        used: dict[int, tuple[CodeTable, list[str]]] = {}
        for group in self.groups:
            for row in group.rows:
                if row.table:
                    used.setdefault(id(row.table), (row.table, []))[1].append(row.field)
        return {", ".join(dict.fromkeys(fields)): table for table, fields in used.values()}


# ---- reading the shapes ---------------------------------------------------------------------------------------------------
def page(resource: str) -> Page:
    """Raises KeyError for a resource type that has no shape."""
    lens: Any = SHAPES[resource]
    branches = [_group(part) for part in getattr(lens, "shapes", (lens,))]
    about = _doc(sys.modules[RECORDS_OF[resource][0].__module__])
    return Page(resource, about, resource in WRITABLE, tuple(branches if len(branches) == 1 else _shared(branches)))


@cache
def parts() -> dict[str, Any]:
    """The parts that several fields share, by name."""
    return {x.label: x for x in _shared_parts()}


@cache
def _shared_parts() -> tuple[Any, ...]:
    """Whatever a module of `mappings` names as a Part of a record of its own. Elsewhere the same record stands in another template."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("mappings.")]
    return tuple(x for module in modules for x in vars(module).values() if type(x) is Part and x.record.__module__ == module.__name__)


def _has_a_page(codec: Any) -> bool:
    return any(codec is x for x in _shared_parts())


def part_page(name: str) -> Group:
    """One of the shared parts."""
    return _group(parts()[name])


RECORDS_OF: dict[str, list[type]] = {kind: [r for r, (of, _) in RECORDS.items() if of == kind] for kind in SHAPES}


def _group(part: Any) -> Group:
    found = list(_walk(part.node, part, ""))
    rows, constants = (tuple(x for x in found if isinstance(x, kind)) for kind in (Row, Constant))
    return Group(part.label, _doc(part.record), rows, constants, tuple(part.not_in_fhir.items()))  # type: ignore[arg-type]  # sorted above


def _shared(branches: list[Group]) -> Iterator[Group]:
    """First what all branches have, then what only one has."""
    rows = tuple(r for r in branches[0].rows if all(r in b.rows for b in branches))
    constants = tuple(c for c in branches[0].constants if all(c in b.constants for b in branches))
    yield Group(", ".join(b.title for b in branches), "What all of them have.", rows, constants)
    for b in branches:
        yield Group(b.title, b.about, tuple(r for r in b.rows if r not in rows), tuple(c for c in b.constants if c not in constants),
                    b.not_in_fhir)


def _walk(node: Any, part: Any, path: str) -> Iterator[Row | Constant]:
    if isinstance(node, tree.Obj):
        for key, inner in node.parts.items():
            yield from _walk(inner, part, at(path, key))
    elif isinstance(node, tree.Seq):
        for item in node.items:
            yield from _walk(item, part, f"{path}[{_chosen_by(item)}]")
    elif isinstance(node, tree.Many):
        yield from _each(node, part, path)
    elif isinstance(node, tree.Leaf):
        yield from _leaf(node, part, path)
    elif isinstance(node, tree.Const):
        yield Constant(short(path), node.value, not isinstance(node, tree.Also))


def _each(node: tree.Many, part: Any, path: str) -> Iterator[Row | Constant]:
    if not node.node or _has_a_page(node.codec):
        yield _row((node.field,), "[]", part, path, node.codec)
    elif node.codec.label in parts():
        yield from _wrapped(node, part, path)
    else:
        yield from _nested(node.codec, f"{node.field}[].", path)


def _wrapped(node: tree.Many, part: Any, path: str) -> Iterator[Row | Constant]:
    """A record that has a page, inside something else, such as an extension."""
    inner = list(_nested(node.codec, "", path))
    around = commonprefix([x.path for x in inner if isinstance(x, Row)]).rpartition(".")[0]
    yield _row((node.field,), "[]", part, around, node.codec)
    yield from (x for x in inner if isinstance(x, Constant))


def _leaf(node: tree.Leaf, part: Any, path: str) -> Iterator[Row | Constant]:
    if isinstance(node.codec, Part) and not _has_a_page(node.codec):
        yield from _nested(node.codec, f"{node.field}.", path)
    else:
        yield _row(node.names, "", part, path, node.codec)


def _nested(inner: Any, prefix: str, path: str) -> Iterator[Row | Constant]:
    for found in _walk(inner.node, inner, path):
        yield found._replace(field=prefix + found.field) if isinstance(found, Row) else found


def _row(names: tuple[str, ...], suffix: str, part: Any, path: str, codec: Any) -> Row:
    hint = typing.get_type_hints(part.record, include_extras=True)[names[0]]
    carries = _plain(hint) if codec.label == AS_IS else codec.label
    return Row(" & ".join(names) + suffix, short(path), carries, names[0] in part.required, next(tables_in(hint), None))


def _chosen_by(item: Any) -> str:
    """What tells this element of a list: its constants, such as url=... or use=official."""
    constants = {k: p.value for k, p in getattr(item, "parts", {}).items() if type(p) is tree.Const}
    return ",".join(f"{key}={value}" for key, value in constants.items() if isinstance(value, str))


def short(path: str) -> str:
    """extension[url=https://.../Extension-UKCore-BirthSex] as extension[BirthSex]; the whole URL is among the constants.

    >>> short("name[use=official].given"), short("extension[url=http://hl7.org/fhir/StructureDefinition/patient-religion].valueX")
    ('name[official].given', 'extension[patient-religion].valueX')
    """
    return SLICE.sub(r"[\1]", path)


def _plain(hint: Any) -> str:
    kinds = [PLAIN[k] for k in (str, bool, int, Decimal) if k in _leaves(hint)]
    return "number" if kinds == ["whole number", "number"] else " or ".join(kinds)


def _leaves(hint: Any) -> list[Any]:
    inner = typing.get_args(hint)
    return [leaf for x in inner for leaf in _leaves(x)] if inner else [hint]


def tables_in(hint: Any) -> Iterator[CodeTable]:
    if typing.get_origin(hint) is Annotated:
        yield from (note for note in hint.__metadata__ if isinstance(note, CodeTable))
    for inner in typing.get_args(hint):
        yield from tables_in(inner)


def _doc(thing: Any) -> str:
    """A docstring as paragraphs of one line; none where Python made it up itself."""
    said = thing.__doc__ or ""
    if said.startswith(f"{getattr(thing, '__name__', '')}("):
        return ""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in said.split("\n\n"))
