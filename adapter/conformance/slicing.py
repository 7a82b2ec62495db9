"""Slices: the elements of a list told apart by what they hold, and what is asked of each kind of them.

Source: HL7 FHIR R4, page Profiling, "Slicing": discriminators value, pattern, exists, type and profile over restricted FHIRPath ($this,
names, resolve(), extension('url'), ofType()).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from adapter.conformance import references
from adapter.conformance.bindings import member
from adapter.conformance.forms import Asked, Form, Forms, Said, Slice, Sliced, Spot
from adapter.conformance.model import Discriminator, Json

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Item, Walk

STEPS = re.compile(r"resolve\(\)|extension\('([^']*)'\)|ofType\((\w+)\)|\$this|\w+")
Matches = Callable[["Walk", "Item", "Here | None"], bool]


# Sharing out ------------------------------------------------------------------------------------------------------------------------

def counted(walk: Walk, spot: Spot, items: Sequence[Item], path: str, here: Here | None = None) -> dict[int, tuple[Said, ...]]:
    """What slices say of each item, by its place; tells of slices that are too many, too few, out of order, or not allowed for."""
    found: dict[int, tuple[Said, ...]] = {}
    for sliced in spot.sliced:
        _share(walk, spot, sliced, dict(enumerate(items)), path, here, found)
    return found


def _share(walk: Walk, spot: Spot, sliced: Sliced, items: dict[int, Item], path: str, here: Here | None, found: dict[int, tuple[Said, ...]]) -> None:
    matchers = [(each, matcher(walk.forms, spot, sliced, each)) for each in sliced.slices]
    if not sliced.slicing.discriminators or any(matches is None for _, matches in matchers):
        return      # nobody can tell them apart: listed as not checked
    places: dict[int, list[int]] = {}
    for index, item in items.items():
        hits = [place for place, (_, matches) in enumerate(matchers) if matches is not None and matches(walk, item, here)]
        if len(hits) > 1:
            names = " and ".join(sliced.slices[place].name for place in hits)
            walk.error("fhir-slice", item.path, f"belongs to {names} at once; each element may belong to one", "", sliced.source)
        places[index] = hits
        for place in hits[:1]:
            found[index] = (*found.get(index, ()), sliced.slices[place].said)
    _arrangement(walk, sliced, items, places)
    for place, each in enumerate(sliced.slices):
        mine = {index: items[index] for index, hits in places.items() if hits[:1] == [place]}
        _number(walk, each, mine, path, sliced)
        if each.said.element.slices and each.said.element.slicing:
            inner = Sliced(each.said.element.slicing, tuple(Slice(a.slice, Said(a, each.said.owner)) for a in each.said.element.slices), sliced.source)
            _share(walk, spot, inner, mine, path, here, found)


def _number(walk: Walk, each: Slice, items: dict[int, Item], path: str, sliced: Sliced) -> None:
    element = each.said.element
    if len(items) < element.least:
        what = f"at least {element.least} of the kind {each.name}" if element.least > 1 else f"one of the kind {each.name}"
        walk.error("fhir-slice", path, f"needs {what}{told_apart(walk.forms, each, sliced)}, and has {len(items) or 'none'}", "", sliced.source)
    if element.most is not None and len(items) > element.most:
        may = f"at most {element.most} of the kind {each.name} may be given" if element.most else f"none of the kind {each.name} may be given"
        walk.error("fhir-slice", path, f"has {len(items)}; {may}{told_apart(walk.forms, each, sliced)}", "", sliced.source)


def _arrangement(walk: Walk, sliced: Sliced, items: dict[int, Item], places: dict[int, list[int]]) -> None:
    """Closed: none but the slices. At the end open: others behind them. Ordered: the slices in their order."""
    last, others = -1, False
    for index, hits in places.items():
        path = items[index].path
        if not hits:
            others = True
            if sliced.slicing.rules == "closed":
                names = ", ".join(each.name for each in sliced.slices) or "none"
                walk.error("fhir-slice", path, f"is of no kind that may stand here; the profile allows only: {names}", "", sliced.source)
        elif sliced.slicing.rules == "openAtEnd" and others:
            walk.error("fhir-slice", path, "stands behind elements of other kinds, which may only stand at the end", "", sliced.source)
        elif sliced.slicing.ordered and hits[0] < last:
            walk.error("fhir-slice", path, f"is out of order; the profile asks for: {', '.join(each.name for each in sliced.slices)}", "", sliced.source)
        last = max([last, *hits])


def told_apart(forms: Forms, each: Slice, sliced: Sliced) -> str:
    """How an element of this kind is recognised, in definitions' words: ` (url "https://…")`."""
    said = []
    for discriminator in sliced.slicing.discriminators:
        for asked in _asked_at(forms, each, discriminator.path):
            said.append(f"{discriminator.path.removeprefix('$this').strip('.') or 'value'} {written(asked.value)}")
    return f" ({', '.join(dict.fromkeys(said))})" if said else ""


def _asked_at(forms: Forms, each: Slice, path: str) -> Sequence[Asked]:
    kind = next((type_.code for type_ in each.said.element.types), "")
    if kind == "Extension" and path == "url":
        url = extension_url(forms, each.said)
        return [Asked(url, True, "")] if url else []
    ends = at(forms, kind, (each.said,), steps(path)) if kind else []
    return [asked for form in ends for asked in form.asked]


# Telling apart ----------------------------------------------------------------------------------------------------------------------

def matcher(forms: Forms, spot: Spot, sliced: Sliced, each: Slice) -> Matches | None:
    """Whether an item belongs to a slice; None where a discriminator of it cannot be evaluated. Made once for each slice."""
    key = id(each.said.element)
    if key not in forms.matchers:
        parts = [_part(forms, spot, each, discriminator) for discriminator in sliced.slicing.discriminators]
        forms.matchers[key] = None if any(part is None for part in parts) else _all([part for part in parts if part is not None])
    found: Matches | None = forms.matchers[key]
    return found


def _all(parts: Sequence[Matches]) -> Matches:
    return lambda walk, item, here: all(part(walk, item, here) for part in parts)


def _part(forms: Forms, spot: Spot, each: Slice, discriminator: Discriminator) -> Matches | None:
    codes = {type_.code for type_ in each.said.element.types}
    path = steps(discriminator.path)
    if path is None:
        return None
    if discriminator.type == "type":
        return _by_type(forms, spot, each, path)
    if codes == {"Extension"} and path == ["url"]:
        url = extension_url(forms, each.said)
        return (lambda walk, item, here: isinstance(item.value, dict) and item.value.get("url") == url) if url else None
    if discriminator.type == "profile":
        return _by_profile(forms, spot, each, path)
    kind = next(iter(codes), "")
    ends = at(forms, kind, (*spot.said, each.said), path)
    if discriminator.type == "exists":
        return _by_existence(forms, kind, (*spot.said, each.said), path)
    return _by_value(ends, path)


def _by_value(ends: Sequence[Form], path: list[str]) -> Matches | None:
    """By fixed and pattern values, else by a required binding, whichever the slice states at the end of the path."""
    asked = [each for form in ends for each in form.asked]
    bound = [each for form in ends for each in form.bound if each.binding.strength == "required"]
    if asked:
        return lambda walk, item, here: any(all(holds(each, value) for each in asked) for value in _values(walk, item, path, here))
    if bound:
        return lambda walk, item, here: any(
            all(member(walk, each.binding.value_set, value) is not False for each in bound) for value in _values(walk, item, path, here))
    return None


def _by_existence(forms: Forms, kind: str, said: tuple[Said, ...], path: list[str]) -> Matches | None:
    ends = [spot for form in at(forms, kind, said, path[:-1]) for spot, _ in [form.keys.get(path[-1], (None, ""))] if spot]
    if any(spot.most is not None and spot.most.element.most == 0 for spot in ends):
        return lambda walk, item, here: not _values(walk, item, path, here)
    if any(spot.least is not None for spot in ends):
        return lambda walk, item, here: bool(_values(walk, item, path, here))
    return None


def _by_type(forms: Forms, spot: Spot, each: Slice, path: list[str]) -> Matches | None:
    if path == ["$this"]:
        codes = frozenset(type_.code for type_ in each.said.element.types)
        return (lambda walk, item, here: _type_of(item) in codes) if codes else None
    if path[-1] != "resolve()":
        return None
    ends = at(forms, next((type_.code for type_ in each.said.element.types), ""), (*spot.said, each.said), path[:-1])
    kinds = frozenset(kind for form in ends for urls, _ in form.targets[-1:] for url in urls if (kind := references.kind_of(forms.definitions, url)))
    return (lambda walk, item, here: any(references.leads_to(value, here) in kinds for value in _values(walk, item, path[:-1], here))) if kinds else None


def _by_profile(forms: Forms, spot: Spot, each: Slice, path: list[str]) -> Matches | None:
    """What a reference leads to, or the item itself, claims a profile of the slice, or has nothing against it."""
    direct = path in (["$this"], ["resource"], ["resolve()"])
    ends = at(forms, next((type_.code for type_ in each.said.element.types), ""), (*spot.said, each.said), [a for a in path if a != "resolve()"])
    urls = tuple(url for form in ends for url in ([*form.profiles] or [a for targets, _ in form.targets[-1:] for a in targets]))
    return (lambda walk, item, here: any(walk.conforms(value, urls) for value in _values(walk, item, path, here))) if urls and direct else None


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


def _values(walk: Walk, item: Item, path: Iterable[str], here: Here | None) -> list[Json]:
    """The values at the end of a path from an item."""
    found: list[Json] = [item.value]
    for step in path:
        if step == "resolve()":
            found = [target for each in found if (target := references.resolved(each, here)) is not None]
        elif match := re.fullmatch(r"extension\('(.*)'\)", step):
            found = [inner for each in found for inner in _under(each, "extension") if isinstance(inner, dict) and inner.get("url") == match[1]]
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


# Values that are asked for ----------------------------------------------------------------------------------------------------------

def hold(walk: Walk, asked: Asked, value: Json, path: str) -> None:
    """Tells where a value is not the one that is asked for."""
    if not holds(asked, value):
        rule, must = ("fhir-fixed", "must be exactly") if asked.whole else ("fhir-pattern", "must hold at least")
        walk.error(rule, path, f"{must} {written(asked.value)}", "", asked.source)


def holds(asked: Asked, value: Json) -> bool:
    return equal(value, asked.value) if asked.whole else covers(value, asked.value)


def equal(value: Json, wanted: Json) -> bool:
    """The same JSON; 1 and true are not the same, 1.0 and 1 are."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and value.keys() == wanted.keys() and all(equal(value[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(equal, value, wanted))
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def covers(value: Json, pattern: Json) -> bool:
    """At least the pattern: each of its members, and for each element of its lists one that covers it."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(key in value and covers(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(covers(each, wanted) for each in value) for wanted in pattern)
    return equal(value, pattern)


def written(value: Json) -> str:
    """A definition's value, for a sentence."""
    said = msgspec.json.Encoder(decimal_format="number").encode(value).decode()
    return said if len(said) <= 300 else f"{said[:300]}…"
