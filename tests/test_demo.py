"""The demo: its sentences, its counts, what it leaves in each system's own form, and that it is one screen."""
from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter import demo, hospital
from adapter.commands.exits import Exit
from adapter.records.layout.export import stream_export
from adapter.records.stream import care_records
from adapter.sandbox import Store, create_app
from mappings.bag import CareRecord
from tests.homes import example
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
    assert [change.sentence for change in story.hers.certain] == CERTAIN
    assert story.hers.as_before == ["Aspirin 75mg tablets", "Salbutamol 100micrograms/dose inhaler CFC free"]


def test_what_is_not_certain_is_listed_for_a_person(story: demo.Story) -> None:
    assert [change.kind for change in story.hers.for_a_person] == ["same stay", "new medicine"]
    assert "Laxido sachet" in story.hers.for_a_person[1].sentence


def test_three_systems_each_with_a_resident(story: demo.Story) -> None:
    told = [one.told for one in story.journeys]
    assert [one.layout.settings.format for one in told] == ["csv", "json", "xml"]
    assert [one.values["unknown"] for one in told] == [0, 0, 0]
    certain = [[change.kind for change in one.certain] for one in story.journeys[1:]]
    assert certain == [["discharged", "dose changed"], ["discharged", "stopped"]]
    assert told[0].record == example()


@pytest.mark.parametrize("place", range(3))
def test_what_the_hospital_made_stands_beside_the_homes_own_rows(place: int, story: demo.Story, folder: Path) -> None:
    """Read again, like the next export of that home: whatever it had said is as it was."""
    one = story.journeys[place]
    path = folder / "returned" / one.told.home.export if "/" in one.told.home.export else folder / "returned" / one.told.home.vendor
    found, = stream_export(path, one.told.layout)
    assert isinstance(found.record, CareRecord)
    before, after = (care_records().encode(record) for record in (one.record, found.record))
    for name, said in before.items():
        if isinstance(said, list):
            assert after[name][:len(said)] == said
            assert len(after[name]) == len(said) + one.new.get(name, 0)
        elif name not in one.new:
            assert after[name] == said
    assert {name: len(after[name]) - len(listed(before, name)) for name in one.new} == one.new


def test_of_her_own_rows_only_no_known_allergies_gives_way(folder: Path) -> None:
    differ = {}
    for exported in sorted((folder / "exports" / "larkfield").iterdir()):
        before, after = (table(path) for path in (exported, folder / "returned" / "larkfield" / exported.name))
        differ |= {(exported.name, name): (one[name], other[name]) for one, other in zip(before, after, strict=False)
                   for name in one if one[name] != other[name]}
    assert differ == {("RESIDENTS.CSV", "ALLERGY_STATUS"): ("NKA", "YES")}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="windows-1252") as file:
        return list(csv.DictReader(file))


def listed(said: dict[str, Any], name: str) -> list[Any]:
    rows = said.get(name)
    return rows if isinstance(rows, list) else []


def test_what_has_no_place_in_their_form_is_named(story: demo.Story, folder: Path) -> None:
    for one in story.journeys:
        said = json.loads((folder / "returned" / one.told.home.vendor / "unwritten.json").read_bytes())["unwritten"]
        assert {each["path"].partition("[")[0] for each in said} <= one.new.keys()
        assert all(each["why"] for each in said)
    assert {"criticality", "encounter", "identifiers", "procedure"} <= {*story.hers.unwritten}


def test_the_second_send_changes_nothing_at_the_server(story: demo.Story) -> None:
    assert [row.became for row in story.hers.sent.rows] == ["created"] * 11
    assert [row.became for row in story.again.rows] == ["unchanged"] * 11
    assert story.before == story.after
    held = sum(1 + len(one.sent.rows) + one.treated for one in story.journeys)     # their Patient, ours, theirs; each stay has two versions
    assert (len(story.after), sum(story.after.values())) == (held, held + 3)


def test_what_the_hospital_made_is_its_own(story: demo.Story) -> None:
    """Linked by the NHS number only: no identifier, id or reference of ours is in it."""
    theirs = [item.resource for item in story.hers.back.returned.items if not item.ours]
    ours = {item.resource["id"] for item in story.hers.back.returned.items if item.ours}
    assert len(theirs) == 1 + 9
    assert "rose-house" not in json.dumps(theirs, default=str)
    assert not [key for key in ours if key in json.dumps(theirs, default=str)]
    drugs = [r["medicationCodeableConcept"] for r in theirs if r["resourceType"] == "MedicationRequest"]
    assert {c["system"] for drug in drugs for c in drug.get("coding", ())} == {"http://snomed.info/sct"}


def test_everything_comes_back_and_is_kept(story: demo.Story, folder: Path) -> None:
    assert len(story.hers.back.returned.items) == 21
    assert not story.hers.back.returned.unreadable
    assert not story.hers.back.unknown
    kept = json.loads((folder / "returned" / "care-record.json").read_bytes())
    assert [len(kept[name]) for name in ("medicines", "prescriptions", "stays", "vaccinations", "allergies")] == [4, 6, 2, 3, 1]
    assert all(path.exists() for path in story.left)


def test_what_is_kept_is_of_the_day_of_the_story(folder: Path, story: demo.Story) -> None:
    assert json.loads((folder / "returned" / "return.json").read_bytes())["pulled_at"].startswith("2026-11-09T")


def test_a_medicine_is_said_in_words_too(story: demo.Story) -> None:
    """UK Core: `text` is dm+d's description. The codes are those of published examples; the vaccine is a flu vaccine, not Arexvy."""
    theirs = [r.resource for r in story.hers.back.returned.items]
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
    assert len(shown) <= 70
    assert max(map(len, shown)) <= 100
    assert "\x1b" not in result.stdout
    plain = " ".join(result.stdout.split())
    for sentence in CERTAIN:
        assert f"• {sentence}" in plain
    assert ("is left alone; her given names, name prefixes, preferred name, languages, addresses and general practitioners stay in the "
            "home's record only.") in plain
    assert "37 resources in 40 versions before, 37 resources in 40 versions after, each the same" in plain
    assert "• Larkfield Care Suite: 1 stay (STAYS.CSV), 6 prescriptions (TTO.CSV)" in plain
    assert "none is unknown" in plain
    assert "sandbox" in shown[1]


def test_for_programs(tmp_path: Path) -> None:
    result = redbag("demo", "-o", tmp_path, "--json")
    assert [c["sentence"] for c in lines(result, "change") if c["certainty"] == "certain"] == CERTAIN
    said = lines(result, "result")[0]
    assert (said["sent"], said["sent_again"]) == ({"created": 11}, {"unchanged": 11})
    assert said["not_written"][:2] == ["given_names", "name_prefixes"]
    assert (said["versions_before"], said["versions_after"]) == (40, 40)
    assert said["written_back"]["fernbank"]["rows"] == {"stays": 1, "prescriptions": 1}
    assert said["values"]["unknown"] == 0
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
            return await hospital.treat(http, SHE.nhs_number, hospital.CHEST_INFECTION)

    return asyncio.run(told())


def test_the_hospital_treats_its_own_patient_only() -> None:
    ours = {"resourceType": "Patient", "identifier": [{"system": hospital.NHS_NUMBER, "value": SHE.nhs_number}]}
    assert at_the_hospital(ours, hospital.patient(SHE)) == 9
    for patients in ([], [ours], [hospital.patient(SHE), hospital.patient(SHE)]):
        with pytest.raises(hospital.Refused):
            at_the_hospital(*patients)
