"""`redbag ledger`: what became of every value of a vendor's export, held against an independent count of what is in it."""
from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported, as_csv
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk
from adapter.records.ledger import VERDICTS, Ledger

WIDTH = 140


class Form(StrEnum):
    TABLE = "table"
    CSV = "csv"


def run(export: Exported, form: Form, talk: Talk) -> Exit:
    """Raises Stop where the counts do not agree."""
    intake = Intake(export.name, talk, export=export)
    for _ in intake.accepted("Counting"):
        pass
    more = export.closed(None)
    if export.fault:
        raise Stop(Exit.BUG, export.fault)
    show(export.ledger, form, talk)
    export.notes()
    talk.result({"exit": Exit.DONE, **intake.counts(), **more.said}, f"Counted: {intake.sentence()}.{more.told}")
    return Exit.DONE


def show(ledger: Ledger, form: Form, talk: Talk) -> None:
    if talk.as_json:
        for kind, said in as_json(ledger):
            talk.json(kind, said)
    elif form is Form.CSV:
        talk.data(as_csv(ledger.lines()).rstrip())
    else:
        on_screen(ledger)


def as_json(ledger: Ledger) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in ledger.lines():
        yield "line", line._asdict()
    for constant in ledger.constants():
        yield "constant", constant._asdict()


def on_screen(ledger: Ledger) -> None:
    """Names of columns and paths are shown, for they are the vendor's; values never."""
    from adapter.commands.screen import Paper

    paper = Paper(width=shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH, highlight=False)
    paper.print(_lines(ledger))
    if constants := ledger.constants():
        paper.print("Said by the layout, and not by the export")
        table = _table("Field", "Constant", "Because", "Times")
        for field, constant, because, times in constants:
            table.add_row(_plain(field), _plain(constant), _plain(because), f"{times:,}")
        paper.print(table)


def _lines(ledger: Ledger) -> Any:
    table = _table("File", "Path", "Became", "Which is", "Values", "Of the refused")
    file = None
    for line in ledger.lines():
        cells = [line.file if line.file != file else "", line.path, line.verdict, line.what, f"{line.total:,}", f"{line.refused:,}"]
        table.add_row(*map(_plain, cells), style=STYLES[line.verdict])
        file = line.file
    return table


STYLES = dict(zip(VERDICTS, ("", "", "dim", "bold"), strict=True))


def _plain(said: Any) -> str:
    from rich.markup import escape

    return escape(str(said))


def _table(*columns: str) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in ("Values", "Of the refused", "Times") else "left")
    return table
