"""ValueSet -> Codes: which codes belong to it, as far as that can be said from what is there.

    Terminology(value_sets, system, codes).codes(url)      system(url) and codes(url) answer for what stands elsewhere already

Codes of systems that nobody may list here, or that nobody has whole, are told as `unlisted`: there the answer is *not checked*, never no.
A value set that hangs on one that is not there has no answer at all. Source: HL7 FHIR R4, page ValueSet (compose, expansion).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

from adapter.conformance.code_systems import RawFilter, filtered
from adapter.conformance.compiling import unversioned
from adapter.conformance.model import Codes, CodeSystem, Json
from adapter.conformance.raw import Raw, Unreadable, read_as

SNOMED_CT = "http://snomed.info/sct"
MOST = 10_000_000      # codes that the value sets of one package look at; those of FHIR R4 look at 80,000
# SNOMED International's and NHS England's to license
NOBODY_MAY_LIST = frozenset({SNOMED_CT, "https://dmd.nhs.uk", "https://dmd.nhs.uk/"})


class RawCode(Raw):
    code: str


class RawInclude(Raw):
    system: str = ""
    concept: tuple[RawCode, ...] = ()
    filter: tuple[RawFilter, ...] = ()
    value_set: tuple[str, ...] = ()


class RawCompose(Raw):
    include: tuple[RawInclude, ...]
    exclude: tuple[RawInclude, ...] = ()


class RawContains(Raw):
    system: str = ""
    code: str = ""
    abstract: bool = False
    contains: tuple[RawContains, ...] = ()


class RawExpansion(Raw):
    contains: tuple[RawContains, ...] = ()
    total: int | None = None


class RawValueSet(Raw):
    url: str
    compose: RawCompose | None = None
    expansion: RawExpansion | None = None


# Sets of codes ----------------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Some:
    """Codes by system, and the systems of which there are more than can be listed."""

    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()

    def __and__(self, other: Some) -> Some:
        """Where one side cannot be listed, whether a code is on both cannot be told."""
        open_here = (self.unlisted & other._systems()) | (other.unlisted & self._systems())
        both = {each: self.of(each) & other.of(each) for each in self.listed if each in other.listed and each not in open_here}
        return Some(both, open_here)

    def __sub__(self, other: Some) -> Some:
        open_here = self.unlisted | (other.unlisted & self._systems())
        return Some({each: self.of(each) - other.of(each) for each in self.listed if each not in open_here}, open_here)

    @classmethod
    def any_of(cls, several: Iterable[Some]) -> Some:
        """Together, however many they are."""
        listed: dict[str, list[frozenset[str]]] = {}
        unlisted: set[str] = set()
        for some in several:
            unlisted |= some.unlisted
            for system, codes in some.listed.items():
                listed.setdefault(system, []).append(codes)
        return cls({system: frozenset().union(*codes) for system, codes in listed.items()}, frozenset(unlisted))

    def of(self, system: str) -> frozenset[str]:
        return self.listed.get(system, frozenset())

    def _systems(self) -> frozenset[str]:
        return self.unlisted | self.listed.keys()


class _Missing(Exception):
    """A value set hangs on one that is not there."""


@dataclass(slots=True)
class Terminology:
    """`value_sets`: URL -> definition. `believe`: whether an expansion counts that a definition brings along, where its compose cannot be
    listed. Raises Unreadable for a value set that contains itself."""

    value_sets: Mapping[str, Json]
    system: Callable[[str], CodeSystem | None]
    known: Callable[[str], Codes | None] = lambda url: None
    believe: bool = False
    _found: dict[str, Some | None] = field(default_factory=dict)
    _looked_at: int = 0
    _open: list[str] = field(default_factory=list)

    def codes(self, url: str) -> Codes | None:
        """None where it is not there, or hangs on one that is not there."""
        some = self._some(unversioned(url))
        return None if some is None else self._as_codes(unversioned(url), some)

    def _as_codes(self, url: str, some: Some) -> Codes:
        whole = tuple(sorted(each for each, codes in some.listed.items() if self._is_whole(each, codes)))
        listed = {each: codes for each, codes in sorted(some.listed.items()) if codes and each not in whole}
        return Codes(url, listed, whole, tuple(sorted(some.unlisted)))

    def _is_whole(self, url: str, codes: frozenset[str]) -> bool:
        system = self.system(url)
        return system is not None and len(codes) > 0 and codes == system.codes.keys()      # of one with abstract codes, never

    def _some(self, url: str) -> Some | None:
        if url in self._open:
            raise Unreadable(f"the value set {url} contains itself")
        if url not in self._found:
            self._open.append(url)
            self._found[url] = self._read(url)
            self._open.pop()
        return self._found[url]

    def _read(self, url: str) -> Some | None:
        if url not in self.value_sets:
            return self._from_elsewhere(url)
        raw = read_as(RawValueSet, self.value_sets[url], "a ValueSet")
        expanded = _expanded(raw.expansion) if self.believe and raw.expansion else None
        try:
            composed = self._composed(raw.compose) if raw.compose else None
        except _Missing:
            composed = None
        if expanded is not None and (composed is None or composed.unlisted):
            return expanded
        return composed

    def _from_elsewhere(self, url: str) -> Some | None:
        codes = self.known(url)
        return Some(codes.codes, frozenset(codes.unlisted)) if codes is not None else None

    def _composed(self, compose: RawCompose) -> Some:
        return Some.any_of(map(self._included, compose.include)) - Some.any_of(map(self._included, compose.exclude))

    def _included(self, include: RawInclude) -> Some:
        """What one include asks for: everything that it says holds at once."""
        asked = [self._nested(each) for each in include.value_set]
        if include.system:
            asked.append(self._of_system(include))
        return reduce(Some.__and__, asked) if asked else Some()

    def _nested(self, url: str) -> Some:
        found = self._some(unversioned(url))
        if found is None:
            raise _Missing
        self._look_at(sum(map(len, found.listed.values())))
        return found

    def _look_at(self, codes: int) -> None:
        self._looked_at += codes
        if self._looked_at > MOST:
            raise Unreadable(f"the value set {self._open[-1]} takes too many codes over and over again")

    def _of_system(self, include: RawInclude) -> Some:
        url = include.system
        unlisted = Some(unlisted=frozenset({url}))
        if url in NOBODY_MAY_LIST:
            return unlisted
        system = self.system(url)
        abstract = system.abstract if system else frozenset()
        if include.concept:
            return Some({url: frozenset(each.code for each in include.concept) - abstract})
        if system is None:
            return unlisted
        self._look_at(len(system.codes) * (1 + len(include.filter)))
        kept = [filtered(system, each) for each in include.filter]
        codes = frozenset(system.codes).intersection(*(each for each in kept if each is not None))
        return unlisted if None in kept else Some({url: codes - abstract})


def _expanded(expansion: RawExpansion) -> Some | None:
    """Nothing where it does not hold all of it."""
    found: dict[str, set[str]] = {}
    count = 0
    for each in _contained(expansion.contains):
        count += 1
        found.setdefault(each.system, set()).add(each.code)
    if expansion.total is not None and expansion.total > count:
        return None
    return Some({system: frozenset(codes) for system, codes in found.items()})


def _contained(contains: Iterable[RawContains]) -> Iterator[RawContains]:
    for each in contains:
        if each.code and not each.abstract:
            yield each
        yield from _contained(each.contains)
