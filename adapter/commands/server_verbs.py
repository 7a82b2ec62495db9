"""The verbs that speak to a server, as the command line has them: to one whose address is given, or to an endpoint of the configuration.

What an endpoint's configuration says holds, unless the command line says otherwise. What is accepted for it (`--durable`) is delivered
later and by another process: then the configuration alone says how.
"""
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapter.commands.ending import verb
from adapter.commands.exits import Exit
from adapter.commands.options import (
    Absence,
    AsJson,
    AsOf,
    ConfigFile,
    DirectoryPolicy,
    File,
    Form,
    LayoutFile,
    Packages,
    PatientPolicy,
    RefusedTo,
    SendingWay,
    Sets,
    Tolerate,
    perhaps,
    tolerated,
)
from adapter.commands.talk import Talk

To = Annotated[str, typer.Option(metavar="URL|NAME", show_default=False, help=(
    "The base of a FHIR server, or an endpoint by its name in the configuration."))]
From = Annotated[str, typer.Option("--from", metavar="URL|NAME", show_default=False, help=(
    "The base of a FHIR server, or an endpoint by its name in the configuration."))]
Durable = Annotated[bool, typer.Option("--durable", help=(
    "Only accept it, for an endpoint of the configuration; `redbag work` delivers it, whatever happens meanwhile. Then FILE may also be a "
    "FHIR Bundle that can be sent twice."))]
Lasting = Annotated[bool, typer.Option("--durable", help=(
    "Only accept it, for an endpoint of the configuration; `redbag work` takes back what was sent by then."))]
Patients = Annotated[PatientPolicy | None, typer.Option("--patient", show_default="match, or as configured", help=(
    "The Patient on the server: find it by NHS number; create it where it is missing; or keep it as ours says."))]
Directory = Annotated[DirectoryPolicy | None, typer.Option("--directory", show_default="logical, or as configured", help=(
    "Organisations, places and professionals: named by their identifier; looked up on the server; or sent."))]
Format = Annotated[Form | None, typer.Option("--format", show_default="json, or as configured", help="Which form of FHIR: JSON or XML.")]
Sendings = Annotated[SendingWay | None, typer.Option("--sending", show_default="transaction, or as configured", help=(
    "How it travels: in a transaction, all or nothing; in batches; or one resource after the other. redbag probe says what a server can."))]
Timeout = Annotated[float | None, typer.Option(min=0.1, metavar="SECONDS", show_default="90, or as configured", help=(
    "How long everything about one resident may take; what was not done then is said."))]
Again = Annotated[bool, typer.Option("--again", help=(
    "With --durable: accept it although the same was accepted before, as when the server has lost it."))]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Show what the record says, for a person who may read it.")]
ShowServerText = Annotated[bool, typer.Option("--show-server-text", help="Show the server's own words, which may hold what a record says.")]
Source = Annotated[str | None, typer.Option(metavar="URI", help="The namespace of your keys.", show_default=False)]


@verb
def send(file: File, to: To,
         dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change on the server.")] = False,
         durable: Durable = False,
         urgent: Annotated[bool, typer.Option("--urgent", help="With --durable: before all that is not, and in quiet hours too.")] = False,
         event: Annotated[str | None, typer.Option(metavar="ID", show_default=False, help=(
             "With --durable, of one resident: your own id of what happened. Under one id one thing is accepted, once."))] = None,
         again: Again = False, source: Source = None,
         resident: Annotated[str | None, typer.Option(metavar="KEY", show_default=False, help=(
             "With --durable and --source, of a FHIR Bundle that does not say it: whom it is about, by your own key."))] = None,
         patient: Patients = None, directory: Directory = None,
         base: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
             "What was sent the last time: then what you changed since is merged with what the hospital changed."))] = None,
         replace: Annotated[bool, typer.Option("--replace", help="Write over what the hospital edited.")] = False,
         older: Annotated[bool, typer.Option("--older", help="Send a record although the server has one of a later time.")] = False,
         absence: Absence = None, form: Format = None, sending: Sendings = None, tolerate: Tolerate = None, set_: Sets = None,
         package: Packages = None, timeout: Timeout = None, show_values: ShowValues = False, show_server_text: ShowServerText = False,
         layout: LayoutFile = None, as_of: AsOf = None, refused: RefusedTo = None, config: ConfigFile = None,
         as_json: AsJson = False) -> Exit:
    """Send care records to a FHIR server. What is there already is not written again; for an address a token is taken from REDBAG_TOKEN."""
    from adapter.commands import send
    from adapter.commands.exported import stated
    from adapter.commands.known import asked_for
    from adapter.commands.server import Later, Said, later, now_or_later, there
    from adapter.delivery.send import Options

    profiles = asked_for(set_, package)
    talk, said = Talk(as_json), Said(
        patient.value if patient else None, directory.value if directory else None, form.value if form else None, timeout,
        sending.value if sending else None, tolerated(tolerate, profiles), profiles)
    now_or_later(durable, {"--urgent": urgent, "--event": event, "--again": again, "--source": source, "--resident": resident}, {
        **said.options(), "--dry-run": dry_run, "--replace": replace, "--show-values": show_values, "--show-server-text": show_server_text})
    place = later(to, config, talk) if durable else there(to, said, config, talk)
    export = perhaps(file, layout, as_of, refused, talk)
    before, gone = send.care_record_of(base, talk) if base else None, stated(absence or (), export.layout if export else None)
    if isinstance(place, Later):
        from adapter.commands import durable as lasting

        return lasting.run(file, place, lasting.Asked(
            urgent, event, older, lasting.word(again, event), lasting.whose(source, resident), before, gone), talk, export)
    return send.run(file, place, Options(
        base=before, dry_run=dry_run, replace=replace, older=older, seconds=place.seconds, absence=gone, show_values=show_values,
        show_server_text=show_server_text, sending=place.sending, tolerate=place.tolerate, profiles=place.profiles), talk, export)


@verb
def probe(to: Annotated[str, typer.Argument(metavar="URL|NAME", show_default=False, help=(
              "The base of a FHIR server, or an endpoint by its name in the configuration."))],
          write: Annotated[bool, typer.Option("--write", help=(
              "Try what is only known by writing: a test resident who does not exist is made there, tagged HTEST, and removed."))] = False,
          out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", dir_okay=False, show_default=False, help=(
              "Write what is proposed into this file, as a section of redbag.toml."))] = None,
          form: Format = None, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Ask a server what it can, and propose how to send to it. By questions that change nothing; for an address a token is taken from
    REDBAG_TOKEN."""
    from adapter.commands import probe
    from adapter.delivery.probe import Wanted

    return probe.run(to, form.value if form else "json", Wanted(write=write), out, config, Talk(as_json))


@verb
def retract(to: To,
            record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
                "Of whom, by the care record as it was sent; with it she is looked for by her NHS number too."))] = None,
            source: Source = None,
            resident: Annotated[str | None, typer.Option(metavar="KEY", show_default=False, help=(
                "Of whom, by your own key; also to choose from --record."))] = None,
            dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would end on the server.")] = False,
            durable: Lasting = False, again: Again = False,
            replace: Annotated[bool, typer.Option("--replace", help="Also where the hospital edited its status.")] = False,
            layout: LayoutFile = None, form: Format = None, sending: Sendings = None, tolerate: Tolerate = None, set_: Sets = None,
            package: Packages = None, timeout: Timeout = None, show_values: ShowValues = False, show_server_text: ShowServerText = False,
            config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Take back everything that was sent for the wrong resident. It stays there, entered in error; for an address a token is taken from
    REDBAG_TOKEN."""
    from adapter.commands import retract
    from adapter.commands.known import asked_for
    from adapter.commands.server import Later, Said, later, now_or_later, there
    from adapter.delivery.send import Options

    profiles = asked_for(set_, package)
    talk, said = Talk(as_json), Said(
        form=form.value if form else None, seconds=timeout, sending=sending.value if sending else None,
        tolerate=tolerated(tolerate, profiles), profiles=profiles)
    now_or_later(durable, {"--again": again}, {**said.options(), "--dry-run": dry_run, "--replace": replace, "--show-values": show_values,
                               "--show-server-text": show_server_text})
    place = later(to, config, talk) if durable else there(to, said, config, talk)
    whose = retract.whose(record, source, resident, layout, talk)
    if isinstance(place, Later):
        from adapter.commands import durable as lasting

        return lasting.retract(place, whose, talk, again=lasting.word(again))
    options = Options(
        dry_run=dry_run, replace=replace, seconds=place.seconds, show_values=show_values, show_server_text=show_server_text,
        sending=place.sending, tolerate=place.tolerate, profiles=place.profiles)
    return retract.run(place.client, whose, options, talk)


@verb
def pull(address: From,
         nhs_number: Annotated[str | None, typer.Option(metavar="NUMBER|-", show_default=False, help=(
             "Whom; only if the number is verified, or you vouch for it. - reads it from standard input."))] = None,
         resident: Annotated[str | None, typer.Option(metavar="KEY", show_default=False, help=(
             "Whom, by your own key; also to choose from --record."))] = None,
         source: Source = None,
         record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
             "Whom, by the care record as it was sent (with --layout: an export): what changed since is told."))] = None,
         since: Annotated[str | None, typer.Option(metavar="TIME", show_default=False, help=(
             "Only what changed from then on, by the server's clock: 2026-11-03T08:00:00Z."))] = None,
         out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR|-", allow_dash=True, show_default=False, help=(
             "A folder for all that came back; - is standard output, for the record alone. Without it: the changes, where there is a "
             "--record to tell them from; else the record."))] = None,
         form: Format = None,
         timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long everything may take.")] = 300,
         layout: LayoutFile = None, as_of: AsOf = None, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Bring back what a server has about a resident. As records, with what was not read; for an address a token is taken from
    REDBAG_TOKEN."""
    from adapter.commands import pull, send
    from adapter.commands.exported import layout_of
    from adapter.commands.server import Said, there

    talk = Talk(as_json)
    client = there(address, Said(form=form.value if form else None), config, talk).client
    pull.asked(nhs_number, resident, source, record is not None)
    if layout:
        pull.placed(out, record)
    export = perhaps(record, layout, as_of, None, talk) if record else None
    sent = send.care_record_of(record, talk, resident, export) if record else None
    options = pull.Options(since, timeout, layout_of(layout, talk) if layout else None, export)
    return pull.run(client, pull.who(nhs_number, resident, source, sent), options, sent, out, talk)
