"""A differential over a compiled base -> Profile: what ProfileUtilities of the publishers does, so far as a check needs it.

    snapshot(definition, base, known)

`base` may be a type or a profile; raw definitions are not needed. Raises Unreadable where the differential speaks of an element that the
base does not have. Source: HL7 FHIR R4, pages Profiling (differential, slicing, short-cuts of choices) and ElementDefinition
(interpretation in differentials): what is not said is as the base has it.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from msgspec.structs import replace

from adapter.conformance.compiling import (
    Compiler,
    Known,
    Place,
    bound,
    by_name,
    most_of,
    parts,
    place_of,
    profile_asked_for,
    profile_of,
    slicing_of,
    type_of,
)
from adapter.conformance.model import Constraint, Element, Json, Profile, Type
from adapter.conformance.raw import Node, RawDiscriminator, RawElement, RawSlicing, RawType, Unreadable, definition_of, tree

MOST_ELEMENTS = 50_000      # a few slices inside a few slices inside … are soon more than anybody can check; FHIR's largest have 1,000
ONLY_THESE = RawSlicing("closed", (RawDiscriminator("type", "$this"),))


def snapshot(definition: Json, base: Profile, known: Known) -> Profile:
    """`known` must hold the type that both narrow; of the extensions that it uses, what is known of their cardinality counts."""
    raw = definition_of(definition)
    if raw.type != base.type or raw.type not in known.types:
        raise Unreadable(f"{raw.url} narrows {raw.type}, but its base {base.url} is of the type {base.type}")
    elements = raw.differential.element if raw.differential else ()
    root = tree(elements, raw.url) if elements else Node(raw.type)
    whole = Overlay(Compiler(raw.url, known.types), known).applied(root, base.root, place_of(known.types[raw.type], known))
    if sum(1 for _ in islice(parts(whole), MOST_ELEMENTS + 1)) > MOST_ELEMENTS:
        raise Unreadable(f"{raw.url} has more than {MOST_ELEMENTS} elements, slices of slices counted")
    return profile_of(raw, whole, known.types)


@dataclass(frozen=True, slots=True)
class Overlay:
    """Lays what a differential says over what stands."""

    compiler: Compiler
    known: Known

    def applied(self, node: Node, stands: Element, plain: Place) -> Element:
        """`stands`: the element as the base has it; `plain`: as the type has it."""
        said = self._said(node, stands)
        said = replace(said, children=self._children(node, said, plain))
        slicing = slicing_of(node.raw.slicing) if node.raw and node.raw.slicing else said.slicing
        return replace(said, slices=self._slices(node, said, plain), slicing=slicing)

    def _said(self, node: Node, stands: Element) -> Element:
        """Its own fields."""
        raw = node.raw
        if raw is None:
            return replace(stands, id=node.id)
        types = stands.types if raw.type is None else tuple(map(type_of, raw.type))
        binding, suggested = bound(raw.binding, stands.binding, stands.suggested)
        stands = self._as_profile_has_it(replace(stands, types=types))
        return replace(
            stands, id=node.id, slice=raw.slice_name or stands.slice,
            least=stands.least if raw.min is None else raw.min, most=stands.most if raw.max is None else most_of(raw.max),
            fixed=node.values.get("fixed", stands.fixed), pattern=node.values.get("pattern", stands.pattern),
            lowest=node.values.get("minValue", stands.lowest), highest=node.values.get("maxValue", stands.highest),
            binding=binding, suggested=suggested,
            constraints=_together(stands.constraints, self.compiler.constraints(raw.constraint, types)),
            modifier=stands.modifier if raw.is_modifier is None else raw.is_modifier,
            must_support=stands.must_support if raw.must_support is None else raw.must_support,
            longest=stands.longest if raw.max_length is None else raw.max_length,
        )

    def _as_profile_has_it(self, element: Element) -> Element:
        """A slice that has to meet an extension's definition may be there as often as that says."""
        asked = profile_asked_for(element, self.known)
        if asked is None or not element.slice or asked.type != "Extension":
            return element
        return replace(element, least=asked.root.least, most=asked.root.most)

    def _children(self, node: Node, said: Element, plain: Place) -> tuple[Element, ...]:
        """In the order that the type has them."""
        asked = profile_asked_for(said, self.known)
        inside = plain.inside(said.types)
        stand = by_name(asked.root.children if asked else ()) | by_name(said.children)
        found = by_name(said.children)
        for name, child in _as_type_has_them(node, inside, stand).items():
            if name not in inside:
                raise Unreadable(f"{self.compiler.url} speaks of {child.id}, which its base does not have")
            found[name] = self.applied(child, stand.get(name) or _alone(inside[name].element), inside[name])
        order = {name: index for index, name in enumerate(inside)}
        return tuple(sorted(found.values(), key=lambda each: order.get(each.name, len(order))))

    def _slices(self, node: Node, said: Element, plain: Place) -> tuple[Element, ...]:
        """Those of the base, and those that the differential adds."""
        found = {each.slice: each for each in said.slices}
        for name, each in node.slices.items():
            found[name] = self.applied(each, found.get(name) or _new_slice(name, said), plain)
        return tuple(found.values())


def _alone(element: Element) -> Element:
    return replace(element, children=(), slices=(), slicing=None, constraints=())


def _new_slice(name: str, of: Element) -> Element:
    """As what it is a slice of, but that there need be none, and of a choice only with the type that its name says."""
    types = tuple(each for each in of.types if name.partition("/")[0] == _as_key(of.name, each)) if of.name.endswith("[x]") else ()
    return replace(of, slices=(), slicing=None, slice=name, least=0, types=types or of.types, must_support=False)


def _as_key(name: str, kind: Type | RawType) -> str:
    """value[x] and Quantity: valueQuantity."""
    return name.removesuffix("[x]") + kind.code[:1].upper() + kind.code[1:]


def _as_type_has_them(node: Node, inside: Mapping[str, Place], stand: Mapping[str, Element]) -> dict[str, Node]:
    """Where a differential says `valueQuantity`, it means `value[x]` with no other type, and its slice `valueQuantity`."""
    found: dict[str, Node] = {}
    for name, child in node.children.items():
        choice = name if name in inside else _choice(name, inside)
        if choice == name:
            found[name] = child
            continue
        id_ = f"{node.id}.{choice}"
        kinds = stand[choice].types if choice in stand else inside[choice].element.types
        whole = found.setdefault(choice, Node(id_, RawElement(path=id_, type=(), slicing=ONLY_THESE)))
        whole.slices[name] = _renamed(child, f"{id_}:{name}")
        if whole.raw and whole.raw.slicing is ONLY_THESE:
            whole.raw.type = (*(whole.raw.type or ()), *(_raw(kind) for kind in kinds if _as_key(choice, kind) == name))
    return found


def _choice(name: str, inside: Mapping[str, Place]) -> str:
    """The choice that a key is of; the key itself where it is of none."""
    return next((each for each, place in inside.items() if each.endswith("[x]") and _is_of(name, each, place.element.types)), name)


def _is_of(name: str, choice: str, kinds: tuple[Type, ...]) -> bool:
    return any(_as_key(choice, kind) == name for kind in kinds)


def _raw(kind: Type) -> RawType:
    return RawType(kind.code, kind.profiles, kind.targets, kind.aggregation, kind.versioning)


def _renamed(node: Node, new: str) -> Node:
    return Node(new, node.raw, node.values, {name: _renamed(child, f"{new}.{name}") for name, child in node.children.items()}, node.slices)


def _together(stands: tuple[Constraint, ...], more: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """One invariant a key; the newest says it."""
    return tuple({each.key: each for each in (*stands, *more)}.values())

