"""How things are written at one endpoint, and what comes of it: parts, and what each entry was made from."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from adapter import wire
from mappings.systems import DMD

Resource = dict[str, Any]


@dataclass(frozen=True)
class Policy:
    """How things are written at one endpoint.

    `patient`: match (the server has her; nothing about her is written), create-if-missing (never overwritten) or upsert.
    `patient_reference`: with match, her resource there, if it has been found already ("Patient/123"); else the server is asked to find it.
    `directory`: logical (organisations and people by identifier and name, nothing is created), existing (`known` says which resource of
    the server each is), own (written by PUT, in parts of their own that go first).
    `known`: (system, value) -> "Organization/55". `most`: entries in one part; `most_bytes`: how large it may be, in `form`.
    `dmd`: the system under which dm+d codes are written, https://dmd.nhs.uk or http://snomed.info/sct.
    """

    patient: Literal["match", "create-if-missing", "upsert"]
    patient_reference: str | None = None
    directory: Literal["logical", "existing", "own"] = "logical"
    known: Mapping[tuple[str, str], str] = field(default_factory=dict)
    most: int = 500
    most_bytes: int | None = None
    dmd: str = DMD
    form: wire.Format = wire.JSON


class Row(NamedTuple):
    """What an entry was made from: "medicines[3]", the type of resource, and "Type/id" where the id is ours."""

    name: str
    type: str
    target: str | None


@dataclass(frozen=True)
class Part:
    """One transaction of a `group` of `parts`; `rows` tells for each of its entries what it was made from."""

    bundle: Resource
    rows: tuple[Row, ...]
    group: str
    number: int
    parts: int
