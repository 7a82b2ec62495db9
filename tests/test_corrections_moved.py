"""Whose Patient it is: rows that the hospital moved, two residents under one number, and a Patient of ours on which others' rows stand."""
from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from adapter.bundle import Policy
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import ANOTHERS
from adapter.delivery.withdrawal import TAKEN
from mappings.bag import CareRecord, Unlisted
from mappings.corrections import Reason
from mappings.patient import Link
from mappings.systems import NHS_NUMBER
from mappings.values import Ref
from tests.events import ALL, MOVED_IN, NEW, OLD, UPSERT, again, visited, withdrawn
from tests.hospital import CREATE, FUROSEMIDE, HOME, MARY, POLICIES, WHOLE, Hospital, Resource, Ward, became, with_dose

OTHERS = [{"system": "https://h.example/Id", "value": "H2"}]


def moved(hospital: Hospital, kind: str = "MedicationStatement") -> Resource:
    """The hospital finds that a row is somebody else's, and puts it there."""
    other = hospital.registers(identifier=OTHERS)
    row = hospital.has(kind)[0]
    whose = "subject" if "subject" in row else "patient"
    hospital.edits(row, **{whose: {"reference": f"Patient/{other['id']}"}})
    return hospital.ask("GET", f"/{kind}/{row['id']}")  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["MedicationStatement", "AllergyIntolerance", "Encounter", "List"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_row_that_the_hospital_moved_to_another_patient_stays_there(policy: Policy, kind: str) -> None:
    hospital = visited(policy)
    row = moved(hospital, kind)
    newer = replace(with_dose(WHOLE, "two each morning"), as_of="2026-11-02T08:00:00+00:00")
    for bag, base in ((WHOLE, None), (newer, None), (newer, WHOLE)):
        sent = hospital.send(bag, policy, base=base)
        assert (sent.verdict, sent.for_a_person, hospital.ask("GET", f"/{kind}/{row['id']}")) == (Verdict.DELIVERED, True, row)
        assert [r.target for r in sent.rows if r.became == "kept"] == [f"{kind}/{row['id']}"]
        assert any("stands under another patient on the server" in s for s in sent.sentences)
    hospital.send(WHOLE, policy, replace=True, older=True)
    assert hospital.ask("GET", f"/{kind}/{row['id']}") != row


def test_a_row_of_which_it_is_not_known_under_whom_we_wrote_it_stays_where_it_is() -> None:
    """Created with its Patient, whom the hospital took for somebody else's afterwards: there it does not carry our key any more."""
    hospital = visited(CREATE)
    (made,) = hospital.has("Patient")
    hospital.edits(made, identifier=OTHERS)
    hospital.registers()
    sent = hospital.send(WHOLE)
    assert (sent.for_a_person, set(became(sent).values())) == (True, {"kept", "unchanged"})


def test_a_row_that_ended_where_the_hospital_put_it_was_not_put_there_by_us() -> None:
    hospital = visited(UPSERT)
    rows = [moved(hospital), moved(hospital, "List")]
    assert hospital.retract().verdict is Verdict.DELIVERED
    hospital.send(WHOLE, UPSERT)
    now = [hospital.ask("GET", f"/{row['resourceType']}/{row['id']}") for row in rows]
    assert [r["subject"] for r in now] == [r["subject"] for r in rows]


def test_with_what_was_sent_last_rows_follow_her_to_her_new_patient_too() -> None:
    hospital = Hospital()
    wrong = hospital.registers()
    hospital.send(WHOLE, Policy("match"))
    hospital.edits(wrong, identifier=OTHERS)
    right = hospital.registers()
    sent = hospital.send(WHOLE, Policy("match"), base=WHOLE)
    assert (sent.verdict, sent.for_a_person) == (Verdict.DELIVERED, False)
    assert {m["subject"]["reference"] for m in hospital.has("MedicationStatement")} == {f"Patient/{right['id']}"}


def whose(row: Resource) -> str:
    return str(row["subject"]["reference"])


# ---- two records under one number --------------------------------------------------------------------------------------------
TWICE = replace(WHOLE, resident=replace(MARY, key="r2"), medicines=(replace(FUROSEMIDE, key="m9"),))


def saying(how: str, bag: CareRecord = TWICE, key: str = "r1") -> CareRecord:
    return replace(bag, resident=replace(bag.resident, links=(Link(Ref("Patient", key), how),)))


@pytest.mark.parametrize("bag", [
    TWICE, saying("replaces", key="r7"), replace(TWICE, medicines=Unlisted.NOT_SUPPLIED, allergies=Unlisted.NOT_SUPPLIED,
                                                 vaccinations=Unlisted.NOT_SUPPLIED, stays=(), related_persons=())])
@pytest.mark.parametrize("policy", POLICIES)
def test_two_residents_under_one_number_are_not_delivered_to_one_patient_in_silence(policy: Policy, bag: CareRecord) -> None:
    hospital = visited(policy)
    sent = hospital.send(bag, policy)
    assert (sent.verdict, hospital.posts(), Ward(hospital).all()) == (Verdict.PERSON, 0, ALL)
    assert sent.sentences == (ANOTHERS,)
    again(hospital, WHOLE, policy)  # whoever was first is not held up


def test_one_row_of_another_that_stands_is_enough() -> None:
    only = replace(WHOLE, medicines=Unlisted.NOT_SUPPLIED, allergies=Unlisted.NOT_SUPPLIED, vaccinations=Unlisted.NOT_SUPPLIED, stays=())
    hospital = visited(CREATE, only)
    assert hospital.send(TWICE).sentences == (ANOTHERS,)
    hospital.retract()
    hospital.edits(hospital.has("Patient")[0], active=True)
    assert hospital.send(TWICE).verdict is Verdict.DELIVERED


@pytest.mark.parametrize("how", ["replaces", "see also", "refer"])
@pytest.mark.parametrize("policy", POLICIES[:2])
def test_two_records_that_are_said_to_be_one_persons_go_to_one_patient(policy: Policy, how: str) -> None:
    hospital = visited(policy)
    assert hospital.send(saying(how), policy).verdict is Verdict.DELIVERED
    assert len(Ward(hospital).medicines()) == 3
    hospital.send(withdrawn(Reason.MERGED, "r2"), policy)
    assert (Ward(hospital).medicines(), len(Ward(hospital).patients())) == (["Furosemide 40mg tablets"], 1)
    assert {r["status"] for r in hospital.has("List") if "r1/" in json.dumps(r)} == {"entered-in-error"}


STAYS, GOES = saying("replaces", WHOLE, "r2"), withdrawn(Reason.MERGED, "r1", TWICE)


def patients(hospital: Hospital) -> dict[str, tuple[bool, list[str]]]:
    """By our key: in use or not, and the kinds of its links."""
    made = [p for p in hospital.has("Patient") if p["identifier"][0]["system"] == f"{HOME}/Id/Patient"]
    return {p["identifier"][0]["value"]: (p.get("active", True), [link["type"] for link in p.get("link", [])]) for p in made}


@pytest.mark.parametrize("order", [(STAYS, GOES), (GOES, STAYS)])
@pytest.mark.parametrize("policy", POLICIES)
def test_of_two_records_with_one_number_one_stays_on_a_patient_in_use(policy: Policy, order: tuple[CareRecord, CareRecord]) -> None:
    hospital = visited(policy, TWICE)
    for bag in order:
        assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    assert Ward(hospital).all() == ALL
    (under,) = {m["subject"]["reference"] for m in hospital.has("MedicationStatement") if m["status"] == "active"}
    hers = hospital.ask("GET", f"/{under}")
    assert (hers.get("active", True), [link["type"] for link in hers.get("link", [])]) == (
        True, ["replaces"] if policy.patient == "upsert" else [])
    if policy.patient == "upsert":
        assert patients(hospital) == {"r1": (True, ["replaces"]), "r2": (False, ["replaced-by"])}
    for bag in order:
        again(hospital, bag, policy)
    assert not hospital.send(STAYS, policy).for_a_person


def test_a_patient_of_ours_is_left_in_use_while_rows_of_another_record_stand_on_it() -> None:
    hospital = visited(UPSERT, TWICE)
    hospital.send(saying("see also", WHOLE, "r2"), UPSERT)
    sent = hospital.send(GOES, UPSERT)
    assert (sent.for_a_person, sent.sentences[0], Ward(hospital).all(), patients(hospital)) == (True, TAKEN, ALL, {"r2": (True, [])})
    for bag in (STAYS, GOES):
        hospital.send(bag, UPSERT)
    assert patients(hospital) == {"r1": (True, ["replaces"]), "r2": (False, ["replaced-by"])}
    assert (Ward(hospital).all(), len(set(map(whose, hospital.has("List"))))) == (ALL, 2)


def test_whoever_is_sent_after_a_record_that_was_taken_back_has_a_patient_of_her_own() -> None:
    hospital = visited(UPSERT, TWICE)
    hospital.retract("r2")
    assert hospital.send(WHOLE, UPSERT).sentences == ()
    assert (Ward(hospital).all(), patients(hospital)) == (ALL, {"r1": (True, []), "r2": (False, [])})


def test_a_patient_of_the_hospitals_with_a_key_of_ours_does_not_give_way() -> None:
    hospital = Hospital()
    hospital.registers(identifier=[{"system": f"{HOME}/Id/Patient", "value": "r2"}, {"system": NHS_NUMBER, "value": OLD}])
    assert hospital.send(STAYS, UPSERT).verdict is Verdict.DELIVERED
    assert (len(hospital.has("Patient")), Ward(hospital).all()) == (1, ALL)


def test_what_another_sender_sent_about_her_is_not_in_the_way() -> None:
    hospital = visited(CREATE)
    assert hospital.send(MOVED_IN).verdict is Verdict.DELIVERED


def test_a_server_that_answers_with_everybodys_rows_does_not_make_hers_anothers() -> None:
    hospital = visited(CREATE)
    hospital.send(replace(WHOLE, resident=replace(MARY, key="r2", nhs_number=NEW)))

    async def everybodys(request: httpx.Request) -> None:
        if request.method == "GET" and request.url.path != "/Patient":
            request.url = request.url.copy_with(query=None)

    hospital.before = everybodys
    assert hospital.send(WHOLE).verdict is Verdict.DELIVERED
