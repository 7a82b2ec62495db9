"""Whose Patient it is: rows that the hospital moved, two residents under one number, and a Patient of ours on which others' rows stand."""
from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.bundle import Policy
from adapter.delivery.outcome import Verdict
from tests.events import UPSERT, visited
from tests.hospital import CREATE, POLICIES, WHOLE, Hospital, Resource, became, with_dose

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
