"""The walk over a resource: every object and value once, held against all that its definitions say of it.

What is wrong in one place is said once: a value of the wrong kind is not looked into, and an invariant is not asked of what is misshapen.
`sound` is what a step of the walk returns: whether the value has a shape that more can be asked of.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapter.conformance import bindings, bundles, extensions, narrative, references, slicing, values
from adapter.conformance.against import against, resources_at
from adapter.conformance.asked import asked_by, hold
from adapter.conformance.finding import Finding, Level
from adapter.conformance.forms import Form, Forms, Said, Spot
from adapter.conformance.gathering import Item, at_least, gathered
from adapter.conformance.invariants import Invariants
from adapter.conformance.model import Json
from adapter.conformance.primitives import fault, told
from adapter.conformance.rules.rule import Rule
from adapter.fhir_xml.tables import lineage

DEEPEST = 64
PRIMITIVE = "primitive-type"


@dataclass(slots=True, eq=False)
class Here:
    """The resource that is walked through. `root`: what contains it, else itself. `bundle`: the one around it. `ids`: those met in it."""

    resource: dict[str, Json]
    kind: str
    path: str
    root: dict[str, Json]
    contained: dict[str, dict[str, Json]]
    bundle: references.Bundled | None = None
    ids: set[tuple[str, str]] = field(default_factory=set)


class Enough(Exception):
    """There are as many errors as are told. Nothing more is looked at: what is hostile costs no more than what is broken."""


@dataclass(slots=True, eq=False)
class Walk:
    """One resource checked: `found` is what it has to say, `told` how much of it by level, `unlisted` the systems whose codes could not be
    looked up, `met` how many resources and extensions were held against a definition, by its URL."""

    forms: Forms
    invariants: Invariants
    rules: dict[str, tuple[Rule, ...]]
    at_most: int
    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    told: Counter[Level] = field(default_factory=Counter)
    unlisted: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    deep: int = 0
    why: dict[str, str] = field(default_factory=dict)      # why a profile holds for the resource that is walked through (against.py)
    named: Sequence[str] = ()                              # profiles instead of the implied ones of their types, wherever these stand

    def tell(self, level: Level, rule: str, path: str, says: str, fix: str = "", source: str = "", member: int | None = None) -> None:
        """So many of each level: whatever a resource is warned of, its errors are known. Raises Enough."""
        key = (path, rule, says)
        if key in self.found:
            return
        if self.told[level] < self.at_most:
            self.told[level] += 1
            self.found[key] = Finding(level, rule, path, says + asked_by(self.forms.definitions, source, self.why), fix, source, member)
        elif level is Level.ERROR:
            raise Enough

    def error(self, rule: str, path: str, says: str, fix: str = "", source: str = "", member: int | None = None) -> None:
        self.tell(Level.ERROR, rule, path, says, fix, source, member)

    # Objects ------------------------------------------------------------------------------------------------------------------------

    def object(self, form: Form, value: Json, path: str, here: Here) -> bool:
        """An object of a data type, of an element within a resource, or a resource itself."""
        sound = self._inside(form, value, path, here)
        if sound:
            self._whole(form, value, None, path, here)
        return sound

    def _inside(self, form: Form, value: Json, path: str, here: Here, beside: Json = None) -> bool:
        """Its members. `beside`: the value that it stands beside, where it may be an id alone."""
        if not isinstance(value, dict):
            self.error("fhir-type", path, f"must be an object, not {told(value)}")
            return False
        if not value or (beside is None and form.kind != "resource" and value.keys() == {"id"}):
            return self._empty(value, path)
        if self.deep >= DEEPEST:
            self.error("too-deep", path, f"is nested more than {DEEPEST} deep; what is inside is not looked at")
            return False
        self.deep += 1
        sound = self._members(extensions.Around(form, value, beside), path, here)
        self.deep -= 1
        return sound

    def _empty(self, value: dict[str, Json], path: str) -> bool:
        if not value:
            self.error("fhir-empty", path, "is an empty object; leave the element out where nothing is known")
        else:
            self.error("ele-1", path, "has an id and nothing else: an element has a value or elements")
        return False

    def _whole(self, form: Form, value: Json, extra: Json, path: str, here: Here) -> None:
        """What is asked of a value as a whole, once its parts are sound."""
        for asked in form.asked:
            hold(self, asked, value, extra, path)
        if form.bound and bindings.apply(form) or form.within:
            bindings.check(self, form, value, path)
        if form.type in values.CHECKS:
            values.CHECKS[form.type](self, form, value, path, here)
        for rule in self.rules.get(form.type, ()):
            for suffix, says in rule.judge(value):
                self.tell(rule.level, rule.id, path + suffix, says, rule.fix, rule.source)
        if form.constraints:
            self.invariants.check(self, form, value, extra, path, here)

    def _members(self, around: extensions.Around, path: str, here: Here) -> bool:
        form, value, sound = around.form, around.value, True
        if "id" in value:
            values.own_id(self, value["id"], path, here)
        present: dict[str, dict[str, tuple[Spot, str]]] = {}
        for key in value:
            stem = key[1:] if key[:1] == "_" else key
            found = form.keys.get(stem)
            if found is None or (stem is not key and not self._primitive(found[1])):
                if key != "resourceType" or form.kind != "resource":
                    values.unknown(self, form, value, key, path)
                    sound = False
            else:
                present.setdefault(found[0].name, {})[stem] = found
        for keys in present.values():
            spot, _ = next(iter(keys.values()))
            sound = self._spot(spot, around, list(keys), path, here) and sound
        for spot in form.required:
            if spot.name not in present:
                self._missing(spot, path)
        return sound

    def _primitive(self, kind: str) -> bool:
        found = self.forms.definitions.type(kind)
        return found is not None and found.kind == PRIMITIVE

    def _missing(self, spot: Spot, path: str) -> None:
        name = spot.name.removesuffix("[x]")
        if spot.least is not None:
            choice = f" (one of: {', '.join(spot.keys)})" if len(spot.keys) > 1 else ""
            says = f"is missing; {at_least(spot.least.element.least)}{choice}"
            self.error("fhir-min", f"{path}.{name}", says, "", spot.least.source)
        else:
            slicing.shared(self, spot, [], f"{path}.{name}")

    # What stands under a key --------------------------------------------------------------------------------------------------------

    def _spot(self, spot: Spot, around: extensions.Around, keys: list[str], path: str, here: Here) -> bool:
        if len(keys) > 1:
            self.error("fhir-choice", path, f"has {' and '.join(sorted(keys))}: only one of these may be given")
        if spot.most is not None and spot.most.element.most == 0:
            self.error("fhir-unknown", f"{path}.{keys[0]}", "may not be given; leave it out", "", spot.most.source)
            return False
        items, sound = gathered(self, spot, keys, around.value, path)
        assigned = slicing.shared(self, spot, items, f"{path}.{keys[0]}", here) if spot.sliced else {}
        for index, item in enumerate(items):
            sound = self._item(spot, item, assigned.get(index, ()), around, here) and sound
        return sound

    def _item(self, spot: Spot, item: Item, slices: tuple[Said, ...], around: extensions.Around, here: Here) -> bool:
        if item.value is None and item.extra is None:
            self.error("fhir-empty", item.path, "is null; leave it out where nothing is known")
            return False
        form = self.forms.of(item.kind, spot.said + slices) if slices else self.forms.plain(spot, item.kind)
        if form.kind == PRIMITIVE:
            return self._primitive_value(form, item, here)
        if form.kind == "resource":
            self.resource(item.value, item.path, here, form)
            return True
        if item.kind == "Extension":
            return extensions.check(self, form, item, spot.name == "modifierExtension", around, here)
        return self.object(form, item.value, item.path, here)

    # Values -------------------------------------------------------------------------------------------------------------------------

    def _primitive_value(self, form: Form, item: Item, here: Here) -> bool:
        sound = self._extra(form, item, here) if item.extra is not None else True
        if item.value is None:
            return sound and self._absent(form, item, here)
        if wrong := fault(form.type, values.bare(item.value, item.path, here)):
            self.error(wrong[0], item.path, wrong[1])
            return False
        values.limits(self, form, item.value, item.path, here)
        if form.type == "xhtml":
            return narrative.check(self, item.value, item.path, here) and sound
        if sound:
            self._whole(form, item.value, item.extra, item.path, here)
        return sound

    def _extra(self, form: Form, item: Item, here: Here) -> bool:
        """The `_name` beside a primitive value: its id and extensions."""
        stem, _, name = item.path.rpartition(".")
        return self._inside(form, item.extra, f"{stem}._{name}", here, item.value)

    def _absent(self, form: Form, item: Item, here: Here) -> bool:
        """A primitive without a value says why in an extension; where a code is required, that is no code."""
        if not isinstance(item.extra, dict) or "extension" not in item.extra:
            self.error("ele-1", item.path, "has neither a value nor an extension that says why there is none")
            return False
        if form.type == "code":
            bindings.needed(self, form, item.path)
        self.invariants.check(self, form, None, item.extra, item.path, here)
        return True

    # Resources ----------------------------------------------------------------------------------------------------------------------

    def resource(self, value: Json, path: str, around: Here | None = None, asked: Form | None = None, profiles: Sequence[str] = ()) -> bool:
        """A resource: the outermost, an entry's, or a contained one; `asked` is what is said where it stands."""
        kind = values.resource_type(self, value, path)
        if kind is None:
            return False
        path = path or kind
        for types, source in resources_at(asked.said) if asked else ():
            if not types.intersection(lineage(kind)):
                self.error("fhir-type", path, f"is of the type {kind}; here it must be {' or '.join(sorted(types))}", "", source)
        said, why = against(self, value, kind, path, profiles, asked.profiles if asked else ())
        self.met.update(each.source for each in said)
        form, here = self.forms.of(kind, said), self._here(value, kind, path, around)
        outside, self.why = self.why, why
        sound = self.object(form, value, path, here)
        self.why = outside
        references.check_contained(self, here)
        values.plain_id(self, value, path)
        values.language(self, value, path)
        if kind == "Bundle":
            bundles.check(self, here)
        return sound

    def _here(self, value: dict[str, Json], kind: str, path: str, around: Here | None) -> Here:
        """What stands in a resource's `contained` refers within that resource; an entry of a bundle, within the bundle."""
        if kind == "Bundle":
            return Here(value, kind, path, value, references.contained(value), references.bundled(value))
        if around is None or around.kind in ("Bundle", "Parameters"):
            return Here(value, kind, path, value, references.contained(value), around.bundle if around else None)
        return Here(value, kind, path, around.root, around.contained, around.bundle)

    def conforms(self, value: Json, urls: Sequence[str]) -> bool:
        """Whether nothing is wrong with a resource by one of these profiles (for discriminators of the kind profile)."""
        if self.deep >= DEEPEST:
            return False
        for url in urls:
            try:
                Walk(self.forms, self.invariants, {}, 0, deep=self.deep + 8).resource(value, "resource", profiles=(url,))
            except Enough:
                continue
            return True
        return False
