"""`redbag`: a care home's records to the hospital and back. One function per verb; its steps are in adapter/commands.

Standard output is data, standard error is talk; `-` is a pipe; the exit codes are in adapter/commands/exits.py. Everything heavy is
imported by the verb that needs it, so that help and completion answer at once.
"""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.commands.ending import CODES, verb
from adapter.commands.exits import Exit
from adapter.commands.layout_verbs import layouts, ledger
from adapter.commands.options import Absence, AsJson, AsOf, Jobs, LayoutFile, Parts, RefusedTo, perhaps
from adapter.commands.streams import program
from adapter.commands.talk import Talk

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
app = typer.Typer(
    name="redbag", help="A care home's records as UK Core FHIR: to the hospital, and back.", epilog=CODES, no_args_is_help=True,
    rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=SETTINGS)
records = typer.Typer(help="The native format: schema and example.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(records, name="records")
app.add_typer(layouts, name="layout")
app.command()(ledger)


class Form(StrEnum):
    JSON = "json"
    XML = "xml"


class Kind(StrEnum):
    TRANSACTION = "transaction"
    COLLECTION = "collection"
    RECORDS = "records"


class PatientPolicy(StrEnum):
    MATCH = "match"
    CREATE = "create-if-missing"
    UPSERT = "upsert"


class DirectoryPolicy(StrEnum):
    LOGICAL = "logical"
    EXISTING = "existing"
    OWN = "own"


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


File = Annotated[Path, typer.Argument(metavar="FILE|-", allow_dash=True, show_default=False, help=(
    "Care records: JSON, one or a list of them, or NDJSON with one resident a line; - is a pipe."))]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR|-", allow_dash=True, help="A folder for the files; - is standard output.")]
As = Annotated[Kind, typer.Option("--as", help="What kind of Bundle; or records: the care records themselves, in the native format.")]
Patients = Annotated[PatientPolicy, typer.Option("--patient", help=(
    "The Patient on the server: find it by NHS number; create it where it is missing; or keep it as ours says."))]
Directory = Annotated[DirectoryPolicy, typer.Option("--directory", help=(
    "Organisations, places and professionals: named by their identifier; looked up on the server; or sent."))]
Format = Annotated[Form, typer.Option("--format", help="Which form of FHIR: JSON or XML.")]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help=(
    "How long everything about one resident may take; what was not done then is said."))]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Show what the record says, for a person who may read it.")]
ShowServerText = Annotated[bool, typer.Option("--show-server-text", help="Show the server's own words, which may hold what a record says.")]


@app.command()
@verb
def demo(out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where its files are left.")] = Path("redbag-demo"),
         as_json: AsJson = False) -> Exit:
    """Tell the whole story on one screen. Three residents go to hospital and come home again."""
    from adapter import demo

    return demo.run(out, Talk(as_json))


@app.command()
@verb
def check(file: File, layout: LayoutFile = None, as_of: AsOf = None, refused: RefusedTo = None, as_json: AsJson = False) -> Exit:
    """Say what is wrong with care records. Every fault and every doubt, with its line and its field; FILE may also be FHIR, JSON or XML."""
    from adapter.commands import check

    return check.run(file, talk := Talk(as_json), perhaps(file, layout, as_of, refused, talk))


@app.command()
@verb
def convert(file: File, kind: As = Kind.TRANSACTION, out: Out = Path("-"), patient: Patients = PatientPolicy.MATCH,
            directory: Directory = DirectoryPolicy.LOGICAL, form: Format = Form.JSON, jobs: Jobs = 1, parts: Parts = None,
            layout: LayoutFile = None, as_of: AsOf = None, refused: RefusedTo = None, as_json: AsJson = False) -> Exit:
    """Write care records as FHIR Bundles. One a line, or into a folder; there the same command goes on where it was interrupted."""
    from adapter import wire
    from adapter.bundle import Policy
    from adapter.commands import convert

    bundler = convert.Bundler(kind.value, Policy(patient.value, directory=directory.value), wire.FORMATS[form.value])
    return convert.run(file, bundler, out, talk := Talk(as_json), jobs, parts, perhaps(file, layout, as_of, refused, talk))


@app.command()
@verb
def send(file: File, to: Annotated[str, typer.Option(metavar="URL", help="The base of a FHIR server.", show_default=False)],
         dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change on the server.")] = False,
         patient: Patients = PatientPolicy.MATCH, directory: Directory = DirectoryPolicy.LOGICAL,
         base: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
             "What was sent the last time: then what you changed since is merged with what the hospital changed."))] = None,
         replace: Annotated[bool, typer.Option("--replace", help="Write over what the hospital edited.")] = False,
         older: Annotated[bool, typer.Option("--older", help="Send a record although the server has one of a later time.")] = False,
         absence: Absence = None, form: Format = Form.JSON, timeout: Timeout = 90, show_values: ShowValues = False,
         show_server_text: ShowServerText = False, layout: LayoutFile = None, as_of: AsOf = None, refused: RefusedTo = None,
         as_json: AsJson = False) -> Exit:
    """Send care records to a FHIR server. What is there already is not written again; a token is taken from REDBAG_TOKEN."""
    from adapter.bundle import Policy
    from adapter.commands import send
    from adapter.commands.exported import stated
    from adapter.commands.server import server
    from adapter.delivery.send import Options

    talk, client = Talk(as_json), server(to, form.value)
    export = perhaps(file, layout, as_of, refused, talk)
    options = Options(
        base=send.care_record_of(base, talk) if base else None, dry_run=dry_run, replace=replace, older=older, seconds=timeout,
        absence=stated(absence or (), export.layout if export else None), show_values=show_values, show_server_text=show_server_text)
    return send.run(file, client, Policy(patient.value, directory=directory.value), options, talk, export)


@app.command()
@verb
def retract(to: Annotated[str, typer.Option(metavar="URL", help="The base of a FHIR server.", show_default=False)],
            record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
                "Of whom, by the care record as it was sent; with it she is looked for by her NHS number too."))] = None,
            source: Annotated[str | None, typer.Option(metavar="URI", help="The namespace of your keys.", show_default=False)] = None,
            resident: Annotated[str | None, typer.Option(metavar="KEY", show_default=False, help=(
                "Of whom, by your own key; also to choose from --record."))] = None,
            dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would end on the server.")] = False,
            replace: Annotated[bool, typer.Option("--replace", help="Also where the hospital edited its status.")] = False,
            layout: LayoutFile = None, form: Format = Form.JSON, timeout: Timeout = 90, show_values: ShowValues = False,
            show_server_text: ShowServerText = False, as_json: AsJson = False) -> Exit:
    """Take back everything that was sent for the wrong resident. It stays there, entered in error; a token is taken from REDBAG_TOKEN."""
    from adapter.commands import retract
    from adapter.commands.server import server
    from adapter.delivery.send import Options

    talk, client = Talk(as_json), server(to, form.value)
    options = Options(
        dry_run=dry_run, replace=replace, seconds=timeout, show_values=show_values, show_server_text=show_server_text)
    return retract.run(client, retract.whose(record, source, resident, layout, talk), options, talk)


@app.command()
@verb
def pull(address: Annotated[str, typer.Option("--from", metavar="URL", help="The base of a FHIR server.", show_default=False)],
         nhs_number: Annotated[str | None, typer.Option(metavar="NUMBER|-", show_default=False, help=(
             "Whom; only if the number is verified, or you vouch for it. - reads it from standard input."))] = None,
         resident: Annotated[str | None, typer.Option(metavar="KEY", show_default=False, help=(
             "Whom, by your own key; also to choose from --record."))] = None,
         source: Annotated[str | None, typer.Option(metavar="URI", help="The namespace of your keys.", show_default=False)] = None,
         record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
             "Whom, by the care record as it was sent (with --layout: an export): what changed since is told."))] = None,
         since: Annotated[str | None, typer.Option(metavar="TIME", show_default=False, help=(
             "Only what changed from then on, by the server's clock: 2026-11-03T08:00:00Z."))] = None,
         out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR|-", allow_dash=True, show_default=False, help=(
             "A folder for all that came back; - is standard output, for the record alone. Without it: the changes, where there is a "
             "--record to tell them from; else the record."))] = None,
         form: Format = Form.JSON, timeout: Timeout = 300, layout: LayoutFile = None, as_of: AsOf = None, as_json: AsJson = False) -> Exit:
    """Bring back what a server has about a resident. As records, with what was not read; a token is taken from REDBAG_TOKEN."""
    from adapter.commands import pull, send
    from adapter.commands.exported import layout_of
    from adapter.commands.server import server

    talk, client = Talk(as_json), server(address, form.value)
    pull.asked(nhs_number, resident, source, record is not None)
    if layout:
        pull.placed(out, record)
    export = perhaps(record, layout, as_of, None, talk) if record else None
    sent = send.care_record_of(record, talk, resident, export) if record else None
    options = pull.Options(since, timeout, layout_of(layout, talk) if layout else None, export)
    return pull.run(client, pull.who(nhs_number, resident, source, sent), options, sent, out, talk)


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
                                                      show_default=False)] = None) -> Exit:
    """Run a small FHIR server to try things. On this machine only; it says that it is a sandbox."""
    from adapter.commands import sandbox

    return sandbox.run(port, file, Talk())


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
