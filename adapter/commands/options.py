"""Options that several verbs share."""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk

if TYPE_CHECKING:
    from adapter.commands.exported import Exported
    from adapter.delivery.profiles import Profiles


class Form(StrEnum):
    JSON = "json"
    XML = "xml"


class PatientPolicy(StrEnum):
    MATCH = "match"
    CREATE = "create-if-missing"
    UPSERT = "upsert"


class DirectoryPolicy(StrEnum):
    LOGICAL = "logical"
    EXISTING = "existing"
    OWN = "own"


class SendingWay(StrEnum):
    TRANSACTION = "transaction"
    BATCH = "batch"
    SINGLE = "single"


AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line on standard output, the result last.")]
File = Annotated[Path, typer.Argument(metavar="FILE|-", allow_dash=True, show_default=False, help=(
    "Care records: JSON, one or a list of them, or NDJSON with one resident a line; - is a pipe."))]
ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", show_default=False, help=(
    "The configuration of store and endpoints; else what REDBAG_CONFIG names, else redbag.toml here."))]
Export = Annotated[Path, typer.Argument(metavar="EXPORT", show_default=False, help=(
    "What the vendor's system wrote: a file, a folder or a zip."))]
LayoutFile = Annotated[Path | None, typer.Option("--layout", metavar="FILE", show_default=False, help=(
    "What is read is a vendor's own export (a file, a folder or a zip), laid out as this file says."))]
Laid = Annotated[Path, typer.Option("--layout", metavar="FILE", show_default=False, help="How the export is laid out.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", show_default=False, help=(
    "The time of the export, where its layout does not find it: 2026-11-03T08:00:00Z."))]
RefusedTo = Annotated[Path | None, typer.Option("--refused", metavar="DIR", show_default=False, help=(
    "With --layout: where the rows of refused residents are left in the vendor's own form, to be corrected and sent again; "
    "where there is -o DIR, else in its refused/."))]
Absence = Annotated[list[str] | None, typer.Option(metavar="LIST=WORD", show_default=False, help=(
    "What a row means that was there before and is not any more: medicines=stopped, LIST=entered-in-error or LIST=unknown; once a list."))]
Tolerate = Annotated[list[str] | None, typer.Option("--tolerate", metavar="RULE", show_default=False, help=(
    "What is an error by this rule travels all the same, and is told as a warning; may be said again."))]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="NAME", show_default="ukcore-stu2-2.0.2", help=(
    "The definitions that are used beside FHIR R4's; may be said more than once."))]
Packages = Annotated[list[Path] | None, typer.Option("--package", metavar="FILE.tgz", show_default=False, help=(
    "Definitions of your own, as an FHIR package; may be said more than once."))]
Jobs = Annotated[int, typer.Option(min=1, metavar="N", help="Processes that share the work; what comes out is the same.")]
Parts = Annotated[int | None, typer.Option(min=1, metavar="N", show_default=False, help=(
    "Into the folder, write NDJSON files of so many residents each, and not a file a bundle."))]


def tolerated(rules: list[str] | None, profiles: Profiles | None = None) -> tuple[str, ...] | None:
    """None where none is named. Raises Stop for a rule that there is not."""
    if not rules:
        return None
    from adapter.delivery.profiles import UK_CORE
    from adapter.delivery.proving import rule_named

    try:
        return tuple(rule_named(each, profiles or UK_CORE) for each in rules)
    except ValueError as error:
        raise Stop(Exit.USAGE, f"--tolerate {error}.") from None


def perhaps(path: Path, layout: Path | None, as_of: str | None, to: Path | None, talk: Talk) -> Exported | None:
    """None where there is no layout: then what is read is native. Raises Stop."""
    if layout is not None:
        from adapter.commands.exported import exported

        return exported(path, layout, as_of, to, talk)
    if as_of is not None or to is not None:
        raise Stop(Exit.USAGE, "--as-of and --refused are for a vendor's export: say with --layout how it is laid out.")
    return None
