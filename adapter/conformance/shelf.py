"""A set of definitions on disk: a zip of compiled members that are decoded when they are first asked for.

    sets/r4-4.0.1.zip      index.json      what is in it, and of what it was made (sha256 of the input)
                           profile/…json   codes/…json   system/…json      one Profile, Codes or CodeSystem each

The bytes are the same whenever they are made of the same input. Made by tools/definitions.py.
"""
from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from adapter.conformance.model import Codes, CodeSystem, Profile
from adapter.faults import Fault

SETS = Path(__file__).resolve().parent / "sets"
LONG_AGO = (1980, 1, 1, 0, 0, 0)      # the earliest time that a zip can hold: when it was made is nobody's business

T = TypeVar("T", Profile, Codes, CodeSystem)

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_profile = msgspec.json.Decoder(Profile, float_hook=Decimal)
_codes = msgspec.json.Decoder(Codes, float_hook=Decimal)
_system = msgspec.json.Decoder(CodeSystem, float_hook=Decimal)


class Index(msgspec.Struct, frozen=True):
    """`profiles`, `codes`, `systems`: canonical URL -> member; `types`: name -> URL; `implied`: type -> URL of the profile that every
    resource of this type is held against. `sha256`: of the input, as digest_of() takes it."""

    id: str
    version: str
    sha256: str
    profiles: dict[str, str] = {}
    types: dict[str, str] = {}
    implied: dict[str, str] = {}
    codes: dict[str, str] = {}
    systems: dict[str, str] = {}


@dataclass(slots=True)
class Made:
    """A set in memory, before it is written down, or of a package that somebody brought. `left_out`: what of it cannot be read."""

    id: str
    version: str
    sha256: str
    profiles: dict[str, Profile] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    implied: dict[str, str] = field(default_factory=dict)
    value_sets: dict[str, Codes] = field(default_factory=dict)
    code_systems: dict[str, CodeSystem] = field(default_factory=dict)
    left_out: list[Fault] = field(default_factory=list)

    def profile(self, url: str) -> Profile | None:
        return self.profiles.get(url)

    def codes(self, url: str) -> Codes | None:
        return self.value_sets.get(url)

    def system(self, url: str) -> CodeSystem | None:
        return self.code_systems.get(url)

    def packed(self) -> bytes:
        """The zip."""
        kinds: Mapping[str, Mapping[str, object]] = {"profile": self.profiles, "codes": self.value_sets, "system": self.code_systems}
        names = {kind: _members(kind, things) for kind, things in kinds.items()}
        index = Index(self.id, self.version, self.sha256, names["profile"], self.types, self.implied, names["codes"], names["system"])
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as out:
            _put(out, "index.json", _encode(index))
            for kind, things in kinds.items():
                for url in sorted(things):
                    _put(out, names[kind][url], _encode(things[url]))
        return buffer.getvalue()


def _members(kind: str, urls: Iterable[str]) -> dict[str, str]:
    """A name for each: the last part of its URL, with a number where two would have the same."""
    found: dict[str, str] = {}
    taken: dict[str, int] = {}
    for url in sorted(urls):
        last = url.rpartition("/")[2].replace(":", "-")
        taken[last.lower()] = count = taken.get(last.lower(), 0) + 1
        found[url] = f"{kind}/{last}.json" if count == 1 else f"{kind}/{last}~{count}.json"
    return found


def _put(out: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, LONG_AGO)
    member.external_attr = 0o644 << 16
    out.writestr(member, content, zipfile.ZIP_DEFLATED, 9)


class Shelf:
    """A set that ships, by its name. Raises KeyError for one that does not."""

    def __init__(self, name: str) -> None:
        path = SETS / f"{name}.zip"
        if not path.is_file():
            raise KeyError(name)
        self._zip = zipfile.ZipFile(path)
        self._have: dict[str, Profile | Codes | CodeSystem | None] = {}

    @cached_property
    def index(self) -> Index:
        return msgspec.json.decode(self._zip.read("index.json"), type=Index)

    @property
    def id(self) -> str:
        return self.index.id

    @property
    def version(self) -> str:
        return self.index.version

    @property
    def sha256(self) -> str:
        return self.index.sha256

    @property
    def profiles(self) -> Mapping[str, str]:
        return self.index.profiles

    @property
    def types(self) -> Mapping[str, str]:
        return self.index.types

    @property
    def implied(self) -> Mapping[str, str]:
        return self.index.implied

    def profile(self, url: str) -> Profile | None:
        return self._decoded(self.index.profiles.get(url), _profile)

    def codes(self, url: str) -> Codes | None:
        return self._decoded(self.index.codes.get(url), _codes)

    def system(self, url: str) -> CodeSystem | None:
        return self._decoded(self.index.systems.get(url), _system)

    def _decoded(self, member: str | None, decoder: msgspec.json.Decoder[T]) -> T | None:
        if member is None:
            return None
        if member not in self._have:
            self._have[member] = decoder.decode(self._zip.read(member))
        return self._have[member]      # type: ignore[return-value]     # what stands under a member's name is of its kind
