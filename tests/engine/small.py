"""Small shapes that use every word of the notation, for tests that look at one thing at a time."""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mappings.datatypes import CONCEPT, IDENTIFIER, QUANTITY, Coded, Identifier, Quantity
from mappings.shape import Each, OneOf, Part, Shape, also, f
from mappings.values import Absent, Reference, choice, code, parallel, reference, reference_or, strings, when

HOME = "urn:home"


@dataclass(frozen=True)
class Only:
    name: str | None = None


@dataclass(frozen=True)
class Two:
    a: str | None = None
    b: str | None = None


# ---- a person: slots, an Each behind them, siblings -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Phone:
    number: str
    system: str | None = None
    use: str | None = None


PHONE = Part(Phone, {"system": f.system, "use": f.use, "value": f.number})


@dataclass(frozen=True)
class Person:
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    landline: str | None = None
    mobile: str | None = None
    phones: tuple[Phone, ...] = ()
    given: tuple[str | Absent, ...] = ()
    deceased: bool | str | None = None


person = Shape(Person, {
    "resourceType": "Person",
    "meta": also({"profile": ["urn:person"]}),
    "identifier": [{"system": HOME, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "telecom": [{"system": "phone", "value": f.landline}, {"system": "phone", "use": "mobile", "value": f.mobile}, Each(f.phones, PHONE)],
    "name": [{("given", "_given"): f.given | parallel("given")}],
    ("deceasedBoolean", "deceasedDateTime"): f.deceased | choice(deceasedBoolean=bool, deceasedDateTime=when),
})


# ---- a medicine: what it is, its doses, who -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Dose:
    text: str | None = None
    sequence: int | None = None
    amount: Quantity | str | None = None
    reasons: tuple[Coded, ...] = ()


@dataclass(frozen=True)
class Maker:
    """Contained in the medicine."""

    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True)
class Medicine:
    status: str
    drug: Coded | Reference
    doses: tuple[Dose, ...] = ()
    brands: tuple[str, ...] = ()
    performers: tuple[Reference, ...] = ()
    maker: Maker | Reference | None = None
    stock: int | Decimal | None = None


DOSE = Part(Dose, {
    "sequence": f.sequence,
    "text": f.text,
    ("doseQuantity", "doseString"): f.amount | choice(doseQuantity=QUANTITY, doseString=str),
    "reason": [Each(f.reasons, CONCEPT)],
})
MAKER = Part(Maker, {"resourceType": "Organization", "name": f.name, "identifier": [Each(f.identifiers, IDENTIFIER)]})


def medicine_shape(doses: Any) -> Shape[Medicine]:
    return Shape(Medicine, {
        "resourceType": "Medicine",
        "status": f.status | code({"active": "active", "on hold": "on-hold"}),
        ("drugConcept", "drugReference"): f.drug | choice(drugConcept=CONCEPT, drugReference=reference),
        "dosage": [doses],
        "brand": f.brands | strings,
        "performer": [Each(f.performers, reference)],
        "maker": f.maker | reference_or(MAKER),
        "stock": f.stock,
    })


medicine = medicine_shape(Each(f.doses, DOSE))
keyed = medicine_shape(Each(f.doses, DOSE, by=f.sequence))


def statement(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Medicine", "status": "active", "drugConcept": {"text": "x"}, **more}


# ---- a reading, given or not: constants everywhere --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Pressure:
    systolic: int | Decimal | None = None
    diastolic: int | Decimal | None = None


@dataclass(frozen=True)
class Refused:
    why: str


def _component(code: str, hole: Any) -> dict[str, Any]:
    value = {"value": hole, "unit": also("millimetre of mercury"), "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": "urn:vital", "code": code}]}, "valueQuantity": value}


measured = Shape(Pressure, {
    "resourceType": "Reading", "status": "final", "component": [_component("SYS", f.systolic), _component("DIA", f.diastolic)]})
pressure = OneOf(measured, Shape(Refused, {"resourceType": "Reading", "status": "cancelled", "reason": f.why}))
