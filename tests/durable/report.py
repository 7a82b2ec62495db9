"""The kill report: what happened to a worker at which moment, on which database, before which server, and what that server had at the end.

Tests write its columns (build/kill-report/*.json); python -m tests.durable.report prints them as a table and writes build/kill-report.md.
"""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from adapter.delivery.points import POINTS
from tests.durable.effects import Found

BUILD = Path(__file__).resolve().parents[2] / "build"
COLUMNS = BUILD / "kill-report"
MOMENTS = (*(f"killed at {point}, {nth}" for point in POINTS for nth in ("first", "later")), "killed at random moments")
BEGINS = """Every cell: how often it happened, how many deliveries had been accepted, and in what the server differs from one to which
nothing happened. *All once, in order*: its resources, and the versions of each, are exactly the same."""


def cell(times: int, deliveries: int, found: Found) -> str:
    what = "all once, in order" if found == Found() else ", ".join(f"{n} {what}" for what, n in found._asdict().items() if n)
    return f"{times} × · {deliveries} sent · {what}"


def keep(column: str, cells: Mapping[str, str]) -> None:
    """Adds to what is known of one column ("SQLite, sandbox, 1 worker"). One process at a time writes a column."""
    COLUMNS.mkdir(parents=True, exist_ok=True)
    file = COLUMNS / f"{column.replace(', ', '-').replace(' ', '_')}.json"
    known = json.loads(file.read_text(encoding="utf-8"))["cells"] if file.exists() else {}
    made = file.with_suffix(f".{os.getpid()}")
    made.write_text(json.dumps({"column": column, "cells": {**known, **cells}}, ensure_ascii=False, indent=1), encoding="utf-8")
    made.replace(file)


def table() -> str:
    """As Markdown: moments down, databases and servers across."""
    columns = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(COLUMNS.glob("*.json"))]
    said = {row: None for column in columns for row in column["cells"]}
    rows = [*(row for row in MOMENTS if row in said), *(row for row in said if row not in MOMENTS)]
    head = [["what happened", *(column["column"] for column in columns)], ["---"] * (len(columns) + 1)]
    body = [[row, *(column["cells"].get(row, "") for column in columns)] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [*head, *body])


def main() -> None:
    text = f"# Kill report\n\n{BEGINS}\n\n{table()}\n"
    BUILD.mkdir(exist_ok=True)
    (BUILD / "kill-report.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
