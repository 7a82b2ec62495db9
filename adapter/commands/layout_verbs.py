"""The verbs about a vendor's export and its layout, as the command line has them; their steps are in layout.py and ledger.py."""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.commands.ending import verb
from adapter.commands.exits import Exit
from adapter.commands.options import AsJson, AsOf, Export, Laid, RefusedTo
from adapter.commands.talk import Talk

layouts = typer.Typer(help="How a vendor's export is laid out: draft, check, write back.", no_args_is_help=True, rich_markup_mode=None)
AsCsv = Annotated[bool, typer.Option("--csv", help="As a CSV file on standard output.")]
LayoutFile = Annotated[Path, typer.Argument(metavar="LAYOUT", show_default=False, help="The layout, a TOML file.")]


class Form(StrEnum):
    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    XML = "xml"


@layouts.command()
@verb
def check(layout: LayoutFile, export: Annotated[Path | None, typer.Argument(metavar="[EXPORT]", show_default=False, help=(
        "Try it on this: a file, a folder or a zip."))] = None, as_of: AsOf = None,
          every: Annotated[bool, typer.Option("--all", help="Name every field that nothing feeds.")] = False,
          as_json: AsJson = False) -> Exit:
    """Say what a layout does and does not. Tried on an export: what it does not cover, how often each field is filled, what is refused."""
    from adapter.commands import layout as layouts

    return layouts.check(layout, export, as_of, every, Talk(as_json))


@layouts.command()
@verb
def draft(export: Export, form: Annotated[Form | None, typer.Option("--format", show_default=False, help=(
        "Which format it is, where its name does not tell."))] = None,
          show_values: Annotated[bool, typer.Option("--show-values", help=(
              "Also write out the codes of columns whose values may tell of a person."))] = False) -> Exit:
    """Propose a layout from what an export looks like. Every line is commented out, with its evidence, until somebody finds it right."""
    from adapter.commands import layout as layouts

    return layouts.draft(export, form.value if form else "", show_values, Talk())


@layouts.command()
@verb
def schema() -> Exit:
    """Print the JSON Schema of a layout. An editor completes and checks by it."""
    from adapter.commands import layout as layouts

    return layouts.schema(Talk())


@layouts.command()
@verb
def write(records: Annotated[Path, typer.Argument(metavar="RECORDS|-", allow_dash=True, show_default=False, help="Native care records.")],
          layout: Laid, out: Annotated[Path, typer.Option("--out", "-o", metavar="PATH", show_default=False, help=(
              "Where it is written: a folder for CSV, else a file."))],
          onto: Annotated[Path | None, typer.Option(metavar="EXPORT", show_default=False, help=(
              "An export of the vendor's: what the layout does not map, and rows that residents share, are taken over from it."))] = None,
          as_json: AsJson = False) -> Exit:
    """Write care records in a vendor's own form. Every field that the form has no place for is named."""
    from adapter.commands import layout_write

    return layout_write.run(records, layout, onto, out, Talk(as_json))


@verb
def ledger(export: Export, layout: Laid, as_of: AsOf = None, refused: RefusedTo = None, as_csv: AsCsv = False,
           as_json: AsJson = False) -> Exit:
    """Account for every value of a vendor's export. Each is mapped, stated by the layout, ignored for a reason, or unknown."""
    from adapter.commands import ledger as ledgers
    from adapter.commands.exported import exported

    talk = Talk(as_json)
    return ledgers.run(exported(export, layout, as_of, refused, talk), ledgers.Form.CSV if as_csv else ledgers.Form.TABLE, talk)
