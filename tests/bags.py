"""The care records of fixtures/records, as tests of the whole way use them."""
from __future__ import annotations

from pathlib import Path

from adapter.records.stream import stream
from mappings.bag import CareRecord

RECORDS = Path(__file__).resolve().parent.parent / "fixtures" / "records"


def bags() -> list[tuple[str, CareRecord]]:
    """(file:line, care record); raises Refused where a fixture cannot be read."""
    found = []
    for path in sorted(path for path in RECORDS.iterdir() if path.suffix in (".json", ".ndjson")):
        with path.open("rb") as file:
            for number, record in stream(file):
                if isinstance(record, Exception):
                    raise record
                found.append((f"{path.name}:{number}", record))
    return found
