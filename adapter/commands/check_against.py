"""What resources are held against in one run of `redbag check`, and what of it could not be looked at."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adapter.commands.exits import Exit, Stop
from adapter.commands.known import proven_by
from adapter.conformance import Checker, Finding
from adapter.conformance.against import is_of
from adapter.conformance.unchecked import NO_DEFINITION, Unchecked
from adapter.second_opinion import NOT_INSTALLED

Resource = dict[str, Any]
NUMBER = re.compile(r"\d+")


@dataclass
class Against:
    """`profiles`: instead of UK Core's of each type. `second`: fhir.resources is asked too. `met`: every definition that anything was held
    against. `held`: how many resources were held against one that was named, or brought in a package."""

    checker: Checker
    profiles: tuple[str, ...] = ()
    second: bool = False
    met: set[str] = field(default_factory=set)
    not_looked_up: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        known = self.checker.definitions
        brought = (profile.url for kind in known.types() for profile in known.brought(kind)) if known.packages else ()
        self.held.update(dict.fromkeys((*self.profiles, *brought), 0))

    def findings(self, resource: Any) -> list[Finding]:
        checked = self.checker.check(resource, profiles=self._of(resource))
        self.not_looked_up.update(checked.not_looked_up)
        self.met.update(checked.met)
        self.held.update({url: checked.met[url.partition("|")[0]] for url in self.held})
        return in_order([*checked.findings, *self._second_opinion(resource)])

    def clean(self, resource: Resource) -> bool:
        return self.checker.check(resource, profiles=self.profiles).clean if self.profiles else self.checker.clean(resource)

    def left_open(self) -> list[Unchecked]:
        """What is stated of all that was met, and not evaluated; and what of the packages cannot be read."""
        left_out = self.checker.definitions.left_out
        return [*self.checker.left_open(sorted(self.met)), *(Unchecked(NO_DEFINITION, each.file, "it", each.says) for each in left_out)]

    @cached_property
    def brought(self) -> frozenset[str]:
        """The definitions of packages, and the files of those that cannot be read."""
        known = self.checker.definitions
        return frozenset({url for package in known.packages for url in package.profiles} | {fault.file for fault in known.left_out})

    @property
    def sets(self) -> tuple[str, ...]:
        return tuple(name if name.endswith(version) else f"{name} {version}" for name, version, _ in self.checker.definitions.names)

    def _second_opinion(self, resource: Any) -> list[Finding]:
        if not self.second:
            return []
        from adapter.second_opinion import opinion

        return opinion(resource)

    def _of(self, resource: Any) -> Sequence[str]:
        """What was named for it; a Bundle hands on what was named for those in it."""
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        return self.profiles if kind == "Bundle" else self._named(str(kind))

    def _named(self, kind: str) -> list[str]:
        return [url for url in self.profiles if is_of(self.checker.definitions.profile(url), kind)]


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """As they stand in the document: entry[2] before entry[10]."""
    return sorted(found, key=lambda each: NUMBER.sub(lambda index: f"{index[0]:>9}", each.path))


def resources(resource: Any, path: str = "") -> Iterator[tuple[str, Resource]]:
    """The resource itself; of a Bundle, those in it too. Each with its path."""
    if not isinstance(resource, dict):
        return
    path = path or str(resource.get("resourceType"))
    yield path, resource
    entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield from resources(entry.get("resource"), f"{path}.entry[{index}].resource")


def against(profiles: Sequence[str], sets: Sequence[str], packages: Sequence[Path], second: bool = False) -> Against:
    """`sets`: beside FHIR R4. Raises Stop for what is not there, or is no package."""
    if second and find_spec("fhir") is None:
        raise Stop(Exit.USAGE, f"--second-opinion: {NOT_INSTALLED}.")
    made = Against(proven_by(sets, packages).checker, tuple(profiles), second)
    if unknown := [url for url in profiles if made.checker.definitions.profile(url) is None]:
        raise Stop(Exit.USAGE, f"--profile: {unknown[0]} is in none of {', '.join(made.sets)}; add the package that has it with --package.")
    return made
