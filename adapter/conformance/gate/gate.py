"""The gate itself: one schema for all kinds of resources that have come by, and what only the whole can tell."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jsonschema_rs

from adapter.conformance import values
from adapter.conformance.finding import Level
from adapter.conformance.forms import Definitions, Form, Forms, Said
from adapter.conformance.gate import asking, quiet, texts
from adapter.conformance.gate.asking import LINKS, STOPPED, Links, keyword
from adapter.conformance.gate.places import Place, no
from adapter.conformance.gate.schema import Schema, Schemas, together
from adapter.conformance.invariants import Invariants
from adapter.conformance.rules import RULES, Rule
from adapter.conformance.structure import Here, Walk
from adapter.fhir_xml.tables import resource_types

Json = Any
Valid = Callable[[Json], bool]
NOWHERE = Here({}, "", "", {}, {})
MOST = 4096      # codes that are kept
BUNDLES = frozenset({"transaction", "batch", "collection"})
NO_JSON = (ValueError, TypeError, RecursionError)      # what Rust says of values that no JSON has, and of what is nested without end


class Gate:
    """For one set of definitions and rules. Schemas are made when the first resource of a type comes by."""

    def __init__(self, definitions: Definitions, rules: Sequence[Rule] = RULES) -> None:
        self.definitions, self.forms = definitions, Forms(definitions)
        self.rules = [rule for rule in rules if rule.level is Level.ERROR]
        self.invariants = Invariants()
        self.can_tell = all(definitions.system(each) is None for each in quiet.FREE)
        self.kinds: frozenset[str] = frozenset()
        self.valid: Valid = no
        self.places: list[Place] = []
        self.formats: dict[str, Valid] = {**texts.FORMATS, **quiet.FORMATS}
        self.keywords = {
            "redbag-extension": keyword(lambda number: self.places[number].holds),
            "redbag-extensions": keyword(lambda number: self.places[number].are_not_too_many),
            "redbag-whole": keyword(asking.whole), "redbag-once": keyword(asking.once), "redbag-period": keyword(asking.in_order),
            "redbag-shallow": keyword(asking.shallow),
            "redbag-invariant": keyword(asking.evaluated), "redbag-values": keyword(self._checks),
            "redbag-rules": keyword(self._judges),
        }

    def passes(self, resource: Json) -> bool:
        """Whether the resource, or a bundle and all in it, is certainly without an error. Raises nothing but what ends the program."""
        stopped: list[BaseException] = []
        before = STOPPED.set(stopped)
        try:
            passed = self._passes(resource)
        finally:
            STOPPED.reset(before)
        if stopped:
            raise stopped[0]
        return passed

    def _passes(self, resource: Json) -> bool:
        kinds = {kind for kind in kinds_in(resource) if kind.__class__ is str}
        if not kinds <= self.kinds and (new := (kinds & resource_types()) - self.kinds):
            self._learn(new)
        links = Links([], [], [])
        before = LINKS.set(links)
        try:
            return self.can_tell and self._is_valid(resource) and self._whole(resource, links)
        finally:
            LINKS.reset(before)

    def _is_valid(self, resource: Json) -> bool:
        try:
            return self.valid(resource)
        except NO_JSON:
            return False

    # ---- what only the whole can tell ------------------------------------------------------------------------------------------------
    def _whole(self, resource: dict[str, Json], links: Links) -> bool:
        if resource["resourceType"] != "Bundle":
            return not (links.entries or links.searches) and self._contained(resource, links)
        if resource["type"] not in BUNDLES or (links.searches and resource["type"] != "transaction"):
            return False
        kinds, written = dict[str, str](), set[str]()
        apart = bool(links.contained)
        for entry in resource.get("entry", ()):
            if "fullUrl" not in entry or (inner := entry.get("resource")) is None:
                return False
            kinds[entry["fullUrl"]] = inner["resourceType"]
            apart = apart or "contained" in inner
            if "request" in entry and not _is_plain(entry["request"], inner, written):
                return False
        return (len(kinds) == len(resource.get("entry", ())) and (not apart or all(map(self._apart, resource["entry"])))
                and all(url in kinds and (not types or kinds[url] in types) for url, types in links.entries))

    def _apart(self, entry: dict[str, Json]) -> bool:
        """An entry by itself: whose # it is does not show when all are looked at together."""
        links = Links([], [], [])
        LINKS.set(links)
        return self._is_valid(entry["resource"]) and self._contained(entry["resource"], links)

    def _contained(self, resource: dict[str, Json], links: Links) -> bool:
        """What is contained has an id of its own and is referred to, as a type that may stand there."""
        inside = resource.get("contained", ())
        kinds = {f"#{each['id']}": each["resourceType"] for each in inside}
        return (len(kinds) == len(inside) and kinds.keys() == {said for said, _ in links.contained}
                and all(not types or kinds[said] in types for said, types in links.contained))

    # ---- schemas ---------------------------------------------------------------------------------------------------------------------
    def _learn(self, kinds: Iterable[str]) -> None:
        """One schema for all kinds so far and these: what they have in common is in it once, and stays near at hand."""
        every = self.kinds.union(kinds)
        forms = [form for kind in sorted(every) if (form := self._form(kind))]
        self.valid, self.kinds = self.compiled(self._schemas().of_resources(forms)), every

    def _form(self, kind: str) -> Form | None:
        """The type with the profile that is implied; None: no resource of this type passes."""
        type_, profile = self.definitions.type(kind), self.definitions.implied(kind)
        if type_ is None or type_.kind != "resource" or type_.abstract:
            return None
        return self.forms.of(kind, tuple(Said(each.root, each) for each in (type_, profile, *self.definitions.brought(kind)) if each))

    def compiled(self, schema: Schema) -> Valid:
        try:
            made = jsonschema_rs.validator_for(schema, formats=self.formats, validate_formats=True, keywords=self.keywords,
                                               pattern_options=jsonschema_rs.RegexOptions())
        except jsonschema_rs.ValidationError as bad:      # a ValueError, which must not be taken for a resource's
            raise RuntimeError(f"a definition became no JSON Schema: {bad.message}") from None
        return made.is_valid

    def _schemas(self) -> Schemas:
        return Schemas(self.forms, self._place, self._rules, self._leads)

    def _place(self, form: Form) -> Place:
        self.places.append(Place(len(self.places), self.forms, form, lambda found: self.compiled(self._schemas().of_values(found))))
        return self.places[-1]

    def _leads(self, types: frozenset[str]) -> str:
        """The name of the format of a reference to one of these types."""
        name = f"redbag-to-{'-'.join(sorted(types))}"
        self.formats.setdefault(name, asking.leading_to(types))
        return name

    # ---- product rules ---------------------------------------------------------------------------------------------------------------
    def _rules(self, kind: str) -> Schema:
        """The rules of a type: of most objects a schema tells that they are quiet, and Python is not asked."""
        mine = [*([kind] if kind in values.CHECKS else []), *(rule.id for rule in self.rules if kind in rule.types)]
        ways = [(certain, [each for each in mine if each not in silent]) for certain, silent in quiet.AT_ONCE.get(kind, ()) if mine]
        every = [together([certain, *map(self._rule, asked)]) for certain, asked in (*ways, (True, mine))]
        return {"anyOf": every} if len(every) > 1 else every[0]

    def _rule(self, name: str) -> Schema:
        asked = {"redbag-values": name} if name in values.CHECKS else {"redbag-rules": [name]}
        certain = quiet.QUIET.get(name, False)
        return certain or asked if isinstance(certain, bool) else {"anyOf": [certain, asked]}

    def _checks(self, kind: str) -> Valid:
        """What values.py asks of a data type. Codes are few, and come again: those that were right are kept."""
        check, form, right = values.CHECKS[kind], self.forms.of(kind, ()), set[tuple[Json, ...]]()

        def holds(value: Json) -> bool:
            said = tuple(value.get(key) for key in ("system", "code", "display", "version"))
            if said[1] is not None and said in right:
                return True
            walk = Walk(self.forms, self.invariants, {}, 1)
            check(walk, form, value, "", NOWHERE)
            if not walk.found and len(right) < MOST and kind != "Identifier":
                right.add(said)
            return not walk.found
        return holds

    def _judges(self, ids: list[str]) -> Valid:
        judges = [rule.judge for rule in self.rules if rule.id in ids]
        return lambda value: not any(judge(value) for judge in judges)


def _is_plain(request: dict[str, Json], resource: dict[str, Json], written: set[str]) -> bool:
    """POST Type, PUT Type?search, or the first PUT Type/id: what bundles.py has nothing against. The rest is looked at there."""
    kind, url, method = resource["resourceType"], request["url"], request["method"]
    if method == "POST":
        return bool(url == kind)
    if method != "PUT" or url in written:
        return False
    written.add(url)
    return bool(("id" in resource and url == f"{kind}/{resource['id']}") or url.startswith(f"{kind}?"))


def kinds_in(value: Json) -> Iterator[Json]:
    """Where the types of a resource, of the entries of a bundle, and of what they contain are said, of any value at all."""
    if value.__class__ is not dict:
        return
    every: list[Json] = [value]
    if value.get("resourceType") == "Bundle":
        every += [entry.get("resource") for entry in _list(value.get("entry")) if entry.__class__ is dict]
    for each in every:
        if each.__class__ is dict:
            yield each.get("resourceType")
            if "contained" in each:
                yield from (inner.get("resourceType") for inner in _list(each["contained"]) if inner.__class__ is dict)


def _list(value: Json) -> list[Json]:
    return value if value.__class__ is list else []
