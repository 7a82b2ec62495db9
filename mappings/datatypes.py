"""FHIR R4 data types as parts: the same record and template wherever the type occurs.

Source: HL7 FHIR R4, page Data Types; UK Core implementation guide, guidance on data types.
"""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mappings.shape import BadValue, Codec, Each, Part, also, f
from mappings.systems import UKCORE, UKCORE_CODES
from mappings.values import Reference, choice, closed, positive, reference, strings, when

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
QUANTITY = Part(Quantity, {"value": f.value, "comparator": f.comparator | closed("<", "<=", ">=", ">"), "unit": f.unit, "system": f.system,
                           "code": f.code})
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
    uprn: str | None = None  # Unique Property Reference Number: UK Core extension AddressKey


@dataclass(frozen=True)
class Annotation:
    text: str
    time: str | None = None
    author: Reference | str | None = None


IDENTIFIER = Part(Identifier, {"use": f.use | closed("usual", "official", "temp", "secondary", "old"), "type": f.type | CONCEPT,
                               "system": f.system, "value": f.value, "period": f.period | PERIOD})
NAME = Part(HumanName, {"use": f.use | closed("usual", "official", "temp", "nickname", "anonymous", "old", "maiden"), "text": f.text,
                        "family": f.family, "given": f.given | strings, "prefix": f.prefix | strings,
                        "suffix": f.suffix | strings, "period": f.period | PERIOD})
TELECOM = Part(ContactPoint, {"system": f.system | closed("phone", "fax", "email", "pager", "url", "sms", "other"), "value": f.value,
                              "use": f.use | closed("home", "work", "temp", "old", "mobile"), "rank": f.rank | positive,
                              "period": f.period | PERIOD})
UPRN = {"coding": [{"system": UKCORE_CODES + "UKCore-AddressKeyType", "code": "UPRN", "display": also("Unique Property Reference Number")}]}
ADDRESS = Part(Address, {"extension": [{"url": UKCORE + "Extension-UKCore-AddressKey", "extension": [
                             {"url": "type", "valueCodeableConcept": UPRN}, {"url": "value", "valueString": f.uprn}]}],
                         "use": f.use | closed("home", "work", "temp", "old", "billing"),
                         "type": f.type | closed("postal", "physical", "both"), "text": f.text, "line": f.lines | strings,
                         "city": f.city, "district": f.district,
                         "state": f.county, "postalCode": f.postcode, "country": f.country, "period": f.period | PERIOD})
NOTE = Part(Annotation, {("authorReference", "authorString"): f.author | choice(authorReference=reference, authorString=str),
                         "time": f.time | when, "text": f.text})


# ---- amounts and times that are not one value --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included: 1 to 2 tablets."""

    low: Quantity | None = None
    high: Quantity | None = None


@dataclass(frozen=True)
class Ratio:
    """So much of one in so much of the other: 8 tablets in 24 hours."""

    numerator: Quantity
    denominator: Quantity


@dataclass(frozen=True)
class Words:
    """A time that was only said in words: "in childhood"."""

    words: str


def _in_words(said: Any) -> Words:
    if said.__class__ is not str:
        raise BadValue("is not a str")
    return Words(said)


RANGE = Part(Range, {"low": f.low | QUANTITY, "high": f.high | QUANTITY})
RATIO = Part(Ratio, {"numerator": f.numerator | QUANTITY, "denominator": f.denominator | QUANTITY})
WORDS = Codec(lambda said: said.words, _in_words, "words", Words, exact=True)
