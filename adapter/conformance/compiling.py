"""A StructureDefinition with a snapshot -> Profile.

    compiled(definition, types)      types: name -> Profile of the types that stand already ("Patient", "Identifier")

Types are compiled before what narrows them: a profile keeps what it says more than its type. Raises Unreadable for what is no
StructureDefinition or hangs together badly; the sentence names elements and URLs of the definition only.
Source: HL7 FHIR R4, pages StructureDefinition, ElementDefinition and Profiling; ids as ElementDefinition.id ("a.b:slice.c").
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import msgspec

from adapter.conformance.model import Binding, Constraint, Context, Discriminator, Element, Json, Profile, Slicing, Type

EXTENSIONS = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE, REGEX = EXTENSIONS + "structuredefinition-fhir-type", EXTENSIONS + "regex"
MAX_VALUE_SET = EXTENSIONS + "elementdefinition-maxValueSet"
SYSTEM_TYPES = "http://hl7.org/fhirpath/"
ON_EVERY_ELEMENT = "ele-1"      # written on each, checked for each: said once, nowhere
DEEPEST = 32                    # FHIR's own definitions stay under 10

T = TypeVar("T")


class Unreadable(ValueError):
    """A definition that cannot be compiled, in one sentence."""


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
    profile: list[str] = []
    target_profile: list[str] = []
    aggregation: list[str] = []
    extension: list[RawExtension] = []


class RawBinding(Raw):
    strength: Literal["required", "extensible", "preferred", "example"]
    value_set: str = ""
    extension: list[RawExtension] = []


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
    discriminator: list[RawDiscriminator] = []
    ordered: bool = False


class RawBase(Raw):
    max: str = ""


class RawElement(Raw):
    path: str
    id: str = ""
    slice_name: str = ""
    min: int | None = None
    max: str | None = None
    base: RawBase | None = None
    content_reference: str = ""
    type: list[RawType] | None = None
    constraint: list[RawConstraint] = []
    binding: RawBinding | None = None
    slicing: RawSlicing | None = None
    is_modifier: bool | None = None
    must_support: bool | None = None
    max_length: int | None = None


class RawContext(Raw):
    type: str
    expression: str = ""


class RawElements(Raw):
    element: list[dict[str, Json]]


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
    context: list[RawContext] = []
    context_invariant: list[str] = []
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
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", says) + at + place


def definition_of(definition: Json) -> RawDefinition:
    return read_as(RawDefinition, definition, "a StructureDefinition")


def compiled(definition: Json, types: Mapping[str, Profile]) -> Profile:
    """Of `types` those that this one uses matter, and of a profile the type it narrows. Without them it says more than it need."""
    raw = definition_of(definition)
    if raw.snapshot is None or not raw.snapshot.element:
        raise Unreadable(f"{raw.url} has no snapshot")
    root = tree(raw.snapshot.element, raw.url)
    whole = Compiler(types).element(root)
    return profile_of(raw, whole, types, regex=_regex(root))


def profile_of(raw: RawDefinition, whole: Element, types: Mapping[str, Profile], regex: str = "") -> Profile:
    """The profile with the root `whole`: of a profile, only what its type does not say already."""
    kind = types.get(raw.type) if raw.derivation == "constraint" else None
    root = said_more(whole, kind.root, Places(kind.root, types)) if kind else whole
    return Profile(
        url=raw.url, type=raw.type, kind=raw.kind, root=msgspec.structs.replace(root, many=False), name=raw.name, version=raw.version,
        base=raw.base_definition, status=raw.status, abstract=raw.abstract, derivation=raw.derivation,
        contexts=tuple(Context(each.type, each.expression) for each in raw.context), context_invariants=tuple(raw.context_invariant),
        regex=regex,
    )


# The tree ---------------------------------------------------------------------------------------------------------------------------

def tree(elements: Sequence[Json], url: str) -> Node:
    """The root of the elements as their ids nest them; an element that is not in the list, but others are inside it, has no `raw`."""
    root: Node | None = None
    for value in elements:
        raw = read_as(RawElement, value, f"an element of {url}")
        steps = steps_of(raw)
        if len(steps) > DEEPEST:
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
        match = re.fullmatch(r"\.".join(re.escape(name) + r"(?::(.+?))?" for name in names), raw.id)
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


def _regex(root: Node) -> str:
    """Of a primitive type: the form of its value."""
    value = root.children.get("value")
    if value is None or value.raw is None or not value.raw.type:
        return ""
    return next((each.value for kind in value.raw.type for each in kind.extension if each.url == REGEX), "")


# Elements ---------------------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes elements of nodes; `types` tell which invariants an element need not repeat."""

    types: Mapping[str, Profile]

    def element(self, node: Node) -> Element:
        raw = node.raw or RawElement(path=node.id)
        kinds = tuple(type_of(each) for each in raw.type or ())
        return Element(
            id=node.id, name=node.id.rpartition(".")[2].partition(":")[0], least=raw.min or 0, most=most_of(raw.max),
            many=raw.base is not None and raw.base.max not in ("0", "1", ""), types=kinds,
            content=raw.content_reference.rpartition("#")[2], fixed=node.values.get("fixed"), pattern=node.values.get("pattern"),
            binding=binding_of(raw.binding), constraints=self.constraints(raw.constraint, kinds),
            slicing=slicing_of(raw.slicing, bool(node.slices)),
            slices=tuple(self.element(each) for each in node.slices.values()), slice=raw.slice_name,
            children=tuple(self.element(each) for each in node.children.values() if not _is_value(node, each)),
            modifier=bool(raw.is_modifier), must_support=bool(raw.must_support), longest=raw.max_length,
            lowest=node.values.get("minValue"), highest=node.values.get("maxValue"),
        )

    def constraints(self, found: Iterable[RawConstraint], kinds: Iterable[Type]) -> tuple[Constraint, ...]:
        carried = {each.key for kind in kinds if kind.code in self.types for each in self.types[kind.code].root.constraints}
        return tuple(constraint_of(each) for each in found if each.key != ON_EVERY_ELEMENT and each.key not in carried)


def _is_value(node: Node, child: Node) -> bool:
    """Of a primitive type, the element that stands for the value itself and is no key in JSON."""
    kinds = child.raw.type if child.raw else None
    return child.id == f"{node.id}.value" and any(kind.code.startswith(SYSTEM_TYPES) for kind in kinds or ())


def type_of(raw: RawType) -> Type:
    """FHIR's name also where the definition says System.String and the extension the name."""
    code = next((each.value for each in raw.extension if each.url == FHIR_TYPE), "") or raw.code
    return Type(code, tuple(raw.profile), tuple(raw.target_profile), tuple(raw.aggregation))


def most_of(text: str | None) -> int | None:
    """`*` and what is not said are no limit."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else None


def constraint_of(raw: RawConstraint) -> Constraint:
    return Constraint(raw.key, raw.severity, raw.human, raw.expression, raw.source)


def binding_of(raw: RawBinding | None) -> Binding | None:
    if raw is None:
        return None
    within = next((unversioned(each.value) for each in raw.extension if each.url == MAX_VALUE_SET), "")
    if raw.strength == "example":
        return Binding("preferred", within, within) if within else None
    return Binding(raw.strength, unversioned(raw.value_set), within)


def slicing_of(raw: RawSlicing | None, has_slices: bool) -> Slicing | None:
    """Every list of extensions is sliced by url, says each snapshot anew: without slices that asks for nothing."""
    if raw is None or (raw.rules == "open" and not has_slices):
        return None
    return Slicing(raw.rules, tuple(Discriminator(each.type, each.path) for each in raw.discriminator), raw.ordered)


def unversioned(canonical: str) -> str:
    return canonical.partition("|")[0]


# What a profile says more than its type -----------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Places:
    """The elements of a type and of the types inside it, by name; `root` is the type's, for content references."""

    root: Element
    types: Mapping[str, Profile]

    def inside(self, element: Element) -> tuple[Mapping[str, Element], Places]:
        """The elements inside one, and whose they are."""
        if element.children:
            return by_name(element.children), self
        if element.content and (found := find(self.root, element.content)):
            return by_name(found.children), self
        kind = self.types.get(element.types[0].code) if len(element.types) == 1 else None
        return (by_name(kind.root.children), Places(kind.root, self.types)) if kind else ({}, self)


def by_name(elements: Iterable[Element]) -> dict[str, Element]:
    return {each.name: each for each in elements}


def find(element: Element, wanted: str) -> Element | None:
    """The element with this id, slices aside."""
    if element.id == wanted:
        return element
    return next((found for child in element.children if wanted.startswith(element.id) and (found := find(child, wanted))), None)


def said_more(element: Element, plain: Element, places: Places) -> Element:
    """The element, of which the type says `plain`, with what it says more. A slice's type may be one of several: its elements are that
    type's."""
    inside, theirs = places.inside(element if not element.children and not element.content else _typed(plain, element))
    known = {each.key for each in plain.constraints}
    children = (said_more(child, inside[child.name], theirs) if child.name in inside else child for child in element.children)
    return msgspec.structs.replace(
        element, constraints=tuple(each for each in element.constraints if each.key not in known),
        children=tuple(child for child in children if child.name not in inside or says(child, inside[child.name])),
        slices=tuple(said_more(each, plain, places) for each in element.slices),
    )


def _typed(plain: Element, element: Element) -> Element:
    return plain if plain.children or plain.content else msgspec.structs.replace(plain, types=element.types)


def says(element: Element, plain: Element) -> bool:
    """Whether anything is left of it."""
    if element.children or element.slices or element.constraints:
        return True
    bare = {"id": "", "constraints": (), "children": (), "slices": ()}
    return msgspec.structs.replace(element, **bare) != msgspec.structs.replace(plain, **bare)


def parts(element: Element) -> Iterator[Element]:
    """It and everything inside it, slices too."""
    yield element
    for each in (*element.children, *element.slices):
        yield from parts(each)


