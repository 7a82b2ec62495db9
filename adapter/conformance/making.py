"""Definitions as JSON -> a set in memory: types first, then what narrows them in the order of their bases, then value sets.

    made(Made("r4-4.0.1", "4.0.1", digest), files, known)

`files` are StructureDefinitions, ValueSets and CodeSystems by the name of their file; all else among them is passed over. `known` answers
for what stands elsewhere already. What cannot be read is Refused with the name of its file: a base that is not there, a definition that is
its own base, and what compiling, snapshot and terminology cannot read. Of what somebody brought it is left out, with what narrows it, as
long as something is left; two definitions with one URL are Refused.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
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
MOST_LEFT_OUT = 20      # definitions of a package that cannot be read: where there are more, it is the package
Leaving = Callable[[str], AbstractContextManager[None]]
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


def made(made: Made, files: Mapping[str, Json], known: Elsewhere, *, brought: bool = False) -> Made:
    """`made` with all that the files define. `brought`: by somebody, whose value sets may bring an expansion, and of whose definitions one
    that cannot be read is left out."""
    leaving = partial(_left_out, made, brought)
    structures = _by_url(files, "StructureDefinition", leaving)
    making = Making(structures, known)
    for url in making.definitions():
        with leaving(structures[url][0]):
            making.make_type(url)
    made.types = {name: making.own_types[name].url for name in sorted(making.own_types)}
    for url in sorted(structures):
        with leaving(structures[url][0]):
            made.profiles[url] = making.whole(url)
    made.profiles = {url: slimmed(each, making.known) for url, each in made.profiles.items()}
    _add_codes(made, files, known, brought, leaving)
    if made.left_out and not (made.profiles or made.value_sets or made.code_systems):
        raise Refused(made.left_out)
    return made


@contextmanager
def _left_out(made: Made, brought: bool, file: str) -> Iterator[None]:
    """Around what is made of a file: of what somebody brought it may be Refused, and the rest goes on."""
    try:
        yield
    except Refused as refused:
        fault = next((each for each in refused.found if each.file == printable(file)), None)
        fault = fault or Fault("package-definition", f"needs {refused.found[0].file}, which cannot be read", file=printable(file))
        if not brought or len(made.left_out) == MOST_LEFT_OUT:
            raise
        made.left_out += [fault] if fault not in made.left_out else []


def _by_url(files: Mapping[str, Json], kind: str, leaving: Leaving) -> dict[str, tuple[str, Json]]:
    """URL -> (file, definition), logical models aside: they describe what is no FHIR."""
    found: dict[str, tuple[str, Json]] = {}
    for name in sorted(files):
        each = files[name]
        if each.get("resourceType") != kind or each.get("kind") == "logical":
            continue
        url = each.get("url")
        if not isinstance(url, str) or not url:
            with leaving(name):
                _nameless(name, kind)
        elif url in found:
            raise _refused(name, f"a {kind} has the same url as {found[url][0]}")
        else:
            found[url] = (name, each)
    return found


def _nameless(file: str, kind: str) -> None:
    raise _refused(file, f"a {kind} has no url")


def _refused(file: str, says: str) -> Refused:
    return Refused([Fault("package-definition", printable(says), file=printable(file))])


@dataclass(slots=True)
class Making:
    """The StructureDefinitions of a set on their way to profiles."""

    structures: Mapping[str, tuple[str, Json]]
    elsewhere: Elsewhere
    own_types: dict[str, Profile] = field(default_factory=dict)
    _before: dict[str, Profile] = field(default_factory=dict)      # the types, as the round before had them
    _made: dict[str, Profile] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _refused: dict[str, Refused] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        """This set's own first."""
        types, profiles, elsewhere = self.own_types, self._made, self.elsewhere
        return Known(
            Asked(lambda name: types.get(name) or elsewhere.type(name)),
            Asked(lambda url: profiles.get(url) or elsewhere.profile(url)),
        )

    def definitions(self) -> Iterator[str]:
        """Of types. In two rounds: what an element need not repeat is what the root of its type says."""
        every = [url for url, (_, each) in self.structures.items() if each.get("derivation") != "constraint"]
        for _ in range(2 if every else 0):
            self._before = dict(self.own_types)
            yield from every

    def make_type(self, url: str) -> None:
        file, definition = self.structures[url]
        profile = _told(file, partial(compiled, definition, self._before))
        self.own_types[profile.type] = self._made[url] = profile

    def whole(self, url: str) -> Profile:
        """A profile of this set, after those that it needs. Raises Refused, and says the same again."""
        if url in self._refused:
            raise self._refused[url]
        if url not in self._made:
            file, definition = self.structures[url]
            if url in self._open:
                raise _refused(file, f"{url} is its own base")
            if len(self._open) >= LONGEST_CHAIN:
                raise _refused(file, f"more than {LONGEST_CHAIN} profiles narrow one another")
            self._open.append(url)
            try:
                self._made[url] = _told(file, partial(self._profile, definition))
            except Refused as refused:
                self._refused[url] = refused
                raise
            finally:
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


def _add_codes(made: Made, files: Mapping[str, Json], known: Elsewhere, brought: bool, leaving: Leaving) -> None:
    """The code systems that are whole, and all value sets of which something can be said."""
    for url, (file, each) in _by_url(files, "CodeSystem", leaving).items():
        with leaving(file):
            if (system := _told(file, partial(system_of, each))) is not None:
                made.code_systems[url] = system
    sets = _by_url(files, "ValueSet", leaving)
    definitions = {url: each for url, (_, each) in sets.items()}
    terminology = Terminology(definitions, lambda url: made.system(url) or known.system(url), known.codes, brought)
    for url, (file, _) in sets.items():
        with leaving(file):
            if (codes := _told(file, partial(terminology.codes, url))) is not None:
                made.value_sets[url] = codes


def _told(file: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except Unreadable as error:
        raise _refused(file, str(error)) from None
