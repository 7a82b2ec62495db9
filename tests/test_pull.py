"""Bringing back, told as stories with a real sandbox hospital: who is found, what comes, what is put aside, and how it is kept."""
from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import httpx
import pytest

from adapter.bundle import Policy
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import Stopped
from adapter.delivery.retry import Clock
from adapter.delivery.send import Sent, send
from adapter.faults import Refused
from adapter.records.stream import stream
from adapter.returns.changes import changes
from adapter.returns.pull import Who, pull, who_is
from adapter.returns.returned import Return, files, loaded
from adapter.sandbox import Store, create_app
from mappings.allergy_intolerance import CLINICAL_STATUS, Allergy
from mappings.bag import THE_RESIDENT, CareRecord, Unlisted, findings
from mappings.corrections import Reason, Withdrawn
from mappings.datatypes import Coded, Coding, Quantity
from mappings.dosage import Dose
from mappings.encounter import ENCOUNTER_CLASS, Stay, Whereabouts
from mappings.location import Location
from mappings.medication_statement import Medication
from mappings.organization import Organization
from mappings.patient import NHS_NUMBER_STATUS, Link, Resident
from mappings.systems import DMD, NHS_NUMBER, ODS_ORGANISATION, ODS_SITE, SNOMED_CT
from mappings.values import Logical, Ref, Said

HOME, NUMBER = "https://home.example/records", "9990000018"
Resource = dict[str, Any]
Change = Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]]
MARY = Resident(key="r1", nhs_number=NUMBER, nhs_number_status=NHS_NUMBER_STATUS.coded("verified"), family_name="Examplesen",
                given_names=("Mary",), gender="female", birth_date="1941-02-03")
FUROSEMIDE = Medication(status="active", drug=Coded((Coding(DMD, "317972000", "Furosemide 40mg tablets"),)), resident=THE_RESIDENT,
                        key="m1", doses=(Dose(text="one each morning"),))
BAG = CareRecord(HOME, "2026-11-01T08:00:00+00:00", MARY, medicines=(FUROSEMIDE,), allergies=Unlisted.NONE_KNOWN)
CREATE = Policy("create-if-missing")
OURS = {"Patient", "MedicationStatement", "List"}


class Hospital:
    """The sandbox, as we reach it through `change`, and as its own staff write into it. `page`: as many as it gives at a time."""

    def __init__(self, page: int = 200) -> None:
        self.app, self.page = httpx.ASGITransport(create_app(Store())), str(page)
        self.asked = list[httpx.Request]()
        self.change: Change | None = None

    def _run(self, act: Callable[[FhirClient], Awaitable[Any]]) -> Any:
        async def told() -> Any:
            clock = Clock(lambda: datetime(2026, 11, 10, 8, tzinfo=UTC), sleep=self._sleep)
            transport = httpx.MockTransport(self._carry)
            async with FhirClient("http://h.example", transport=transport, limits=Limits(attempts=2), clock=clock) as client:
                return await act(client)

        self.asked.clear()
        return asyncio.run(told())

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if "_count" in request.url.params:
            request.url = request.url.copy_set_param("_count", self.page)
        response = await self.app.handle_async_request(request)
        await response.aread()
        answer = httpx.Response(response.status_code, headers=response.headers, content=response.content)
        return await self.change(request, answer) if self.change else answer

    def send(self, bag: CareRecord = BAG, policy: Policy = CREATE) -> Sent:
        sent: Sent = self._run(lambda client: send(client, bag, policy))
        return sent

    def pull(self, who: Who | None = None, since: str | None = None) -> Return:
        back: Return = self._run(lambda client: pull(client, who or who_is(BAG), since))
        return back

    def stops(self, who: Who | None = None) -> tuple[Verdict, str]:
        with pytest.raises(Stopped) as stopped:
            self.pull(who)
        return stopped.value.verdict, str(stopped.value)

    def files(self, resource: Resource) -> str:
        """The hospital writes a resource; the server chooses the id."""
        async def posted() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.app, base_url="http://h.example") as http:
                return await http.post(f"/{resource['resourceType']}", json=resource, headers={"Content-Type": "application/fhir+json"})

        response = asyncio.run(posted())
        assert response.status_code == 201, response.text
        return f"{resource['resourceType']}/{response.headers['Location'].split('/_history')[0].split('/')[-1]}"

    def registers(self, **differently: Any) -> str:
        known = {"resourceType": "Patient", "identifier": [{"system": NHS_NUMBER, "value": NUMBER}], "birthDate": "1941-02-03",
                 "gender": "female", "name": [{"use": "official", "family": "EXAMPLESEN"}]}
        return self.files({**known, **differently})

    def prescribes(self, patient: str, **more: Any) -> str:
        return self.files({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": patient},
                           "medicationCodeableConcept": {"coding": [{"system": SNOMED_CT, "code": "317972000"}]}, **more})


def kinds(back: Return) -> set[str]:
    return {entry["resource"]["resourceType"] for entry in back.received}


def only(status: int, path: str) -> Change:
    """A server that answers one path with a status."""
    async def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(status) if path in request.url.path else response

    return change


async def without_everything(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A server that does not offer $everything."""
    if request.url.path.endswith("/metadata"):
        statement = response.json()
        for resource in statement["rest"][0]["resource"]:
            resource.pop("operation", None)
        return httpx.Response(200, json=statement)
    return httpx.Response(404) if "$everything" in request.url.path else response


# ---- everything, ours and theirs -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("change", [None, without_everything])
def test_everything_about_her_comes_back_ours_and_the_hospitals(change: Change | None) -> None:
    hospital = Hospital()
    patient = hospital.registers()
    hospital.send()
    organization = hospital.files({"resourceType": "Organization", "name": "St Sample's"})
    person = hospital.files({"resourceType": "Practitioner", "name": [{"family": "Quill"}]})
    ward = hospital.files({"resourceType": "Location", "name": "Ward 7"})
    role = hospital.files({"resourceType": "PractitionerRole", "practitioner": {"reference": person}, "location": [{"reference": ward}]})
    drug = hospital.files({"resourceType": "Medication", "code": {"text": "drops"}})
    hospital.prescribes(patient, requester={"reference": role})
    hospital.files({"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": patient},
                    "medicationReference": {"reference": drug}, "informationSource": {"reference": organization}})
    hospital.files({"resourceType": "Observation", "status": "final", "code": {"text": "weight"}, "subject": {"reference": patient}})
    hospital.change = change
    back = hospital.pull()
    assert kinds(back) == OURS | {"Organization", "Practitioner", "PractitionerRole", "Location", "Medication",
                                    "MedicationRequest", "Observation"}
    assert (back.patients, back.whole, back.sentences, back.gaps) == ((patient,), True, (), ())
    assert back.unknown == {"Medication": 1, "Observation": 1}
    assert back.comparison is not None
    assert back.comparison.verdict == "same"
    assert sum(item.ours for item in back.returned.items) == 3  # a medicine and two Lists; the Patient is the hospital's
    assert not any(request.method != "GET" for request in hospital.asked)


def test_pages_are_followed_to_their_end() -> None:
    hospital = Hospital(page=10)
    patient = hospital.registers()
    for _ in range(35):
        hospital.prescribes(patient)
    for change in (None, without_everything):
        hospital.change = change
        assert sum(entry["resource"]["resourceType"] == "MedicationRequest" for entry in hospital.pull().received) == 35
        assert sum("_page" in str(request.url) for request in hospital.asked) >= 3


def test_her_record_is_in_the_words_of_the_record() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.send()
    back = hospital.pull()
    assert (back.care_record().as_of, back.care_record("2026-11-11T00:00:00Z").as_of) == (back.pulled_at, "2026-11-11T00:00:00Z")
    medicines = back.care_record().medicines
    assert isinstance(medicines, tuple)
    assert [m.key for m in medicines] == ["m1"]
    assert medicines[0].drug == FUROSEMIDE.drug
    assert medicines[0].resident == THE_RESIDENT


def test_since_asks_only_for_what_is_newer_and_what_it_refers_to() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    hospital.send()
    later = datetime.now(UTC).isoformat()
    stay = hospital.files({"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}, "subject": {"reference": patient}})
    hospital.prescribes(patient, encounter={"reference": stay})
    back = hospital.pull(since=later)
    assert kinds(back) == {"Patient", "Encounter", "MedicationRequest"}
    assert (back.since, back.whole) == (later, False)
    assert not any("everything" in request.url.path for request in hospital.asked)
    assert not [c for c in changes(BAG, back) if c.kind in ("removed", "not mentioned")]


def test_ours_and_the_hospitals_own_patient_are_both_hers() -> None:
    hospital = Hospital()
    hospital.send()
    theirs = hospital.registers()
    hospital.prescribes(theirs, status="stopped")
    back = hospital.pull()
    assert len(back.patients) == 2
    assert back.patients[1] == theirs
    assert "two patients" in back.sentences[0]
    assert {"MedicationStatement", "MedicationRequest"} <= kinds(back)
    assert all(item.record.resident == THE_RESIDENT for item in back.returned.items if hasattr(item.record, "resident"))
    assert back.care_record().resident.key == "r1"
    assert loaded(files(back)).care_record() == back.care_record()


def joined(hospital: Hospital, patient: str) -> None:
    """The hospital files a stay, and what it found and prescribed in it."""
    whose = {"reference": patient, "display": "M EXAMPLESEN"}
    ward, gone = hospital.files({"resourceType": "Location", "name": "Ward 7"}), {"reference": "Practitioner/404", "display": "Dr Gone"}
    stay = hospital.files({"resourceType": "Encounter", "status": "finished", "class": {"system": ENCOUNTER_CLASS.system, "code": "IMP"},
                           "subject": whose, "period": {"start": "2026-11-03", "end": "2026-11-09"},
                           "location": [{"location": {"reference": f"http://h.example/{ward}"}}], "participant": [{"individual": gone},
                           {"individual": {"reference": "https://elsewhere.example/gp"}}]})
    hospital.prescribes(patient, subject=whose, encounter={"reference": stay})
    hospital.files({"resourceType": "AllergyIntolerance", "patient": whose, "encounter": {"reference": stay}, "code": {"text": "nuts"},
                    "clinicalStatus": {"coding": [{"system": CLINICAL_STATUS.system, "code": "active"}]}})
    hospital.files({"resourceType": "Immunization", "patient": whose, "encounter": {"reference": stay}, "status": "completed",
                    "vaccineCode": {"text": "Fictional vaccine"}, "occurrenceDateTime": "2026-11-08", "primarySource": True})


@pytest.mark.parametrize(("both", "by"), [(False, who_is(BAG)), (True, who_is(BAG)), (False, Who(NUMBER))])
def test_what_came_back_is_a_record_whose_references_lead_somewhere(both: bool, by: Who) -> None:
    hospital = Hospital()
    if both:
        hospital.send()
    patient = hospital.registers()
    hospital.send()
    joined(hospital, patient)
    back = hospital.pull(by)
    assert back.for_a_person is both
    again = next(iter(stream(BytesIO(files(back)["care-record.json"]))))[1]
    assert isinstance(again, CareRecord)
    assert again == back.care_record()
    assert [f for f in findings(again) if f.level == "refusal"] == []
    stay, = (s for s in again.stays if s.status == "finished")
    found: Any = (again.allergies, again.prescriptions, again.vaccinations)
    assert [record.encounter for records in found for record in records] == [Ref("Encounter", stay.key or "")] * 3
    assert stay.locations[0].location == Ref("Location", again.locations[0].key or "")
    assert stay.participants[0].individual == Ref(
        "Practitioner", "urn:redbag:at:http://h.example/Practitioner/404", "Dr Gone")
    assert stay.participants[1].individual == Ref("Resource", "urn:redbag:at:https://elsewhere.example/gp")
    assert (again.resident.key == "r1") is (by.key is not None)
    assert again.source == (HOME if by.key else "http://h.example")


def test_what_is_the_hospitals_own_is_not_sent_back_as_ours() -> None:
    hospital = Hospital()
    hospital.send()
    joined(hospital, hospital.registers())
    sent = hospital.send(hospital.pull().care_record())
    assert sent.verdict is Verdict.REFUSED
    assert [s.partition(":")[0] for s in sent.sentences] == ["locations[0]", "stays[0]", "allergies[0]", "vaccinations[0]"]
    assert not any(request.method == "POST" for request in hospital.asked)


# ---- what was not changed is no change -------------------------------------------------------------------------------------
GP = Organization(key="gp", ods_code="Y99901", name="Sample Surgery")
SENT_STAY = Stay(THE_RESIDENT, "planned", ENCOUNTER_CLASS.coded("inpatient"), key="s1", origin=Ref("Organization", "gp"),
                 locations=(Whereabouts(Ref("Location", "ward")),), service_provider=Logical(ODS_ORGANISATION, "Y99901", "Organization"),
                 destination=Said("her daughter's"))
REFERRING = replace(
    BAG, resident=replace(MARY, general_practitioners=(Logical(ODS_ORGANISATION, "Y99901"),)),
    stays=(SENT_STAY,), organizations=(GP,), locations=(Location(key="ward", name="Ward 7", ods_site_code="Y99902"),),
    medicines=(replace(FUROSEMIDE, doses=(Dose(text="one each morning", amount=Quantity(Decimal("0.50"), "tablet")),)),))


@pytest.mark.parametrize("policy", [Policy("create-if-missing"), Policy("upsert", directory="own"), Policy("upsert", directory="existing")])
def test_pulled_at_once_nothing_has_changed(policy: Policy) -> None:
    hospital = Hospital()
    if policy.directory == "existing":
        for kind, value, system in (("Organization", "Y99901", ODS_ORGANISATION), ("Location", "Y99902", ODS_SITE)):
            hospital.files({"resourceType": kind, "identifier": [{"system": system, "value": value}], "name": "theirs"})
    assert hospital.send(REFERRING, policy).verdict is Verdict.DELIVERED
    assert changes(REFERRING, hospital.pull(who_is(REFERRING))) == []


def test_another_place_is_a_change() -> None:
    hospital = Hospital()
    hospital.send(REFERRING)
    back = hospital.pull(who_is(REFERRING))
    elsewhere = replace(SENT_STAY, locations=(Whereabouts(Said("Ward 8")),), origin=Logical(ODS_ORGANISATION, "Y99903", "Organization"))
    assert [c.sentence for c in changes(replace(REFERRING, stays=(elsewhere,)), back)] == [
        "Changed at the hospital in your hospital stay (planned): origin and locations"]


def test_what_is_still_there_and_no_longer_in_the_record_is_said() -> None:
    hospital = Hospital()
    penicillin = Allergy(resident=THE_RESIDENT, key="a1", code=Coded(text="penicillin"), clinical_status=CLINICAL_STATUS.coded("active"))
    hospital.send(replace(BAG, allergies=(penicillin,)))
    over = replace(FUROSEMIDE, key="m2", status="completed")
    hospital.send(replace(BAG, medicines=(FUROSEMIDE, over)))
    hospital.send()
    back = hospital.pull()
    assert [(c.kind, c.sentence) for c in changes(BAG, back) if c.kind != "not mentioned"] == [
        ("still there", "Still at the hospital, sent by you before, and no longer in your record: allergy to penicillin"),
        ("not compared", "Over, and no longer in your record: 1 entry that you sent before")]
    assert not [c for c in changes(replace(BAG, allergies=Unlisted.NOT_SUPPLIED), back) if c.kind == "still there"]


# ---- the right person ------------------------------------------------------------------------------------------------------
def test_nobody_is_there() -> None:
    assert Hospital().stops() == (Verdict.REFUSED, "resident: the server has no patient with this identifier; nothing came back")
    assert Hospital().stops(Who())[0] is Verdict.REFUSED


@pytest.mark.parametrize(("differently", "field"), [({"birthDate": "1950-01-01"}, "birth_date"), ({"gender": "male"}, "gender"),
                                                    ({"name": [{"family": "Sampleton"}]}, "family_name")])
def test_somebody_else_under_her_number_brings_nothing_back(differently: Resource, field: str) -> None:
    hospital = Hospital()
    hospital.registers(**differently)
    assert hospital.stops() == (Verdict.PERSON, f"resident: the server's patient differs in {field}; a person must look who it is")
    assert not any("everything" in request.url.path or "Medication" in request.url.path for request in hospital.asked)


def test_two_of_the_hospitals_are_for_a_person() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.registers()
    assert hospital.stops()[0] is Verdict.PERSON


def by_reference(patient: str) -> Resource:
    return {"reference": patient}


def by_number(_: str) -> Resource:
    return {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": NUMBER}}


@pytest.mark.parametrize("who", [who_is(BAG), Who(NUMBER)], ids=["compared", "by the number alone"])
@pytest.mark.parametrize("to", [by_reference, by_number])
@pytest.mark.parametrize("told_by", ["replaced-by", "replaces"])
def test_of_two_that_were_joined_the_one_that_stays_is_meant(told_by: str, to: Callable[[str], Resource], who: Who) -> None:
    hospital = Hospital()
    if told_by == "replaced-by":
        stays = hospital.registers()
        gone = hospital.registers(active=False, link=[{"type": "replaced-by", "other": to(stays)}])
    else:
        gone = hospital.registers(active=False)
        stays = hospital.registers(link=[{"type": "replaces", "other": to(gone)}])
    kept, left = hospital.prescribes(stays), hospital.prescribes(gone)
    back = hospital.pull(who)
    assert back.patients == (stays,)
    urls = {entry["fullUrl"].removeprefix("http://h.example/") for entry in back.received}
    assert (kept in urls, left in urls) == (True, False)


def test_two_that_replace_each_other_are_for_a_person() -> None:
    hospital, other = Hospital(), {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": NUMBER}}
    for _ in range(2):
        hospital.registers(link=[{"type": "replaces", "other": other}])
    assert hospital.stops()[0] is Verdict.PERSON


def test_a_record_of_ours_that_was_merged_is_not_hers_any_more() -> None:
    """Made under upsert from two records of the sender's, which had one number."""
    hospital, upsert = Hospital(), Policy("upsert")
    stays = replace(MARY, links=(Link(Ref("Patient", "r2"), "replaces"),))
    taken_back = replace(BAG, resident=replace(MARY, key="r2"), withdrawn=Withdrawn(Reason.MERGED, "r1"))
    for bag in (BAG, replace(taken_back, withdrawn=None), replace(BAG, resident=stays), taken_back):
        hospital.send(bag, upsert)
    back = hospital.pull()
    (hers,) = back.patients
    (patient,) = (e["resource"] for e in back.received if e["resource"]["resourceType"] == "Patient")
    assert (f"Patient/{patient['id']}", patient["identifier"][0]["value"]) == (hers, "r1")
    assert hospital.pull(Who(NUMBER)).patients == (hers,)


def test_a_replacement_that_only_we_speak_of_hides_nothing_of_the_hospitals() -> None:
    hospital = Hospital()
    hospital.send(replace(BAG, resident=replace(MARY, links=(Link(Logical("https://h.example/Id", "H1", "Patient"), "replaces"),))))
    theirs = hospital.registers(identifier=[{"system": NHS_NUMBER, "value": NUMBER}, {"system": "https://h.example/Id", "value": "H1"}])
    assert hospital.pull().patients[1:] == (theirs,)


def test_without_a_record_to_compare_two_patients_are_compared_with_each_other() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.registers(birthDate="1950-01-01")
    assert hospital.stops(Who(NUMBER, HOME, "r1"))[0] is Verdict.PERSON


def test_by_the_number_alone_it_is_said_that_nothing_was_compared() -> None:
    hospital = Hospital()
    hospital.registers()
    back = hospital.pull(Who(NUMBER))
    assert back.comparison is None
    assert back.sentences == ("resident: there was no record to compare the patient with; only the identifier matches",)


def test_an_unverified_number_is_not_looked_for() -> None:
    hospital = Hospital()
    hospital.registers()
    unverified = replace(BAG, resident=replace(MARY, nhs_number_status=NHS_NUMBER_STATUS.coded("not traced")))
    assert hospital.stops(who_is(unverified))[0] is Verdict.REFUSED
    assert not any(NUMBER in str(request.url) for request in hospital.asked)


def test_what_is_about_another_patient_is_put_aside_and_counted() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    other = hospital.registers(identifier=[{"system": NHS_NUMBER, "value": "9990000026"}], name=[{"family": "Secretson"}])
    hospital.prescribes(patient)
    hospital.prescribes(other)

    async def everybodys(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path == "/MedicationRequest":  # this server does not know the parameter
            return await hospital.app.handle_async_request(httpx.Request("GET", "http://h.example/MedicationRequest"))
        return await without_everything(request, response)

    hospital.change = everybodys
    back = hospital.pull()
    assert other not in json.dumps(back.received)
    assert back.sentences == (
        "MedicationRequest: 1 about another patient came with it and were put aside; the server's search is not to be trusted",)
    assert sum(entry["resource"]["resourceType"] == "MedicationRequest" for entry in back.received) == 1


# ---- a server that does not tell everything --------------------------------------------------------------------------------
def test_a_type_that_is_refused_is_a_gap_and_nothing_is_called_whole() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.send()

    async def refuses(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(403) if request.url.path == "/MedicationRequest" else await without_everything(request, response)

    hospital.change = refuses
    back = hospital.pull()
    assert (back.gaps, back.whole) == (("MedicationRequest",), False)
    assert "MedicationRequest: the server would not say what it has about the resident" in back.sentences
    assert "not mentioned" not in {c.kind for c in changes(BAG, back)}


@pytest.mark.parametrize(("status", "verdict"), [(401, Verdict.REFUSED), (429, Verdict.LATER), (500, Verdict.LATER), (503, Verdict.LATER)])
@pytest.mark.parametrize("path", ["$everything", "/Patient"])
def test_a_server_that_cannot_now_is_asked_again_later(path: str, status: int, verdict: Verdict) -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.change = only(status, path)
    assert hospital.stops()[0] is verdict


def test_without_a_capability_statement_the_usual_types_are_asked_for() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    hospital.prescribes(patient)
    for status in (403, 404, 500):
        hospital.change = only(status, "metadata")
        back = hospital.pull()
        assert {"Patient", "MedicationRequest"} <= kinds(back)


def test_an_offer_that_is_not_kept_is_no_obstacle() -> None:
    hospital = Hospital()
    hospital.prescribes(hospital.registers())
    hospital.change = only(404, "$everything")
    assert {"Patient", "MedicationRequest"} <= kinds(hospital.pull())


def test_pages_that_lead_to_another_server_bring_nothing_back() -> None:
    hospital = Hospital()
    hospital.registers()

    async def elsewhere(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        page = response.json()
        page["link"] = [{"relation": "next", "url": f"http://elsewhere.example/?{NUMBER}"}]
        return httpx.Response(200, json=page)

    hospital.change = elsewhere
    verdict, says = hospital.stops()
    assert verdict is Verdict.REFUSED
    assert says == "GET http://h.example/Patient: the link to the next page leads to elsewhere.example, not to this server"


def test_what_is_referred_to_and_gone_is_counted() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    hospital.prescribes(patient, requester={"reference": "Practitioner/gone"}, recorder={"reference": "Practitioner/gone"})
    back = hospital.pull()
    assert back.sentences == ("Practitioner: 1 that are referred to could not be read",)


def test_references_are_followed_a_few_steps_and_the_rest_is_counted() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    above: str | None = None
    for _ in range(6):
        parent = {"partOf": {"reference": above}} if above else {}
        above = hospital.files({"resourceType": "Organization", "name": "Part", **parent})
    hospital.files({"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}, "subject": {"reference": patient},
                    "serviceProvider": {"reference": above}})
    hospital.change = without_everything
    back = hospital.pull()
    assert sum(entry["resource"]["resourceType"] == "Organization" for entry in back.received) == 3
    assert back.sentences == ("Organization: 1 that are referred to could not be read",)


def test_when_everything_came_only_what_we_read_is_asked_for_again() -> None:
    hospital = Hospital()
    hospital.prescribes(hospital.registers())
    hospital.pull()
    asked = {request.url.path for request in hospital.asked}
    assert "/List" in asked
    assert not asked & {"/Observation", "/MedicationRequest"}


def test_a_remark_among_the_answers_is_no_patient() -> None:
    hospital = Hospital()
    hospital.registers()

    async def remarks(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/Patient":
            return response
        page = response.json()
        page.setdefault("entry", []).append({"resource": {"resourceType": "OperationOutcome", "issue": []}, "search": {"mode": "outcome"}})
        return httpx.Response(200, json=page)

    hospital.change = remarks
    assert len(hospital.pull().patients) == 1


def test_a_connection_that_breaks_half_way_brings_nothing_and_says_so() -> None:
    hospital = Hospital()
    hospital.registers()

    async def breaks(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "$everything" in request.url.path:
            raise httpx.ReadError("")
        return response

    hospital.change = breaks
    verdict, says = hospital.stops()
    assert verdict is Verdict.LATER
    assert "no whole answer" in says


ODD_STATEMENTS: list[Any] = [
    {}, {"rest": None}, {"rest": [None, {}]}, {"rest": [{"resource": [None, {"type": 7}, {"type": "X", "searchParam": 3}]}]}]


@pytest.mark.parametrize("odd", ODD_STATEMENTS)
def test_a_capability_statement_of_any_shape_is_read(odd: Any) -> None:
    hospital = Hospital()
    hospital.prescribes(hospital.registers())

    async def statement(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(200, json={"resourceType": "CapabilityStatement", **odd}) if "metadata" in request.url.path else response

    hospital.change = statement
    assert "MedicationRequest" in kinds(hospital.pull())


# ---- files -----------------------------------------------------------------------------------------------------------------
def test_a_return_is_kept_in_files_and_is_the_same_again() -> None:
    hospital = Hospital()
    patient = hospital.registers()
    hospital.send()
    dose = {"doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "tablet"}}], "text": "half"}
    hospital.prescribes(patient, dosageInstruction=[dose], extension=[{"url": "https://h.example/ward", "valueString": "7"}])
    back = hospital.pull()
    kept = files(back)
    assert set(kept) == {"return.json", "care-record.json", "resources.ndjson", "rests.json"}
    again = loaded(kept)
    assert again == back
    assert again.returned == back.returned
    assert files(again) == kept
    assert changes(BAG, again) == changes(BAG, back)
    rests = json.loads(kept["rests.json"])
    assert any("https://h.example/ward" in json.dumps(rest) for url, rest in rests.items() if url.startswith("MedicationRequest/"))


@pytest.mark.parametrize("name", ["return.json", "resources.ndjson"])
def test_a_damaged_file_is_refused_by_name(name: str) -> None:
    hospital = Hospital()
    hospital.registers()
    kept = files(hospital.pull())
    with pytest.raises(Refused):
        loaded({**kept, name: kept[name][:-9]})


# ---- the whole journey, and what is never said -----------------------------------------------------------------------------
def test_the_bag_goes_out_and_comes_back_and_nothing_changes_on_the_way() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.send()
    back = hospital.pull()
    assert [c.sentence for c in changes(BAG, back)] == ["The hospital has sent no medicines for going home"]
    assert {row.became for row in hospital.send().rows} == {"unchanged"}


def test_no_value_of_hers_in_logs_sentences_and_reprs(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    hospital = Hospital()
    with caplog.at_level(logging.DEBUG):
        patient = hospital.registers()
        hospital.send()
        hospital.prescribes(patient)
        back = hospital.pull()
        hospital.registers(birthDate="1999-09-09")
        said = [*back.sentences, repr(back), repr(who_is(BAG)), hospital.stops()[1]]
    spoken = "\n".join([*said, *(r.getMessage() for r in caplog.records if not r.name.startswith(("adapter.sandbox", "asyncio")))])
    assert not any(value in spoken for value in (NUMBER, "Examplesen", "EXAMPLESEN", "1941", "Furosemide", "1999-09"))
