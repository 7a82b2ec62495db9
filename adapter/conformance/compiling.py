"""A StructureDefinition with a snapshot -> Profile.

    compiled(definition, types)      types: name -> Profile of the types that stand already ("Patient", "Identifier")
    slimmed(profile, known)          without what the profiles of its elements (extensions, SimpleQuantity) say themselves

Types are compiled before what narrows them: a profile keeps what it says more than its type. Raises Unreadable.
Source: HL7 FHIR R4, pages StructureDefinition, ElementDefinition and Profiling.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from adapter.conformance.model import Binding, Constraint, Context, Discriminator, Element, Json, Profile, Slicing, Type
from adapter.conformance.raw import (
    Node,
    RawBinding,
    RawConstraint,
    RawDefinition,
    RawElement,
    RawSlicing,
    RawType,
    Unreadable,
    definition_of,
    tree,
)

EXTENSIONS = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE, REGEX = EXTENSIONS + "structuredefinition-fhir-type", EXTENSIONS + "regex"
MAX_VALUE_SET = EXTENSIONS + "elementdefinition-maxValueSet"
SYSTEM_TYPES = "http://hl7.org/fhirpath/"
BY_URL = Slicing("open", (Discriminator("value", "url"),))
BY_TYPE = Slicing("open", (Discriminator("type", "$this"),))
ONLY_A_PERSON = Slicing("open")
ON_EVERY_ELEMENT = "ele-1"      # written on each, checked for each: said once, nowhere


def compiled(definition: Json, types: Mapping[str, Profile]) -> Profile:
    """Of `types` those that this one uses matter, and of a profile the type it narrows. Without them it says more than it need."""
    raw = definition_of(definition)
    if raw.snapshot is None or not raw.snapshot.element:
        raise Unreadable(f"{raw.url} has no snapshot")
    root = tree(raw.snapshot.element, raw.url)
    whole = Compiler(raw.url, types).element(root)
    return profile_of(raw, whole, types, regex=_regex(root))


def profile_of(raw: RawDefinition, whole: Element, types: Mapping[str, Profile], regex: str = "") -> Profile:
    """The profile with the root `whole`: of a profile, only what its type does not say already."""
    kind = types.get(raw.type) if raw.derivation == "constraint" else None
    root = said_more(whole, [place_of(kind, Known(types))]) if kind else whole
    return Profile(
        url=raw.url, type=raw.type, kind=raw.kind, root=msgspec.structs.replace(root, many=False), name=raw.name, version=raw.version,
        base=raw.base_definition, status=raw.status, abstract=raw.abstract, derivation=raw.derivation,
        contexts=tuple(Context(each.type, each.expression) for each in raw.context), context_invariants=tuple(raw.context_invariant),
        regex=regex,
    )


def _regex(root: Node) -> str:
    """Of a primitive type: the form of its value."""
    value = root.children.get("value")
    if value is None or value.raw is None or not value.raw.type:
        return ""
    return next((each.value for kind in value.raw.type for each in kind.extension if each.url == REGEX), "")


# Elements ---------------------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes elements of nodes. `url`: of the definition; `types` tell which invariants an element need not repeat."""

    url: str
    types: Mapping[str, Profile]

    def element(self, node: Node) -> Element:
        raw = node.raw or RawElement(path=node.id)
        kinds = tuple(type_of(each) for each in raw.type or ())
        binding, suggested = bound(raw.binding)
        return Element(
            id=node.id, name=node.id.rpartition(".")[2].partition(":")[0], least=raw.min or 0, most=most_of(raw.max),
            many=raw.base is not None and raw.base.max not in ("0", "1", ""), types=kinds,
            content=raw.content_reference.rpartition("#")[2], fixed=node.values.get("fixed"), pattern=node.values.get("pattern"),
            binding=binding, suggested=suggested, constraints=self.constraints(raw.constraint, kinds),
            slicing=slicing_of(raw.slicing),
            slices=tuple(self.element(each) for each in node.slices.values()), slice=raw.slice_name,
            children=tuple(self.element(each) for each in node.children.values() if not _is_value(node, each)),
            modifier=bool(raw.is_modifier), must_support=bool(raw.must_support), longest=raw.max_length,
            lowest=node.values.get("minValue"), highest=node.values.get("maxValue"),
        )

    def constraints(self, found: Iterable[RawConstraint], kinds: Iterable[Type]) -> tuple[Constraint, ...]:
        carried = {each.key for kind in kinds if kind.code in self.types for each in self.types[kind.code].root.constraints}
        return tuple(
            Constraint(each.key, each.severity, each.human, each.expression, each.source or self.url)
            for each in found if each.key != ON_EVERY_ELEMENT and each.key not in carried
        )


def _is_value(node: Node, child: Node) -> bool:
    """Of a primitive type, the element that stands for the value itself and is no key in JSON."""
    kinds = child.raw.type if child.raw else None
    return child.id == f"{node.id}.value" and any(kind.code.startswith(SYSTEM_TYPES) for kind in kinds or ())


def type_of(raw: RawType) -> Type:
    """FHIR's name also where the definition says System.String: that which the extension says, else `string`."""
    code = next((each.value for each in raw.extension if each.url == FHIR_TYPE), "") or raw.code
    if code.startswith(SYSTEM_TYPES):
        name = code.rpartition(".")[2]
        code = name[:1].lower() + name[1:]
    return Type(code, raw.profile, raw.target_profile, raw.aggregation, raw.versioning)


def most_of(text: str | None) -> int | None:
    """`*` and what is not said are no limit."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else None


def bound(raw: RawBinding | None, stands: Binding | None = None, suggested: str = "") -> tuple[Binding | None, str]:
    """The binding, and the value set of one that is only an example. `stands`, `suggested`: what this narrows, which tells what it does
    not say itself."""
    if raw is None:
        return stands, suggested
    within = next((unversioned(each.value) for each in raw.extension if each.url == MAX_VALUE_SET), stands.within if stands else "")
    value_set = unversioned(raw.value_set) or (stands.value_set if stands else suggested)
    if raw.strength == "example":
        return (Binding("preferred", within, within) if within else None), value_set
    return Binding(raw.strength, value_set, within), ""


def slicing_of(raw: RawSlicing | None) -> Slicing | None:
    return Slicing(raw.rules, tuple(Discriminator(each.type, each.path) for each in raw.discriminator), raw.ordered) if raw else None


def unversioned(canonical: str) -> str:
    return canonical.partition("|")[0]


# What a profile says more than its type -----------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Known:
    """What stands already: `types` by name, `profiles` by URL."""

    types: Mapping[str, Profile]
    profiles: Mapping[str, Profile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a type, and what is inside it. `root`: the type's, for content references."""

    element: Element
    root: Element
    known: Known

    def inside(self, kinds: tuple[Type, ...] = ()) -> dict[str, Place]:
        """The elements inside it, by name. `kinds`: its types, where a profile says fewer."""
        element, root = self.element, self.root
        if element.content and (found := find(root, element.content)):
            element = found
        if not element.children and len(kinds := kinds or element.types) == 1 and (kind := self.known.types.get(kinds[0].code)):
            element = root = kind.root
        return {child.name: Place(child, root, self.known) for child in element.children}


def place_of(profile: Profile, known: Known) -> Place:
    return Place(profile.root, profile.root, known)


def profile_asked_for(element: Element, known: Known) -> Profile | None:
    """The one profile that its one type must meet, if it is known."""
    (profiles,) = (each.profiles for each in element.types) if len(element.types) == 1 else ((),)
    return known.profiles.get(unversioned(profiles[0])) if len(profiles) == 1 else None


def slimmed(profile: Profile, known: Known) -> Profile:
    kind = known.types.get(profile.type)
    if kind is None or profile.derivation != "constraint":
        return profile
    return msgspec.structs.replace(profile, root=said_more(profile.root, [place_of(kind, known)]))


def by_name(elements: Iterable[Element]) -> dict[str, Element]:
    return {each.name: each for each in elements}


def find(element: Element, wanted: str) -> Element | None:
    """The element with this id, slices aside."""
    if element.id == wanted:
        return element
    return next((found for child in element.children if wanted.startswith(element.id) and (found := find(child, wanted))), None)


def said_more(element: Element, plain: Sequence[Place]) -> Element:
    """The element with what it says more than the `plain` ones: the same element of its type, of what it is a slice of; and than the
    profile that it has to meet."""
    if plain and not element.types and not element.content and "." in element.id:
        element = _filled(element, plain[0].element)
    if plain and (asked := profile_asked_for(element, plain[0].known)):
        plain = [*plain, place_of(asked, plain[0].known)]
    known = {each.key for place in plain for each in place.element.constraints}
    constraints = tuple(each for each in element.constraints if each.key not in known)
    said = msgspec.structs.replace(element, children=tuple(_children_said(element, plain)), constraints=constraints)
    alone = msgspec.structs.replace(said, slices=())
    slices = tuple(_slices_said(element.slices, [*plain, Place(alone, alone, Known({}))]))
    return _folded(msgspec.structs.replace(said, slices=slices, slicing=told_apart(said.name, said.slicing, slices)))


def _filled(element: Element, plain: Element) -> Element:
    """A snapshot that has the slices of an element and not the element itself: it is as the type has it."""
    return msgspec.structs.replace(plain, id=element.id, children=element.children, slices=element.slices, slicing=element.slicing)


def _children_said(element: Element, plain: Sequence[Place]) -> Iterator[Element]:
    inside = [place.inside(element.types) for place in plain]
    for child in element.children:
        theirs = [each[child.name] for each in inside if child.name in each]
        said = said_more(child, theirs)
        if not theirs or says(said, theirs[-1].element):
            yield said


def told_apart(name: str, slicing: Slicing | None, slices: tuple[Element, ...]) -> Slicing | None:
    """Extensions and choices always are, and nobody has to say how. Without slices, an open slicing asks for nothing."""
    if slices and slicing is None:
        return BY_URL if name in ("extension", "modifierExtension") else BY_TYPE if name.endswith("[x]") else ONLY_A_PERSON
    return slicing if slices or (slicing and slicing.rules != "open") else None


def _folded(element: Element) -> Element:
    """A choice that has one type left, and says of it what that type's slice says: simply said of the element."""
    by_type = element.slicing is not None and element.slicing.discriminators == BY_TYPE.discriminators and element.name.endswith("[x]")
    if not by_type or len(element.slices) != 1 or len(element.types) != 1 or element.children:
        return element
    (only,) = element.slices
    if only.types != element.types or only.slices:
        return element
    return msgspec.structs.replace(
        only, id=element.id, slice=element.slice, slicing=None,
        least=max(only.least, element.least), most=element.most if only.most is None else only.most,
        constraints=element.constraints + only.constraints, binding=only.binding or element.binding,
        must_support=only.must_support or element.must_support,
    )


def _slices_said(slices: Iterable[Element], beside: Sequence[Place]) -> Iterator[Element]:
    """Without those that a profile beside has, where no more is said of them here."""
    for each in slices:
        same = [Place(theirs, place.root, place.known) for place in beside for theirs in place.element.slices if theirs.slice == each.slice]
        said = said_more(each, [*beside, *same])
        if not same or says(said, same[-1].element):
            yield said


def says(element: Element, plain: Element) -> bool:
    """Whether anything is left of it."""
    if element.children or element.slices or element.constraints:
        return True
    return _bare(element) != _bare(plain)


def _bare(element: Element) -> Element:
    slicing = told_apart(element.name, element.slicing, ())
    return msgspec.structs.replace(element, id="", suggested="", constraints=(), children=(), slices=(), slicing=slicing)


def parts(element: Element) -> Iterator[Element]:
    """It and everything inside it, slices too."""
    yield element
    for each in (*element.children, *element.slices):
        yield from parts(each)
