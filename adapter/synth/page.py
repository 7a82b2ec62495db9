"""docs/synth.md: what the synthetic residents are made by, printed from the figures themselves. Pure."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.synth.allergies import SUBSTANCE
from adapter.synth.dice import Spread
from adapter.synth.drugs import COURSES, NEEDED, REGULAR, VARIABLE, Regimen
from adapter.synth.figures import SECTIONS
from adapter.synth.hard import CASES
from adapter.synth.homes import BLOCK
from adapter.synth.numbers import MOST

HEAD = f"""<!-- Printed from adapter/synth by `redbag docs`: change the figures, not this page. -->
# Residents who do not exist

    redbag synth 1000 --seed 7 -o home.ndjson           1,000 care records, one a line
    redbag synth 100 --seed 7 --from 500                the 501st to the 600th of the same
    redbag synth 500 --hard | redbag check -            with everything in it that makes a mapping break
    redbag synth 500 --hard --before -o before.ndjson   the export of the day before: what has vanished since, is still in it
    redbag synth 50 --layout larkfield.toml -o export   in the form of a vendor's own export (here a folder of CSV files)

For trying this adapter, and for measuring it. The same N, seed and version give the same bytes on any machine: no clock, no random
generator of a library, no hash of Python's. A resident depends on the seed and her own number alone, so a part of a run is the same as a
run of that part. All dates are counted from `--as-of`, which is the same every time unless you say otherwise.

**Nobody is treated like this.** Each value is about as frequent as it is in care homes, but they do not know of each other: who takes
donepezil may be 40 and have no diagnosis. Do not learn anything clinical from them.

- Names are invented. NHS numbers are of the test range 999 000 0000 to 999 999 9999, with a right check digit, and no two residents of a
  run share one; there are {MOST:,} of them, and no more residents than that. Telephone numbers are of Ofcom's ranges for drama,
  postcodes begin with ZZ, the identifiers of homes, practices and hospitals are not of the Organisation Data Service.
- Every hundred residents live in three homes. A home has one practice, one doctor and one nurse.
- A dm+d or SNOMED CT code stands only where NHS England publishes it beside that name; what has none travels by its name.

With `--layout` each of them is written in the vendor's own form, by the same table that reads it. What the form has no column for is
not in the export (`redbag layout check` lists it), and a row of which too little would be left to be read again is not written; how many
these are is said. What many residents share and a layout only reads, such as the practice that a row names, is made up too.

## Figures

Every figure, with its source. What is an assumption is said to be one: it is there to have some of everything, and proves nothing.
"""
HARD = f"""## Hard cases

With `--hard`, each of these is there once in every {BLOCK} residents, at a place that the seed says. All the other residents are the same
as without it. What has happened *since the export before* is not so yet with `--before`.
"""


def page() -> str:
    lines = [HEAD]
    for title, spreads in SECTIONS.items():
        lines += [f"### {title}", "", *table(("What", "How often", "Source"), [(s.what, shares(s), s.source) for s in spreads])]
    for spread in (REGULAR, NEEDED, VARIABLE, COURSES):
        lines += [f"### {spread.what}", "", *table(("Medicine", "dm+d", "%"), list(medicines(spread)))]
    lines += [f"### {SUBSTANCE.what}", "", f"{shares(SUBSTANCE)}. Source: {SUBSTANCE.source}.", "", HARD]
    lines += [f"- {case.name}{', since the export before' if case.since else ''}" for case in CASES]
    return "\n".join(lines).rstrip() + "\n"


def shares(spread: Spread[Any]) -> str:
    return ", ".join(f"{said(value)} {percent(spread.share(value))}" for value in spread.weights)


def medicines(spread: Spread[Regimen]) -> Iterator[tuple[str, str, str]]:
    for regimen in spread.weights:
        yield regimen.name, regimen.code or "", percent(spread.share(regimen)).rstrip(" %")


def said(value: object) -> str:
    if isinstance(value, tuple):
        return "–".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"**{value}**" if isinstance(value, int) else str(value)


def percent(share: float) -> str:
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + " --- |" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
