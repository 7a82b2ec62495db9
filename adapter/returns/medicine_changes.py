"""What the hospital did to the medicines: its prescriptions laid beside the home's list. Pure.

Two are the same medicine for certain only by the same dm+d or SNOMED CT code, one on each side. Several, a name without a code, a
prescription that is not for going home, or a stay that is not over: listed for a person, and not guessed. Names are compared only to be
less certain, never to be more. A medicine the hospital does not mention is said to be not mentioned, which is not stopped.

Sources: UK Core MedicationRequest guidance (doNotPerform SHALL be checked, category); NHS England, Implementation Guide for Digital
Medicines: medicines on discharge can be revised until the person leaves; dm+d ids travel under https://dmd.nhs.uk or http://snomed.info/sct.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from adapter.bundle.reading import Item
from adapter.delivery.same_person import folded
from adapter.returns.change import Change
from adapter.returns.scope import Age, Scope
from adapter.returns.words import because, concept, counted, doses, listed
from mappings.bag import Row
from mappings.corrections import CURRENT
from mappings.datatypes import Coded
from mappings.dosage import DMD_SYSTEMS, TRANSFER_DEGRADED, Dose, Product
from mappings.medication_request import CATEGORY, MedicationRequest
from mappings.medication_statement import CATEGORY as STATEMENT_CATEGORY
from mappings.medication_statement import Medication
from mappings.values import Ref

Says = Literal["give", "pause", "stop", "never", "unclear", "mistake"]
REQUEST_SAYS: dict[str, Says] = {"active": "give", "on hold": "pause", "stopped": "stop", "entered in error": "mistake"}
STATEMENT_SAYS: dict[str, Says] = REQUEST_SAYS | {"intended": "give"}
ORDERS = frozenset({"order", "original order", "reflex order", "filler order", "instance order"})
WORDS: dict[Says, str] = {"give": "prescribed", "pause": "paused", "stop": "stopped", "never": "not to be given",
                          "unclear": "prescribed in a way that does not say whether to give it", "mistake": "entered by mistake"}


@dataclass(frozen=True)
class Prescribed:
    """What the hospital says about one medicine. `going_home`: for after the stay, it says; `now`: and it was this stay."""

    source: str
    name: str
    codes: frozenset[str]
    says: Says
    going_home: bool
    now: bool
    why: tuple[Coded, ...] = ()
    doses: tuple[Dose, ...] = field(default=(), repr=False)


def medicine_changes(ours: Sequence[Row] | None, theirs: Sequence[Item], drugs: Mapping[str, Coded], *,
                     scope: Scope, whole: bool) -> Iterator[Change]:
    """`ours`: the home's medicines, None where it did not say. `theirs`: the hospital's MedicationRequests and MedicationStatements.
    `drugs`: what a reference to a Medication means. `whole`: everything was asked for, so that silence means something."""
    compared, aside = _sorted(theirs, scope)
    said = prescriptions(compared, drugs, scope)
    rows = [row for row in ours or () if row.record.status != "entered in error"]
    pairs = {p.source: _rows_of(p, rows) for p in said}
    mentioned = {row.path for p in said if p.going_home and p.says != "mistake" for row in pairs[p.source]}
    silent = [row for row in rows if row.record.status in CURRENT and row.path not in mentioned]
    for p in said:
        rivals = [q for q in said if q is not p and q.codes & p.codes and q.says != "mistake"]
        for change in _about(p, pairs[p.source], rivals, silent, known=ours is not None):
            yield change if scope.over and p.going_home and p.now else replace(change, certainty="for a person")
    for why, n in aside.items():
        yield Change("not compared", f"{why}, and not compared: {counted(n, 'entry', 'entries')} about medicines", "for a person")
    yield from _not_mentioned(silent, said) if whole and not scope.waiting else ()


def _sorted(theirs: Sequence[Item], scope: Scope) -> tuple[list[Item], Counter[str]]:
    """What is to be compared; and in numbers what another prescription replaced, was for the stay only, or is from before it."""
    requests = [i.record for i in theirs if isinstance(i.record, MedicationRequest) and i.record.status != "entered in error"]
    replaced = {f"{p.type}/{p.key}" for r in requests if isinstance(p := r.prior_prescription, Ref)}
    aside = {item.url: why for item in theirs if (why := _why_aside(item, replaced, scope))}
    return [item for item in theirs if item.url not in aside], Counter(aside.values())


def _why_aside(item: Item, replaced: set[str], scope: Scope) -> str | None:
    if item.url in replaced:
        return "Replaced by another prescription"
    if _age(item, scope) == "earlier":
        return "From before this stay"
    return "For the stay itself, not for going home" if _categories(item.record) == {"inpatient"} else None


def prescriptions(theirs: Sequence[Item], drugs: Mapping[str, Coded], scope: Scope) -> list[Prescribed]:
    """The requests, and the statements about medicines that no request is about."""
    asked = [_request(i, drugs, scope) for i in theirs if isinstance(i.record, MedicationRequest)]
    stated = [statement(i, drugs, _age(i, scope) == "now") for i in theirs if isinstance(i.record, Medication)]
    told = frozenset[str]().union(*(p.codes for p in asked))
    return [*asked, *(p for p in stated if not p.codes & told)]


def codes_of(drug: Any) -> frozenset[str]:
    """The ids that say which medicine it is: dm+d's, which are SNOMED CT's, under any of the systems they travel under."""
    named = drug.code if isinstance(drug, Product) else drug
    codings = named.codings if isinstance(named, Coded) else ()
    return frozenset(c.code for c in codings if c.system in DMD_SYSTEMS and c.code and c.code != TRANSFER_DEGRADED)


# ---- one prescription ------------------------------------------------------------------------------------------------------
def _about(p: Prescribed, rows: Sequence[Row], rivals: Sequence[Prescribed], silent: Sequence[Row], known: bool) -> Iterator[Change]:
    if p.says == "mistake":
        yield _person(p, f"Entered by mistake at the hospital: {p.name}")
    elif len(rows) == 1 and not rivals:
        yield from matched(rows[0], p)
    elif rows:
        entries = f"you have {counted(len(rows), 'entry', 'entries')} with its code and the hospital {len(rivals) + 1}"
        yield _person(p, f"To check: {p.name} is {WORDS[p.says]}{_dose(p)}{because(p.why)}; {entries}")
    else:
        yield _unmatched(p, silent, known)


def matched(row: Row, p: Prescribed) -> Iterator[Change]:
    """One of ours and one of theirs, the same for certain: what is different."""
    name, status, why = concept(row.record.drug), row.record.status, because(p.why)
    match p.says:
        case "stop" if status in CURRENT:
            yield _certain("stopped", p, row, f"Stopped: {name}{why}")
        case "pause" if status != "on hold":
            yield _certain("paused", p, row, f"Paused: {name}{why}")
        case "never":
            yield _certain("not to be given", p, row, f"Not to be given: {name}{why}")
        case "unclear":
            yield _person(p, f"To check: {name} is {WORDS['unclear']}", row)
        case "give":
            if status not in ("active", "intended", "unknown"):
                yield _certain("started again", p, row, f"Started again: {name}{_dose(p)}{why}")
            yield from _dose_changes(row, p, name)


def _dose_changes(row: Row, p: Prescribed, name: str) -> Iterator[Change]:
    was, now = doses(row.record.doses), doses(p.doses)
    coded = [[bare for d in each if (bare := _coded(d)) != Dose()] for each in (row.record.doses, p.doses)]
    comparable, same = all(coded), coded[0] == coded[1]
    if _plain(was) == _plain(now):
        if comparable and not same:
            yield _person(p, f"To check: the dose of {name} reads the same, but its coded parts differ", row)
    elif not now or not was:
        who = "you say" if was else "the hospital says"
        yield _person(p, f"To check: {name} goes on, and only {who} a dose in words: '{was or now}'", row)
    elif comparable and same:
        yield _person(p, f"Dose worded differently: {name}, was '{was}', now '{now}'", row)
    else:
        yield _certain("dose changed", p, row, f"Dose changed: {name}, was '{was}', now '{now}'{because(p.why)}")


def _unmatched(p: Prescribed, silent: Sequence[Row], known: bool) -> Change:
    """Not in the home's list by code. New for certain only when nothing in that list could be it under another name."""
    dose, why = _dose(p), because(p.why)
    if not known:
        return _person(p, f"{WORDS[p.says].capitalize()} by the hospital: {p.name}{dose}{why}; the home's list of medicines was not given")
    alike = [r for r in silent if _first_word(concept(r.record.drug)) == _first_word(p.name)] or list(silent)
    could_be = listed(concept(r.record.drug) for r in alike)
    if p.says != "give":
        question = f"; could it be {could_be}?" if alike else ""
        return _person(p, f"To check: {p.name} is {WORDS[p.says]}{why} and has no entry in the home's list{question}")
    if alike or not p.codes:
        question = f"unless it is your {could_be}" if alike else "named without a code"
        return Change("new medicine", f"Perhaps a new medicine, {question}: {p.name}{dose}{why}", "for a person", None, p.source)
    return Change("new medicine", f"New medicine: {p.name}{dose}{why}", "certain", None, p.source)


def _not_mentioned(silent: Sequence[Row], said: Sequence[Prescribed]) -> Iterator[Change]:
    """Only of a stay that is over: before that, silence is what everybody expects."""
    if not any(p.going_home for p in said):
        yield Change("not mentioned", "The hospital has sent no medicines for going home", "for a person")
        return
    for row in silent:
        sentence = f"Not mentioned among the medicines for going home, which does not mean stopped: {concept(row.record.drug)}"
        yield Change("not mentioned", sentence, "for a person", row.path)


# ---- reading ---------------------------------------------------------------------------------------------------------------
def _request(item: Item, drugs: Mapping[str, Coded], scope: Scope) -> Prescribed:
    r: MedicationRequest = item.record
    why = (r.status_reason,) if r.status_reason else ()
    return _prescribed(item, drugs, _request_says(r), _age(item, scope) == "now", why)


def _request_says(r: MedicationRequest) -> Says:
    says = REQUEST_SAYS.get(r.status, "unclear")
    if says == "mistake" or r.intent in ORDERS and not r.do_not_perform:
        return says
    return "never" if r.do_not_perform and says == "give" and r.intent in ORDERS else "unclear"


def statement(item: Item, drugs: Mapping[str, Coded], now: bool) -> Prescribed:
    """A MedicationStatement, read as what it says to do."""
    return _prescribed(item, drugs, STATEMENT_SAYS.get(item.record.status, "unclear"), now, item.record.status_reasons)


def _prescribed(item: Item, drugs: Mapping[str, Coded], says: Says, now: bool, why: tuple[Coded, ...]) -> Prescribed:
    drug = item.record.drug
    known = drugs.get(f"{drug.type}/{drug.key}", drug) if isinstance(drug, Ref) else drug
    home = "discharge" in _categories(item.record)
    return Prescribed(item.url, concept(known), codes_of(known), says, home, now, why, item.record.doses)


def _age(item: Item, scope: Scope) -> Age:
    r = item.record
    return scope.age(r.encounter, r.authored_on) if isinstance(r, MedicationRequest) else scope.age(r.context, r.date_asserted)


def _categories(record: MedicationRequest | Medication) -> set[str | None]:
    """Our words for what it is for; None for a category we have no word for."""
    if isinstance(record, MedicationRequest):
        return {CATEGORY.word(c) for c in record.categories}
    return {STATEMENT_CATEGORY.word(record.category)} if record.category else set()


def _rows_of(p: Prescribed, rows: Sequence[Row]) -> list[Row]:
    """The home's entries with this code; those she takes now, and only failing that those she took."""
    same = [r for r in rows if codes_of(r.record.drug) & p.codes]
    return [r for r in same if r.record.status in CURRENT] or same


def _coded(dose: Dose) -> Dose:
    """The dose without its words."""
    return replace(dose, text=None, patient_instruction=None, additional_instructions=(), sequence=None)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).rstrip(".")


def _first_word(name: str) -> str:
    return folded(name.split()[0]) if name.split() else ""


def _dose(p: Prescribed) -> str:
    return f", '{words}'" if (words := doses(p.doses)) else ""


def _certain(kind: Any, p: Prescribed, row: Row, sentence: str) -> Change:
    return Change(kind, sentence, "certain", row.path, p.source)


def _person(p: Prescribed, sentence: str, row: Row | None = None) -> Change:
    return Change("to check", sentence, "for a person", row.path if row else None, p.source)
