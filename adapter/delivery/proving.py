"""Nothing goes out unproven: what is an error in a bundle is known before anything of it is written. Pure.

    unproven(bundle, ["medicines[0]", …])               [] where nothing is; else every error, and what it was made from
    unproven(bundle, rows, tolerate=("pat-1",))         what somebody has named travels all the same, and is told as a warning
    unproven(bundle, rows, there=[None, theirs, …])     so is what stands at the server already: it is theirs, and goes back as it is
    unproven(bundle, rows, profiles=endpoint.profiles)  by what the receiver asks: a trust's own package, UK Core's drafts (profiles.py)
    is_refused(found)                                   is any of it an error still?

Everybody asks here: a sending (of what has its marks, is merged and ended: writing.py), an acceptance, a worker, and `redbag convert`.
What it is held against else: FHIR R4, UK Core, and our own rules (adapter/conformance; docs/rules.md). Warnings are for `redbag check`.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from adapter.conformance import Checker, Finding, Level
from adapter.conformance.invariants import level_of
from adapter.conformance.rules import RULES
from adapter.conformance.rules.explaining import EVERYWHERE, invariants, names
from adapter.conformance.rules.structural import STRUCTURAL
from adapter.delivery.profiles import UK_CORE, Profiles

Resource = dict[str, Any]
Key = tuple[str, str]
ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource(?![A-Za-z]))?")
INDEX = re.compile(r"\[\d+\]")
TOLERATED = "it is tolerated, as was asked for"
THEIRS = "it stands at the server so already, and goes back as it is"


class Unproven(NamedTuple):
    """`row`: what it was made from, as `medicines[0]`; empty, where it is about the bundle as a whole. The path of the finding begins with
    the type of the resource, for nobody has seen the bundle."""

    row: str
    finding: Finding

    def __str__(self) -> str:
        return f"{self.row or 'the bundle'}: {self.finding}"

    @property
    def where(self) -> str:
        """Which rule is not kept, and where: no more than that."""
        return f"{self.row or 'the bundle'}: {self.finding.path} [{self.finding.rule}]"


class NotProven(Exception):
    """It does not travel. `found`: all that is told about it."""

    def __init__(self, found: Iterable[Unproven]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(map(str, self.found)))


def unproven(resource: Resource, rows: Sequence[str], tolerate: Sequence[str] = (),
             there: Sequence[Resource | None] = (), profiles: Profiles = UK_CORE) -> list[Unproven]:
    """`rows`: what each entry of the bundle was made from, or the one resource; `there`: what stands at the server in its place, as far as
    something does. `tolerate`: ids of rules."""
    checker = profiles.checker
    if checker.clean(resource):
        return []
    found = [_placed(finding, resource, rows) for finding in _errors(resource, checker)]
    theirs = {each.number: _standing(there[each.number], checker) for each in found if each.number < len(there)}
    return [Unproven(each.row, _weighed(each.finding, tolerate, theirs.get(each.number, Counter()))) for each in found]


def is_refused(found: Iterable[Unproven]) -> bool:
    return any(each.finding.level is Level.ERROR for each in found)


def proven(bundles: Iterable[tuple[Resource, Sequence[str]]], tolerate: Sequence[str] = (),
           profiles: Profiles = UK_CORE) -> list[Unproven]:
    """What is tolerated of all of them, each with its rows. Raises NotProven."""
    found = [each for bundle, rows in bundles for each in unproven(bundle, rows, tolerate, (), profiles)]
    if is_refused(found):
        raise NotProven(found)
    return found


def _errors(resource: Resource, checker: Checker) -> list[Finding]:
    return [finding for finding in checker.findings(resource) if finding.level is Level.ERROR]


class Placed(NamedTuple):
    row: str
    number: int
    finding: Finding


def _placed(finding: Finding, resource: Resource, rows: Sequence[str]) -> Placed:
    """Which of the rows it is about."""
    if resource.get("resourceType") != "Bundle":
        return Placed(rows[0] if rows else "", 0, finding)
    if (found := ENTRY.match(finding.path)) is None or (number := int(found[1])) >= len(rows):
        return Placed("", len(rows), finding)
    entry = resource["entry"][number]
    within = entry.get("resource") if isinstance(entry, dict) and not found[0].endswith("]") else None
    if isinstance(within, dict):
        finding = finding._replace(path=f"{within.get('resourceType')}{finding.path[found.end():]}")
    return Placed(rows[number], number, finding)


# ---- what is let through ---------------------------------------------------------------------------------------------------------
def _standing(theirs: Resource | None, checker: Checker) -> Counter[Key]:
    return Counter(map(_key, _errors(theirs, checker))) if theirs is not None else Counter()


def _key(finding: Finding) -> Key:
    """By which an error is known again when its list has grown."""
    return finding.rule, INDEX.sub("", finding.path)


def _weighed(finding: Finding, tolerate: Sequence[str], theirs: Counter[Key]) -> Finding:
    """`theirs`: those that stand there; each excuses one."""
    if theirs[_key(finding)] > 0:
        theirs[_key(finding)] -= 1
        return _let_through(finding, THEIRS)
    return _let_through(finding, TOLERATED) if finding.rule in tolerate else finding


def _let_through(finding: Finding, why: str) -> Finding:
    return finding._replace(level=Level.WARNING, fix=why)


# ---- rules by name ---------------------------------------------------------------------------------------------------------------
READING = "names {}, which is about reading the record, before it is FHIR, and cannot be tolerated: correct what it tells of"
NO_ERROR = "names {}, which is no error and keeps nobody from travelling: leave it out"


def rule_named(said: str, profiles: Profiles = UK_CORE) -> str:
    """Raises ValueError where nothing that is FHIR has an error by it: in a sentence, which names those near what is misspelt."""
    levels = dict(_levels(profiles.checker))
    if said not in levels:
        near = ", ".join(get_close_matches(said, levels, 3))
        raise ValueError(f"names no rule there is{f': perhaps {near} is meant' if near else ''}; docs/rules.md lists them, and each error "
                         "ends with its own in brackets")
    if not _is_error(levels[said]):
        raise ValueError((NO_ERROR if levels[said] else READING).format(said))
    return said


def _levels(checker: Checker) -> Iterator[tuple[str, str]]:
    """Every id, and how grave it is at most; nothing for what is told before anything is FHIR."""
    yield from ((name, "") for name in names())
    yield EVERYWHERE, Level.ERROR
    yield from ((rule.id, rule.level) for rule in RULES)
    yield from ((name, each.level) for name, each in STRUCTURAL.items() if name.startswith("fhir-") or not _is_error(each.level))
    definitions = checker.definitions
    yield from ((key, level_of(each.constraint)) for key, each in invariants(definitions, definitions.profiles()).items())


def _is_error(level: str) -> bool:
    """Also one in words: error where it is required, a warning where …"""
    return level.startswith(Level.ERROR)
