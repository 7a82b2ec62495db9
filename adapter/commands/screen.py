"""The demo's one screen: plain English first, colour only where there is a terminal."""
from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from adapter.commands.talk import count

if TYPE_CHECKING:
    from adapter.demo import Journey, Story
    from adapter.records.layout import Layout
    from adapter.returns.change import Change

WIDTH = 100
INDENT = "   "


class Paper(Console):
    """Rich would end the program with its own code where the reader has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Chapters of lines, indented under their heading."""

    def __init__(self) -> None:
        self.console = Paper(width=WIDTH, highlight=False)

    def title(self, says: str, below: str) -> None:
        self.console.print(Text(says, "bold"))
        self.console.print(Text(below))

    def chapter(self, number: int, says: str) -> None:
        self.console.print()
        self.console.print(Text.assemble((f"{number}  ", "bold red"), (says, "bold")))

    def line(self, says: str) -> None:
        for line in textwrap.wrap(says, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT):
            self.console.print(Text(line))

    def items(self, mark: str, style: str, says: Iterable[str]) -> None:
        for each in says:
            first, *more = textwrap.wrap(each, WIDTH - len(INDENT) - 2)
            self.console.print(Text.assemble(INDENT, (f"{mark} ", f"bold {style}"), first))
            for line in more:
                self.console.print(Text(f"{INDENT}  {line}"))


def show(story: Story, folder: Path) -> None:
    screen = Screen()
    screen.title("Red Bag: three residents go to hospital, and come home again",
                 "Everybody here is made up. The hospital is a sandbox in this program, spoken to as a FHIR server.")
    for chapter in (at_home, packed, received, treated, home_again, written_back, twice):
        chapter(screen, story)
    left(screen, folder)


# ---- the chapters ------------------------------------------------------------------------------------------------------------
def at_home(screen: Screen, story: Story) -> None:
    screen.chapter(1, "Three care homes, three systems. Tuesday 3 November")
    for one in story.journeys:
        screen.line(f"{called(one):24}{one.told.home.name:16}{one.told.layout.vendor:22}{form(one)}")
    values = story.values
    screen.line(f"None of them knows FHIR. A layout, a table and no program, says what a system's columns mean. Of {values['values']} "
                f"values in these exports {values['mapped']} are in the records, {values['stated']} tie rows together, "
                f"{values['ignored']} are ignored for a reason, {values['unknown'] or 'none'} {'is' if values['unknown'] < 2 else 'are'} "
                "unknown.")


def packed(screen: Screen, story: Story) -> None:
    she = story.hers.record.resident
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(story.entries.items()))
    screen.chapter(2, "The bags are packed")
    screen.line(f"{called(story.hers)}, whom everybody calls {she.preferred_name}, is short of breath, at ten past two at night. Her "
                f"record: {contents(story)}; {count(story.doubts, 'thing') if story.doubts else 'nothing'} to say against it. It becomes "
                f"{story.entries.total()} UK Core resources: {kinds}. \"No known allergies\" travels as a List that says so; leaving "
                "allergies out would not have said it.")


def received(screen: Screen, story: Story) -> None:
    created = Counter(row.became for row in story.hers.sent.rows)["created"]
    screen.chapter(3, "St Brigid's Hospital receives them")
    screen.line(f"It has known all three for years. Only the NHS number leads to them; first {agreed(story)} are compared, and agree. Then "
                f"{count(created, 'resource')} about Hettie are created. What the hospital has written about her person is left "
                f"alone{not_written(story)}.")


def treated(screen: Screen, story: Story) -> None:
    screen.chapter(4, "Six days on Ward 7")
    screen.line(f"The hospital's system files {count(story.hers.treated, 'resource')} about her, with its own identifiers and words: the "
                "stay, six prescriptions for going home, a flu vaccination, an allergy. Its drug codes stand under SNOMED CT, ours under "
                "dm+d, and nothing in them refers to the home's.")


def home_again(screen: Screen, story: Story) -> None:
    hers, *others = story.journeys
    screen.chapter(5, "Monday 9 November: the bags come home")
    screen.line(f"Found by NHS number, compared again: the same person. {count(len(hers.back.returned.items), 'resource')} come back, "
                "ours and the hospital's. What is certain:")
    screen.items("•", "green", (change.sentence for change in hers.certain))
    screen.items("•", "green", [f"As before: {', '.join(hers.as_before)}"] if hers.as_before else [])
    screen.line("What is not certain is for a person to look at. Nothing is guessed:")
    screen.items("?", "yellow", (change.sentence for change in hers.for_a_person))
    screen.line("And of the others:")
    screen.items("•", "green", (f"{called(one)}: {change.sentence}" for one in others for change in one.certain if not gone_home(change)))


def written_back(screen: Screen, story: Story) -> None:
    screen.chapter(6, "What the hospital made, in each system's own form")
    screen.items("•", "green", (f"{one.told.layout.vendor}: {rows(one)}" for one in story.journeys))
    fields = sorted({name for one in story.journeys for name in one.unwritten})
    screen.line("It stands beside the homes' own rows; of those only Hettie's \"no known allergies\" gives way. What a system has no place "
                f"for is named in unwritten.json, field by field: here {count(len(fields), 'field')}, such as {joined(fields[:3])}.")


def twice(screen: Screen, story: Story) -> None:
    unchanged = Counter(row.became for row in story.again.rows)["unchanged"]
    before, after = (f"{len(held)} resources in {sum(held.values())} versions" for held in (story.before, story.after))
    verdict = "each the same" if story.before == story.after else "which is a defect: please report it"
    screen.chapter(7, "Nothing is sent twice")
    screen.line(f"Hettie's bag is sent once more: {count(unchanged, 'row')} unchanged. Counted at the hospital: {before} before, {after} "
                f"after, {verdict}.")


def left(screen: Screen, folder: Path) -> None:
    rose = story_export(folder)
    screen.console.print()
    screen.line(f"Left behind in {folder}: exports/ and layouts/, bag.json (FHIR), and in returned/ all that came back. To try next:")
    screen.items("$", "cyan", [f"{command()} convert {rose}", f"{command()} ledger {rose}"])


# ---- words -------------------------------------------------------------------------------------------------------------------
def gone_home(change: Change) -> bool:
    """They all have."""
    return change.kind == "discharged"


def called(one: Journey) -> str:
    """Mrs Henrietta Larkspur"""
    she = one.record.resident
    return " ".join([*she.name_prefixes, *she.given_names[:1], she.family_name or ""])


def form(one: Journey) -> str:
    """8 CSV files; one XML document"""
    kind = one.told.layout.settings.format.upper()
    return f"{len(one.told.files)} {kind} files" if len(one.told.files) > 1 else f"one {kind} document"


def rows(one: Journey) -> str:
    """1 stay (STAYS.CSV), 6 prescriptions (TTO.CSV)"""
    return ", ".join(f"{count(n, SINGULAR[name], name)} ({place(one.told.layout, name)})" for name, n in one.new.items())


SINGULAR = {"stays": "stay", "prescriptions": "prescription", "allergies": "allergy", "vaccinations": "vaccination"}


def place(layout: Layout, name: str) -> str:
    """What the rows of this list stand under: a file, or a path."""
    under = next(fed.sources[0] for fed in layout.fields() if fed.path == f"{name}[].key").rpartition("/")[0]
    return next((table.file for table in layout.settings.tables if table.name == under), under)


def story_export(folder: Path) -> str:
    return f"{folder / 'exports' / 'larkfield'} --layout {folder / 'layouts' / 'larkfield.toml'}"


def contents(story: Story) -> str:
    record = story.hers.record
    medicines, vaccinations = (len(x) if isinstance(x, tuple) else 0 for x in (record.medicines, record.vaccinations))
    return f"{count(medicines, 'medicine')}, no known allergies, {count(vaccinations, 'vaccination')}, her daughter, tonight's transfer"


def agreed(story: Story) -> str:
    return joined(name for name in (story.hers.back.comparison.agree if story.hers.back.comparison else ()) if name != "nhs_number")


def not_written(story: Story) -> str:
    return f"; her {joined(story.hers.sent.not_written)} stay in the home's record only" if story.hers.sent.not_written else ""


def joined(fields: Iterable[str]) -> str:
    """
    >>> joined(["birth_date", "family_name", "gender"]), joined(["gender"])
    ('birth date, family name and gender', 'gender')
    """
    *others, last = (name.replace("_", " ") for name in fields)
    return f"{', '.join(others)} and {last}" if others else last


def command() -> str:
    """How this program is called from here."""
    called = Path(sys.argv[0])
    return "redbag" if shutil.which("redbag") or called.suffix == ".py" else os.path.relpath(called)
