"""How the elements of a list are told apart: what a slice says at the end of its discriminators' paths, asked of an element.

A slice is told apart by what its own profile says, and the type that this narrows: what else an element is held against makes it no other
kind. Source: HL7 FHIR R4, page Profiling, "Slicing": discriminators value, pattern, exists, type and profile over restricted FHIRPath
($this, names, resolve(), extension('url'), ofType()).
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapter.conformance.asked import holds, written
from adapter.conformance.bindings import member
from adapter.conformance.forms import Forms, Said, Slice, Sliced
from adapter.conformance.model import Discriminator
from adapter.conformance.ways import Matches, Way, extension_url, is_resource, way_of

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
    if not urls or not all(is_resource(way.forms, type_.code) for type_ in types):
        return None
    return way.any(lambda walk, found, here: walk.conforms(found.value, urls))


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
