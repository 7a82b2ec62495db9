"""The explaining check: any value in, what is wrong with it as a resource out.

    checker().findings({"resourceType": "Patient", "gender": "f"})
    [error: Patient.gender: is not one of the codes asked for, one of: male, female, other, unknown (system …) [fhir-binding]]

A resource is held against its type, every profile it claims, and UK Core's profile of its type; or, instead of that, the profiles named.
It knows nothing of records and shapes, asks no network and no clock, and gives for the same resource always the same. Never raises,
whatever it is given, and does work in proportion to its size.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.conformance.compiling import parts
from adapter.conformance.definitions import DEFAULT_SETS, DRAFTS, Definitions
from adapter.conformance.extensions import contexts_not_checked
from adapter.conformance.fhirpath import allowed
from adapter.conformance.finding import Finding, Level, has_error
from adapter.conformance.forms import Forms, Said
from adapter.conformance.invariants import BY_HAND, Costly, Invariants
from adapter.conformance.model import Element, Profile
from adapter.conformance.plain import plain
from adapter.conformance.rules import RULES, Rule
from adapter.conformance.rules.extensions import PROFILE_DRAFT
from adapter.conformance.slicing import not_told_apart
from adapter.conformance.structure import Enough, Walk
from adapter.conformance.unchecked import NO_CONTEXT, NO_INVARIANT, NO_SLICING, Unchecked, unchecked
from adapter.fhir_xml.tables import is_resource_type

if TYPE_CHECKING:
    from adapter.conformance.gate import Gate

MOST = 1000      # findings of one resource, of each level
FORMS = 5000      # all that we know of need 1,400, of 7 kB each


class Checked(NamedTuple):
    """`findings` sorted by path, then rule. `not_looked_up`: code system, or value set, -> how many codes of it nobody could look up.
    `met`: definition -> how many resources and extensions were held against it, wherever they stand."""

    findings: list[Finding]
    not_looked_up: Counter[str]
    met: Counter[str]

    @property
    def clean(self) -> bool:
        return not has_error(self.findings)


class Open(NamedTuple):
    """What one definition states and nobody checks, and the definitions that it leads to, by URL."""

    found: list[Unchecked]
    leads: set[str]


class Checker:
    def __init__(self, definitions: Definitions, rules: Sequence[Rule] = RULES, at_most: int = MOST) -> None:
        self.definitions, self._every_rule = definitions, rules
        self._forms, self._invariants, self._at_most = Forms(definitions, FORMS), Invariants(), at_most
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._open: dict[str, Open] = {}
        for rule in rules:
            for kind in rule.types:
                self._rules[kind] = (*self._rules.get(kind, ()), rule)

    def check(self, resource: Any, *, profiles: Sequence[str] = (), path: str = "") -> Checked:
        """`profiles`: canonical URLs to hold it against instead of UK Core's profile of its type; in a Bundle, whatever is of their types.
        `path`: of where it stands, for findings; else its type. A bundle: and every resource in it."""
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        resource, strange = plain(resource, path or (kind if is_resource_type(kind) else "resource"))
        if strange:
            return Checked(in_order(strange), Counter(), Counter())
        walk = Walk(self._forms, self._invariants, self._rules, self._at_most)
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            walk.named, profiles = profiles, ()
        try:
            with allowed():
                walk.resource(resource, path, profiles=profiles)
        except Enough:
            place = path or str(resource["resourceType"])
            says = f"has more than {self._at_most:,} errors; no more are told, and what stands behind them is not looked at"
            walk.found[place, "too-many", says] = Finding(Level.ERROR, "too-many", place, says, "correct the first ones")
        except Costly as costly:
            says = f"cannot be asked {costly.key}: that takes too many steps; what stands behind it is not looked at"
            walk.found[costly.path, "too-costly", says] = Finding(
                Level.ERROR, "too-costly", costly.path, says, "tell who wrote the invariant, or leave its package out")
        return Checked(in_order(walk.found.values()), walk.unlisted, walk.met)

    def findings(self, resource: Any, *, profiles: Sequence[str] = (), path: str = "") -> list[Finding]:
        return self.check(resource, profiles=profiles, path=path).findings

    def clean(self, resource: Any) -> bool:
        """Nothing is an error: by the gate, which knows at once of what usually comes; else by looking."""
        return self._gate.passes(resource) or self.check(resource).clean

    @cached_property
    def _gate(self) -> Gate:
        """Made when it is first asked: a short check does without."""
        from adapter.conformance.gate import Gate

        return Gate(self.definitions, self._every_rule)

    def not_checked(self, profiles: Iterable[str]) -> Counter[str]:
        """What these definitions, and the data types and extensions in them, state that is not evaluated: how often, by reason."""
        return Counter(each.reason for each in self.left_open(profiles))

    def left_open(self, profiles: Iterable[str]) -> Iterator[Unchecked]:
        """The same one by one."""
        seen: set[str] = set()
        waiting = list(profiles)
        while waiting:
            profile = self.definitions.profile(waiting.pop())
            if profile is None or profile.url in seen:
                continue
            seen.add(profile.url)
            if profile.url not in self._open:
                leads = {url for part in parts(profile.root) for url in self._led_to(part)}
                self._open[profile.url] = Open([*self._of_one(profile)], leads)
            yield from self._open[profile.url].found
            waiting.extend(sorted(self._open[profile.url].leads - seen))

    def _of_one(self, profile: Profile) -> Iterator[Unchecked]:
        yield from unchecked(profile, self.definitions)
        yield from (Unchecked(NO_CONTEXT, profile.url, profile.root.id, each) for each in contexts_not_checked(profile))
        for element in parts(profile.root):
            yield from self._stated(Said(element, profile))
        yield from (Unchecked(NO_SLICING, profile.url, element, "slicing") for element in not_told_apart(self._forms, profile))

    def _stated(self, said: Said) -> Iterator[Unchecked]:
        element, url = said.element, said.owner.url
        for each in element.constraints:
            if each.key not in BY_HAND and (not each.expression or self._invariants.of(each) is None):
                yield Unchecked(NO_INVARIANT, url, element.id, each.key)

    def _led_to(self, element: Element) -> Iterator[str]:
        for type_ in element.types:
            yield from type_.profiles
            if kind := self.definitions.type(type_.code):
                yield kind.url


def in_order(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (finding.path, finding.rule, finding.says))


def checker(sets: tuple[str, ...] = DEFAULT_SETS, packages: tuple[Path, ...] = ()) -> Checker:
    """The same checker for the same definitions. Raises as Definitions.of."""
    return _checker(Definitions.of(sets, packages), DRAFTS in sets)


@lru_cache(maxsize=8)
def _checker(definitions: Definitions, drafts: bool) -> Checker:
    """Who asks for the drafts may be sent what claims them."""
    return Checker(definitions, tuple(rule for rule in RULES if rule is not PROFILE_DRAFT) if drafts else RULES)
