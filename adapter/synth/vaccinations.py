"""Which vaccinations a resident had, of which others told us, and which were not given, and why.

Product and procedure codes: the published examples of the Immunisation FHIR API and UK Core; the polysaccharide pneumococcal vaccine has
none there and travels by its name.
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import Raw

from adapter.synth.dice import Rolls, Spread, between, one_of
from adapter.synth.figures import COVID_19, INFLUENZA, NO_VACCINATIONS, PNEUMOCOCCAL, PNEUMOCOCCAL_YOUNGER, SHINGLES
from adapter.synth.homes import fixed
from adapter.synth.people import Who
from adapter.synth.when import DAY, iso, time
from mappings.systems import DMD, SNOMED_CT

Json = Any
TOO_OLD_FOR_SHINGLES = date(1933, 9, 2).toordinal()      # when the programme began in 2013 they had turned 80
TOLD_BY = ("written record", "written record", "another provider", "resident or family")


@dataclass(frozen=True)
class Vaccine:
    vaccine: Raw
    procedure: Raw
    disease: str


def vaccine(name: str, code: str | None, procedure: str, term: str, disease: str) -> Vaccine:
    product: Json = {"codings": [{"system": DMD, "code": code, "display": name}], "text": name} if code else {"text": name}
    return Vaccine(fixed(product), fixed({"codings": [{"system": SNOMED_CT, "code": procedure, "display": term}]}), disease)


FLU = vaccine("Supemtek Quadrivalent vaccine solution for injection 0.5ml pre-filled syringes", "39566211000001103",
              "822851000000102", "Seasonal influenza vaccination", "influenza")
COVID = vaccine("Comirnaty JN.1", "43111411000001101", "1362591000000103",
                "Immunisation course to maintain protection against SARS-CoV-2", "COVID-19")
PPV = vaccine("Pneumococcal polysaccharide vaccine (23-valent)", None, "12866006",
              "Administration of pneumococcal vaccine", "pneumococcal disease")
ZOSTER = vaccine("Shingrix", "39655511000001105", "722215002", "Administration of Varicella-zoster vaccine for shingles", "shingles")
AMOUNT = fixed({"value": Decimal("0.50"), "unit": "millilitre", "system": "http://unitsofmeasure.org", "code": "mL"})


def vaccinations(she: Who) -> list[dict[str, Json]] | str:
    rolls, rows = she.dice("vaccinations"), list[dict[str, Json]]()
    visit = winter(she.today) + between(rolls, 0, 60)
    for what, how, day in due(she, rolls, visit):
        if (outcome := how.roll(rolls)) != "nothing":
            rows.append(row(she, rolls, what, outcome, day, len(rows) + 1))
    return rows or NO_VACCINATIONS.roll(rolls)


def due(she: Who, rolls: Rolls, visit: int) -> list[tuple[Vaccine, Spread[str], int]]:
    """What the programme offers at her age, and when. A single one was given long ago."""
    once = she.today - between(rolls, 200, 2000)
    every = [(FLU, INFLUENZA, visit), (COVID, COVID_19, visit), (PPV, PNEUMOCOCCAL if she.age >= 75 else PNEUMOCOCCAL_YOUNGER, once)]
    return [*every, (ZOSTER, SHINGLES, once - 90)] if she.age >= 72 and she.born >= TOO_OLD_FOR_SHINGLES else every


@lru_cache(4)
def winter(today: int) -> int:
    """The first of October of the last autumn whose campaign is over."""
    year = date.fromordinal(today - 90).year
    start = date(year, 10, 1).toordinal()
    return start if start <= today - 90 else date(year - 1, 10, 1).toordinal()


def row(she: Who, rolls: Rolls, what: Vaccine, outcome: str, day: int, nth: int) -> dict[str, Json]:
    start = {"key": she.key("V", nth), "vaccine": what.vaccine, "procedure": what.procedure}
    recorded = time(day * DAY + between(rolls, 9 * 60, 15 * 60))
    if outcome == "given":
        return start | given(she, rolls, what, day) | {"recorded": recorded}
    if outcome == "reported":
        return start | {"given_on": iso(day), "primary_source": False, "report_origin": one_of(rolls, TOLD_BY)}
    return start | {"not_given_on": iso(day), "reason": outcome, "recorded": recorded, "primary_source": True}


def given(she: Who, rolls: Rolls, what: Vaccine, day: int) -> dict[str, Json]:
    return {
        "given_on": iso(day), "primary_source": True, "batch": f"{one_of(rolls, 'ABDEGHKL')}{between(rolls, 1000, 9999)}",
        "expiry_date": iso(day + between(rolls, 30, 400)), "site": one_of(rolls, ("left upper arm", "right upper arm")),
        "route": "intramuscular", "amount": AMOUNT, "target_diseases": [what.disease], "dose_number": 1,
        "performers": [{"function": "gave it", "actor": she.home.nurse}]}
