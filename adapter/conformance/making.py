"""Definitions as JSON -> a set in memory: types first, then what narrows them in the order of their bases, then value sets.

    made(Made("r4-4.0.1", "4.0.1", digest), files, known)

`files` are StructureDefinitions, ValueSets and CodeSystems by the name of their file; all else among them is passed over. `known` answers
for what stands elsewhere already. Raises Refused, naming the file: a base that is not there, a definition that is its own base, two
definitions with one URL, and what compiling, snapshot and terminology cannot read.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from adapter.conformance.code_systems import system_of
from adapter.conformance.compiling import Known, compiled, slimmed, unversioned
from adapter.conformance.model import Codes, CodeSystem, Json, Profile
from adapter.conformance.raw import RawDefinition, RawElement, Unreadable, definition_of, printable, read_as
from adapter.conformance.shelf import Made
from adapter.conformance.snapshot import snapshot
from adapter.conformance.terminology import Terminology
from adapter.faults import Fault, Refused

T = TypeVar("T")
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
LONGEST_CHAIN = 32      # a profile of a profile of a profile …; in practice four


class Elsewhere(Protocol):
    """What stands already."""

    def profile(self, url: str) -> Profile | None: ...
    def type(self, name: str) -> Profile | None: ...
    def codes(self, value_set: str) -> Codes | None: ...
    def system(self, url: str) -> CodeSystem | None: ...


class Asked(Mapping[str, Profile]):
    """Somebody's answers as a mapping; what can be asked for is not known."""

    def __init__(self, ask: Callable[[str], Profile | None]) -> None:
        self._ask = ask

    def __getitem__(self, name: str) -> Profile:
        if (found := self._ask(name)) is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def made(made: Made, files: Mapping[str, Json], known: Elsewhere, *, believe: bool = False) -> Made:
    """`made` with all that the files define. `believe`: whether an expansion counts that a value set brings along."""
    structures = _by_url(files, "StructureDefinition")
    making = Making(structures, known)
    for name in making.types():
        made.types[name] = making.own_types[name].url
    made.profiles = {url: making.whole(url) for url in sorted(structures)}
    made.profiles = {url: slimmed(each, making.known) for url, each in made.profiles.items()}
    _add_codes(made, files, known, believe)
    return made


def _by_url(files: Mapping[str, Json], kind: str) -> dict[str, tuple[str, Json]]:
    """URL -> (file, definition), logical models aside: they describe what is no FHIR."""
    found: dict[str, tuple[str, Json]] = {}
    for name in sorted(files):
        each = files[name]
        if each.get("resourceType") != kind or each.get("kind") == "logical":
            continue
        url = each.get("url")
        if not isinstance(url, str) or not url:
            raise _refused(name, f"a {kind} has no url")
        if url in found:
            raise _refused(name, f"a {kind} has the same url as {found[url][0]}")
        found[url] = (name, each)
    return found


def _refused(file: str, says: str) -> Refused:
    return Refused([Fault("package-definition", printable(says), file=printable(file))])


@dataclass(slots=True)
class Making:
    """The StructureDefinitions of a set on their way to profiles."""

    structures: Mapping[str, tuple[str, Json]]
    elsewhere: Elsewhere
    own_types: dict[str, Profile] = field(default_factory=dict)
    _made: dict[str, Profile] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    @property
    def known(self) -> Known:
        """This set's own first."""
        types, profiles, elsewhere = self.own_types, self._made, self.elsewhere
        return Known(
            Asked(lambda name: types.get(name) or elsewhere.type(name)),
            Asked(lambda url: profiles.get(url) or elsewhere.profile(url)),
        )

    def types(self) -> Iterator[str]:
        """Makes the types, and tells their names. In two rounds: what an element need not repeat is what the root of its type says."""
        definitions = [url for url, (_, each) in self.structures.items() if each.get("derivation") != "constraint"]
        for _ in range(2 if definitions else 0):
            known = dict(self.own_types)
            for url in definitions:
                profile = _told(self.structures[url][0], partial(compiled, self.structures[url][1], known))
                self.own_types[profile.type] = self._made[url] = profile
        return iter(sorted(self.own_types))

    def whole(self, url: str) -> Profile:
        """A profile of this set, after those that it needs."""
        if url not in self._made:
            file, definition = self.structures[url]
            if url in self._open:
                raise _refused(file, f"{url} is its own base")
            if len(self._open) >= LONGEST_CHAIN:
                raise _refused(file, f"more than {LONGEST_CHAIN} profiles narrow one another")
            self._open.append(url)
            self._made[url] = _told(file, partial(self._profile, definition))
            self._open.pop()
        return self._made[url]

    def _profile(self, definition: Json) -> Profile:
        raw = definition_of(definition)
        if raw.type not in self.known.types:
            raise Unreadable(f"{raw.url} narrows {raw.type}, which is no type of FHIR R4")
        if raw.snapshot is not None:
            return compiled(definition, self.known.types)
        for used in _profiles_of(raw):
            if used in self.structures and used not in self._open:
                self.whole(used)
        base = self._base(unversioned(raw.base_definition))
        if base is None:
            raise Unreadable(f"{raw.url} narrows {raw.base_definition or 'nothing'}, which is not there")
        return snapshot(definition, base, self.known)

    def _base(self, url: str) -> Profile | None:
        return self.whole(url) if url in self.structures else self.elsewhere.profile(url)


def _profiles_of(raw: RawDefinition) -> Iterator[str]:
    """The profiles that its elements have to meet: an extension's cardinality counts where it is used."""
    for element in raw.differential.element if raw.differential else ():
        for kind in read_as(RawElement, element, f"an element of {raw.url}").type or ():
            yield from map(unversioned, kind.profile)


def _add_codes(made: Made, files: Mapping[str, Json], known: Elsewhere, believe: bool) -> None:
    """The code systems that are whole, and all value sets of which something can be said."""
    for url, (file, each) in _by_url(files, "CodeSystem").items():
        if (system := _told(file, partial(system_of, each))) is not None:
            made.code_systems[url] = system
    sets = _by_url(files, "ValueSet")
    definitions = {url: each for url, (_, each) in sets.items()}
    terminology = Terminology(definitions, lambda url: made.system(url) or known.system(url), known.codes, believe)
    for url, (file, _) in sets.items():
        if (codes := _told(file, partial(terminology.codes, url))) is not None:
            made.value_sets[url] = codes


def _told(file: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except Unreadable as error:
        raise _refused(file, str(error)) from None
