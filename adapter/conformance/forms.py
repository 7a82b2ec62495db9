"""What several definitions say of one value, said together.

A resource is held against its type and against profiles of it at once, and each says something of the same values. `Forms` lays what they
say over one another, place by place, when a place is first met, and keeps it: the walk then asks once what would else be asked of each.

    form = forms.of("Patient", (Said(type.root, type), Said(profile.root, profile)))
    form.keys["deceasedBoolean"] == (spot, "boolean")            spot.least, spot.most, spot.many, spot.sliced

Source: HL7 FHIR R4, pages ElementDefinition (rules of a type and of its constraints apply together) and Profiling.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from adapter.conformance.model import Binding, Codes, CodeSystem, Constraint, Element, Json, Profile, Slicing

INLINE = ("BackboneElement", "Element")      # types whose elements the element itself names


class Definitions(Protocol):
    """What is asked of the compiled definitions (definitions.py)."""

    def profile(self, url: str) -> Profile | None: ...
    def type(self, name: str) -> Profile | None: ...
    def implied(self, kind: str) -> Profile | None: ...
    def brought(self, kind: str) -> Sequence[Profile]: ...
    def codes(self, value_set: str) -> Codes | None: ...
    def system(self, url: str) -> CodeSystem | None: ...


class Said(NamedTuple):
    """An element and the definition that says it."""

    element: Element
    owner: Profile

    @property
    def source(self) -> str:
        return self.owner.url


class Bound(NamedTuple):
    binding: Binding
    source: str


class Asked(NamedTuple):
    """A value that is asked for: `fixed` (the same) or `pattern` (at least this)."""

    value: Json
    whole: bool
    source: str


class Slice(NamedTuple):
    """`said`: the slice's own element; `parts`: the slices it is sliced into itself."""

    name: str
    said: Said


class Sliced(NamedTuple):
    """`said`: what the slices' own profile, and the type that it narrows, say of all elements that are shared out: by nothing else is told
    which slice an element is of."""

    slicing: Slicing
    slices: tuple[Slice, ...]
    source: str
    said: tuple[Said, ...] = ()


@dataclass(slots=True, eq=False)
class Spot:
    """What may stand under the key (of a choice: the keys) of one element. `name`: the element's, `deceased[x]`.

    `keys`: key -> type. `denied`: key -> the keys that a profile leaves of the choice, and its URL.
    """

    name: str
    many: bool
    said: tuple[Said, ...]
    keys: dict[str, str]
    least: Said | None = None
    most: Said | None = None
    sliced: tuple[Sliced, ...] = ()
    denied: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    plain: dict[str, Form] = field(default_factory=dict)

    @property
    def needed(self) -> bool:
        """Whether something is wrong where nothing stands: with the element, or with a slice of it."""
        return self.least is not None or any(map(is_needed, (each.said.element for sliced in self.sliced for each in sliced.slices)))


@dataclass(slots=True, eq=False)
class Form:
    """What one value must be. `type`: FHIR's name; `base`: of what stands within a resource (`Patient.contact`), else the type."""

    type: str
    base: str
    kind: str
    said: tuple[Said, ...]
    keys: dict[str, tuple[Spot, str]]
    required: tuple[Spot, ...]
    choices: bool
    constraints: tuple[tuple[Constraint, str], ...]
    bound: tuple[Bound, ...]
    within: tuple[Bound, ...]
    asked: tuple[Asked, ...]
    targets: tuple[tuple[tuple[str, ...], str], ...]
    aggregation: tuple[tuple[tuple[str, ...], str], ...]
    profiles: tuple[str, ...]
    limited: tuple[Said, ...]
    names: frozenset[str]


class Forms:
    """Lays what definitions say over one another, and keeps it. `most`: Forms that are kept at once, for whoever asks for what resources
    claim (any profiles together, of which there is no end); what is let go of is made again. Else each for as long as the definitions."""

    def __init__(self, definitions: Definitions, most: int | None = None) -> None:
        self.definitions, self.most = definitions, most
        self._forms: dict[tuple[str, tuple[int, ...]], Form] = {}
        self.matchers: dict[tuple[int, ...], Any] = {}      # how slices are recognised (discriminators.py), by all that is said of them

    def of(self, kind: str, said: tuple[Said, ...]) -> Form:
        key = (kind, tuple(id(each.element) for each in said))
        if (found := self._forms.get(key)) is None:
            if len(self._forms) == self.most:
                self._forms.clear()
                self.matchers.clear()
            found = self._forms[key] = self._form(kind, said)
        return found

    def plain(self, spot: Spot, kind: str) -> Form:
        """What a value of one of the spot's types must be, whatever slice it falls into."""
        if (found := spot.plain.get(kind)) is None:
            found = spot.plain[kind] = self.of(kind, spot.said)
        return found

    def _form(self, kind: str, said: tuple[Said, ...]) -> Form:
        type_ = self.definitions.type(kind)
        said = tuple(self._with_profiles(kind, said))
        inline = self._inside(said[0]) if kind in INLINE else ()
        spots = self._spots(kind, inline or ([Said(each, type_) for each in type_.root.children] if type_ else ()), said)
        carriers = [*([Said(type_.root, type_)] if type_ else ()), *said]
        return Form(
            type=kind, base=self._base(kind, said, bool(inline)), kind=type_.kind if type_ else "", said=said,
            keys={key: (spot, code) for spot in spots for key, code in spot.keys.items()},
            required=tuple(spot for spot in spots if spot.needed), choices=any(len(spot.keys) > 1 for spot in spots),
            constraints=_constraints(carriers), bound=_bound(said), within=_within(said), asked=tuple(_asked(said)),
            targets=_targets(kind, said), aggregation=_aggregation(kind, said), profiles=_profiles(kind, said),
            limited=tuple(each for each in said if each.element.longest or (each.element.lowest, each.element.highest) != (None, None)),
            names=frozenset(each.element.id for each in carriers) | {kind} | self._bases(type_),
        )

    def _with_profiles(self, kind: str, said: Iterable[Said]) -> Iterator[Said]:
        """What is said, there or where it refers to, and what the one profile says that the value must meet (SimpleQuantity; an extension's
        own is found by its URL)."""
        for each in said:
            yield each
            if referred := self._referred(each):
                yield referred
            urls = next((type_.profiles for type_ in each.element.types if type_.code == kind), ())
            if kind != "Extension" and len(urls) == 1 and (profile := self.definitions.profile(urls[0])) and profile.kind == "complex-type":
                yield Said(profile.root, profile)

    def _bases(self, type_: Profile | None) -> frozenset[str]:
        found = set()
        while type_ is not None and type_.type not in found:
            found.add(type_.type)
            type_ = self.definitions.profile(type_.base) if type_.base else None
        return frozenset(found)

    def _base(self, kind: str, said: Sequence[Said], inline: bool) -> str:
        return (said[0].element.content or said[0].element.id) if inline else kind

    def _inside(self, said: Said) -> Sequence[Said]:
        """The elements that an element itself names, or the one it refers to does."""
        whose = said if said.element.children else self._referred(said)
        return [Said(each, whose.owner) for each in whose.element.children] if whose else ()

    def _referred(self, said: Said) -> Said | None:
        """The element that a contentReference means, of the definition or of the type that it narrows."""
        owners = (said.owner, self.definitions.type(said.owner.type)) if said.element.content else ()
        return next((Said(found, owner) for owner in owners if owner and (found := _find(owner.root, said.element.content))), None)

    def _spots(self, kind: str, base: Iterable[Said], said: Sequence[Said]) -> list[Spot]:
        more: dict[str, list[Said]] = {}
        for each in said:
            for child in self._inside(each):
                more.setdefault(child.element.name, []).append(child)
        return [_spot((first, *(each for each in more.get(first.element.name, ()) if each.element is not first.element))) for first in base]


def _find(element: Element, wanted: str) -> Element | None:
    if element.id == wanted:
        return element
    return next((found for child in element.children if wanted.startswith(child.id) and (found := _find(child, wanted))), None)


def _spot(said: tuple[Said, ...]) -> Spot:
    first = said[0].element
    spot = Spot(name=first.name, many=first.many, said=said, keys=_keys(first))
    if first.name == "id" and said[0].owner.kind == "resource":
        spot.keys = {"id": "id"}      # R4's definitions say string; its page Resource says id
    for place, each in enumerate(said):
        element = each.element
        if element.least and (spot.least is None or element.least > spot.least.element.least):
            spot.least = each
        if element.most is not None and (spot.most is None or element.most < (spot.most.element.most or 0)):
            spot.most = each
        left = tuple(_keys(element, first.name))
        if element.types and first.types and (gone := spot.keys.keys() - set(left)) and first.name.endswith("[x]"):
            spot.denied |= dict.fromkeys(gone, (left, each.source))
        spot.sliced += sliced_by(each, _narrowed(said[:place], each.owner))
    return spot


def _narrowed(before: Sequence[Said], owner: Profile) -> tuple[Said, ...]:
    """Of what stands before an element, what it narrows: the type's, and its own profile's."""
    return tuple(each for each in before if each is before[0] or each.owner is owner)


def sliced_by(said: Said, around: tuple[Said, ...] = ()) -> tuple[Sliced, ...]:
    """How an element, or a slice of one, slices what stands there; nothing where it does not. `around`: what it narrows, the type first."""
    element = said.element
    slices = tuple(Slice(each.slice, Said(each, said.owner)) for each in element.slices)
    return (Sliced(element.slicing, slices, said.source, (*around, said)),) if element.slicing else ()


def is_needed(slice_: Element) -> bool:
    """Whether one of it must be there, or of a slice that it is sliced into."""
    return bool(slice_.least) or any(map(is_needed, slice_.slices))


def _keys(element: Element, name: str = "") -> dict[str, str]:
    name = name or element.name
    if not name.endswith("[x]"):
        return {name: element.types[0].code if element.types else INLINE[0]}      # a contentReference has no type of its own
    return {f"{name[:-3]}{each.code[:1].upper()}{each.code[1:]}": each.code for each in element.types}


def _constraints(said: Iterable[Said]) -> tuple[tuple[Constraint, str], ...]:
    """Each invariant once, however many definitions say it; under its first definition's URL."""
    found: dict[tuple[str, str], tuple[Constraint, str]] = {}
    for each in said:
        for constraint in each.element.constraints:
            found.setdefault((constraint.key, constraint.expression), (constraint, constraint.source or each.source))
    return tuple(found.values())


def _bound(said: Iterable[Said]) -> tuple[Bound, ...]:
    """Every required binding; of the others the last, which is the most particular: who meets it need not hear of what it replaces."""
    bound: dict[str, Bound] = {}
    for each in said:
        binding = each.element.binding
        if binding and ((before := bound.get(binding.value_set)) is None or before.binding.strength != binding.strength):
            bound[binding.value_set] = Bound(binding, each.source)
    required = [each for each in bound.values() if each.binding.strength == "required"]
    return tuple(required or list(bound.values())[-1:])


def _within(said: Iterable[Said]) -> tuple[Bound, ...]:
    found = {each.element.binding.within: Bound(each.element.binding, each.source)
             for each in said if each.element.binding and each.element.binding.within}
    return tuple(found.values())


def _asked(said: Iterable[Said]) -> Iterator[Asked]:
    for each in said:
        if each.element.fixed is not None:
            yield Asked(each.element.fixed, True, each.source)
        if each.element.pattern is not None:
            yield Asked(each.element.pattern, False, each.source)


def _targets(kind: str, said: Iterable[Said]) -> tuple[tuple[tuple[str, ...], str], ...]:
    found: dict[tuple[str, ...], str] = {}
    for each in said:
        for type_ in each.element.types:
            if type_.code == kind and type_.targets:
                found.setdefault(type_.targets, each.source)
    return tuple(found.items())


def _aggregation(kind: str, said: Iterable[Said]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Of a reference: where what it leads to may stand, and who says so."""
    found = {type_.aggregation: each.source for each in said for type_ in each.element.types if type_.code == kind and type_.aggregation}
    return tuple(found.items())


def _profiles(kind: str, said: Iterable[Said]) -> tuple[str, ...]:
    """Of a resource inside another: the profiles asked for there."""
    return tuple(dict.fromkeys(url for each in said for type_ in each.element.types if type_.code == kind for url in type_.profiles))
