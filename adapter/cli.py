"""`redbag`: a care home's records to the hospital and back. One function per verb; its steps are in adapter/commands.

Standard output is data, standard error is talk; `-` is a pipe; the exit codes are in adapter/commands/exits.py. Everything heavy is
imported by the verb that needs it, so that help and completion answer at once.
"""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.commands.check_verb import check
from adapter.commands.delivery_verbs import backup, deliveries, doctor, keys, restore, work
from adapter.commands.ending import CODES, verb
from adapter.commands.endpoint_verbs import endpoints
from adapter.commands.exits import Exit
from adapter.commands.layout_verbs import layouts, ledger
from adapter.commands.options import (
    Absence,
    AsJson,
    AsOf,
    DirectoryPolicy,
    File,
    Form,
    Jobs,
    LayoutFile,
    Packages,
    Parts,
    PatientPolicy,
    RefusedTo,
    Sets,
    Tolerate,
    perhaps,
    tolerated,
)
from adapter.commands.server_verbs import probe, pull, retract, send
from adapter.commands.streams import program
from adapter.commands.talk import Talk

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
app = typer.Typer(
    name="redbag", help="A care home's records as UK Core FHIR: to the hospital, and back.", epilog=CODES, no_args_is_help=True,
    rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=SETTINGS)
records = typer.Typer(help="The native format: schema and example.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(records, name="records")
app.add_typer(layouts, name="layout")
app.add_typer(endpoints, name="endpoint")
app.add_typer(deliveries, name="deliveries")
app.add_typer(keys, name="keys")
app.command()(ledger)


class Kind(StrEnum):
    TRANSACTION = "transaction"
    COLLECTION = "collection"
    RECORDS = "records"


def resources(incomplete: str) -> list[str]:
    """For shell completion."""
    from mappings.catalogue import SHAPES

    return [name for name in SHAPES if name.casefold().startswith(incomplete.casefold())]


def say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            Talk().data(f"redbag-adapter {version('redbag-adapter')}")
        except PackageNotFoundError:
            Talk().data("redbag-adapter, not installed: run from its source")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=say_version, is_eager=True, help="Say which version this is.")]


@app.callback()
def redbag(version: Version = False) -> None:
    """A care home's records as UK Core FHIR: to the hospital, and back."""


Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR|-", allow_dash=True, help="A folder for the files; - is standard output.")]
As = Annotated[Kind, typer.Option("--as", help="What kind of Bundle; or records: the care records themselves, in the native format.")]
Patients = Annotated[PatientPolicy, typer.Option("--patient", help=(
    "The Patient on the server: find it by NHS number; create it where it is missing; or keep it as ours says."))]
Directory = Annotated[DirectoryPolicy, typer.Option("--directory", help=(
    "Organisations, places and professionals: named by their identifier; looked up on the server; or sent."))]
Format = Annotated[Form, typer.Option("--format", help="Which form of FHIR: JSON or XML.")]


@app.command()
@verb
def demo(out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where its files are left.")] = Path("redbag-demo"),
         as_json: AsJson = False) -> Exit:
    """Tell the whole story on one screen. Three residents go to hospital and come home again."""
    from adapter import demo

    return demo.run(out, Talk(as_json))


app.command()(check)


@app.command()
@verb
def convert(file: File, kind: As = Kind.TRANSACTION, out: Out = Path("-"), patient: Patients = PatientPolicy.MATCH,
            directory: Directory = DirectoryPolicy.LOGICAL, form: Format = Form.JSON, tolerate: Tolerate = None, set_: Sets = None,
            package: Packages = None, jobs: Jobs = 1, parts: Parts = None, layout: LayoutFile = None, as_of: AsOf = None,
            refused: RefusedTo = None, as_json: AsJson = False) -> Exit:
    """Write care records as FHIR Bundles. One a line, or into a folder; there the same command goes on where it was interrupted."""
    from adapter import wire
    from adapter.bundle import Policy
    from adapter.commands import convert
    from adapter.commands.known import to_send_by

    policy, profiles = Policy(patient.value, directory=directory.value), to_send_by(set_, package)
    bundler = convert.Bundler(kind.value, policy, wire.FORMATS[form.value], tolerated(tolerate, profiles) or (), profiles)
    return convert.run(file, bundler, out, talk := Talk(as_json), jobs, parts, perhaps(file, layout, as_of, refused, talk))


for each in (send, retract, work, pull, probe, backup, restore, doctor):
    app.command()(each)


@app.command()
@verb
def mapping(resource: Annotated[str | None, typer.Argument(metavar="RESOURCE", autocompletion=resources, show_default=False)] = None,
            as_json: AsJson = False) -> Exit:
    """Show which field goes where in FHIR. And which words stand for which codes; without a name, a list of all resources."""
    from adapter.commands import mapping

    return mapping.run(resource, Talk(as_json))


@app.command()
@verb
def sandbox(port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
            file: Annotated[Path | None, typer.Option(dir_okay=False, help="Keep everything in this SQLite file; else it is forgotten.",
                                                      show_default=False)] = None,
            without: Annotated[list[str] | None, typer.Option(metavar="WORD", show_default=False, help=(
                "What it shall not be able to do, as some servers: transaction, batch, update-as-create, conditional-create, if-match, "
                "dangling (a reference to what is not there); may be said again."))] = None) -> Exit:
    """Run a small FHIR server to try things. On this machine only; it says that it is a sandbox."""
    from adapter.commands import sandbox

    return sandbox.run(port, file, without or (), Talk())


@app.command()
@verb
def synth(n: Annotated[int, typer.Argument(min=1, metavar="N", show_default=False, help="How many residents.")],
          seed: Annotated[int, typer.Option(metavar="S", help="Another seed, other residents; the same seed, the same bytes.")] = 1,
          start: Annotated[int, typer.Option("--from", min=0, metavar="K", help="Leave out the first K of them.")] = 0,
          hard: Annotated[bool, typer.Option("--hard", help="With the hard cases: each once in every hundred residents.")] = False,
          before: Annotated[bool, typer.Option("--before", help=(
              "The export of the day before, when nothing of what the hard cases say had happened yet."))] = False,
          as_of: Annotated[str, typer.Option(metavar="TIME", help="The time of the export, from which all dates are counted.")] = (
              "2026-11-02T06:00:00+00:00"),
          layout: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
              "In the form of this vendor's own export, as far as it has words for them."))] = None,
          out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE|DIR|-", allow_dash=True, help=(
              "Where they are written; - is standard output."))] = Path("-")) -> Exit:
    """Make care records of residents who do not exist. To try things with: one a line, always the same; docs/synth.md says how."""
    from adapter.commands import synth

    return synth.run(synth.Wanted(n, seed, start, as_of, hard, before).checked(), layout, out, Talk())


@app.command()
@verb
def guide() -> Exit:
    """Print what a receiving trust needs to know to say yes. What arrives, how, how much, what is asked, and what answers mean."""
    from adapter.commands import guide

    return guide.run(Talk())


@app.command()
@verb
def docs(out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", file_okay=False)] = Path("docs"),
         check: Annotated[bool, typer.Option("--check", help="Write nothing; say which pages are not current.")] = False,
         as_json: AsJson = False) -> Exit:
    """Print the generated pages of docs/. They come from the shapes and from this program."""
    from adapter.commands import manual

    return manual.run(out, check, app, Talk(as_json))


@records.command()
@verb
def schema() -> Exit:
    """Print the JSON Schema of a care record."""
    from adapter.commands import native

    return native.run("schema", Talk())


@records.command()
@verb
def example() -> Exit:
    """Print an example: a resident who does not exist."""
    from adapter.commands import native

    return native.run("example", Talk())


@records.command()
@verb
def ended(file: File, before: Annotated[Path, typer.Option(metavar="FILE", show_default=False, help="The export before this one.")],
          absence: Absence = None, layout: LayoutFile = None, as_of: AsOf = None, as_json: AsJson = False) -> Exit:
    """Add what has vanished since the export before, as ended. It prints care records, one a line, to be piped into convert or send."""
    from adapter.commands import absence as absences
    from adapter.commands.exported import stated

    talk = Talk(as_json)
    then, now = (perhaps(path, layout, as_of, None, talk) for path in (before, file))
    return absences.run(file, before, stated(absence or (), now.layout if now else None), talk, now, then)


def main() -> None:
    program(lambda: app(prog_name="redbag"))


if __name__ == "__main__":
    main()
