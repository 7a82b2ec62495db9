"""How the elements of a list are told apart: what a slice says at the end of its discriminators' paths, asked of an element.

Source: HL7 FHIR R4, page Profiling, "Slicing": discriminators value, pattern, exists, type and profile over restricted FHIRPath ($this,
names, resolve(), extension('url'), ofType()).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from adapter.conformance import references
from adapter.conformance.asked import holds, written
from adapter.conformance.bindings import member
from adapter.conformance.forms import Asked, Form, Forms, Said, Slice, Sliced, Spot
from adapter.conformance.model import Discriminator, Json

if TYPE_CHECKING:
    from adapter.conformance.gathering import Item
    from adapter.conformance.structure import Here, Walk

STEPS = re.compile(r"resolve\(\)|extension\('([^']*)'\)|ofType\((\w+)\)|\$this|\w+")
EXTENSION = re.compile(r"extension\('(.*)'\)")
Matches = Callable[["Walk", "Item", "Here | None"], bool]


def by_codes_alone(forms: Forms, spot: Spot, sliced: Sliced, each: Slice) -> bool:
    """Whether only a value set tells what belongs to a slice: whether a code is in it may be what nobody here can look up."""
    paths = [steps(discriminator.path) for discriminator in sliced.slicing.discriminators if discriminator.type in ("value", "pattern")]
    ends = [form for path in paths for form in at(forms, _kind(each.said), (*spot.said, each.said), path)]
    return bool(ends) and not any(form.asked for form in ends)


def matcher(forms: Forms, spot: Spot, sliced: Sliced, each: Slice) -> Matches | None:
    """Whether an item belongs to a slice; None where a discriminator of it cannot be evaluated. Made once for each slice."""
    key = id(each.said.element)
    if key not in forms.matchers:
        parts = [_part(forms, (*spot.said, each.said), discriminator) for discriminator in sliced.slicing.discriminators]
        forms.matchers[key] = None if None in parts else _all([part for part in parts if part is not None])
    found: Matches | None = forms.matchers[key]
    return found


def _all(parts: Sequence[Matches]) -> Matches:
    return lambda walk, item, here: all(part(walk, item, here) for part in parts)


def _part(forms: Forms, said: tuple[Said, ...], discriminator: Discriminator) -> Matches | None:
    """`said`: what is said of all elements, last the slice itself."""
    path, kind = steps(discriminator.path), _kind(said[-1])
    if path is None or (not kind and discriminator.type != "exists"):
        return None
    if discriminator.type == "type":
        return _by_type(forms, said, path)
    if discriminator.type == "profile":
        return _by_profile(forms, said, path)
    if discriminator.type == "exists":
        return _by_existence(forms, kind, said, path)
    if kind == "Extension" and path == ["url"]:
        return _by_url(extension_url(forms, said[-1]))
    return _by_value(at(forms, kind, said, path), path)


def _kind(said: Said) -> str:
    return next((type_.code for type_ in said.element.types), "")


def _by_url(url: str) -> Matches | None:
    return (lambda walk, item, here: isinstance(item.value, dict) and item.value.get("url") == url) if url else None


def _by_value(ends: Sequence[Form], path: list[str]) -> Matches | None:
    """By fixed and pattern values, else by a required binding, whichever the slice states at the end of the path."""
    asked = [each for form in ends for each in form.asked]
    sets = [each.binding.value_set for form in ends for each in form.bound if each.binding.strength == "required"]
    if asked:
        return _any_at(path, lambda walk, value, here: all(holds(each, value) for each in asked))
    return _any_at(path, lambda walk, value, here: all(member(walk, each, value) is not False for each in sets)) if sets else None


def _any_at(path: list[str], question: Callable[[Walk, Json, Here | None], bool]) -> Matches:
    """Whether the answer is yes for one of the values at the end of the path."""
    return lambda walk, item, here: any(question(walk, value, here) for value in _values(item.value, path, here))


def _by_existence(forms: Forms, kind: str, said: tuple[Said, ...], path: list[str]) -> Matches | None:
    ends = [spot for form in at(forms, kind, said, path[:-1]) for spot, _ in [form.keys.get(path[-1], (None, ""))] if spot]
    if any(spot.most is not None and spot.most.element.most == 0 for spot in ends):
        return lambda walk, item, here: not _values(item.value, path, here)
    if any(spot.least is not None for spot in ends):
        return lambda walk, item, here: bool(_values(item.value, path, here))
    return None


def _by_type(forms: Forms, said: tuple[Said, ...], path: list[str]) -> Matches | None:
    if path == ["$this"]:
        codes = frozenset(type_.code for type_ in said[-1].element.types)
        return lambda walk, item, here: _type_of(item) in codes
    if path[-1] != "resolve()":
        return None
    ends = at(forms, _kind(said[-1]), said, path[:-1])
    kinds = {references.kind_of(forms.definitions, url) for form in ends for urls, _ in form.targets[-1:] for url in urls}
    return _any_at(path[:-1], lambda walk, value, here: references.leads_to(value, here) in kinds) if kinds else None


def _by_profile(forms: Forms, said: tuple[Said, ...], path: list[str]) -> Matches | None:
    """What a reference leads to, or a resource itself, conforms to a profile of the slice."""
    ends = at(forms, _kind(said[-1]), said, [step for step in path if step != "resolve()"])
    leads = "resolve()" in path
    urls = tuple(url for form in ends for url in ([url for found, _ in form.targets[-1:] for url in found] if leads else form.profiles))
    return _any_at(path, lambda walk, value, here: walk.conforms(value, urls)) if urls else None


def _type_of(item: Item) -> str:
    said = item.value.get("resourceType") if item.kind == "Resource" and isinstance(item.value, dict) else item.kind
    return said if isinstance(said, str) else ""


# Paths ------------------------------------------------------------------------------------------------------------------------------

def steps(path: str) -> list[str] | None:
    """The steps of a discriminator's path; None where it has others than those that FHIR allows."""
    found = [match[0] for match in STEPS.finditer(path)]
    if ".".join(found) != path:
        return None
    return [each for each in found if each != "$this"] or ["$this"]


def at(forms: Forms, kind: str, said: tuple[Said, ...], path: Iterable[str] | None) -> list[Form]:
    """What is said at the end of a path from a value of this type."""
    found = [forms.of(kind, said)] if kind else []
    for step in path or ():
        if step == "resolve()":
            found = [target for form in found for target in _targets(forms, form)]
        elif step != "$this" and not step.startswith("ofType("):
            name = "extension" if step.startswith("extension(") else step
            found = [forms.of(code, spot.said + _only_slice(spot)) for form in found for key, (spot, code) in form.keys.items()
                     if key == name or spot.name == f"{name}[x]"]
    return found


def _targets(forms: Forms, form: Form) -> Iterable[Form]:
    """What is said of the resources that a reference may lead to, by the last definition that says it."""
    for urls, _ in form.targets[-1:]:
        for profile in map(forms.definitions.profile, urls):
            if profile is not None and (type_ := forms.definitions.type(profile.type)) is not None:
                yield forms.of(profile.type, (Said(type_.root, type_), Said(profile.root, profile)))


def _only_slice(spot: Spot) -> tuple[Said, ...]:
    """Where a list must have an element of one kind, what is said of that kind: a slice may be told apart by what a slice in it says."""
    needed = [each.said for sliced in spot.sliced for each in sliced.slices if each.said.element.least]
    return (needed[0],) if len(needed) == 1 else ()


def _values(value: Json, path: Iterable[str], here: Here | None) -> list[Json]:
    """The values at the end of a path from a value."""
    found: list[Json] = [value]
    for step in path:
        if step == "resolve()":
            found = [target for each in found if (target := references.resolved(each, here)) is not None]
        elif match := EXTENSION.fullmatch(step):
            inside = [inner for each in found for inner in _under(each, "extension")]
            found = [inner for inner in inside if isinstance(inner, dict) and inner.get("url") == match[1]]
        elif step != "$this" and not step.startswith("ofType("):
            found = [inner for each in found for inner in _under(each, step)]
    return found


def _under(value: Json, name: str) -> list[Json]:
    if not isinstance(value, dict):
        return []
    if name not in value:
        key = next((key for key in value if key.startswith(name) and key[len(name):len(name) + 1].isupper()), None)
        return [] if key is None or name != "value" else [value[key]]
    inner = value[name]
    return inner if isinstance(inner, list) else [inner]


def extension_url(forms: Forms, said: Said) -> str:
    """The URL that a slice of extensions has, as itself or its definition says."""
    own = next((child.fixed for child in said.element.children if child.name == "url" and isinstance(child.fixed, str)), "")
    return own or next((url.partition("|")[0] for type_ in said.element.types for url in type_.profiles), "")


# For a sentence ---------------------------------------------------------------------------------------------------------------------

def told_apart(forms: Forms, each: Slice, sliced: Sliced) -> str:
    """How an element of this kind is recognised, in definitions' words: ` (url "https://…")`."""
    paths = [discriminator.path for discriminator in sliced.slicing.discriminators]
    said = [f"{path.replace('$this', 'value')} {written(asked.value)}" for path in paths for asked in _asked_at(forms, each, path)]
    return f" ({', '.join(dict.fromkeys(said))})" if said else ""


def _asked_at(forms: Forms, each: Slice, path: str) -> Sequence[Asked]:
    kind = _kind(each.said)
    if kind == "Extension" and path == "url":
        url = extension_url(forms, each.said)
        return [Asked(url, True, "")] if url else []
    ends = at(forms, kind, (each.said,), steps(path)) if kind else []
    return [asked for form in ends for asked in form.asked]
