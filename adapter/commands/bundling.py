"""Care records into bundles, and bundles into whatever takes them. Or into the native format, where they come from a vendor's export.

    (number, care record)  ->  Bundler  ->  [Written(name, data), ...]  ->  a sink
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from adapter import wire
from adapter.bundle import Names, Policy, collection, transaction
from adapter.commands import files
from adapter.commands.intake import Intake
from adapter.commands.proven import traced_to
from adapter.commands.talk import Talk
from adapter.delivery.profiles import UK_CORE, Profiles
from adapter.delivery.proving import NotProven, Unproven, proven
from adapter.faults import Refused
from adapter.records.stream import care_records
from mappings.bag import CareRecord, directory, personal, returned
from mappings.faults import Fault, Faults

RECORDS = "records"


class Written(NamedTuple):
    """One bundle, as it is written. `name`: of its file, where it has one of its own; `what` it is: a bundle, or a record."""

    name: str
    data: bytes
    what: str = "bundle"

    def as_json(self) -> bytes:
        """The bundle itself; or, being XML, as a text."""
        return self.data if self.name.endswith(wire.JSON.name) else wire.dumps({"": self.data.decode()})[4:-1]


Sink = Callable[[Written], None]


@dataclass(frozen=True)
class Bundler:
    """What a care record becomes. It can be sent to another process."""

    kind: str
    policy: Policy
    form: wire.Format = wire.JSON
    tolerate: tuple[str, ...] = ()
    profiles: Profiles = UK_CORE

    def options(self) -> dict[str, str]:
        """As they are asked for on the command line: whatever changes what is written."""
        return {"--as": self.kind, "--patient": self.policy.patient, "--directory": self.policy.directory, "--format": self.form.name,
                "--tolerate": " ".join(sorted(self.tolerate)), "--set": " ".join(self.profiles.sets),
                "--package": " ".join(self.profiles.hashes)}

    def __call__(self, number: int, care_record: CareRecord) -> tuple[list[Written], list[Unproven]]:
        """Her bundles, in the order in which they are to be sent, and what of them is tolerated. Raises Faults, and NotProven.
        `number`: her place in the input."""
        bundles, told = list(self._bundles(care_record)), list[Unproven]()
        if self.kind != RECORDS:
            bundles = [(self.profiles.claimed(bundle), rows) for bundle, rows in bundles]
            told = proven(bundles, self.tolerate, self.profiles)
        every = [self._said(bundle) for bundle, _ in bundles]
        names = named(number, care_record, len(every))
        return [Written(f"{name}.{self.form.name}", data, self.what) for name, data in zip(names, every, strict=True)], told

    @property
    def what(self) -> str:
        return "record" if self.kind == RECORDS else "bundle"

    def _said(self, bundle: dict[str, Any]) -> bytes:
        """What only JSON can say, such as a character that XML does not have, is a fault where XML was asked for."""
        try:
            return self.form.dumps(bundle)
        except Refused as bad:
            raise Faults([Fault(x.path, "-", x.says) for x in bad.found]) from None

    def _bundles(self, care_record: CareRecord) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Each with what its entries were made from."""
        if self.kind == RECORDS:
            yield care_records().encode(care_record), []
        elif self.kind == "collection":
            yield collection(care_record), [row.path for row in (*directory(care_record), *personal(care_record), *returned(care_record))]
        else:
            yield from ((part.bundle, [row.name for row in part.rows]) for part in transaction(care_record, self.policy))


@dataclass
class Tally:
    """How many bundles were written, and how many residents have more than one."""

    bundles: int = 0
    ordered: int = 0

    def add(self, counts: Mapping[str, int]) -> None:
        """What another has written."""
        self.bundles += counts["bundles"]
        self.ordered += counts["ordered"]


def converted(accepted: Iterator[tuple[int, CareRecord]], intake: Intake, bundler: Bundler, put: Sink) -> Tally:
    """One resident after the other."""
    tally = Tally()
    for number, care_record in accepted:
        try:
            bundles, tolerated = bundler(number, care_record)
        except Faults as bad:
            intake.refuse(number, bad)
            continue
        except NotProven as bad:
            intake.unproven(number, traced_to(care_record, bad.found))
            continue
        if tolerated:
            intake.unproven(number, traced_to(care_record, tolerated))
        for written in bundles:
            put(written)
        tally.bundles, tally.ordered = tally.bundles + len(bundles), tally.ordered + (len(bundles) > 1)
    return tally


def named(number: int, care_record: CareRecord, count: int) -> Iterator[str]:
    """After the place of the resident in the input and the start of her Patient's id, which is made from her key and does not tell it.

    Of several bundles the name says the order: 000007-5f0c1a9e-1of2. The ending says the format.
    """
    who = Names(care_record.source, care_record.resident.key or "").id("Patient", care_record.resident.key or "")[:8]
    for n in range(1, count + 1):
        part = f"-{n}of{count}" if count > 1 else ""
        yield f"{number:06}-{who}{part}"


# ---- sinks -------------------------------------------------------------------------------------------------------------------
def sink(talk: Talk) -> Sink:
    """Standard output."""
    if talk.as_json:
        return lambda written: talk.data(b'{"%b":%b}' % (written.what.encode(), written.as_json()))
    return lambda written: talk.data(written.data)


def into(folder: Path, made: list[str]) -> Sink:
    """Each into a file of its own, whose name is added to those `made`."""
    def put(written: Written) -> None:
        files.write(folder / written.name, written.data + b"\n")
        made.append(written.name)

    return put


@contextmanager
def into_part(path: Path, made: list[str]) -> Iterator[Sink]:
    """One after the other, a line each, into a file that is there when it is whole. Then its name is added to those `made`."""
    with files.writing(path) as file:
        yield lambda written: file.writelines((written.data, b"\n"))
    made.append(path.name)
