"""FHIR R4 data types as parts: the same record and template wherever the type occurs. Source: HL7 FHIR R4, page Data Types; UK Core guidance, Data types."""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mappings.shape import Each, Part, f
from mappings.values import Reference, choice, reference, strings, when

Number = int | Decimal


@dataclass(frozen=True)
class Coding:
    system: str | None = None
    code: str | None = None
    display: str | None = None
    version: str | None = None
    user_selected: bool | None = None


@dataclass(frozen=True)
class Coded:
    """A concept as it was said: every coding, and the words. Lossless; code tables only offer our word for it."""

    codings: tuple[Coding, ...] = ()
    text: str | None = None


@dataclass(frozen=True)
class Quantity:
    value: Number
    unit: str | None = None
    system: str | None = None
    code: str | None = None
    comparator: str | None = None


@dataclass(frozen=True)
class Period:
    start: str | None = None
    end: str | None = None


CODING = Part(Coding, {"system": f.system, "version": f.version, "code": f.code, "display": f.display, "userSelected": f.user_selected})
CONCEPT = Part(Coded, {"coding": [Each(f.codings, CODING)], "text": f.text})
QUANTITY = Part(Quantity, {"value": f.value, "comparator": f.comparator, "unit": f.unit, "system": f.system, "code": f.code})
PERIOD = Part(Period, {"start": f.start | when, "end": f.end | when})


@dataclass(frozen=True)
class Identifier:
    value: str | None = None
    system: str | None = None
    use: str | None = None
    type: Coded | None = None
    period: Period | None = None


@dataclass(frozen=True)
class HumanName:
    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    period: Period | None = None


@dataclass(frozen=True)
class ContactPoint:
    system: str | None = None
    value: str | None = None
    use: str | None = None
    rank: int | None = None
    period: Period | None = None


@dataclass(frozen=True)
class Address:
    use: str | None = None
    type: str | None = None
    text: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    district: str | None = None
    county: str | None = None
    postcode: str | None = None
    country: str | None = None
    period: Period | None = None


@dataclass(frozen=True)
class Annotation:
    text: str
    time: str | None = None
    author: Reference | str | None = None


IDENTIFIER = Part(Identifier, {"use": f.use, "type": f.type | CONCEPT, "system": f.system, "value": f.value, "period": f.period | PERIOD})
NAME = Part(HumanName, {"use": f.use, "text": f.text, "family": f.family, "given": f.given | strings, "prefix": f.prefix | strings,
                        "suffix": f.suffix | strings, "period": f.period | PERIOD})
TELECOM = Part(ContactPoint, {"system": f.system, "value": f.value, "use": f.use, "rank": f.rank, "period": f.period | PERIOD})
ADDRESS = Part(Address, {"use": f.use, "type": f.type, "text": f.text, "line": f.lines | strings, "city": f.city, "district": f.district,
                         "state": f.county, "postalCode": f.postcode, "country": f.country, "period": f.period | PERIOD})
NOTE = Part(Annotation, {("authorReference", "authorString"): f.author | choice(authorReference=reference, authorString=str),
                         "time": f.time | when, "text": f.text})


# ---- Dosage: MedicationStatement, MedicationRequest ------------------------------------------------------------------------
@dataclass(frozen=True)
class Dose:
    """One dose instruction. `text` is what was written, code point for code point; the rest only where it says the same."""

    text: str | None = None
    patient_instruction: str | None = None
    additional_instructions: tuple[Coded, ...] = ()
    sequence: int | None = None
    frequency: int | None = None
    period: Number | None = None
    period_unit: str | None = None
    times_of_day: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    as_needed: bool | Coded | None = None
    site: Coded | None = None
    route: Coded | None = None
    method: Coded | None = None
    amount: Quantity | None = None


AS_NEEDED: Any = choice(asNeededBoolean=bool, asNeededCodeableConcept=CONCEPT)
DOSAGE = Part(Dose, {
    "sequence": f.sequence,
    "text": f.text,
    "additionalInstruction": [Each(f.additional_instructions, CONCEPT)],
    "patientInstruction": f.patient_instruction,
    "timing": {"repeat": {"frequency": f.frequency, "period": f.period, "periodUnit": f.period_unit, "timeOfDay": f.times_of_day | strings, "when": f.when | strings}},
    ("asNeededBoolean", "asNeededCodeableConcept"): f.as_needed | AS_NEEDED,
    "site": f.site | CONCEPT,
    "route": f.route | CONCEPT,
    "method": f.method | CONCEPT,
    "doseAndRate": [{"doseQuantity": f.amount | QUANTITY}],
})
