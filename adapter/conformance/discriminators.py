"""How the elements of a list are told apart: what a slice says at the end of its discriminators' paths, asked of an element.

A slice is told apart by what its own profile says, and the type that this narrows: what else an element is held against makes it no other
kind. Source: HL7 FHIR R4, page Profiling, "Slicing": discriminators value, pattern, exists, type and profile over restricted FHIRPath
($this, names, resolve(), extension('url'), ofType()).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from adapter.conformance import references
from adapter.conformance.asked import holds, written
from adapter.conformance.bindings import member
from adapter.conformance.forms import INLINE, Form, Forms, Said, Slice, Sliced, Spot
from adapter.conformance.model import Discriminator, Json, Type

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


# Which slice ------------------------------------------------------------------------------------------------------------------------

def matcher(forms: Forms, sliced: Sliced, each: Slice) -> Matches | None:
    """Whether an item belongs to a slice; None where a discriminator of it cannot be evaluated. Made once of the same things said."""
    said = said_of(sliced, each)
    key = tuple(id(one.element) for one in said)
    if key not in forms.matchers:
        parts = [_part(forms, said, discriminator) for discriminator in sliced.slicing.discriminators]
        forms.matchers[key] = None if None in parts or not parts else _all([part for part in parts if part is not None])
    found: Matches | None = forms.matchers[key]
    return found


def said_of(sliced: Sliced, each: Slice) -> tuple[Said, ...]:
    """What is said of the elements of a slice, last by itself; before, by the slice of this name in what it narrows."""
    same = [Said(other, said.owner) for said in sliced.said[:-1] for other in said.element.slices if other.slice == each.name]
    return (*sliced.said, *same, each.said)


def _all(parts: Sequence[Matches]) -> Matches:
    return lambda walk, item, here: all(part(walk, item, here) for part in parts)


def _part(forms: Forms, said: tuple[Said, ...], discriminator: Discriminator) -> Matches | None:
    """`said`: what is said of all elements, last the slice itself."""
    if (way := way_of(forms, said, discriminator.path)) is None:
        return None
    if discriminator.type == "type":
        return _by_type(way)
    if discriminator.type == "profile":
        return _by_profile(way)
    if discriminator.type == "exists":
        return _by_existence(way)
    if discriminator.path == "url" and said[-1].element.types[:1] and said[-1].element.types[0].code == "Extension":
        return _by_url(extension_url(forms, said[-1]))
    return _by_value(way)


def _by_url(url: str) -> Matches | None:
    return (lambda walk, item, here: isinstance(item.value, dict) and item.value.get("url") == url) if url else None


def _by_value(way: Way) -> Matches | None:
    """By fixed and pattern values, else by a required binding, whichever the slice states at the end of the path."""
    asked = [form.asked for form in way.ends() if form.asked]
    if asked:
        return way.any(lambda walk, found, here: any(all(holds(each, found.value) for each in every) for every in asked))
    sets = _required(way)
    return way.any(lambda walk, found, here: all(member(walk, each, found.value) is not False for each in sets)) if sets else None


def _required(way: Way) -> list[str]:
    return [each.binding.value_set for form in way.ends() for each in form.bound if each.binding.strength == "required"]


def by_codes_alone(forms: Forms, sliced: Sliced, each: Slice) -> bool:
    """Whether only a value set tells what belongs to a slice: whether a code is in it may be what nobody here can look up."""
    paths = [one.path for one in sliced.slicing.discriminators if one.type in ("value", "pattern")]
    ways = [way for path in paths if (way := way_of(forms, said_of(sliced, each), path)) is not None]
    return any(map(_required, ways)) and not any(form.asked for way in ways for form in way.ends())


def _by_existence(way: Way) -> Matches | None:
    if any(place.most == 0 for place in way.places):
        return lambda walk, item, here: not way.read(item, here)
    return (lambda walk, item, here: bool(way.read(item, here))) if any(place.least for place in way.places) else None


def _by_type(way: Way) -> Matches | None:
    codes = frozenset(type_.code for place in way.places for type_ in place.types)
    return way.any(lambda walk, found, here: found.kind in codes) if codes else None


def _by_profile(way: Way) -> Matches | None:
    """What a reference leads to, or a resource itself, conforms to a profile of the slice."""
    types = [type_ for place in way.places for type_ in place.types]
    urls = tuple(url for type_ in types for url in type_.profiles)
    if not urls or not all(_is_resource(way.forms, type_.code) for type_ in types):
        return None
    return way.any(lambda walk, found, here: walk.conforms(found.value, urls))


# Paths ------------------------------------------------------------------------------------------------------------------------------

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


def _is_resource(forms: Forms, kind: str) -> bool:
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


# For a sentence ---------------------------------------------------------------------------------------------------------------------

def told_apart(forms: Forms, each: Slice, sliced: Sliced) -> str:
    """How an element of this kind is recognised, in definitions' words: ` (url "https://…")`."""
    said = [f"{one.path.replace('$this', 'value')} {words}"
            for one in sliced.slicing.discriminators for words in _words(forms, each, sliced, one)]
    return f" ({', '.join(dict.fromkeys(said))})" if said else ""


def _words(forms: Forms, each: Slice, sliced: Sliced, discriminator: Discriminator) -> Iterable[str]:
    if discriminator.path == "url" and (url := extension_url(forms, each.said)):
        return [written(url)]
    if (way := way_of(forms, said_of(sliced, each), discriminator.path)) is None:
        return []
    if discriminator.type == "type":
        return [type_.code for place in way.places for type_ in place.types]
    return [written(asked.value) for form in way.ends() for asked in form.asked] if discriminator.type in ("value", "pattern") else []
