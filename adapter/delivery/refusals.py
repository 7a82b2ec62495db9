"""What is refused before anything is sent: a record that contradicts itself, and what is the server's own. Pure."""
from __future__ import annotations

from mappings.bag import THEIRS, CareRecord, directory, findings, personal
from mappings.faults import Fault

NOT_OURS = "is the server's own, as it came back, and not yours to send: leave it out, or give it a key of your own"


def refusals(bag: CareRecord) -> list[Fault]:
    found = [Fault(f.field, "-", f.says) for f in findings(bag) if f.level == "refusal"]
    rows = [] if found else [*directory(bag), *personal(bag)]
    return found or [Fault(row.path, "-", NOT_OURS) for row in rows if (row.record.key or "").startswith(THEIRS)]
