"""Where judges and our check agree, and where not: counted, by name, and printed as build/agreement.md.

A judge refuses a resource or lets it through, and so do we (an error of ours that FHIR or UK Core asks for: the product's own rules, rb-…,
are asked of nobody else). What is known and looked at stands in disagreements.toml, signed; everything else is a failure.
python -m tests.jury.agreement prints the table.
"""
from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adapter.conformance import Finding, Level
from tests.jury.jurors import JURORS
from tests.mutants.corpus import is_aside

SIGNED = Path(__file__).resolve().parent / "disagreements.toml"
BUILD = Path(__file__).resolve().parents[2] / "build"
CHECK = Path(__file__).resolve().parents[2] / "adapter" / "conformance"
ENGINE, SCHEMA, MODELS, MEDPLUM, FHIRPATH, HAPI = (
    "HL7's engine", "HL7's JSON Schema", "fhir.resources", "Medplum", "fhirpath.js", "HAPI")
FIXTURES, MUTANTS, ASIDE, DRAFTS, EXAMPLES, RESIDENTS = (
    "fixtures", "mutants", "mutants kept aside", "mutants against the STU3 drafts", "published examples", "500 residents")
INVARIANTS, TRANSACTIONS, SPOILT = "invariants, each of each element", "transactions of 50 residents", "mutants of a transaction"
ROWS = frozenset({
    *((ENGINE, what) for what in (FIXTURES, MUTANTS, ASIDE, DRAFTS, EXAMPLES, RESIDENTS, "HL7's own test cases")),
    *((judge, what) for judge in (SCHEMA, MODELS) for what in (FIXTURES, MUTANTS, RESIDENTS)),
    *((MEDPLUM, what) for what in (FIXTURES, MUTANTS, EXAMPLES, RESIDENTS)),
    (FHIRPATH, INVARIANTS), (HAPI, TRANSACTIONS), (HAPI, SPOILT)})
Json = Any


@dataclass
class Tally:
    """`judge` with its version, and on what. `ours`, `theirs`: the ids of what only we refuse, only they refuse."""

    judge: str
    version: str
    what: str
    both: int = 0
    neither: int = 0
    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)      # by id, where it is signed elsewhere than in disagreements.toml

    def count(self, id_: str, we: bool, they: bool) -> None:
        if we and they:
            self.both += 1
        elif we or they:
            (self.ours if we else self.theirs).append(id_)
        else:
            self.neither += 1

    @property
    def recall(self) -> float:
        """Of what they refuse, how much we refuse."""
        refused = self.both + len(self.theirs)
        return self.both / refused if refused else 1.0

    def unsigned(self, only: str) -> list[str]:
        """Of `ours` or `theirs`, what nobody has signed."""
        patterns = [pattern for entry in signed() if entry["judge"] == self.judge and entry["only"] == only for pattern in entry["ids"]]
        return [id_ for id_ in getattr(self, only) if not any(fnmatchcase(_plain(id_), _plain(pattern)) for pattern in patterns)]


def tally(into: Tally, cases: Iterable[tuple[str, Json]], we: Callable[[Json], bool], they: Callable[[Json], bool]) -> Tally:
    for id_, resource in cases:
        into.count(id_, we(resource), they(resource))
    return into


def signed() -> list[dict[str, Any]]:
    """The known disagreements: judge, only ("ours", "theirs": who refuses), ids (* stands for anything), reason, signed, date."""
    return _entries("known", frozenset({"judge", "only", "ids", "reason", "signed", "date"}))


def is_false_alarm(judge: str, says: str) -> bool:
    """Whether what a judge says is known to be wrong wherever it says so."""
    alarms = _entries("false-alarm", frozenset({"judge", "says", "reason", "signed", "date"}))
    return any(alarm["judge"] == judge and fnmatchcase(says, alarm["says"]) for alarm in alarms)


@cache
def _entries(name: str, needed: frozenset[str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(SIGNED.read_text(encoding="utf-8")).get(name, [])
    for entry in entries:
        if lacking := needed - set(entry):
            raise ValueError(f"an entry of {SIGNED.name} lacks {', '.join(sorted(lacking))}")
    return entries


def unused(*tallies: Tally) -> list[str]:
    """Signed ids that no disagreement needs any more; of mutants that are kept aside nobody knows it here."""
    judges = {each.judge for each in tallies}
    return [f"{entry['judge']}, {entry['only']}: {id_}" for entry in signed() if entry["judge"] in judges for id_ in entry["ids"]
            if not is_aside(id_)
            and not any(fnmatchcase(_plain(known), _plain(id_)) for each in tallies if each.judge == entry["judge"]
                           for known in getattr(each, entry["only"]))]


def _plain(id_: str) -> str:
    """Ids hold [0], which would be a set of characters in a pattern."""
    return id_.replace("[", "(").replace("]", ")")


def faults(findings: Iterable[Finding]) -> list[Finding]:
    """The errors that FHIR or UK Core asks for."""
    return [finding for finding in findings if finding.level is Level.ERROR and not finding.rule.startswith("rb-")]


# ---- the report -----------------------------------------------------------------------------------------------------------------------
def keep(*tallies: Tally) -> None:
    """Adds to what is known, and prints the report anew. One process at a time writes what is said of one judge."""
    (BUILD / "agreement").mkdir(parents=True, exist_ok=True)
    for each in tallies:
        file = BUILD / "agreement" / f"{re.sub(r'[^a-z0-9]+', '-', f'{each.judge} {each.what}'.lower())}.json"
        _write(file, json.dumps({"check": our_check(), "tally": asdict(each)}))
    _write(BUILD / "agreement.md", report(_kept()))


@cache
def our_check() -> str:
    """What the check is made of, as a hash: what was counted of another one says nothing of it."""
    files = sorted(path for path in CHECK.rglob("*") if path.suffix in (".py", ".zip"))
    return sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _write(file: Path, text: str) -> None:
    made = file.with_suffix(f".{os.getpid()}")
    made.write_text(text, encoding="utf-8")
    made.replace(file)


def _kept() -> Iterator[Tally]:
    for file in sorted((BUILD / "agreement").glob("*.json")):
        known = json.loads(file.read_text(encoding="utf-8"))
        if known.get("check") == our_check():
            yield Tally(**known["tally"])


def report(tallies: Iterable[Tally]) -> str:
    """As Markdown: a line for each judge and what it judged, or has not looked at; then every disagreement by its id."""
    known = {(each.judge, each.what): each for each in tallies}
    head = ("| judge | version | of what | refused by both | by nobody | only by us | only by them | of theirs we refuse |\n"
            "|---|---|---|---:|---:|---:|---:|---:|\n")
    rows = "".join(_row(known[row]) if row in known else f"| {row[0]} | | {row[1]} | | | | | not looked at in this run |\n"
                   for row in sorted({*ROWS, *known}))
    return f"# Agreement\n\n{head}{rows}{''.join(_apart(known[row]) for row in sorted(known))}"


def _row(t: Tally) -> str:
    return f"| {t.judge} | {t.version} | {t.what} | {t.both} | {t.neither} | {len(t.ours)} | {len(t.theirs)} | {t.recall:.2%} |\n"


def _apart(each: Tally) -> str:
    said = {"refused only by them": each.theirs, "refused only by us": each.ours if each.judge == ENGINE else []}
    return "".join(f"\n## {each.judge}, {each.what}: {who}\n\n{''.join(f'- `{id_}`: {reason(each, id_)}{chr(10)}' for id_ in sorted(ids))}"
                   for who, ids in said.items() if ids)


def reason(each: Tally, id_: str) -> str:
    """Why it may be so, from the signed list."""
    if id_ in each.why:
        return each.why[id_]
    return next((entry["reason"] for entry in signed() if entry["judge"] == each.judge
                 and any(fnmatchcase(_plain(id_), _plain(pattern)) for pattern in entry["ids"])), "**nobody has looked at it**")


# ---- jurors as judges -----------------------------------------------------------------------------------------------------------------
def _complaining(juror: str) -> Callable[[Json], bool]:
    def complains(resource: Json) -> bool:
        try:
            return any(True for _ in JURORS[juror](resource))
        except Exception:  # noqa: BLE001 - a type that they do not know ends in an error of theirs, whichever
            return True
    return complains


OTHERS = ((SCHEMA, "R4 4.0.1", _complaining("schema")), (MODELS, f"{version('fhir.resources')}, R4B", _complaining("models")))


if __name__ == "__main__":
    keep()      # once more, when nobody writes beside it
    sys.stdout.write((BUILD / "agreement.md").read_text(encoding="utf-8").partition("\n## ")[0])
