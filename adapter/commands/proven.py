"""What of a resident's FHIR is an error, found before it travels: the way back to her record, and from there to the vendor's row."""
from __future__ import annotations

from collections.abc import Iterable

from adapter.commands.check_trace import Traced, field_of
from adapter.delivery.proving import Unproven
from mappings.bag import CareRecord, directory, personal, returned


def traced_to(record: CareRecord, found: Iterable[Unproven]) -> list[Traced]:
    """Each with the field of the record that it was written from. Of the bundle as a whole there is none, nor of what ends there."""
    made_from = {row.path: row for row in (*directory(record), *personal(record), *returned(record))}
    return [Traced(field_of(made_from[each.row], each.finding.path) if each.row in made_from else "", each.finding) for each in found]
