"""A hospital as stories of sending visit it: a sandbox server as the home reaches it, as its own staff use it, and as a ward reads it."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any

import httpx

from adapter.bundle import Policy
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.retry import Clock
from adapter.delivery.send import Options, Sent, send
from adapter.delivery.withdrawal import retract
from adapter.sandbox import Store, create_app
from mappings.allergy_intolerance import CLINICAL_STATUS, Allergy
from mappings.bag import THE_RESIDENT, CareRecord, Unlisted
from mappings.datatypes import Coded, Coding, HumanName, Period, Quantity
from mappings.dosage import Dose
from mappings.encounter import ENCOUNTER_CLASS, Stay
from mappings.immunization import Given
from mappings.medication_statement import Medication
from mappings.organization import Organization
from mappings.patient import NHS_NUMBER_STATUS, Resident
from mappings.related_person import RelatedPerson
from mappings.systems import DMD, NHS_NUMBER
from mappings.values import Ref

HOME = "https://home.example/records"
VERIFIED, NOT_TRACED = NHS_NUMBER_STATUS.coded("verified"), NHS_NUMBER_STATUS.coded("not traced")
Resource = dict[str, Any]
Before = Callable[[httpx.Request], Awaitable[httpx.Response | None]]
MARY = Resident(key="r1", nhs_number="9990000018", nhs_number_status=VERIFIED, family_name="Examplesen", given_names=("Mary",),
                gender="female", birth_date="1941-02-03", general_practitioners=(Ref("Organization", "gp"),))


def medicine(key: str, name: str, code: str, dose: str) -> Medication:
    drug = Coded((Coding(DMD, code, name),))
    return Medication(status="active", drug=drug, resident=THE_RESIDENT, key=key, doses=(Dose(text=dose, amount=Quantity(1, "tablet")),))


FUROSEMIDE = medicine("m1", "Furosemide 40mg tablets", "317972000", "one each morning")
AMLODIPINE = medicine("m2", "Amlodipine 5mg tablets", "319283006", "one at night")
JAB = Given(vaccine=Coded(text="Fictional vaccine"), resident=THE_RESIDENT, key="v1", given_on="2025-10-01", primary_source=False)
BAG = CareRecord(
    HOME, "2026-11-01T08:00:00+00:00", MARY,
    stays=(Stay(THE_RESIDENT, "planned", ENCOUNTER_CLASS.coded("inpatient"), key="s1", period=Period("2026-11-01")),),
    medicines=(FUROSEMIDE, AMLODIPINE), allergies=Unlisted.NONE_KNOWN,
    vaccinations=(JAB,),
    organizations=(Organization(key="gp", ods_code="Y99901", name="Sample Surgery"),))
PENICILLIN = Allergy(resident=THE_RESIDENT, key="a1", code=Coded(text="penicillin"), clinical_status=CLINICAL_STATUS.coded("active"))
CLOVER = RelatedPerson(THE_RESIDENT, key="p1", names=(HumanName(text="Clover"),))
WHOLE = replace(BAG, allergies=(PENICILLIN,), related_persons=(CLOVER,))  # with a row of every kind
CREATE = Policy("create-if-missing")
FHIR_JSON = {"Content-Type": "application/fhir+json"}
POLICIES = (Policy("match"), CREATE, Policy("upsert"))
ROWS = 8  # Patient, Encounter, two medicines, a vaccination, three Lists


class Hospital:
    """A sandbox server as the home reaches it, with everything that is said over the wire; and as the hospital's own staff use it."""

    def __init__(self, without: Collection[str] = ()) -> None:
        self.store, self.wire, self.waits = Store(), list[httpx.Request](), list[float]()
        self.app = httpx.ASGITransport(create_app(self.store, without=without))
        self.before: Before | None = None
        self.after: Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]] | None = None

    def send(self, bag: CareRecord = BAG, policy: Policy = CREATE, **options: Any) -> Sent:
        return self._asked(lambda client: send(client, bag, policy, Options(**options)))

    def retract(self, key: str = "r1", person: Resident | None = None, source: str = HOME, **options: Any) -> Sent:
        return self._asked(lambda client: retract(client, source, key, person, Options(**options)))

    def _asked(self, ask: Callable[[FhirClient], Awaitable[Sent]]) -> Sent:
        async def told() -> Sent:
            transport, clock = httpx.MockTransport(self._carry), Clock(sleep=self._sleep)
            async with FhirClient("http://h.example/", transport=transport, limits=Limits(attempts=1), clock=clock) as client:
                return await ask(client)

        self.wire.clear()
        return asyncio.run(told())

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        self.wire.append(request)
        if self.before and (instead := await self.before(request)):
            return instead
        response = await self.app.handle_async_request(request)
        await response.aread()
        answer = httpx.Response(response.status_code, headers=response.headers, content=response.content)
        return await self.after(request, answer) if self.after else answer

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    # ---- the hospital's own staff ------------------------------------------------------------------------------------------
    def ask(self, method: str, path: str, resource: Resource | None = None) -> Any:
        return asyncio.run(self.aask(method, path, resource))

    async def aask(self, method: str, path: str, resource: Resource | None = None) -> Any:
        headers = {"Content-Type": "application/fhir+json"}
        async with httpx.AsyncClient(transport=self.app, base_url="http://h.example", headers=headers) as http:
            response = await http.request(method, path, content=json.dumps(resource) if resource else None)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def has(self, kind: str) -> list[Resource]:
        return [entry["resource"] for entry in self.ask("GET", f"/{kind}?_count=100").get("entry", [])]

    def writes(self) -> int:
        """Versions of anything, ever."""
        return int(self.ask("GET", "/_history")["total"])

    def posts(self) -> int:
        return sum(request.method != "GET" for request in self.wire)

    def medicine(self, name: str) -> Resource:
        return next(m for m in self.has("MedicationStatement") if name in json.dumps(m))

    def edits(self, resource: Resource, **changes: Any) -> None:
        self.ask("PUT", f"/{resource['resourceType']}/{resource['id']}", {**resource, **changes})

    def edits_meanwhile(self, name: str, **changes: Any) -> None:
        """This medicine, between our reading and our first write."""
        async def meanwhile(request: httpx.Request) -> None:
            if request.method == "POST":
                self.before = None
                found = await self.aask("GET", "/MedicationStatement")
                theirs = next(entry["resource"] for entry in found["entry"] if name in json.dumps(entry))
                await self.aask("PUT", f"/MedicationStatement/{theirs['id']}", {**theirs, **changes})

        self.before = meanwhile

    def registers(self, **differently: Any) -> Resource:
        """The hospital's own Patient, under its own id."""
        known = {"resourceType": "Patient",
                 "identifier": [{"system": NHS_NUMBER, "value": "9990000018"}, {"system": "https://h.example/Id", "value": "H1"}],
                 "name": [{"use": "official", "family": "EXAMPLESEN", "given": ["Mary"]}], "birthDate": "1941-02-03", "gender": "female"}
        made: Resource = self.ask("POST", "/Patient", {**known, **differently})
        return made


class Ward:
    """What a ward's own system sees, with the searches that it makes: by NHS number, and of what holds now."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital

    def patients(self, number: str = "9990000018") -> list[Resource]:
        return self._found(f"/Patient?identifier={NHS_NUMBER}|{number}")

    def medicines(self, number: str = "9990000018") -> list[str]:
        """The active ones, by name."""
        return self._names("MedicationStatement", number, "&status=active", "medicationCodeableConcept")

    def allergies(self, number: str = "9990000018") -> list[str]:
        return self._names("AllergyIntolerance", number, "&clinical-status=active&verification-status:not=entered-in-error", "code")

    def vaccinations(self, number: str = "9990000018") -> list[str]:
        return self._names("Immunization", number, "&status=completed", "vaccineCode")

    def stays(self, number: str = "9990000018") -> list[str]:
        return sorted(r["status"] for r in self._hers("Encounter", number, "&status:not=entered-in-error"))

    def family(self, number: str = "9990000018") -> list[str]:
        return sorted(r["name"][0]["text"] for r in self._hers("RelatedPerson", number, "&active:not=false"))

    def lists(self, number: str = "9990000018") -> dict[str, int | str]:
        """Of each current List: how many it names, or why it is empty. Of two of one home the system would be the name."""
        lists = self._hers("List", number, "&status=current")
        return {self._source(r): r["emptyReason"]["coding"][0]["code"] if "emptyReason" in r else len(r["entry"]) for r in lists}

    def all(self, number: str = "9990000018") -> list[Any]:
        """All that holds about her: medicines, allergies, vaccinations, stays, family, lists."""
        return [self.medicines(number), self.allergies(number), self.vaccinations(number), self.stays(number), self.family(number),
                self.lists(number)]

    def _source(self, made: Resource) -> str:
        key = made["identifier"][0]
        return f"{httpx.URL(key['system']).host} {key['value'].partition('/')[2]}"

    def _names(self, kind: str, number: str, which: str, field: str) -> list[str]:
        return sorted(r[field].get("text") or r[field]["coding"][0]["display"] for r in self._hers(kind, number, which))

    def _hers(self, kind: str, number: str, which: str) -> list[Resource]:
        hers = [f"Patient/{p['id']}" for p in self.patients(number)]
        return self._found(f"/{kind}?patient={','.join(hers)}{which}") if hers else []

    def _found(self, path: str) -> list[Resource]:
        return [entry["resource"] for entry in self.hospital.ask("GET", f"{path}&_count=100").get("entry", [])]


def became(sent: Sent) -> dict[str, str]:
    return {f"{row.type} {row.name}": row.became for row in sent.rows}


def with_dose(bag: CareRecord, words: str) -> CareRecord:
    first, *others = bag.medicines if isinstance(bag.medicines, tuple) else ()
    return replace(bag, medicines=(replace(first, doses=(Dose(text=words, amount=Quantity(1, "tablet")),)), *others))
