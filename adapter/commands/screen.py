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
    from adapter.demo import Story

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
    screen.title("Red Bag: a resident goes to hospital, and comes home again",
                 "Everybody here is made up. The hospital is a sandbox in this program, spoken to as a FHIR server.")
    for chapter in (at_home, packed, received, treated, home_again, twice):
        chapter(screen, story)
    left(screen, folder)


# ---- the chapters ------------------------------------------------------------------------------------------------------------
def at_home(screen: Screen, story: Story) -> None:
    she = story.record.resident
    name = " ".join([*she.name_prefixes, *she.given_names[:1], she.family_name or ""])
    screen.chapter(1, "Rose House, a care home. Tuesday 3 November, ten past two at night")
    screen.line(f"{name}, whom everybody calls {she.preferred_name}, is short of breath and has a fever. The ambulance is on its way. "
                f"Her record is a file, as the home's own system writes it: {contents(story)}.")


def packed(screen: Screen, story: Story) -> None:
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(story.entries.items()))
    screen.chapter(2, "The bag is packed")
    screen.line(f"The record is checked: {count(story.doubts, 'thing') if story.doubts else 'nothing'} to say against it. It becomes "
                f"{story.entries.total()} UK Core resources in one transaction: {kinds}. \"No known allergies\" travels as a List that "
                "says so; leaving allergies out would not have said it.")


def received(screen: Screen, story: Story) -> None:
    created = Counter(row.became for row in story.sent.rows)["created"]
    screen.chapter(3, "St Brigid's Hospital receives it")
    screen.line("The hospital has known her for years, as a patient of its own. Only the NHS number leads there; before anything is sent, "
                f"{agreed(story)} are compared, and agree. Then {count(created, 'resource')} about her are created. What the hospital "
                f"has written about her person is left alone{not_written(story)}.")


def treated(screen: Screen, story: Story) -> None:
    screen.chapter(4, "Six days on Ward 7")
    screen.line(f"The hospital's own system files {count(story.treated, 'resource')} of its own, with its own identifiers and words: the "
                "stay, six prescriptions for going home, a flu vaccination, an allergy. Its drug codes stand under SNOMED CT, ours under "
                "dm+d, and nothing in them refers to anything of the home's.")


def home_again(screen: Screen, story: Story) -> None:
    screen.chapter(5, "Monday 9 November: the bag comes home")
    screen.line(f"Found by NHS number, compared again: the same person. {count(len(story.back.returned.items), 'resource')} come back, "
                "ours and the hospital's. What is certain:")
    screen.items("•", "green", (change.sentence for change in story.certain))
    screen.items("•", "green", [f"As before: {', '.join(story.as_before)}"] if story.as_before else [])
    screen.line("What is not certain is for a person to look at. Nothing is guessed:")
    screen.items("?", "yellow", (change.sentence for change in story.for_a_person))


def twice(screen: Screen, story: Story) -> None:
    unchanged = Counter(row.became for row in story.again.rows)["unchanged"]
    before, after = (f"{len(held)} resources in {sum(held.values())} versions" for held in (story.before, story.after))
    verdict = "each the same" if story.before == story.after else "which is a defect: please report it"
    screen.chapter(6, "Nothing is sent twice")
    screen.line(f"The same bag is sent once more: {count(unchanged, 'row')} unchanged. Counted at the hospital: {before} before, {after} "
                f"after, {verdict}.")


def left(screen: Screen, folder: Path) -> None:
    screen.console.print()
    screen.line(f"Left behind in {folder}: record.json, bag.json (FHIR), and in returned/ all that came back. To try next:")
    screen.items("$", "cyan", [f"{command()} convert {folder / 'record.json'}", f"{command()} mapping MedicationStatement"])


# ---- words -------------------------------------------------------------------------------------------------------------------
def contents(story: Story) -> str:
    record = story.record
    medicines, vaccinations = (len(x) if isinstance(x, tuple) else 0 for x in (record.medicines, record.vaccinations))
    return f"{count(medicines, 'medicine')}, no known allergies, {count(vaccinations, 'vaccination')}, her daughter, tonight's transfer"


def agreed(story: Story) -> str:
    return joined(name for name in (story.back.comparison.agree if story.back.comparison else ()) if name != "nhs_number")


def not_written(story: Story) -> str:
    return f"; her {joined(story.sent.not_written)} stay in the home's record only" if story.sent.not_written else ""


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
