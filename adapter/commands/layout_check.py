"""What is to be said about a layout, alone and tried on an export: for `redbag layout check`. No values of a patient.

    alone        what is not written back as it was, what nothing feeds, what it says of itself, what it leaves unsaid
    on an export which columns it does not cover, how often each field is filled, what was refused, by kind
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

from adapter.commands.exported import Exported
from adapter.conformance.finding import Level
from adapter.conformance.report.told import Told
from adapter.records.layout import Layout
from adapter.records.ledger import UNKNOWN
from adapter.records.schema import example
from adapter.records.stream import care_records
from mappings.bag import LISTED, PERSONAL, RETURNED, CareRecord

PLACE = re.compile(r"\[\d+\]")
GONE = {section.field for section in PERSONAL}
AS_OF = "as_of"  # which can be said each time: see `unsaid`
BACK = tuple(section.field for section in RETURNED)


class Said(NamedTuple):
    """One line of the report. `heading`: what it is an example of."""

    heading: str
    about: str
    says: str


# ---- alone -----------------------------------------------------------------------------------------------------------------------
def alone(layout: Layout, *, whole: bool) -> Iterator[Said]:
    """`whole`: of what nothing feeds, each field; else some of them."""
    fields = layout.fields()
    yield from (Said("To be looked at", layout.file, f"{says}.") for says in layout.says)
    for fed in fields:
        if fed.back:
            yield Said("Not written back as it was", fed.path, f"from {', '.join(fed.sources)}: {fed.back}")
    yield from unfed(layout, whole=whole)
    for fed in fields:
        if not fed.sources:
            yield Said("Said by the layout, and not by the export", fed.path, fed.by)
    yield from unsaid(layout)


def unfed(layout: Layout, *, whole: bool) -> Iterator[Said]:
    """What must be there comes first, then what our own example has. What only comes back is the hospital's to fill."""
    wanted, lacking = set(generic(example())), [x for x in layout.unfed() if not x.path.startswith((*BACK, AS_OF))]
    yield from (Said("Nothing feeds, and without it a record is refused", x.path, "must be there") for x in lacking if x.needed)
    optional = sorted((x.path for x in lacking if not x.needed), key=lambda path: path not in wanted)
    if not whole:
        yield from in_parts(optional)
        return
    for path in optional:
        says = ("and the example has it", "in the example of `redbag records example`") if path in wanted else ("", "may be left out")
        yield Said(", ".join(filter(None, ("Nothing feeds", says[0]))), path, says[1])


def in_parts(paths: Iterable[str]) -> Iterator[Said]:
    """A line for each part of the record; what stands near its top goes before what is deep in it."""
    parts: dict[str, list[str]] = {}
    for path in paths:
        part, _, name = path.replace("[]", "").partition(".")
        parts.setdefault(part if name else "the record", []).append(name or part)
    for part, names in parts.items():
        yield Said("Nothing feeds, and it may be left out (--all names every field)", part, some(names))


def some(names: Sequence[str], most: int = 100) -> str:
    """As many as have room in a line.

    >>> some(["telecom", "key", "name"], 12), some(["key", "name"])
    ('telecom, key and 1 more', 'key, name')
    """
    shown = [name for name, length in zip(names, accumulate(len(name) + 1 for name in names), strict=True) if length <= most]
    return ", ".join(shown) + (f" and {len(names) - len(shown):,} more" if len(shown) < len(names) else "")


def unsaid(layout: Layout) -> Iterator[Said]:
    made = layout.root.members
    for name in GONE & made.keys() - layout.absence.keys():
        yield Said("Not said", f"absence.{name}", "what it means that a row was in the last export and is not in this one")
    for name in LISTED:
        if not hasattr(made.get(name), "state"):
            yield Said("Not said", f"states.{name}", "why there is no list, where there are no rows: then it counts as not supplied")
    if not layout.has_as_of:
        yield Said("Not said", AS_OF, "the time of the export: --as-of has to say it each time")


def generic(value: Any, path: str = "") -> Iterator[str]:
    """Every path of a care record in JSON, without places in lists: medicines[].doses[].text. Lists and objects too."""
    if path:
        yield path
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from generic(inner, f"{path}.{name}".lstrip("."))
    for inner in value if isinstance(value, list) else ():
        yield from generic(inner, f"{path}[]")


# ---- on an export ----------------------------------------------------------------------------------------------------------------
class Kind(NamedTuple):
    """Of refusals: the rule, the vendor's own place, our field."""

    rule: str
    file: str
    name: str
    path: str
    says: str


@dataclass
class Tried:
    """`filled`: how many values each path of the records has."""

    filled: Counter[str] = field(default_factory=Counter)
    refused: Counter[Kind] = field(default_factory=Counter)
    residents: int = 0

    def take(self, record: CareRecord) -> None:
        self.residents += 1
        self.filled.update(generic(care_records().encode(record)))

    def refuse(self, told: Told, inside: str) -> None:
        """`inside`: the export, where the file is one of several in it."""
        if told.finding.level is Level.ERROR:
            file = told.file.removeprefix(inside).removeprefix("/")
            self.refused[Kind(told.finding.rule, file, named(told.name), PLACE.sub("[]", told.field), told.finding.says)] += 1


def named(name: str) -> str:
    """The vendor's path without places in lists."""
    return re.sub(r"(^|/)\d+(?=/|$)", "", name)


def on_export(export: Exported, tried: Tried) -> Iterator[Said]:
    """What is to be worked on first."""
    yield from refusals(tried)
    for path in export.ledger.absent():
        yield Said("Not there, and the layout chooses rows by it", path, "stands nowhere in this export: check its name")
    for line in export.ledger.lines():
        if line.verdict == UNKNOWN:
            says = f"{line.total:,} values in {line.file or export.name}" + (f": {line.what}" if line.what else "")
            yield Said("Not covered: the layout does not know of it", line.path or line.file, says)
    if tried.residents:
        yield from fill(export.layout, tried)


def refusals(tried: Tried) -> Iterator[Said]:
    for kind, n in tried.refused.most_common():
        where = " ".join(part for part in (kind.file, kind.name, f"({kind.path})" if kind.name and kind.path else kind.path) if part)
        yield Said("Refused", where, f"{n:,} times: {kind.says}" + (f" [{kind.rule}]" if kind.rule else ""))


def fill(layout: Layout, tried: Tried) -> Iterator[Said]:
    """Each field by what it stands in: medicines[].doses[].text by the number of doses."""
    for fed in layout.fields():
        if fed.sources:
            around = re.match(r"(.*\])\.[^\]]*$", fed.path)
            whole = tried.filled[around[1]] if around else tried.residents
            path = fed.path if not fed.path.endswith("[]") else fed.path[:-2]
            yield Said("Filled", fed.path, f"{tried.filled[path]:,} of {whole:,}")
