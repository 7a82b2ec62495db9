"""Sending, told as stories: what a home sends, what a hospital does meanwhile, and what is then on the server. Counted at the server."""
from __future__ import annotations

import asyncio
import doctest
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapter.bundle import Policy
from adapter.delivery import spoken
from adapter.delivery.mark import fingerprint
from adapter.delivery.outcome import Verdict
from mappings.allergy_intolerance import VERIFICATION
from mappings.bag import Unlisted
from mappings.datatypes import Coded, ContactPoint, HumanName
from mappings.patient import Contact
from mappings.systems import NHS_NUMBER, ODS_ORGANISATION
from tests.hospital import (
    AMLODIPINE,
    BAG,
    CREATE,
    FHIR_JSON,
    FUROSEMIDE,
    HOME,
    MARY,
    NOT_TRACED,
    PENICILLIN,
    ROWS,
    Hospital,
    Resource,
    became,
    with_dose,
)


# ---- nothing is sent twice -----------------------------------------------------------------------------------------------
def test_first_everything_is_created_then_nothing_is_written() -> None:
    hospital = Hospital()
    first = hospital.send()
    assert (first.verdict, first.sentences, set(became(first).values())) == (Verdict.DELIVERED, (), {"created"})
    assert hospital.writes() == len(first.rows) == ROWS
    second = hospital.send()
    assert (second.verdict, second.sentences, set(became(second).values())) == (Verdict.DELIVERED, (), {"unchanged"})
    assert [row.name for row in second.rows] == [row.name for row in first.rows]
    assert (hospital.writes(), hospital.posts()) == (ROWS, 0)
    assert first.patient == second.patient == f"Patient/{hospital.has('Patient')[0]['id']}"


@pytest.mark.parametrize("policy", [CREATE, Policy("upsert"), Policy("upsert", directory="own"), Policy("create-if-missing", most=1)])
def test_under_every_policy_the_second_time_is_silent(policy: Policy) -> None:
    hospital = Hospital()
    assert hospital.send(policy=policy).verdict is Verdict.DELIVERED
    written = hospital.writes()
    again = hospital.send(policy=policy)
    assert (again.verdict, set(became(again).values())) == (Verdict.DELIVERED, {"unchanged"})
    assert (hospital.writes(), hospital.posts()) == (written, 0)


def test_only_what_changed_is_written() -> None:
    hospital = Hospital()
    hospital.send()
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert [name for name, what in became(sent).items() if what != "unchanged"] == ["MedicationStatement medicines[0]"]
    assert (hospital.writes(), hospital.medicine("Furosemide")["meta"]["versionId"]) == (ROWS + 1, "2")
    assert hospital.medicine("Furosemide")["dosage"][0]["text"] == "two each morning"


def test_the_third_edition_is_as_easy_as_the_second() -> None:
    hospital = Hospital()
    for words in ("one each morning", "two each morning", "three each morning", "one each morning"):
        assert hospital.send(with_dose(BAG, words)).verdict is Verdict.DELIVERED
        assert hospital.medicine("Furosemide")["dosage"][0]["text"] == words


def test_a_server_that_never_lets_go_of_a_tag_is_not_taken_for_one_that_edits() -> None:
    """As HAPI: what an update does not repeat of meta.tag stays there, in an order of its own."""
    hospital = Hospital()
    hospital.send()
    for words in ("two each morning", "three each morning", "one each morning"):
        tags = hospital.medicine("Furosemide")["meta"]["tag"]
        assert became(hospital.send(with_dose(BAG, words)))["MedicationStatement medicines[0]"] == "updated"
        theirs = hospital.medicine("Furosemide")
        hospital.edits(theirs, meta={**theirs["meta"], "tag": [*tags, *theirs["meta"]["tag"]]})
    assert set(became(hospital.send(with_dose(BAG, "one each morning"))).values()) == {"unchanged"}
    hospital.edits(hospital.medicine("Furosemide"), dosage=[{"text": "two each morning"}])  # what we had said long ago
    assert became(hospital.send(with_dose(BAG, "one each morning")))["MedicationStatement medicines[0]"] == "kept"


def test_a_mark_of_the_first_version_is_still_known() -> None:
    hospital = Hospital()
    hospital.send()
    theirs = hospital.medicine("Furosemide")
    _, whole, _ = theirs["meta"]["tag"][0]["code"].split(".")
    hospital.edits(theirs, meta={"tag": [{**theirs["meta"]["tag"][0], "code": whole}]})
    assert became(hospital.send(with_dose(BAG, "two each morning")))["MedicationStatement medicines[0]"] == "updated"


# ---- nothing is lost -------------------------------------------------------------------------------------------------------
def test_what_the_hospital_added_stays() -> None:
    hospital = Hospital()
    hospital.send()
    extension = [{"url": "https://h.example/seen-by", "valueString": "ward pharmacist"}]
    hospital.edits(hospital.medicine("Furosemide"), extension=extension)
    assert set(became(hospital.send()).values()) == {"unchanged"}
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert became(sent)["MedicationStatement medicines[0]"] == "updated"
    after = hospital.medicine("Furosemide")
    assert (after["extension"], after["dosage"][0]["text"]) == (extension, "two each morning")


def test_what_the_hospital_edited_is_not_overwritten_and_is_said() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="stopped")
    written = hospital.writes()
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert became(sent)["MedicationStatement medicines[0]"] == "kept"
    assert sent.for_a_person
    assert sent.sentences == (
        "medicines[0]: was edited on the server and differs in status, doses; it is left as it is, and a person must look",)
    assert (hospital.writes(), hospital.medicine("Furosemide")["status"]) == (written, "stopped")


def test_an_edited_reference_is_an_edit_too() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), informationSource={"reference": "Practitioner/7"})
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert became(sent)["MedicationStatement medicines[0]"] == "kept"
    hospital.edits(hospital.medicine("Furosemide"), informationSource={"reference": "Practitioner/8"})
    assert became(hospital.send(with_dose(BAG, "two each morning")))["MedicationStatement medicines[0]"] == "kept"


def test_a_mark_says_the_same_wherever_the_patient_stands_and_however_numbers_are_written() -> None:
    def said(patient: str, value: str, source: str = "Practitioner/7") -> str:
        dosage = [{"doseAndRate": [{"doseQuantity": {"value": Decimal(value)}}]}]
        return fingerprint({"subject": {"reference": patient}, "informationSource": {"reference": source}, "dosage": dosage})

    assert said("Patient/1", "0.5") == said("urn:uuid:x", "0.50") == said("Patient/2", "0.500")
    assert len({said("Patient/1", "0.5"), said("Patient/1", "0.6"), said("Patient/1", "0.5", "Practitioner/8")}) == 3


def test_with_what_was_sent_last_both_edits_are_kept() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="stopped")
    sent = hospital.send(with_dose(BAG, "two each morning"), base=BAG)
    after = hospital.medicine("Furosemide")
    assert (after["status"], after["dosage"][0]["text"]) == ("stopped", "two each morning")
    assert became(sent)["MedicationStatement medicines[0]"] == "updated"
    again = hospital.send(with_dose(BAG, "two each morning"), base=with_dose(BAG, "two each morning"))
    assert became(again)["MedicationStatement medicines[0]"] == "kept"
    assert again.sentences == ("medicines[0]: the hospital's edit of status stays",)


def test_where_both_changed_the_same_field_theirs_stays_and_a_person_looks() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="on-hold")
    first, second = BAG.medicines if isinstance(BAG.medicines, tuple) else ()
    ours = replace(BAG, medicines=(replace(first, status="stopped", status_reasons=(Coded(text="low sodium"),)), second))
    sent = hospital.send(ours, base=BAG)
    after = hospital.medicine("Furosemide")
    assert (after["status"], after["statusReason"]) == ("on-hold", [{"text": "low sodium"}])
    told = "medicines[0], field status: both you and the hospital changed it; the hospital's stays, and a person must look"
    assert told in sent.sentences


def test_replace_overwrites_when_it_is_asked_to() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="stopped")
    assert became(hospital.send(replace=True))["MedicationStatement medicines[0]"] == "updated"
    assert hospital.medicine("Furosemide")["status"] == "active"


def test_what_was_made_unreadable_is_left_alone() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="as the doctor says")
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert became(sent)["MedicationStatement medicines[0]"] == "kept"
    assert "cannot be read (MedicationStatement.status)" in sent.sentences[0]
    assert hospital.medicine("Furosemide")["status"] == "as the doctor says"


def test_what_was_deleted_there_is_not_raised_from_the_dead() -> None:
    hospital = Hospital()
    hospital.send()
    gone = hospital.medicine("Furosemide")
    hospital.ask("DELETE", f"/MedicationStatement/{gone['id']}")
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert (sent.verdict, hospital.posts()) == (Verdict.PERSON, 0)
    assert sent.sentences == ("medicines[0]: was deleted on the server since it was sent; nothing is sent: a person must look",)


def test_another_base_is_refused() -> None:
    sent = Hospital().send(base=replace(BAG, resident=replace(MARY, key="r2")))
    assert (sent.verdict, len(sent.sentences)) == (Verdict.REFUSED, 1)


# ---- nothing is passed over in silence -------------------------------------------------------------------------------------
KNOWN_WELL = replace(MARY, preferred_name="Molly", given_names=("Mary", "Ann"), telecom=(ContactPoint("phone", "01632 960001"),),
                     contacts=(Contact(name=HumanName(text="Clover")),), religion=Coded(text="Quaker"))


@pytest.mark.parametrize("policy", [Policy("match"), CREATE, Policy("upsert")])
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_is_not_written_about_her_is_named(policy: Policy, dry_run: bool) -> None:
    hospital = Hospital()
    hospital.registers()
    sent = hospital.send(replace(BAG, resident=KNOWN_WELL), policy, dry_run=dry_run)
    names = ("given_names", "preferred_name", "telecom", "religion", "contacts", "general_practitioners")
    assert sent.not_written == names
    told = f"resident: the server's patient is left as it is; of yours this is not written: {', '.join(names)}"
    assert [s for s in sent.sentences if s.startswith("resident:")] == [told]
    assert not sent.for_a_person


@pytest.mark.parametrize("policy", [
    CREATE, Policy("upsert"), Policy("upsert", directory="own"), Policy("create-if-missing", directory="own")])
def test_what_we_wrote_about_her_is_there_and_what_changed_since_is_named(policy: Policy) -> None:
    hospital = Hospital()
    hospital.send(replace(BAG, resident=KNOWN_WELL), policy)
    assert (hospital.send(replace(BAG, resident=KNOWN_WELL), policy).not_written, hospital.send(BAG, policy).not_written) == ((), ())
    sent = hospital.send(replace(BAG, resident=replace(KNOWN_WELL, preferred_name="Moll")), policy)
    assert sent.not_written == (("preferred_name",) if policy.patient == "create-if-missing" else ())
    assert ("Moll\"" in json.dumps(hospital.has("Patient"))) is (policy.patient == "upsert")


def test_what_is_no_longer_in_the_record_and_still_there_is_named_every_time() -> None:
    hospital = Hospital()
    assert hospital.send(replace(BAG, allergies=(PENICILLIN,))).sentences == ()
    every: list[dict[str, Any]] = [{"dry_run": True}, {}, {}, {"replace": True}]
    for options in every:
        sent = hospital.send(replace(BAG, medicines=(FUROSEMIDE,)), **options)
        here = [f"{r['resourceType']}/{r['id']}" for r in (hospital.medicine("Amlodipine"), *hospital.has("AllergyIntolerance"))]
        assert [s.partition(" was sent before, still stands at the server")[0] for s in sent.sentences if "no longer" in s] == [
            f"medicines: {here[0]}", f"allergies: {here[1]}"]
        assert (sent.verdict, sent.for_a_person) == (Verdict.DELIVERED, True)
    shown = hospital.send(replace(BAG, medicines=(FUROSEMIDE,)), show_values=True).sentences
    assert [s.rpartition("; it is ")[2] for s in shown] == ["'Amlodipine 5mg tablets' (code 319283006)", "'penicillin'"]
    stopped, mistaken = replace(AMLODIPINE, status="stopped"), VERIFICATION.coded("entered in error")
    withdrawn = replace(PENICILLIN, clinical_status=None, verification_status=mistaken)
    assert not hospital.send(replace(BAG, medicines=(FUROSEMIDE, stopped), allergies=(withdrawn,))).for_a_person
    assert hospital.send(replace(BAG, medicines=(FUROSEMIDE,))).sentences == ()


def test_a_list_that_is_not_supplied_and_another_residents_rows_say_nothing() -> None:
    hospital = Hospital()
    hospital.send()
    assert hospital.send(replace(BAG, medicines=Unlisted.NOT_SUPPLIED)).sentences == ()
    other = replace(MARY, key="r2", nhs_number="9990000026", family_name="Sampleton")
    hospital.send(replace(BAG, resident=other))

    async def everybodys(request: httpx.Request) -> None:
        if request.url.path == "/MedicationStatement":
            request.url = request.url.copy_with(query=None)

    hospital.before = everybodys
    assert hospital.send().sentences == ()


def test_a_server_that_will_not_say_what_is_left_is_told() -> None:
    hospital = Hospital()
    hospital.send()

    async def refused(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.path == "/MedicationStatement" else None

    hospital.before = refused
    sent = hospital.send()
    assert sent.sentences == ("medicines: the server would not say which of your earlier ones it still has; a person must look",)
    assert sent.for_a_person


def test_an_older_record_does_not_overwrite_a_newer_one_unasked() -> None:
    hospital, older = Hospital(), replace(with_dose(BAG, "two each morning"), as_of="2026-10-31T08:00:00+00:00")
    hospital.send()
    every: list[dict[str, Any]] = [{}, {"dry_run": True}, {"replace": True}]
    told = ("as_of: this record is of 2026-10-31T08:00:00+00:00 and the server has one of 2026-11-01T08:00:00+00:00; "
            "nothing was sent: send the newer one, or say that the older one is meant")
    for options in every:
        sent = hospital.send(older, **options)
        assert (sent.verdict, hospital.posts(), hospital.writes()) == (Verdict.REFUSED, 0, ROWS)
        assert sent.sentences == (told,)
    assert hospital.send(older, older=True).verdict is Verdict.DELIVERED
    assert {r["date"] for r in hospital.has("List")} == {older.as_of}
    assert hospital.send(replace(BAG, as_of="2026-11-01T09:00:00+01:00")).verdict is Verdict.DELIVERED


# ---- the right person ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("policy", [Policy("match"), CREATE, Policy("upsert")])
def test_the_hospitals_own_patient_is_used_and_never_written(policy: Policy) -> None:
    hospital = Hospital()
    hers = hospital.registers()
    sent = hospital.send(policy=policy)
    assert (sent.verdict, sent.patient) == (Verdict.DELIVERED, f"Patient/{hers['id']}")
    assert hospital.has("Patient") == [hers]
    assert {m["subject"]["reference"] for m in hospital.has("MedicationStatement")} == {f"Patient/{hers['id']}"}
    assert set(became(hospital.send(policy=policy)).values()) == {"unchanged"}


def test_who_is_not_there_is_not_made_up() -> None:
    hospital = Hospital()
    sent = hospital.send(policy=Policy("match"))
    assert (sent.verdict, hospital.posts(), hospital.writes()) == (Verdict.REFUSED, 0, 0)
    assert "no patient with the verified NHS number" in sent.sentences[0]


def test_an_unverified_number_finds_nobody() -> None:
    hospital = Hospital()
    hospital.registers()
    sent = hospital.send(replace(BAG, resident=replace(MARY, nhs_number_status=NOT_TRACED)), Policy("match"))
    assert (sent.verdict, hospital.writes()) == (Verdict.REFUSED, 1)
    assert "is not verified and was not used" in sent.sentences[0]
    assert not any("9990000018" in str(request.url) for request in hospital.wire)


@pytest.mark.parametrize(("differently", "field"), [({"birthDate": "1941-03-02"}, "birth_date"), ({"gender": "male"}, "gender"),
                                                    ({"name": [{"family": "Sampleton"}]}, "family_name")])
def test_somebody_else_under_her_number_stops_everything(differently: Resource, field: str) -> None:
    for policy in (Policy("match"), CREATE, Policy("upsert")):
        hospital = Hospital()
        hospital.registers(**differently)
        sent = hospital.send(policy=policy)
        assert (sent.verdict, hospital.posts(), hospital.writes()) == (Verdict.PERSON, 0, 1)
        assert sent.sentences == (f"resident: the server's patient differs in {field}; a person must look who it is",)


def test_a_patient_that_was_joined_into_another_stops_for_a_person() -> None:
    hospital = Hospital()
    hospital.registers(link=[{"other": {"reference": "Patient/other"}, "type": "replaced-by"}])
    sent = hospital.send()
    assert (sent.verdict, hospital.posts()) == (Verdict.PERSON, 0)
    assert "was replaced by another" in sent.sentences[0]


def test_a_patient_that_cannot_be_read_stops_for_a_person() -> None:
    hospital = Hospital()
    hospital.registers()

    async def odd(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(200, headers=FHIR_JSON, content=response.content.replace(b"1941-02-03", b"in the war"))

    hospital.after = odd
    sent = hospital.send()
    assert sent.sentences == ("resident: the server's patient cannot be read (Patient.birthDate), so it is not certain who it is",)


def test_too_little_to_compare_goes_on_and_is_said() -> None:
    hospital = Hospital()
    hospital.registers(birthDate=None, name=[{"text": "M"}])
    sent = hospital.send()
    assert sent.verdict is Verdict.DELIVERED
    assert "too little to compare" in sent.sentences[0]


def test_two_matches_stop_for_a_person() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.registers()
    sent = hospital.send()
    assert (sent.verdict, hospital.posts()) == (Verdict.PERSON, 0)
    assert sent.sentences == ("resident: 2 patients on the server match; a person must look which of them it is",)


def test_ours_is_ours_also_beside_another_and_that_is_said() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.registers()
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert (sent.verdict, became(sent)["MedicationStatement medicines[0]"]) == (Verdict.DELIVERED, "updated")
    assert "another patient with this NHS number" in sent.sentences[0]
    assert sent.for_a_person


def test_a_server_that_ignores_the_question_is_not_believed() -> None:
    hospital = Hospital()
    hospital.registers(identifier=[{"system": NHS_NUMBER, "value": "9990000026"}])

    async def everybody(request: httpx.Request) -> None:
        request.url = request.url.copy_with(query=None)

    hospital.before = everybody
    sent = hospital.send()
    assert (sent.verdict, hospital.posts()) == (Verdict.PERSON, 0)
    assert sent.sentences == ("Patient: the server answers with some that do not have the identifier asked for",)


# ---- the network, and others at the same moment ----------------------------------------------------------------------------
def test_no_answer_after_sending_is_unknown_and_sending_again_writes_nothing_twice() -> None:
    hospital = Hospital()

    async def lost(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadTimeout("")
        return response

    hospital.after = lost
    sent = hospital.send()
    assert (sent.verdict, hospital.posts(), hospital.writes()) == (Verdict.UNKNOWN, 1, ROWS)
    hospital.after = None
    assert set(became(hospital.send()).values()) == {"unchanged"}
    assert hospital.writes() == ROWS


def test_a_server_that_goes_away_half_way_is_taken_up_where_it_stopped() -> None:
    hospital = Hospital()

    async def gone(request: httpx.Request) -> None:
        if hospital.posts() > 2:
            raise httpx.ConnectError("refused")

    hospital.before = gone
    sent = hospital.send(policy=Policy("create-if-missing", most=3))
    assert (sent.verdict, hospital.writes()) == (Verdict.LATER, 6)
    hospital.before = None
    sent = hospital.send(policy=Policy("create-if-missing", most=3))
    assert (sent.verdict, hospital.writes()) == (Verdict.DELIVERED, ROWS)


def test_an_edit_between_our_reading_and_our_writing_is_seen() -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits_meanwhile("Furosemide", status="stopped")
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert became(sent)["MedicationStatement medicines[0]"] == "kept"
    assert hospital.medicine("Furosemide")["status"] == "stopped"
    assert len(hospital.waits) == 1


def test_a_row_of_which_the_server_says_nothing_is_not_said_to_be_sent() -> None:
    hospital = Hospital()

    async def silent(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        said = response.json()
        if request.method == "POST":
            del said["entry"][1]["response"]["status"]
        return httpx.Response(response.status_code, headers=FHIR_JSON, content=json.dumps(said).encode())

    hospital.after = silent
    sent = hospital.send()
    assert (sent.verdict, became(sent)[f"{sent.rows[1].type} {sent.rows[1].name}"]) == (Verdict.UNKNOWN, "not known")


def test_a_server_that_finds_nothing_new_in_it_has_not_updated_it() -> None:
    hospital = Hospital()
    hospital.send()

    async def the_same(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        said = response.text.replace('/_history/2"', '/_history/1"').replace('W/\\"2\\"', 'W/\\"1\\"')
        return httpx.Response(response.status_code, headers=FHIR_JSON, content=said.encode()) if request.method == "POST" else response

    hospital.after = the_same
    assert became(hospital.send(with_dose(BAG, "two each morning")))["MedicationStatement medicines[0]"] == "unchanged"


def test_a_server_that_always_clashes_is_given_up_after_three_tries() -> None:
    hospital = Hospital()

    async def clash(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(409) if request.method == "POST" else None

    hospital.before = clash
    sent = hospital.send()
    assert (sent.verdict, hospital.posts(), len(hospital.waits), hospital.writes()) == (Verdict.LATER, 3, 2, 0)


def test_a_clash_that_was_taken_after_all_is_found_unchanged() -> None:
    hospital = Hospital()

    async def clash(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(409) if request.method == "POST" else response

    hospital.after = clash
    sent = hospital.send()
    assert (sent.verdict, set(became(sent).values()), hospital.writes()) == (Verdict.DELIVERED, {"unchanged"}, ROWS)


@pytest.mark.parametrize(("answer", "for_all"), [
    (httpx.Response(401), True), (httpx.Response(403), True), (httpx.Response(403, json={"resourceType": "OperationOutcome"}), False),
    (httpx.Response(503), False), (httpx.Response(200, json={"a": 1}), True),
    (httpx.Response(200, json={"resourceType": "Patient"}), True), (httpx.Response(204), True), (httpx.Response(200, text="hello"), True),
    (httpx.Response(302, headers={"Location": "https://login.example/"}), True)])
@pytest.mark.parametrize("policy", [Policy("match"), CREATE])
def test_what_would_be_the_same_for_every_resident_is_known(answer: httpx.Response, for_all: bool, policy: Policy) -> None:
    hospital = Hospital()

    async def odd(request: httpx.Request) -> httpx.Response:
        return answer

    hospital.before = odd
    sent = hospital.send(policy=policy)
    assert (sent.verdict is Verdict.DELIVERED, sent.for_all, hospital.posts()) == (False, for_all, 0)
    assert not for_all or sent.verdict is Verdict.REFUSED


@pytest.mark.parametrize(("method", "verdict", "told"), [
    ("GET", Verdict.LATER, "no whole answer"), ("POST", Verdict.UNKNOWN, "may or may not")])
def test_a_server_that_hangs_is_given_up_in_time_and_that_is_said(method: str, verdict: Verdict, told: str) -> None:
    hospital = Hospital()

    async def hangs(request: httpx.Request) -> httpx.Response | None:
        if request.method == method:
            await asyncio.sleep(60)
        return None

    hospital.before = hangs
    sent = hospital.send(seconds=0.5)
    assert (sent.verdict, told in sent.sentences[0], "the time for one resident is over" in sent.sentences[0]) == (verdict, True, True)


@pytest.mark.parametrize(("status", "verdict"), [
    (401, Verdict.REFUSED), (403, Verdict.REFUSED), (404, Verdict.REFUSED), (500, Verdict.LATER), (503, Verdict.LATER)])
def test_a_server_that_refuses_the_question_is_told_and_nothing_is_sent(status: int, verdict: Verdict) -> None:
    hospital = Hospital()

    async def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(status)

    hospital.after = refuse
    sent = hospital.send()
    assert (sent.verdict, hospital.posts()) == (verdict, 0)
    assert sent.sentences[0].startswith(f"GET http://h.example/Patient: {status}: ")


@pytest.mark.parametrize(("answer", "verdict"), [
    (httpx.Response(403), Verdict.REFUSED), (httpx.Response(200, json={"resourceType": "Flag"}), Verdict.PERSON),
    (httpx.Response(204), Verdict.PERSON)])
def test_what_is_there_must_be_known_before_anything_is_written(answer: httpx.Response, verdict: Verdict) -> None:
    hospital = Hospital()

    async def odd(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return answer if request.url.path.startswith("/MedicationStatement/") else response

    hospital.after = odd
    assert (hospital.send().verdict, hospital.posts()) == (verdict, 0)


def test_a_server_with_its_own_ways_of_writing_is_not_sent_the_same_again() -> None:
    hospital = Hospital()
    hospital.send()

    async def absolute(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        text = response.text.replace('"reference":"', '"reference":"http://h.example/').replace('"value":1,', '"value":1.0,')
        return httpx.Response(response.status_code, headers={"Content-Type": "application/fhir+json"}, content=text.encode())

    hospital.after = absolute
    sent = hospital.send()
    assert (set(became(sent).values()), hospital.posts()) == ({"unchanged"}, 0)


# ---- dry run -----------------------------------------------------------------------------------------------------------------
def test_a_dry_run_says_what_sending_would_do_and_does_not() -> None:
    hospital = Hospital()
    assert set(became(hospital.send(dry_run=True)).values()) == {"new"}
    assert (hospital.posts(), hospital.writes()) == (0, 0)
    hospital.send()
    hospital.edits(hospital.medicine("Amlodipine"), status="stopped")
    written = hospital.writes()
    sent = hospital.send(with_dose(BAG, "two each morning"), dry_run=True)
    assert (hospital.posts(), hospital.writes()) == (0, written)
    assert {name: what for name, what in became(sent).items() if what != "same"} == {
        "MedicationStatement medicines[0]": "changed", "MedicationStatement medicines[1]": "kept"}
    assert "medicines[0]: changes doses" in sent.sentences


def test_values_are_shown_only_to_who_asks() -> None:
    hospital = Hospital()
    hospital.send()
    silent = hospital.send(with_dose(BAG, "two each morning"), dry_run=True)
    assert not any("morning" in s for s in silent.sentences)
    told = hospital.send(with_dose(BAG, "two each morning"), dry_run=True, show_values=True)
    was, now = (f"text '{n} each morning', amount (value 1, unit 'tablet')" for n in ("one", "two"))
    assert told.sentences == (f"medicines[0]: changes doses from {was} to {now}",)


@pytest.mark.parametrize("dry_run", [False, True])
def test_who_must_look_sees_what_both_say_if_they_may(dry_run: bool) -> None:
    hospital = Hospital()
    hospital.send()
    hospital.edits(hospital.medicine("Furosemide"), status="stopped", statusReason=[{"text": "low sodium"}])
    assert len(hospital.send(dry_run=dry_run).sentences) == 1
    assert hospital.send(dry_run=dry_run, show_values=True).sentences[1:] == (
        "medicines[0]: status is 'stopped' there, and 'active' in your record",
        "medicines[0]: status_reasons is 'low sodium' there, and nothing in your record")


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(spoken).failed == 0


# ---- the directory, and what must not travel -------------------------------------------------------------------------------
def test_directory_own_goes_first_and_existing_must_exist() -> None:
    hospital = Hospital()
    sent = hospital.send(policy=Policy("create-if-missing", directory="own"))
    assert sent.rows[0].type == "Organization"
    (practice,) = hospital.has("Organization")
    assert hospital.has("Patient")[0]["generalPractitioner"] == [{"reference": f"Organization/{practice['id']}"}]

    absent = Hospital()
    sent = absent.send(policy=Policy("create-if-missing", directory="existing"))
    assert (sent.verdict, absent.writes()) == (Verdict.REFUSED, 0)
    assert sent.sentences[0].startswith("organizations[0], field -: is not known at this endpoint")
    surgery = {"resourceType": "Organization", "identifier": [{"system": ODS_ORGANISATION, "value": "Y99901"}]}
    theirs = absent.ask("POST", "/Organization", surgery)
    assert absent.send(policy=Policy("create-if-missing", directory="existing")).verdict is Verdict.DELIVERED
    assert absent.has("Patient")[0]["generalPractitioner"] == [{"reference": f"Organization/{theirs['id']}"}]
    absent.ask("POST", "/Organization", surgery)
    assert absent.send(policy=Policy("create-if-missing", directory="existing")).verdict is Verdict.PERSON


def test_a_record_that_contradicts_itself_does_not_travel() -> None:
    hospital = Hospital()
    sent = hospital.send(replace(BAG, resident=replace(MARY, nhs_number="9990000019")))
    assert (sent.verdict, hospital.wire) == (Verdict.REFUSED, [])
    assert sent.sentences[0].startswith("resident.nhs_number: ")


def test_a_key_that_is_missing_is_named() -> None:
    sent = Hospital().send(replace(BAG, medicines=(replace(FUROSEMIDE, key=None),)))
    assert sent.verdict is Verdict.REFUSED
    assert any("medicines[0]" in s and "key" in s for s in sent.sentences)


def test_no_sentence_of_any_kind_holds_a_value_of_hers(caplog: pytest.LogCaptureFixture) -> None:
    hospital, said = Hospital(), list[str]()
    said += hospital.send().sentences
    hospital.edits(hospital.medicine("Furosemide"), status="stopped")
    hospital.edits(hospital.medicine("Amlodipine"), status="9990000018 Examplesen")
    every: list[dict[str, Any]] = [{}, {"dry_run": True}, {"base": BAG}, {"replace": True}]
    for options in every:
        said += hospital.send(with_dose(BAG, "two each morning"), **options).sentences
    hospital.registers(birthDate="1999-09-09", identifier=[{"system": f"{HOME}/Id/Patient", "value": "r1"}])
    said += hospital.send().sentences
    assert len(said) > 5
    everything = "\n".join([*said, caplog.text])
    assert not any(value in everything for value in ("9990000018", "Examplesen", "1941", "Furosemide", "morning", "low sodium", "1999-09"))
