"""An export may have a row of a lookup for each resident: what is kept of a row is a number, and never the row or its key."""
from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from adapter.commands.exported import Exported
from adapter.commands.talk import Kept
from adapter.records.rows import lookup, text
from tests.layouts import FILES, HEAD, HER, PEOPLE, layout, shared

LAYOUT = layout(HEAD + FILES + PEOPLE + shared("practice", "GP.CSV", by="code gp") + HER + '''
[[resident.general_practitioners]]
display = "practice/name"
''')
A_ROW = 40      # bytes; a row as it is read takes several hundred, and its key alone more than eighty


def most(folder: Path, count: int, *, refused: bool) -> int:
    """Bytes, from when the first of so many residents is read until the last is counted; as many rows again are named by nobody."""
    folder.mkdir()
    (folder / "P.CSV").write_text("id,name,gp\n" + "".join(f"{n:05},Oak,G{n:05}\n" for n in range(count)))
    (folder / "GP.CSV").write_text("code,name\n" + "".join(f"G{n:05},Dr Elm\n" for n in range(2 * count)))
    export = Exported(folder, LAYOUT, Kept(as_json=True))
    for found in export.found():
        if not tracemalloc.is_tracing():
            tracemalloc.start()
        export.settle_found(found, refused=refused)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    export.reconcile()
    assert (export.fault, export.ledger.totals()) == ("", {
        "values": 7 * count, "mapped": 3 * count, "stated": 2 * count, "ignored": 2 * count, "unknown": 0})
    return peak


@pytest.mark.parametrize("refused", [False, True], ids=["who travel", "who do not"])
def test_of_the_rows_of_lookups_none_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, refused: bool) -> None:
    monkeypatch.setattr(lookup, "SMALL", 0)
    monkeypatch.setattr(text, "BLOCK", 1 << 12)
    few, many = (most(tmp_path / f"{count}", count, refused=refused) for count in (500, 3500))
    grew = many - few - 40 * 3000 * refused     # the numbers of the refused are kept
    assert grew < A_ROW * 3000, f"{grew / 3000:.0f} bytes for each resident"
