"""The way back from what is wrong with a bundle to the care record that it was made from.

    Bundle.entry[5].resource.dosage[0].text  ->  medicines[2].doses[0].text     (MedicationStatement.dosage[0].text)
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from adapter.bundle import Policy, collection, transaction
from adapter.commands.check_against import Against
from adapter.conformance import Finding, Level
from mappings import bag as bags
from mappings.bag import CareRecord, Row
from mappings.catalogue import RECORDS
from mappings.way_back import field_at

ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource(?![A-Za-z])|(?=\.|$))")
ITEM = re.compile(r"entries\[(\d+)\]")
AS_SENT = Policy("match")  # as convert and send have it when nothing else is said


class Traced(NamedTuple):
    """`field`: the care record's own, `medicines[2].doses[0].text`; empty where it is about the bundle itself. `finding.path` begins with
    the type of the resource, for nobody has seen the bundle."""

    field: str
    finding: Finding


def traced(record: CareRecord, against: Against) -> list[Traced]:
    """What is wrong with all of the record as FHIR; and with what is sent of it, where that is more. What came back from a hospital is not
    the sender's to mend, and is left out. Raises Faults: it is not writable."""
    record = replace(record, prescriptions=(), conditions=(), lists=())
    rows = [*bags.directory(record), *bags.personal(record)]
    found = [back(finding, rows) for finding in against.findings(collection(record)) if is_ours(finding, rows)]
    known = {(each.field, each.finding.rule) for each in found}
    return found + [each for each in _sent(record, rows, against) if (each.field, each.finding.rule) not in known]


def _sent(record: CareRecord, rows: Sequence[Row], against: Against) -> Iterator[Traced]:
    """Errors alone: what it warns of, the whole record has warned of."""
    made_from = {row.path: row for row in rows}
    for part in transaction(record, AS_SENT):
        if not against.clean(part.bundle):
            of_part = [made_from[row.name] for row in part.rows]
            yield from (back(finding, of_part) for finding in against.checker.findings(part.bundle, profiles=against.profiles)
                        if finding.level is Level.ERROR and is_ours(finding, of_part))


def is_ours(finding: Finding, rows: Sequence[Row]) -> bool:
    """Not about a stay or a medicine that the hospital itself has written down."""
    found = ENTRY.match(finding.path)
    return found is None or not (rows[int(found[1])].record.key or "").startswith(bags.THEIRS)


def back(finding: Finding, rows: Sequence[Row]) -> Traced:
    """`rows`: what each entry of the bundle was made from."""
    found = ENTRY.match(finding.path)
    if found is None:
        return Traced("", finding)
    row, path = rows[int(found[1])], finding.path[found.end():]
    within = f"{row.kind}{path}"
    return Traced(field_of(row, within), finding._replace(path=within))


def field_of(row: Row, path: str) -> str:
    """The List of a list of the record has no fields of its own: it is that list, and its entries are the list's items."""
    field = field_at(RECORDS[type(row.record)][1], row.record, path)
    if row.kind == "List" and row.path in bags.LISTED:
        return f"{row.path}[{item[1]}]" if (item := ITEM.match(field)) else row.path
    return f"{row.path}.{field}" if field else row.path
