"""Definitions -> JSON Schema (draft 7). What is said of one value together (forms.py) becomes one schema.

An object is closed: it has the elements of its type and no others. `False` stands for whatever the gate does not vouch for: elements with
ids, narratives, modifiers, lists of primitives with extensions, slices that are not told apart by one fixed value, fixed objects.
Source: HL7 FHIR R4, pages ElementDefinition, Profiling, JSON Representation; JSON Schema draft 7.

(Over 300 lines: each method is what one part of a definition becomes, and they call each other all the way round.)
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adapter.conformance.forms import INLINE, Definitions, Form, Forms, Said, Sliced, Spot, is_needed
from adapter.conformance.gate import invariants, texts
from adapter.conformance.gate.asking import INNERMOST
from adapter.conformance.gate.places import Place
from adapter.conformance.gathering import LONGEST
from adapter.conformance.model import Codes, Element, Slicing
from adapter.conformance.references import ANY, kind_of
from adapter.fhir_xml.tables import resource_types
from mappings import systems

Schema = Any
Json = Any
PRIMITIVE = "primitive-type"
KNOWN = tuple(value for value in vars(systems).values() if isinstance(value, str) and value.startswith(("http", "urn:")))
NEVER_CONTAINED = dict.fromkeys(("versionId", "lastUpdated", "security"), False)      # dom-4, dom-5
NEVER: Schema = {"not": {}}
CONTAINED: Schema = {"$ref": "#/definitions/contained"}
IN_BUNDLES: Schema = {"$ref": "#/definitions/entry"}
INSIDE: dict[str, Schema] = {
    "type": {"enum": sorted(resource_types())},
    "entry": {"allOf": [{"$ref": "#/definitions/resource"}, {"properties": {"resourceType": {"not": {"const": "Bundle"}}}}]},
    "contained": {"allOf": [IN_BUNDLES, {"required": ["id"], "properties": {"contained": False, "meta": {"properties": NEVER_CONTAINED}}}]},
}
OF_RESOURCES = frozenset({"language", "implicitRules"})


class Schemas:
    """Writes one schema. `place`: of where extensions may stand; `rules`: what product rules ask of a type; `leads`: the name of the format
    of a reference to one of these types."""

    def __init__(self, forms: Forms, place: Callable[[Form], Place], rules: Callable[[str], Schema],
                 leads: Callable[[frozenset[str]], str]) -> None:
        self.forms, self.place, self.rules, self.leads = forms, place, rules, leads
        self.names: dict[int, str] = {}
        self.names_of_places: dict[int, str] = {}
        self.written: dict[str, Schema] = dict(INSIDE)
        self.systems = set(KNOWN)      # URIs that are right, and met often: looked up, they need not be read

    @property
    def known(self) -> Definitions:
        return self.forms.definitions

    def of_resources(self, forms: Sequence[Form]) -> Schema:
        """Any resource of these types, and bundles and contained resources of them."""
        self.written["resource"] = chosen("resourceType", [(form.type, self.of(form)) for form in forms], False)
        return self._root({"$ref": "#/definitions/resource"})

    def of_values(self, form: Form) -> Schema:
        return self._root(self.of(form))

    def _root(self, asked: Schema) -> Schema:
        self.written["system"] = {"anyOf": [{"enum": sorted(self.systems)}, texts.URI]}
        return {"$schema": "http://json-schema.org/draft-07/schema#", **asked, "definitions": self.written}

    def of(self, form: Form) -> Schema:
        """A reference to its schema, which is written once for all places that ask for the same."""
        form = self._least(form)
        if id(form) not in self.names:
            name = self.names[id(form)] = f"{form.base}-{len(self.names)}"
            self.written[name] = together(self._parts(form))
        return self._refer(self.names[id(form)])

    def _refer(self, name: str) -> Schema:
        """What is not written yet is being written: it stands within itself, and how often is limited (structure.DEEPEST)."""
        found = {"$ref": f"#/definitions/{name}"}
        return found if name in self.written else {"allOf": [{"redbag-shallow": INNERMOST}, found]}

    def _least(self, form: Form) -> Form:
        """Most elements are just of their type, and share its schema."""
        if form.type in INLINE or form.kind == "resource":
            return form
        return form if any(asks(each.element, form.type) for each in form.said) else self.forms.of(form.type, ())

    def _parts(self, form: Form) -> Iterator[Schema]:
        """All that is asked of a value, each by itself."""
        yield self._text(form) if form.kind == PRIMITIVE else self._object(form)
        for asked in form.asked:
            yield {"const": asked.value} if asked.value.__class__ in (str, bool) else False
        for bound in form.bound:
            asked = self._bound(form, bound.binding.value_set)
            yield asked if bound.binding.strength == "required" else True
        for bound in form.within:
            yield self._bound(form, bound.binding.within)
        for constraint, _ in form.constraints:
            yield invariants.asked_by(constraint, "" if form.kind == PRIMITIVE else form.base)
        yield self.rules(form.type)

    # ---- primitives ----------------------------------------------------------------------------------------------------------------
    def _text(self, form: Form) -> Schema:
        if form.type not in texts.TEXTS or any(e.longest or e.lowest is not None or e.highest is not None for e, _ in form.said):
            return False
        if codes := self._listed(form):
            return {"enum": codes}
        return texts.TEXTS[form.type]

    def _listed(self, form: Form) -> list[str]:
        """The codes that a code must be one of, where they can be listed."""
        every: list[set[str]] = []
        for bound in form.bound if form.type == "code" else ():
            codes = self.known.codes(bound.binding.value_set) if bound.binding.strength == "required" else None
            ways = list(self._words(codes)) if codes else []
            if any(words is None for _, words in ways):
                return []
            every += [{word for _, words in ways for word in words or ()}] if ways else []
        return sorted(set.intersection(*every)) if every else []

    # ---- objects -------------------------------------------------------------------------------------------------------------------
    def _object(self, form: Form) -> Schema:
        properties: dict[str, Schema] = {}
        for key, (spot, kind) in form.keys.items():
            properties |= self._property(form, spot, key, kind)
        if form.kind == "resource":
            properties["resourceType"] = {"const": form.type}
        dependencies = self._choices(form)
        needed = [self._needed(spot) for spot in _spots(form) if spot.least or any(map(_asks_for_some, spot.sliced))]
        plain = [key for need in needed for key in need.get("required", ())]
        out: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        out |= {"dependencies": dependencies} if dependencies else {}
        out |= {"required": plain} if plain else {"minProperties": 1}
        others = [need for need in needed if "anyOf" in need]
        return {**out, "allOf": others} if others else out

    def _property(self, form: Form, spot: Spot, key: str, kind: str) -> dict[str, Schema]:
        """Of one key, and of the `_key` beside it; nothing of what is not vouched for."""
        if self._is_out(form, spot, key, kind):
            return {}
        if kind == "Extension":
            return {key: self._extensions(form)}
        if kind == "Resource":
            return {key: {"type": "array", "minItems": 1, "maxItems": LONGEST, "items": CONTAINED} if key == "contained" else IN_BUNDLES}
        inner = self.forms.plain(spot, kind)
        one = self._special(form, key) or self.of(inner)
        if key == "meta" and form.kind == "resource":
            one = {"allOf": [one, {"properties": {"profile": {"items": {"enum": self._claims(form)}}}}]}
        if spot.many:
            return {key: self._list(spot, one)}
        extended = inner.kind == PRIMITIVE and key != "id" and not inner.asked      # what is fixed has no extension
        return {key: one, f"_{key}": self._extra(inner)} if extended else {key: one}

    def _is_out(self, form: Form, spot: Spot, key: str, kind: str) -> bool:
        if (spot.most and spot.most.element.most == 0) or key in spot.denied or kind in ("", "Narrative", "xhtml"):
            return True
        if form.type == "Bundle" and key == "link":      # that no two are of one relation is not for a schema
            return True
        if kind == "Resource" and any(type_.code != kind or type_.profiles for said in spot.said for type_ in said.element.types):
            return True
        if kind == "Resource" and key != "contained" and form.base != "Bundle.entry":      # of Parameters: what # means is told for each
            return True
        return key == "modifierExtension" or key in (OF_RESOURCES if form.kind == "resource" else ("id",))

    def _claims(self, form: Form) -> list[str]:
        """The profiles that a resource is held against here anyway."""
        profiles = [said.owner for said in form.said]
        return [url for each in profiles for url in (each.url, f"{each.url}|{each.version}")]

    def _extra(self, inner: Form) -> Schema:
        """The `_key` beside a primitive value: extensions, and nothing else."""
        properties = {"extension": self._extensions(inner)}
        return {"type": "object", "properties": properties, "required": ["extension"], "additionalProperties": False}

    def _extensions(self, form: Form) -> Schema:
        """Those that the definitions name here, by their URL; of any other its place is asked."""
        if id(form) not in self.names_of_places:
            place = self.place(form)
            self.names_of_places[id(form)] = name = f"extensions-{place.number}"
            out: Schema = {"type": "array", "minItems": 1, "maxItems": LONGEST, "items": chosen(
                "url", [(url, self.of(each)) for url, each in place.forms_named()], {"redbag-extension": place.number})}
            one = {"maxItems": 1} if not any(least for _, least, _ in place.limits) else False
            self.written[name] = {**out, "anyOf": [one, {"redbag-extensions": place.number}]} if place.limits else out
        return self._refer(self.names_of_places[id(form)])

    def _list(self, spot: Spot, one: Schema) -> Schema:
        least = max(spot.least.element.least if spot.least else 1, 1)
        out: Schema = {"type": "array", "items": one, "minItems": least, "maxItems": LONGEST}
        if spot.most and spot.most.element.most is not None:
            out["maxItems"] = min(spot.most.element.most, LONGEST)
        return out | self._slices(spot, one) if spot.sliced else out

    def _needed(self, spot: Spot) -> Schema:
        """A primitive is also there when its `_key` says why it has no value."""
        keys = [key for key in spot.keys if key not in spot.denied]
        every = [name for key in keys for name in self._names(spot, key)]
        return {"required": every} if len(every) == 1 else {"anyOf": [{"required": [key]} for key in every]}

    def _is_primitive(self, kind: str) -> bool:
        type_ = self.known.type(kind)
        return type_ is not None and type_.kind == PRIMITIVE

    def _choices(self, form: Form) -> dict[str, Schema]:
        """What follows from that a key is there: the other types of a choice are not."""
        out: dict[str, Schema] = {}
        for spot in _spots(form):
            both = {key: self._names(spot, key) for key in spot.keys if key not in spot.denied}
            for key in both if len(both) > 1 else ():
                others = {name: False for other in both if other != key for name in both[other]}
                out |= {name: {"properties": others} for name in both[key]}
            for key in both if not spot.many else ():
                if self._is_primitive(spot.keys[key]) and _must_be_coded(spot):      # without a value it has no code
                    out[f"_{key}"] = together([{"required": [key]}, out.get(f"_{key}", True)])
            if form.type == "Extension" and spot.name == "value[x]":      # ext-1
                every = [name for names in both.values() for name in names]
                out["extension"] = {"properties": dict.fromkeys(every, False)}
                out["url"] = {"anyOf": [{"required": [name]} for name in ("extension", *every)]}
        if form.type == "Reference":
            out["reference"] = {"properties": {"type": False}}      # that the two agree could only be told at the end
        return out

    def _names(self, spot: Spot, key: str) -> list[str]:
        return [key, f"_{key}"] if not spot.many and self._is_primitive(spot.keys[key]) else [key]

    # ---- slices --------------------------------------------------------------------------------------------------------------------
    def _slices(self, spot: Spot, one: Schema) -> Schema:
        """Slices of a list, told apart by one fixed text under one key, each any number of times or at most once."""
        (sliced, *more), (kind, *others) = spot.sliced, spot.keys.values()
        slicing, slices = sliced.slicing, [each.said for each in sliced.slices]
        told_by = [self._told_by(spot, kind, each, slicing) for each in slices]
        if more or others or slicing.rules != "open" or slicing.ordered or "" in told_by:
            return {"items": False}
        key = slicing.discriminators[0].path
        ways = [(text, self.of(self.forms.of(kind, (*spot.said, said)))) for text, said in zip(told_by, slices, strict=True)]
        once = [{"redbag-once": [key, text]} for text, said in zip(told_by, slices, strict=True) if said.element.most == 1]
        return {"items": chosen(key, ways, one), "allOf": once}

    def _told_by(self, spot: Spot, kind: str, said: Said, slicing: Slicing) -> str:
        """The one text that the elements of a slice have under the key of its discriminator; none: it is no such slice."""
        element, (first, *more) = said.element, slicing.discriminators or [None]
        plain = not element.slices and not element.least and element.most in (None, 1)
        if first is None or more or first.type not in ("value", "pattern") or not plain:
            return ""
        inner = self.forms.of(kind, (*spot.said, said)).keys.get(first.path)
        asked = self.forms.plain(*inner).asked if inner else ()
        return str(asked[0].value) if len(asked) == 1 and isinstance(asked[0].value, str) else ""

    # ---- bindings ------------------------------------------------------------------------------------------------------------------
    def _bound(self, form: Form, value_set: str) -> Schema:
        """At least one code is of the value set, or of a system that nobody may list here."""
        codes = self.known.codes(value_set)
        if codes is None:
            return True
        if form.kind == PRIMITIVE:
            return bool(self._listed(form)) or any(words is None for _, words in self._words(codes))
        if form.type not in ("Coding", "CodeableConcept", "Quantity"):
            return False
        ways = [in_system(system, words) for system, words in self._words(codes)]
        one: Schema = {"anyOf": ways} if ways else False
        return one if form.type != "CodeableConcept" else {"properties": {"coding": {"contains": one}}, "required": ["coding"]}

    def _words(self, codes: Codes) -> Iterator[tuple[str, list[str] | None]]:
        """(system, its codes), None where nobody can list them: then any code will do."""
        self.systems |= {*codes.codes, *codes.unlisted, *codes.whole}
        yield from ((system, sorted(words)) for system, words in codes.codes.items())
        for system in (*codes.unlisted, *codes.whole):
            found = self.known.system(system) if system in codes.whole else None
            yield system, sorted(found.codes) if found else None

    # ---- references ----------------------------------------------------------------------------------------------------------------
    def _special(self, form: Form, key: str) -> Schema:
        """What values.py and references.py ask of a data type beyond its definition; else nothing."""
        match form.base.partition(".")[0] if form.type in INLINE else form.type, key:
            case "Extension", "url":
                return {"type": "string"}      # it is the URL by which the schema was found
            case "Reference", "type":
                return {"$ref": "#/definitions/type"}
            case "Reference", "reference":
                return {"type": "string", "format": self.leads(self.targets(form))} if not form.aggregation else NEVER
            case ("Coding" | "Identifier" | "Quantity"), "system":
                return {"$ref": "#/definitions/system"}
            case "Meta", "profile":
                return {"type": "string"}      # it has a list to be of: _claims
            case "Bundle", "fullUrl":
                return texts.matching(texts.UUID)
            case "Bundle", "url":
                return texts.matching("[A-Z][!-~]*")
        return None

    def targets(self, form: Form) -> frozenset[str]:
        """The types that a reference may lead to; none: any."""
        every = [{name for url in urls if (name := kind_of(self.known, url))} for urls, _ in form.targets]
        limits = [names for names in every if names and not names & ANY]
        return frozenset.intersection(*map(frozenset, limits)) if limits else frozenset()


def asks(element: Element, kind: str) -> bool:
    """Whether an element asks more of its value than that it be of its type."""
    bound = element.binding
    return bool(
        element.children or element.slices or element.content or element.longest or element.constraints
        or any(value is not None for value in (element.fixed, element.pattern, element.lowest, element.highest))
        or (bound and (bound.strength == "required" or bound.within)) or (kind != "Extension" and any(
            type_.code == kind and (type_.profiles or type_.targets or type_.aggregation) for type_ in element.types)))


def _spots(form: Form) -> Iterable[Spot]:
    return {spot.name: spot for spot, _ in form.keys.values()}.values()


def _must_be_coded(spot: Spot) -> bool:
    return any((bound := each.element.binding) and (bound.strength == "required" or bound.within) for each in spot.said)


def _asks_for_some(sliced: Sliced) -> bool:
    return any(is_needed(each.said.element) for each in sliced.slices)


def chosen(key: str, ways: Sequence[tuple[str, Schema]], otherwise: Schema) -> Schema:
    """The schema of the one text that stands under the key."""
    for text, then in reversed(ways):
        otherwise = {"if": {"properties": {key: {"const": text}}, "required": [key]}, "then": then, "else": otherwise}
    return otherwise


def in_system(system: str, words: list[str] | None) -> Schema:
    properties: Schema = {"system": {"const": system}}
    return {"properties": properties if words is None else {**properties, "code": {"enum": words}},
            "required": ["system", "code"]}


def together(schemas: Iterable[Schema]) -> Schema:
    """All of these at once; what asks for nothing is left out."""
    every = [schema for schema in schemas if schema is not True]
    if any(schema is False for schema in every):
        return False
    return every[0] if len(every) == 1 else {"allOf": every} if every else True
