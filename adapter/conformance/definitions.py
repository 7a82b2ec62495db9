"""All that is known of profiles, value sets and code systems: the sets that ship, and the packages that somebody brought.

    known = Definitions.of()                                  r4-4.0.1 and ukcore-stu2-2.0.2
    known.type("Patient")                                     the type
    known.profile("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient|2.0.2")
    known.implied("Patient")                                  what every Patient is held against besides
    known.brought("Patient")                                  and by the packages that somebody brought

What stands later in the list wins where two say the same URL. Nothing is decoded before it is asked for.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from adapter.conformance.model import Codes, CodeSystem, Profile
from adapter.conformance.shelf import Made, Shelf
from adapter.faults import Fault

HL7 = "http://hl7.org/fhir/StructureDefinition/"
DEFAULT_SETS = ("r4-4.0.1", "ukcore-stu2-2.0.2")
DRAFTS = "ukcore-stu3-sequence"


# value sets that are a URL and nothing else, and the code system whose codes they name
IMPLICIT = {
    "http://snomed.info/sct?": "http://snomed.info/sct",
    "http://loinc.org/vs": "http://loinc.org",
    "http://www.rfc-editor.org/bcp/bcp13.txt": "urn:ietf:bcp:13",
}


class Source(Protocol):
    """A set, wherever it comes from."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def profiles(self) -> Mapping[str, object]: ...
    @property
    def types(self) -> Mapping[str, str]: ...
    @property
    def implied(self) -> Mapping[str, str]: ...
    def profile(self, url: str) -> Profile | None: ...
    def codes(self, url: str) -> Codes | None: ...
    def system(self, url: str) -> CodeSystem | None: ...


class Definitions:
    """Every question by canonical URL; `|version` asks for that version and no other."""

    def __init__(self, sources: Sequence[Source], packages: Sequence[Made] = ()) -> None:
        self._sources, self.packages = tuple(reversed(sources)), tuple(packages)
        self._codes: dict[str, Codes | None] = {}

    @classmethod
    def of(cls, sets: Sequence[str] = DEFAULT_SETS, packages: Sequence[Path] = ()) -> Definitions:
        """The same object for the same arguments, while nobody writes another package into the same file. Raises Refused for a package that
        cannot be read, OSError where its file cannot, KeyError for an unknown set."""
        return _of(tuple(sets), tuple((path, stamp(path)) for path in packages))

    @cached_property
    def left_out(self) -> tuple[Fault, ...]:
        """What of the packages cannot be read."""
        return tuple(fault for package in self.packages for fault in package.left_out)

    @cached_property
    def names(self) -> tuple[tuple[str, str, str], ...]:
        """(id, version, sha256 of the input) of each set, for a report."""
        return tuple((each.id, each.version, each.sha256) for each in reversed(self._sources))

    def profile(self, url: str) -> Profile | None:
        url, _, version = url.partition("|")
        found = (profile for source in self._sources if (profile := source.profile(url)) is not None)
        return next((profile for profile in found if version in ("", profile.version)), None)

    def type(self, name: str) -> Profile | None:
        """A type by FHIR's name: of a resource, a data type, a primitive."""
        url = next((source.types[name] for source in self._sources if name in source.types), None)
        return self.profile(url) if url else None

    def implied(self, kind: str) -> Profile | None:
        url = next((source.implied[kind] for source in self._sources if kind in source.implied), None)
        return self.profile(url) if url else None

    def brought(self, kind: str) -> tuple[Profile, ...]:
        """What a package asks of every resource of this type: its profile of it, where it has one alone."""
        return self._brought.get(kind, ())

    @cached_property
    def apart(self) -> tuple[str, ...]:
        """The types that a package has several profiles of: which of them is meant is claimed, or named."""
        return tuple(sorted({kind for each in self.packages for kind, profiles in constraining(each).items() if len(profiles) > 1}))

    @cached_property
    def _brought(self) -> dict[str, tuple[Profile, ...]]:
        found: dict[str, tuple[Profile, ...]] = {}
        for package in self.packages:
            for kind, profiles in constraining(package).items():
                found[kind] = (*found.get(kind, ()), *profiles) if len(profiles) == 1 else found.get(kind, ())
        return {kind: profiles for kind, profiles in found.items() if profiles}

    def codes(self, value_set: str) -> Codes | None:
        """None where it is not there, or hangs on one that is not there."""
        url = value_set.partition("|")[0]
        if url not in self._codes:
            found = next((found for source in self._sources if (found := source.codes(url)) is not None), None)
            self._codes[url] = self._written_out(found) if found else implicit(url)
        return self._codes[url]

    def _written_out(self, codes: Codes) -> Codes:
        """With the codes of the systems that belong to it whole."""
        whole = {url: frozenset(system.codes) for url in codes.whole if (system := self.system(url)) is not None}
        return replace(codes, codes={**codes.codes, **whole}) if whole else codes

    def system(self, url: str) -> CodeSystem | None:
        """Only one whose codes are all known."""
        return next((found for source in self._sources if (found := source.system(url)) is not None), None)

    def profiles(self) -> Iterator[str]:
        """The canonical URLs of all definitions, types among them, each once."""
        return iter(dict.fromkeys(url for source in reversed(self._sources) for url in source.profiles))

    def types(self) -> Iterator[str]:
        """The names of all types."""
        return iter(dict.fromkeys(name for source in reversed(self._sources) for name in source.types))


def constraining(package: Made) -> dict[str, list[Profile]]:
    """Its profiles by the type that they are of. HL7's own are for whoever claims them, in whatever package they come."""
    found: dict[str, list[Profile]] = {}
    for profile in package.profiles.values():
        if profile.kind == "resource" and profile.derivation == "constraint" and not profile.url.startswith(HL7):
            found.setdefault(profile.type, []).append(profile)
    return found


def implicit(url: str) -> Codes | None:
    """Of a value set that needs no definition: nobody can list it."""
    return next((Codes(url, unlisted=(system,)) for start, system in IMPLICIT.items() if url.startswith(start)), None)


_shelf = lru_cache(Shelf)      # what was decoded of a set once is decoded


def stamp(path: Path) -> tuple[int, int]:
    """By which it is seen that a file was written anew: when it was written last, and how large it is. Raises OSError."""
    stands = path.stat()
    return stands.st_mtime_ns, stands.st_size


@lru_cache(maxsize=8)
def _of(sets: tuple[str, ...], packages: tuple[tuple[Path, tuple[int, int]], ...]) -> Definitions:
    sources: list[Source] = [_shelf(name) for name in sets]
    brought: list[Made] = []
    for path, _ in packages:
        brought.append(_package(path, Definitions(sources)))
        sources.append(brought[-1])
    return Definitions(sources, brought)


def _package(path: Path, known: Definitions) -> Made:
    """A package, over everything that stands before it."""
    from adapter.conformance.package import read_package, set_of  # most runs bring none, and what compiles need not be loaded

    return set_of(read_package(path), known)
