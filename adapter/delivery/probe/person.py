"""Somebody who does not exist, for a server to be tried with: her number is of the 999 range, which nobody has, and all that is made for
her carries HL7's tag for test data and one identifier of this run, by which it is found again.

Sources: NHS Data Dictionary, NHS NUMBER (modulus 11; 999 for tests); HL7 v3 ActReason HTEST ("test health data").
"""
from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from adapter.delivery.answer import Resource
from mappings.allergy_intolerance import CLINICAL_STATUS, Allergy
from mappings.bag import THE_RESIDENT, CareRecord
from mappings.datatypes import Coded, HumanName, Identifier, Period
from mappings.dosage import Dose
from mappings.encounter import ENCOUNTER_CLASS, Stay
from mappings.immunization import Given
from mappings.medication_statement import Medication
from mappings.patient import NHS_NUMBER_STATUS, Resident
from mappings.related_person import RelatedPerson
from mappings.systems import NHS_NUMBER, THO

SYSTEM = "https://redbag.example/Id/probe"
SOURCE = "https://redbag.example/probe"
TEST_DATA = {"system": THO + "v3-ActReason", "code": "HTEST", "display": "test health data"}
NOBODY = "no-such-probe"


def nhs_number(run: str) -> str:
    """Of the 999 range, with a check digit that is right; one of a million, by the run.

    >>> nhs_number("00000000-0000-0000-0000-000000000001")
    '9990000018'
    """
    digits, number = "", int(run.replace("-", ""), 16)
    while not digits:
        nine = f"999{number % 1_000_000:06d}"
        check = 11 - sum(int(d) * (10 - n) for n, d in enumerate(nine)) % 11
        digits, number = ("" if check == 10 else f"{nine}{check % 11}"), number + 1
    return digits


class Person:
    """Her resources, all of one run."""

    def __init__(self, run: str) -> None:
        self.run, self.number, self.at = run, nhs_number(run), f"Patient/{run}"

    def patient(self, key: str = "patient", **more: Any) -> Resource:
        """Only she herself has the number."""
        made = self._made("Patient", key, name=[{"use": "official", "family": "HTEST", "given": ["Probe"]}], birthDate="1941-02-03")
        number = [{"system": NHS_NUMBER, "value": self.number}] if key == "patient" else []
        return {**made, "identifier": [*made["identifier"], *number], **more}

    def medicine(self, key: str, **more: Any) -> Resource:
        """`more`: what is otherwise about it; None leaves an element out."""
        made = self._made("MedicationStatement", key, status="active", medicationCodeableConcept={"text": "HTEST tablets"},
                          subject={"reference": self.at})
        return {name: value for name, value in {**made, **more}.items() if value is not None}

    def id(self, key: str) -> str:
        """Of ours, and of this run."""
        return str(uuid.uuid5(uuid.UUID(self.run), key))

    def query(self, key: str) -> str:
        return f"identifier={SYSTEM}|{self.run}.{key}"

    @property
    def everything(self) -> str:
        """Whatever was made in this run."""
        return f"{SYSTEM}|{self.run}"

    def carries(self, resource: Resource) -> bool:
        """Was it made in this run? Nothing else is ever removed."""
        listed = resource.get("identifier")
        return any(isinstance(each, dict) and (each.get("system"), each.get("value")) == (SYSTEM, self.run)
                   for each in (listed if isinstance(listed, list) else ()))

    def _made(self, kind: str, key: str, **elements: Any) -> Resource:
        identifiers = [{"system": SYSTEM, "value": self.run}, {"system": SYSTEM, "value": f"{self.run}.{key}"}]
        return {"resourceType": kind, "meta": {"tag": [TEST_DATA]}, "identifier": identifiers, **elements}

    # ---- as a whole record of ours -------------------------------------------------------------------------------------------
    def record(self) -> CareRecord:
        """A row of every kind."""
        mine = (Identifier(system=SYSTEM, value=self.run),)
        verified, active = NHS_NUMBER_STATUS.coded("verified"), CLINICAL_STATUS.coded("active")
        her = Resident(key=self.run, nhs_number=self.number, nhs_number_status=verified, family_name="HTEST", given_names=("Probe",),
                       birth_date="1941-02-03", identifiers=mine)
        return CareRecord(
            SOURCE, "2026-01-01T00:00:00+00:00", her,
            stays=(Stay(THE_RESIDENT, "planned", ENCOUNTER_CLASS.coded("inpatient"), key="s", period=Period("2026-01-01"),
                        identifiers=mine),),
            medicines=(Medication(status="active", drug=Coded(text="HTEST tablets"), resident=THE_RESIDENT, key="m",
                                  doses=(Dose(text="as HTEST says"),), identifiers=mine),),
            allergies=(Allergy(resident=THE_RESIDENT, key="a", code=Coded(text="HTEST pollen"), clinical_status=active, identifiers=mine),),
            vaccinations=(Given(vaccine=Coded(text="HTEST vaccine"), resident=THE_RESIDENT, key="v", given_on="2025-10-01",
                                primary_source=False, identifiers=mine),),
            related_persons=(RelatedPerson(THE_RESIDENT, key="p", names=(HumanName(text="HTEST"),), identifiers=mine),))


def tagged(resource: Resource, run: str) -> Resource:
    """With the tag and the identifier of this run, where it is made by our own code."""
    meta = resource.get("meta", {})
    here = {"system": SYSTEM, "value": run}
    identifiers = resource.get("identifier", [])
    return {**resource, "meta": {**meta, "tag": [*meta.get("tag", ()), TEST_DATA]},
            "identifier": identifiers if here in identifiers else [*identifiers, here]}


def entry(method: str, url: str, resource: Resource, full_url: str = "", **request: str) -> Resource:
    made = {"resource": resource, "request": {"method": method, "url": url, **request}}
    return {"fullUrl": full_url, **made} if full_url else made


def kinds() -> Iterator[str]:
    """Of what is made; the last refer to the first."""
    yield from ("Patient", "RelatedPerson", "Encounter", "MedicationStatement", "AllergyIntolerance", "Immunization", "List")
