"""`redbag check` as the command line has it."""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapter.commands.ending import verb
from adapter.commands.exits import Exit, Stop
from adapter.commands.options import AsJson, AsOf, LayoutFile, Packages, RefusedTo, Sets, perhaps
from adapter.commands.talk import Talk

if TYPE_CHECKING:
    from adapter.conformance import Level


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"
    OUTCOME = "outcome"
    SARIF = "sarif"
    JUNIT = "junit"


class Grave(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


Names = Annotated[list[str] | None, typer.Argument(metavar="FILE|DIR|-|URL...", show_default=False, help=(
    "Care records (JSON, NDJSON), FHIR (JSON, XML, NDJSON), folders of them (hidden files are left out), - for a pipe, addresses on a FHIR "
    "server."))]
Report = Annotated[Form | None, typer.Option("--report", show_default="text", help=(
    "text and json: a line a finding; outcome: a FHIR OperationOutcome; sarif (2.1.0) and junit: for code hosts and build servers."))]
Fails = Annotated[Grave, typer.Option("--fail-on", help=(
    "From which level on it does not end well; what is so grave is shown too."))]
Least = Annotated[Grave | None, typer.Option("--least", show_default="warning", help=(
    "From which level on findings are shown; information is also what no record holds."))]
Most = Annotated[int | None, typer.Option("--most", min=0, metavar="N", show_default=False, help=(
    "Show the first N findings; all are counted."))]
Profiles = Annotated[list[str] | None, typer.Option("--profile", metavar="URL", show_default=False, help=(
    "Hold resources against this profile instead of UK Core's of their type; may be said more than once."))]
Second = Annotated[bool, typer.Option("--second-opinion", help=(
    "Ask the models of fhir.resources too; what they have against a resource is a warning."))]
Explain = Annotated[str | None, typer.Option("--explain", metavar="RULE", show_default=False, help=(
    "Say what a rule is, by the id in brackets behind a finding. Nothing is checked then."))]


@verb
def check(names: Names = None, layout: LayoutFile = None, as_of: AsOf = None, refused: RefusedTo = None, report: Report = None,
          fail_on: Fails = Grave.ERROR, least: Least = None, most: Most = None, profile: Profiles = None, set_: Sets = None,
          package: Packages = None, second_opinion: Second = False, explain: Explain = None, as_json: AsJson = False) -> Exit:
    """Say what is wrong with care records, or with FHIR. Every fault and every doubt, with file, line and field, and what to do."""
    from adapter.commands import check
    from adapter.conformance import Level

    form = formed(report, as_json)
    asked = check.Asked(tuple(names or ()), form.value, Level(fail_on.value), shown_from(least, fail_on), most, tuple(profile or ()),
                        tuple(set_ or ()), tuple(package or ()), second_opinion)
    talk = Talk(form is Form.JSON)
    if explain is not None:
        return check.explained(explain, asked, talk)
    if not names:
        raise Stop(Exit.USAGE, "Nothing to check: name a file, a folder or an address, or pipe something into `-`.")
    if layout is None:
        perhaps(Path(names[0]), layout, as_of, refused, talk)
        return check.run(asked, talk)
    if len(names) > 1:
        raise Stop(Exit.USAGE, "With --layout, name one export: a file, a folder or a zip.")
    return check.run(asked, talk, perhaps(Path(names[0]), layout, as_of, refused, talk))


def shown_from(least: Grave | None, fails: Grave) -> Level:
    """What makes a run fail is shown, unless another level is asked for."""
    from adapter.conformance import Level

    usual = Grave.INFORMATION if fails is Grave.INFORMATION else Grave.WARNING
    return Level((least or usual).value)


def formed(report: Form | None, as_json: bool) -> Form:
    """Raises Stop where two are asked for."""
    if as_json and report not in (None, Form.JSON):
        raise Stop(Exit.USAGE, "--json is --report json: name one of the two.")
    return Form.JSON if as_json else report or Form.TEXT
