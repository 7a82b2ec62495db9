"""The care records that stand in files, as tests of the whole way use them."""
from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from adapter.records.stream import stream
from mappings.bag import CareRecord

RECORDS = Path(__file__).resolve().parent.parent / "fixtures" / "records"
EXAMPLE = Path(str(files("adapter").joinpath("examples", "rose-house.json")))


def bags() -> list[tuple[str, CareRecord]]:
    """(file:line, care record) of fixtures/records; raises Refused where one cannot be read."""
    return [(f"{path.name}:{number}", record) for path in sorted(RECORDS.iterdir()) for number, record in read(path)]


def example() -> CareRecord:
    """The care record of the demo."""
    (_, record), = read(EXAMPLE)
    return record


def read(path: Path) -> list[tuple[int, CareRecord]]:
    found = []
    with path.open("rb") as file:
        for number, record, *_ in stream(file):
            if isinstance(record, Exception):
                raise record
            found.append((number, record))
    return found
