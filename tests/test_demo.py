"""The demo: its sentences, its counts, and that it is one screen."""
from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter import demo, hospital
from adapter.commands.exits import Exit
from adapter.sandbox import Store, create_app
from tests.test_cli import lines, redbag

CERTAIN = [
    "Discharged from St Brigid's Hospital on 9 Nov 2026, destination: independent care home (admitted 3 Nov 2026)",
    "Dose changed: Omeprazole 20mg gastro-resistant capsules, was 'One capsule once a day', now 'One capsule twice a day'",
    "New medicine: Doxycycline 100mg capsules, 'One capsule once a day until 14 November'",
    "Stopped: Ibuprofen 200mg tablets (risk of stomach bleeding beside aspirin)",
    "New allergy: Amoxicillin (Urticarial rash)",
    "Vaccinated: influenza (Quadrivalent influenza vaccine), 8 Nov 2026, batch MADE-UP-7",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def story(folder: Path) -> demo.Story:
    return asyncio.run(demo.happen(folder))


def test_what_is_certain_is_told_in_sentences(story: demo.Story) -> None:
    assert [change.sentence for change in story.certain] == CERTAIN
    assert story.as_before == ["Aspirin 75mg tablets", "Salbutamol 100micrograms/dose inhaler CFC free"]


def test_what_is_not_certain_is_listed_for_a_person(story: demo.Story) -> None:
    assert [change.kind for change in story.for_a_person] == ["same stay", "new medicine"]
    assert "Laxido sachet" in story.for_a_person[1].sentence


def test_the_second_send_changes_nothing_at_the_server(story: demo.Story) -> None:
    assert [row.became for row in story.sent.rows] == ["created"] * 11
    assert [row.became for row in story.again.rows] == ["unchanged"] * 11
    assert story.before == story.after
    assert (len(story.after), sum(story.after.values())) == (1 + 11 + 9, 1 + 11 + 9 + 1)     # her Patient, ours, theirs; the stay has two


def test_what_the_hospital_made_is_its_own(story: demo.Story) -> None:
    """Linked by the NHS number only: no identifier, id or reference of ours is in it."""
    theirs = [item.resource for item in story.back.returned.items if not item.ours]
    ours = {item.resource["id"] for item in story.back.returned.items if item.ours}
    assert len(theirs) == 1 + 9
    assert "rose-house" not in json.dumps(theirs, default=str)
    assert not [key for key in ours if key in json.dumps(theirs, default=str)]
    drugs = [r["medicationCodeableConcept"] for r in theirs if r["resourceType"] == "MedicationRequest"]
    assert {c["system"] for drug in drugs for c in drug.get("coding", ())} == {"http://snomed.info/sct"}


def test_everything_comes_back_and_is_kept(story: demo.Story, folder: Path) -> None:
    assert len(story.back.returned.items) == 21
    assert not story.back.returned.unreadable
    assert not story.back.unknown
    kept = json.loads((folder / "returned" / "care-record.json").read_bytes())
    assert [len(kept[name]) for name in ("medicines", "prescriptions", "stays", "vaccinations", "allergies")] == [4, 6, 2, 3, 1]
    assert all(path.exists() for path in story.left)


def test_what_is_kept_is_of_the_day_of_the_story(folder: Path, story: demo.Story) -> None:
    assert json.loads((folder / "returned" / "return.json").read_bytes())["pulled_at"].startswith("2026-11-09T")


def test_a_medicine_is_said_in_words_too(story: demo.Story) -> None:
    """UK Core: `text` is dm+d's description. The codes are those of published examples; the vaccine is a flu vaccine, not Arexvy."""
    theirs = [r.resource for r in story.back.returned.items]
    said = [r[key] for r in theirs for key in ("medicationCodeableConcept", "vaccineCode") if key in r]
    assert len(said) == 4 + 6 + 3
    assert all(concept["text"] for concept in said)
    vaccine, = [r["vaccineCode"] for r in theirs if r.get("lotNumber") == "MADE-UP-7"]
    assert [coding["code"] for coding in vaccine["coding"]] == ["34680411000001107"]


def test_its_files_are_those_of_the_other_verbs(story: demo.Story, folder: Path) -> None:
    """What it leaves behind is what a user gets with `convert`."""
    assert redbag("check", folder / "record.json").exit_code == Exit.DONE
    assert redbag("check", folder / "returned" / "care-record.json").exit_code == Exit.DONE
    assert json.loads(redbag("convert", folder / "record.json").stdout) == json.loads((folder / "bag.json").read_bytes())


def test_one_screen(tmp_path: Path) -> None:
    result = redbag("demo", "-o", tmp_path)
    shown = result.stdout.splitlines()
    assert result.exit_code == Exit.DONE
    assert len(shown) <= 50
    assert max(map(len, shown)) <= 100
    assert "\x1b" not in result.stdout
    plain = " ".join(result.stdout.split())
    for sentence in CERTAIN:
        assert f"• {sentence}" in plain
    assert ("is left alone; her given names, name prefixes, preferred name, languages, addresses and general practitioners stay in the "
            "home's record only.") in plain
    assert "21 resources in 22 versions before, 21 resources in 22 versions after, each the same" in plain
    assert "sandbox" in shown[1]


def test_for_programs(tmp_path: Path) -> None:
    result = redbag("demo", "-o", tmp_path, "--json")
    assert [c["sentence"] for c in lines(result, "change") if c["certainty"] == "certain"] == CERTAIN
    said = lines(result, "result")[0]
    assert (said["sent"], said["sent_again"]) == ({"created": 11}, {"unchanged": 11})
    assert said["not_written"][:2] == ["given_names", "name_prefixes"]
    assert (said["versions_before"], said["versions_after"]) == (22, 22)
    assert all(Path(name).exists() for name in said["files"])


# ---- the hospital ----------------------------------------------------------------------------------------------------------------
SHE = hospital.Person("9990000034", "H-1", "Larkspur", ("Henrietta",), "1938-05-14", "female")


def at_the_hospital(*patients: dict[str, Any]) -> int:
    """Treats her at a server that holds these Patients."""

    async def told() -> int:
        transport = httpx.ASGITransport(create_app(Store()))
        async with httpx.AsyncClient(transport=transport, base_url="http://hospital.example") as http:
            for patient in patients:
                await http.post("/Patient", json=patient)
            return await hospital.treat(http, SHE.nhs_number)

    return asyncio.run(told())


def test_the_hospital_treats_its_own_patient_only() -> None:
    ours = {"resourceType": "Patient", "identifier": [{"system": hospital.NHS_NUMBER, "value": SHE.nhs_number}]}
    assert at_the_hospital(ours, hospital.patient(SHE)) == 9
    for patients in ([], [ours], [hospital.patient(SHE), hospital.patient(SHE)]):
        with pytest.raises(hospital.Refused):
            at_the_hospital(*patients)
