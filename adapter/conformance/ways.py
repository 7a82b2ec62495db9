"""The paths of discriminators, walked in the definitions and read of values.

    way = way_of(forms, said, "code.coding.system")      way.places: what is said at its end; way.read(item, here): the values there

Source: HL7 FHIR R4, page Profiling, "Discriminator": restricted FHIRPath ($this, names, resolve(), extension('url'), ofType()).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from adapter.conformance import references
from adapter.conformance.forms import INLINE, Form, Forms, Said, Spot
from adapter.conformance.model import Json, Type

if TYPE_CHECKING:
    from adapter.conformance.gathering import Item
    from adapter.conformance.structure import Here, Walk

STEPS = re.compile(r"resolve\(\)|extension\('[^']*'\)|ofType\(\w+\)|\$this|\w+")
EXTENSION = re.compile(r"extension\('(.*)'\)")
OF_TYPE = re.compile(r"ofType\((\w+)\)")
RESOLVE = "resolve()"
RESOURCES = ("Resource", "DomainResource")      # the types of elements that any resource may stand in


class Step(NamedTuple):
    """Of a path. `only`: the type that ofType() behind it leaves."""

    name: str
    only: str = ""


class Found(NamedTuple):
    """A value that a path leads to. `kind`: its type, of a resource the resource's; None where a reference leads out of what is known."""

    value: Json
    kind: str


class Place(NamedTuple):
    """Where a path leads in the definitions: what is said there, and how many must, and may, stand there."""

    said: tuple[Said, ...]
    types: tuple[Type, ...]
    least: int = 0
    most: int | None = None


Matches = Callable[["Walk", "Item", "Here | None"], bool]
Read = Callable[[Found, "Here | None"], Iterable[Found]]


class Way(NamedTuple):
    """A discriminator's path from the elements of a slice: the places at its end, and how each step is read of a value."""

    forms: Forms
    places: tuple[Place, ...]
    reads: tuple[Read, ...] = ()

    def ends(self) -> Iterator[Form]:
        return (form for place in self.places for form in _forms(self.forms, place))

    def read(self, item: Item, here: Here | None) -> list[Found]:
        found = [Found(item.value, _kind(item.value, item.kind))]
        for read in self.reads:
            found = [inner for each in found for inner in read(each, here)]
        return found

    def any(self, question: Callable[[Walk, Found, Here | None], bool]) -> Matches:
        """Whether the answer is yes for one of the values at its end."""
        return lambda walk, item, here: any(question(walk, found, here) for found in self.read(item, here))


# In definitions ---------------------------------------------------------------------------------------------------------------------------

def steps(path: str) -> list[Step] | None:
    """The steps of a discriminator's path; None where it has others than those that FHIR allows."""
    names = [match[0] for match in STEPS.finditer(path)]
    if ".".join(names) != path:
        return None
    found: list[Step] = []
    for name in names:
        if not (match := OF_TYPE.fullmatch(name)):
            found.extend([Step(name)] if name != "$this" else ())
        elif found:
            found[-1] = Step(found[-1].name, match[1])
        else:
            return None
    return found


def way_of(forms: Forms, said: tuple[Said, ...], path: str) -> Way | None:
    """None where the path is none, or leads to nothing that the definitions know."""
    walked = steps(path)
    way = Way(forms, (Place(said, _types(said)),))
    for step in walked or ():
        reads = (*way.reads, _read(list(way.ends()), step))
        way = Way(forms, tuple(_only(place, step.only) for end in way.places for place in _from(forms, end, step)), reads)
    return way if walked is not None and way.places else None


def _types(said: Sequence[Said]) -> tuple[Type, ...]:
    """What says it last has all types that are left; what is as another element says has none of its own."""
    return said[-1].element.types or (Type(INLINE[0]),)


def _only(place: Place, kind: str) -> Place:
    if not kind:
        return place
    left = tuple(each for each in place.types if each.code == kind)
    return place._replace(types=left or tuple(Type(kind) for each in place.types if each.code in RESOURCES))


def _from(forms: Forms, place: Place, step: Step) -> Iterator[Place]:
    if step.name == RESOLVE:
        yield from _targets(forms, place)
        return
    for form in _forms(forms, place):
        if match := EXTENSION.fullmatch(step.name):
            yield from _extensions(forms, form, match[1])
        elif spot := _spot(form, step.name):
            said = (*spot.said, *_needed(spot))
            yield Place(said, _types(said), spot.least.element.least if spot.least else 0, spot.most.element.most if spot.most else None)


def _forms(forms: Forms, place: Place) -> Iterator[Form]:
    """What is said of a value there, by its type; of a resource, by its own profiles too."""
    for type_ in place.types:
        kind = forms.definitions.type(type_.code)
        if kind is None or kind.kind != "resource":
            yield forms.of(type_.code, place.said)
        else:
            profiles = [profile for profile in map(forms.definitions.profile, type_.profiles) if profile and profile is not kind]
            yield forms.of(type_.code, (Said(kind.root, kind), *(Said(each.root, each) for each in profiles), *place.said))


def _targets(forms: Forms, place: Place) -> Iterator[Place]:
    """The resources that a reference may lead to."""
    for url in (url for type_ in place.types for url in type_.targets):
        if profile := forms.definitions.profile(url):
            yield Place((), (Type(profile.type, (url,)),))


def _extensions(forms: Forms, form: Form, url: str) -> Iterator[Place]:
    """The extensions of one URL: what is said of them here, and by their own definition."""
    spot, own = _spot(form, "extension"), forms.definitions.profile(url)
    if spot is None:
        return
    named = [each.said for sliced in spot.sliced for each in sliced.slices if extension_url(forms, each.said) == url]
    said = (*spot.said, *([Said(own.root, own)] if own else ()), *named)
    least, most = (named[-1].element.least, named[-1].element.most) if named else (0, None)
    yield Place(said, (Type("Extension"),), least, most)


def _spot(form: Form, name: str) -> Spot | None:
    return next((spot for key, (spot, _) in form.keys.items() if key == name or spot.name == f"{name}[x]"), None)


def _needed(spot: Spot) -> Iterable[Said]:
    """Of a list with kinds that must be there, what is said of the first: a slice may be told apart by what a slice in it says. That there
    are the others too is asked of it, and makes it no other slice (as HL7's validator has it)."""
    return [each.said for sliced in spot.sliced for each in sliced.slices if each.said.element.least][:1]


def is_resource(forms: Forms, kind: str) -> bool:
    found = forms.definitions.type(kind)
    return found is not None and found.kind == "resource"


# Values -----------------------------------------------------------------------------------------------------------------------------

def _read(forms: Iterable[Form], step: Step) -> Read:
    """How a step is read of a value that is of one of these forms."""
    read = _one(forms, step.name)
    return read if not step.only else lambda found, here: (each for each in read(found, here) if each.kind == step.only)


def _one(forms: Iterable[Form], name: str) -> Read:
    if name == RESOLVE:
        return _resolved
    if match := EXTENSION.fullmatch(name):
        return _with_url(match[1])
    return _under({key: kind for form in forms for key, (spot, kind) in form.keys.items() if name == key or f"{name}[x]" == spot.name})


def _resolved(found: Found, here: Here | None) -> Iterable[Found]:
    """What a reference leads to; of what is not there its type, if the reference says it."""
    target, kind = references.resolved(found.value, here), references.leads_to(found.value, here)
    return [Found(target, _kind(target, kind or ""))] if target is not None or kind else []


def _with_url(url: str) -> Read:
    every = _under({"extension": "Extension"})
    return lambda found, here: (each for each in every(found, here) if isinstance(each.value, dict) and each.value.get("url") == url)


def _under(keys: dict[str, str]) -> Read:
    """What stands under the keys of an element; of a primitive without a value, that there is one."""
    def read(found: Found, here: Here | None) -> Iterable[Found]:
        value = found.value if isinstance(found.value, dict) else {}
        return chain.from_iterable(_each(value.get(key), kind) for key, kind in keys.items() if key in value or f"_{key}" in value)
    return read


def _each(value: Json, kind: str) -> list[Found]:
    return [Found(each, _kind(each, kind)) for each in (value if isinstance(value, list) else [value])]


def _kind(value: Json, kind: str) -> str:
    """The type of a value; of a resource its own."""
    said = value.get("resourceType") if kind in RESOURCES and isinstance(value, dict) else None
    return said if isinstance(said, str) else kind


def extension_url(forms: Forms, said: Said) -> str:
    """The URL that a slice of extensions has, as itself or its definition says."""
    own = next((child.fixed for child in said.element.children if child.name == "url" and isinstance(child.fixed, str)), "")
    return own or next((url.partition("|")[0] for type_ in said.element.types for url in type_.profiles), "")
