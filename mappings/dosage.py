"""What MedicationStatement and MedicationRequest share: the drug, and FHIR's Dosage. Sources: HL7 FHIR R4, pages Dosage and Timing;
UK Core guidance for MedicationStatement and MedicationRequest; NHS Dose Syntax implementation guidance."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable, table_from
from mappings.datatypes import CONCEPT, PERIOD, QUANTITY, RANGE, RATIO, Coded, Number, Period, Quantity, Range, Ratio
from mappings.findings import Finding, in_order, of_no_system, warning
from mappings.shape import Each, Part, f
from mappings.systems import DMD, SNOMED_CT, THO, UKCORE
from mappings.values import (
    Logical,
    Ref,
    Reference,
    Said,
    choice,
    closed,
    many,
    positive,
    reference,
    reference_or,
    time_of_day,
    unsigned,
    when,
)


# ---- the drug --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ingredient:
    """`item` is a substance or another medicine; `strength` so much of it in so much of the product."""

    item: Coded | Reference
    active: bool | None = None
    strength: Ratio | None = None


@dataclass(frozen=True)
class Product:
    """A drug that one code cannot name: a special made up for her, or a known batch. Travels inside the statement or request."""

    code: Coded
    form: Coded | None = None
    trade_family: Coded | None = None
    manufacturer: Reference | None = None
    amount: Ratio | None = None
    ingredients: tuple[Ingredient, ...] = ()
    batch: str | None = None
    expiry: str | None = None


Drug = Coded | Product | Ref | Logical | Said

PRODUCT = Part(Product, {
    "resourceType": "Medication",
    "extension": [{"url": UKCORE + "Extension-UKCore-MedicationTradeFamily", "valueCodeableConcept": f.trade_family | CONCEPT}],
    "code": f.code | CONCEPT,
    "manufacturer": f.manufacturer | reference,
    "form": f.form | CONCEPT,
    "amount": f.amount | RATIO,
    "ingredient": [Each(f.ingredients, Ingredient, {
        ("itemCodeableConcept", "itemReference"): f.item | choice(itemCodeableConcept=CONCEPT, itemReference=reference),
        "isActive": f.active,
        "strength": f.strength | RATIO})],
    "batch": {"lotNumber": f.batch, "expirationDate": f.expiry | when},
})
DRUG: Any = choice(medicationCodeableConcept=CONCEPT, medicationReference=reference_or(PRODUCT))

# dm+d is written under its own system (UK Core) and read wherever it is met: NHS England's services put the same ids under
# SNOMED CT, and published examples have a trailing slash. As systems these stay what they were.
DMD_SYSTEMS = frozenset({DMD, DMD + "/", SNOMED_CT})
TRANSFER_DEGRADED = "196421000000109"  # SNOMED CT: Transfer-degraded medication entry; what the drug was stands in the text alone


def findings_of_drug(drug: Drug) -> Iterator[Finding]:
    """UK Core, MedicationStatement guidance: "if a dm+d code exists it SHALL be used"."""
    field, named = ("drug.code", drug.code) if isinstance(drug, Product) else ("drug", drug)
    if isinstance(named, Coded) and not any(c.system in DMD_SYSTEMS and c.code not in (None, TRANSFER_DEGRADED) for c in named.codings):
        yield from findings_of_uncoded(
            field, named, "is text only: without a dm+d code the receiver cannot check it for interactions")


ELSEWHERE = "has a code, of a system that is not known here: write dm+d under https://dmd.nhs.uk, SNOMED CT under http://snomed.info/sct"


def findings_of_uncoded(field: str, said: Coded, text_only: str) -> Iterator[Finding]:
    """Of a product or a substance without a code that is known: has it none, or one of another system?"""
    elsewhere = any(c.code is not None and c.system not in DMD_SYSTEMS for c in said.codings)
    yield warning(field, ELSEWHERE if elsewhere else text_only)
    yield from of_no_system(f"{field}.codings", said.codings)


# ---- the dose ------------------------------------------------------------------------------------------------------------------
ROUTE = table_from("route", SNOMED_CT, "ValueSet UKCore-SubstanceOrProductAdministrationRoute 1.0.0, the routes a care home gives by")
DOSE_KIND = CodeTable(THO + "dose-rate-type", "CodeSystem dose-rate-type 4.0.1", {
    "ordered": ("ordered", "Ordered"), "calculated": ("calculated", "Calculated")})


@dataclass(frozen=True)
class Dose:
    """One dose instruction. `text` is what was written, code point for code point, and the truth; the rest only where it says the same.

    `frequency` times (or up to `frequency_max`) every `period` (or up to `period_max`) of `period_unit`: s min h d wk mo a.
    `days_of_week` mon to sun; `times_of_day` as 08:00:00; `when` an event such as MORN or ACM, with `offset` minutes from it.
    `count` doses in all; `bounds` how long to go on: a time, a range of times, or from and to. `duration` of one administration.
    `as_needed`: whether, or for what. `amount` of one dose; no more than `max_per_period`, and `max_per_administration` at once.
    """

    text: str | None = None
    patient_instruction: str | None = None
    additional_instructions: tuple[Coded, ...] = ()
    sequence: int | None = None
    frequency: int | None = None
    frequency_max: int | None = None
    period: Number | None = None
    period_max: Number | None = None
    period_unit: str | None = None
    days_of_week: tuple[str, ...] = ()
    times_of_day: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    offset: int | None = None
    count: int | None = None
    duration: Number | None = None
    duration_unit: str | None = None
    bounds: Quantity | Range | Period | None = None
    as_needed: bool | Coded | None = None
    site: Coded | None = None
    route: Annotated[Coded | None, ROUTE] = None
    method: Coded | None = None
    amount: Quantity | Range | None = None
    amount_kind: Annotated[Coded | None, DOSE_KIND] = None
    rate: Quantity | Range | Ratio | None = None
    max_per_period: Ratio | None = None
    max_per_administration: Quantity | None = None


UNIT_OF_TIME = closed("s", "min", "h", "d", "wk", "mo", "a")
DAY = closed("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# ValueSet event-timing 4.0.1 (required): parts of the day, sleep and waking, and meals (C) with before (A) and after (P) them
EVENT = closed("MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early", "EVE.late", "NIGHT", "PHS",
               "HS", "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV")
BOUNDS: Any = choice(boundsDuration=QUANTITY, boundsRange=RANGE, boundsPeriod=PERIOD)
AS_NEEDED: Any = choice(asNeededBoolean=bool, asNeededCodeableConcept=CONCEPT)
AMOUNT: Any = choice(doseQuantity=QUANTITY, doseRange=RANGE)
RATE: Any = choice(rateQuantity=QUANTITY, rateRange=RANGE, rateRatio=RATIO)
DOSAGE = Part(Dose, {
    "sequence": f.sequence,
    "text": f.text,
    "additionalInstruction": [Each(f.additional_instructions, CONCEPT)],
    "patientInstruction": f.patient_instruction,
    "timing": {"repeat": {
        ("boundsDuration", "boundsRange", "boundsPeriod"): f.bounds | BOUNDS,
        "count": f.count | positive,
        "duration": f.duration, "durationUnit": f.duration_unit | UNIT_OF_TIME,
        "frequency": f.frequency | positive, "frequencyMax": f.frequency_max | positive,
        "period": f.period, "periodMax": f.period_max, "periodUnit": f.period_unit | UNIT_OF_TIME,
        "dayOfWeek": f.days_of_week | many(DAY),
        "timeOfDay": f.times_of_day | many(time_of_day),
        "when": f.when | many(EVENT),
        "offset": f.offset | unsigned}},
    ("asNeededBoolean", "asNeededCodeableConcept"): f.as_needed | AS_NEEDED,
    "site": f.site | CONCEPT,
    "route": f.route | CONCEPT,
    "method": f.method | CONCEPT,
    "doseAndRate": [{
        "type": f.amount_kind | CONCEPT,
        ("doseQuantity", "doseRange"): f.amount | AMOUNT,
        ("rateQuantity", "rateRange", "rateRatio"): f.rate | RATE}],
    "maxDosePerPeriod": f.max_per_period | RATIO,
    "maxDosePerAdministration": f.max_per_administration | QUANTITY,
})


def findings_of_doses(doses: tuple[Dose, ...]) -> Iterator[Finding]:
    """UK Core, MedicationStatement and MedicationRequest guidance: at the least a dose in words."""
    if not any(dose.text for dose in doses):
        yield warning("doses", "has no dose in words")
    for i, dose in enumerate(doses):
        if isinstance(dose.bounds, Period):
            yield from in_order(f"doses[{i}].bounds", dose.bounds)
