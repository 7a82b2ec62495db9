"""What is read of a definition's JSON, and the tree that the ids of its elements make of their flat list.

Raises Unreadable for what is no definition or hangs together badly; the sentence names elements and URLs of the definition only.
Source: HL7 FHIR R4, pages StructureDefinition and ElementDefinition (ElementDefinition.id: "a.b:slice.c", of a slice of a slice "a:b/c").
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

import msgspec

from adapter.conformance.model import Json

DEEPEST = 32      # FHIR's own definitions stay under 10
DOTTED = 3        # points that the slices of one id may have in their names: with many there are too many ways to read it

T = TypeVar("T")


class Unreadable(ValueError):
    """A definition that cannot be compiled, in one sentence."""

    def __init__(self, says: str) -> None:
        super().__init__(printable(says))


def printable(text: str, most: int = 400) -> str:
    """A sentence with names in it that somebody else chose: no control characters, and an end."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])


class Raw(msgspec.Struct, rename="camel"):
    """What is read of a definition; all else of it is for people."""


class RawExtension(Raw):
    url: str = ""
    value_url: str = ""
    value_uri: str = ""
    value_string: str = ""
    value_canonical: str = ""

    @property
    def value(self) -> str:
        return self.value_url or self.value_uri or self.value_string or self.value_canonical


class RawType(Raw):
    code: str = ""
    profile: tuple[str, ...] = ()
    target_profile: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()
    versioning: str = ""
    extension: tuple[RawExtension, ...] = ()


class RawBinding(Raw):
    strength: Literal["required", "extensible", "preferred", "example"]
    value_set: str = ""
    extension: tuple[RawExtension, ...] = ()


class RawConstraint(Raw):
    key: str
    severity: Literal["error", "warning"] = "error"
    human: str = ""
    expression: str = ""
    source: str = ""


class RawDiscriminator(Raw):
    type: Literal["value", "pattern", "exists", "type", "profile"]
    path: str


class RawSlicing(Raw):
    rules: Literal["open", "closed", "openAtEnd"]
    discriminator: tuple[RawDiscriminator, ...] = ()
    ordered: bool = False


class RawBase(Raw):
    max: str = ""


class RawElement(Raw):
    path: str
    id: str = ""
    slice_name: str = ""
    min: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] | None = None
    max: str | None = None
    base: RawBase | None = None
    content_reference: str = ""
    type: tuple[RawType, ...] | None = None
    constraint: tuple[RawConstraint, ...] = ()
    binding: RawBinding | None = None
    slicing: RawSlicing | None = None
    is_modifier: bool | None = None
    must_support: bool | None = None
    max_length: int | None = None


class RawContext(Raw):
    type: str
    expression: str = ""


class RawElements(Raw):
    element: tuple[dict[str, Json], ...]


class RawDefinition(Raw):
    url: str
    type: str
    kind: str
    name: str = ""
    version: str = ""
    base_definition: str = ""
    status: str = ""
    abstract: bool = False
    derivation: str = "specialization"
    context: tuple[RawContext, ...] = ()
    context_invariant: tuple[str, ...] = ()
    snapshot: RawElements | None = None
    differential: RawElements | None = None


@dataclass(slots=True)
class Node:
    """An element in the tree that ids make of a flat list. `values`: its fixed[x], pattern[x], minValue[x], maxValue[x] by these names."""

    id: str
    raw: RawElement | None = None
    values: dict[str, Json] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)


def read_as(form: type[T], value: Json, what: str) -> T:
    """A definition's JSON in the form asked for; its faults name the place, never what stands there."""
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{what}: {_told(str(error))}") from None


def _told(error: str) -> str:
    """msgspec's sentence, without a value that it may quote."""
    says, at, place = error.partition(" - at ")
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", says) + at.replace(" - ", " ") + place


def definition_of(definition: Json) -> RawDefinition:
    return read_as(RawDefinition, definition, "a StructureDefinition")


# The tree ---------------------------------------------------------------------------------------------------------------------------

def tree(elements: Sequence[Json], url: str) -> Node:
    """The root of the elements as their ids nest them; an element that is not in the list, but others are inside it, has no `raw`."""
    root: Node | None = None
    for value in elements:
        raw = read_as(RawElement, value, f"an element of {url}")
        steps = steps_of(raw)
        if sum(1 + slice_name.count("/") for _, slice_name in steps) > DEEPEST:
            raise Unreadable(f"{url}: an element is nested more than {DEEPEST} deep")
        if root is None:
            root = Node(steps[0][0])
        elif steps[0][0] != root.id:
            raise Unreadable(f"{url}: an element does not stand under {root.id}")
        node = _reached(root, steps[1:])
        node.raw, node.values = raw, dict(_values(value))
    if root is None:
        raise Unreadable(f"{url} has no elements")
    return root


def steps_of(raw: RawElement) -> list[tuple[str, str]]:
    """(name, slice) for each step of an id; a slice's name may hold a point, so the path says where steps end."""
    names = raw.path.split(".")
    found = [(name, slice_name) for name, _, slice_name in (step.partition(":") for step in (raw.id or raw.path).split("."))]
    if len(found) != len(names):
        several = r"\.".join(re.escape(name) + r"(?::(.+?))?" for name in names)
        match = re.fullmatch(several, raw.id) if len(found) <= len(names) + DOTTED else None
        found = list(zip(names, (group or "" for group in match.groups()), strict=True)) if match else [(name, "") for name in names]
    if raw.slice_name and not found[-1][1]:
        found[-1] = (found[-1][0], raw.slice_name)
    return found


def _reached(node: Node, steps: Iterable[tuple[str, str]]) -> Node:
    for name, slice_name in steps:
        node = node.children.setdefault(name, Node(f"{node.id}.{name}"))
        for part in _slices(slice_name):
            node = node.slices.setdefault(part, Node(f"{node.id.partition(':')[0] if '/' in part else node.id}:{part}"))
    return node


def _slices(name: str) -> Iterator[str]:
    """`a/b` is the slice `a/b` of the slice `a`."""
    parts = name.split("/") if name else []
    return ("/".join(parts[: index + 1]) for index in range(len(parts)))


def _values(value: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    for key, each in value.items():
        for what in ("fixed", "pattern", "minValue", "maxValue"):
            if key.startswith(what) and key[len(what):len(what) + 1].isupper():
                yield what, each
