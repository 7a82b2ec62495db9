"""The bag: what is folded unfolds as it was, list states stay three different things, and what only the whole can tell is told."""
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import bag as bags
from mappings.allergy_intolerance import ALLERGY_CODE, CLINICAL_STATUS, VERIFICATION, Allergy
from mappings.bag import LISTED, THE_RESIDENT, CareRecord, Unlisted, findings, fold, unfold
from mappings.catalogue import RECORDS
from mappings.corrections import Reason, Withdrawn
from mappings.datatypes import Annotation, Coded, Identifier
from mappings.dosage import Dose
from mappings.encounter import Stay, Whereabouts
from mappings.faults import Faults
from mappings.findings import Finding
from mappings.immunization import Given, NotGiven
from mappings.list import EMPTY_REASON, RecordList
from mappings.location import Location
from mappings.medication_statement import Medication
from mappings.organization import Organization
from mappings.patient import Resident
from mappings.references import plan_of, references, relink
from mappings.values import Logical, Ref, Said
from tests.bags import LAW, care_records
from tests.strategies import records

ACTIVE = Coded(text="active")
MEDICINE = Medication("active", Said("Senna"), THE_RESIDENT, key="m1")
FLU = Given(vaccine=ACTIVE, resident=THE_RESIDENT, given_on="2025-01-14", key="v1")
ALLERGY = Allergy(Coded(text="penicillin"), THE_RESIDENT, key="a1", clinical_status=CLINICAL_STATUS.coded("active"))
NO_ALLERGY = replace(ALLERGY, code=ALLERGY_CODE.coded("no known allergy"), key="a2")
BAG = CareRecord("https://home.example/records", "2025-01-14T21:45:00Z", Resident(key="r1"))


# ---- laws ----------------------------------------------------------------------------------------------------------------------
@LAW
@given(care_records())
def test_unfolded_and_folded_is_the_same_bag(bag: CareRecord) -> None:
    assert fold(unfold(bag), bag.source, bag.as_of) == bag


@LAW
@given(care_records(), st.sampled_from(Reason))
def test_of_a_withdrawn_bag_every_record_unfolds_as_it_ends_and_as_often_as_one_likes(bag: CareRecord, reason: Reason) -> None:
    withdrawn = Withdrawn(reason, "r9" if reason is Reason.MERGED else None)
    returned = len(bags.returned(bag))
    every, ended = unfold(bag), unfold(replace(bag, withdrawn=withdrawn))
    hers = len(every) - returned
    assert ended == [withdrawn.form(r) if i in range(len(bags.directory(bag)), hers) else r for i, r in enumerate(every)]
    assert [withdrawn.form(r) for r in ended[len(bags.directory(bag)):hers]] == ended[len(bags.directory(bag)):hers]


@LAW
@given(care_records(returned=False, most=3), st.randoms(use_true_random=False))
def test_the_lists_keep_their_order_whatever_order_comes_back(bag: CareRecord, chance: random.Random) -> None:
    found = unfold(bag)
    chance.shuffle(found)
    back = fold(found, bag.source, bag.as_of)
    assert {f: getattr(back, f) for f in LISTED} == {f: getattr(bag, f) for f in LISTED}


@settings(max_examples=20)
@given(st.data())
@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_every_reference_of_a_record_and_no_other_is_found_in_its_resource(record: type, data: st.DataObject) -> None:
    """Renamed in the record or in the resource comes to the same, and what is nowhere found is no reference."""
    shape, made = RECORDS[record][1], data.draw(records(record))
    seen: list[str] = []
    relink(shape.write(made), plan_of(shape), lambda said: seen.append(said["reference"]) or said if "reference" in said else said)
    assert sorted(seen) == sorted(f"{r.type}/{r.key}".lstrip("/") for _, r in references(made) if isinstance(r, Ref))
    assert {r[0] for r in everywhere(relink(shape.write(made), plan_of(shape), lambda said: {"gone": 1}))} <= {"#"}


def everywhere(value: object) -> list[str]:
    if isinstance(value, list):
        return [r for v in value for r in everywhere(v)]
    if not isinstance(value, dict):
        return []
    here = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return here + [r for v in value.values() for r in everywhere(v)]


def test_a_resource_is_not_changed_by_relinking() -> None:
    resource = {"resourceType": "Encounter", "subject": {"reference": "Patient/1"}, "location": [{"location": {"reference": "Location/1"}}]}
    before = repr(resource)
    out = relink(resource, plan_of(RECORDS[Stay][1]), lambda said: {"reference": "x"})
    assert repr(resource) == before
    assert everywhere(out) == ["x", "x"]


# ---- list states -----------------------------------------------------------------------------------------------------------------
STATES: list[tuple[object, str | None, int]] = [
    ((MEDICINE,), None, 1),
    (Unlisted.NONE_KNOWN, "nil known", 0),
    (Unlisted.NOT_ASKED, "not asked", 0),
]


@pytest.mark.parametrize(("said", "reason", "entries"), STATES)
def test_a_state_travels_as_a_list(said: object, reason: str | None, entries: int) -> None:
    (made,) = [r for r in unfold(replace(BAG, medicines=said)) if isinstance(r, RecordList)]  # type: ignore[arg-type]  # of the table
    assert (made.mode, made.status, made.date, len(made.entries)) == ("snapshot", "current", BAG.as_of, entries)
    assert made.empty_reason == (EMPTY_REASON.coded(reason) if reason else None)
    assert list(made.findings()) == []


def test_not_supplied_says_nothing_at_all() -> None:
    assert unfold(BAG) == [BAG.resident]


def test_a_list_without_keys_cannot_be_named() -> None:
    with pytest.raises(Faults, match=r"medicines\[1\] \(key\): is missing"):
        unfold(replace(BAG, medicines=(MEDICINE, replace(MEDICINE, key=None))))


# ---- coming back -----------------------------------------------------------------------------------------------------------------
def test_the_hospitals_own_come_after_ours_and_its_lists_are_kept() -> None:
    theirs, list_of_theirs = replace(MEDICINE, key=None), RecordList("current", "working", THE_RESIDENT)
    back = fold([theirs, *unfold(replace(BAG, medicines=(MEDICINE,))), list_of_theirs], BAG.source, BAG.as_of)
    assert back.medicines == (MEDICINE, theirs)
    assert back.lists == (list_of_theirs,)


def test_an_allergy_found_by_the_hospital_ends_none_known_and_the_list_is_absorbed() -> None:
    found = replace(ALLERGY, key=None)
    back = fold([*unfold(replace(BAG, allergies=Unlisted.NONE_KNOWN)), found], BAG.source, BAG.as_of)
    assert (back.allergies, back.lists) == ((found,), ())


CHANGED: dict[str, Callable[[RecordList], RecordList]] = {
    "a note": lambda made: replace(made, notes=(Annotation("checked"),)),
    "another time": lambda made: replace(made, date="2025-02-01T00:00:00Z"),
    "another reason": lambda made: replace(made, empty_reason=EMPTY_REASON.coded("withheld")),
    "an item that is not here": lambda made: replace(made, empty_reason=None, entries=(bags.Entry(Ref("AllergyIntolerance", "gone")),)),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_what_a_list_of_ours_says_beyond_its_state_is_kept(change: Callable[[RecordList], RecordList]) -> None:
    resident, made = unfold(replace(BAG, allergies=Unlisted.NONE_KNOWN))
    back = fold([resident, change(made)], BAG.source, BAG.as_of)
    assert back.lists == (change(made),)
    assert back.allergies is (Unlisted.NONE_KNOWN if change(made).empty_reason == made.empty_reason else Unlisted.NOT_SUPPLIED)


@pytest.mark.parametrize("residents", [0, 2])
def test_a_bag_belongs_to_one_resident(residents: int) -> None:
    with pytest.raises(Faults, match=f"expected exactly one resident, found {residents}"):
        fold([BAG.resident] * residents, BAG.source, BAG.as_of)


# ---- findings ----------------------------------------------------------------------------------------------------------------------
STAY = Stay(THE_RESIDENT, "planned", Coded(text="inpatient"), key="s1")
SAYS: dict[str, tuple[CareRecord, str, str]] = {
    "source is no URI": (replace(BAG, source="Rose House"), "source", "refusal"),
    "source ends in a slash": (replace(BAG, source="https://home.example/"), "source", "refusal"),
    "as_of has no zone": (replace(BAG, as_of="2025-01-14T21:45:00"), "as_of", "refusal"),
    "as_of is a day": (replace(BAG, as_of="2025-01-14"), "as_of", "refusal"),
    "an empty list": (replace(BAG, allergies=()), "allergies", "refusal"),
    "no key": (replace(BAG, stays=(replace(STAY, key=None),)), "stays[0].key", "refusal"),
    "no key of the resident": (replace(BAG, resident=Resident()), "resident.key", "refusal"),
    "two rows with one key": (replace(BAG, stays=(STAY, STAY)), "stays[1].key", "refusal"),
    "one key for a vaccination given and one not given": (
        replace(BAG, vaccinations=(NotGiven(vaccine=ACTIVE, resident=THE_RESIDENT, not_given_on="2024", reason=ACTIVE, key="v"),) * 2),
        "vaccinations[1].key", "refusal"),
    "somebody else's": (replace(BAG, stays=(replace(STAY, resident=Ref("Patient", "r2")),)), "stays[0].resident", "refusal"),
    "a reference to nothing": (
        replace(BAG, stays=(replace(STAY, locations=(Whereabouts(Ref("Location", "w")),)),)), "stays[0].locations[0].location", "refusal"),
    "a place that refers to a resident's stay": (
        replace(BAG, stays=(STAY,), locations=(Location(key="w", part_of=Ref("Encounter", "s1")),)), "locations[0].part_of", "refusal"),
    "a record's own finding": (replace(BAG, resident=Resident(key="r1", nhs_number="9990000019")), "resident.nhs_number", "refusal"),
    "born after the export": (replace(BAG, resident=Resident(key="r1", birth_date="2031-01-01")), "resident.birth_date", "refusal"),
    "born in a later year": (replace(BAG, resident=Resident(key="r1", birth_date="2026")), "resident.birth_date", "refusal"),
    "died in a later month": (replace(BAG, resident=Resident(key="r1", deceased="2025-02")), "resident.deceased", "refusal"),
    "given after the export": (replace(BAG, vaccinations=(replace(FLU, given_on="2025-01-16"),)), "vaccinations[0].given_on", "refusal"),
    "recorded after the export": (
        replace(BAG, vaccinations=(replace(FLU, recorded="2025-01-16T00:00:00Z"),)), "vaccinations[0].recorded", "refusal"),
    "asserted after the export": (
        replace(BAG, medicines=(replace(MEDICINE, date_asserted="2025-02"),)), "medicines[0].date_asserted", "refusal"),
    "known after the export": (
        replace(BAG, allergies=(replace(ALLERGY, recorded_date="2025-02"),)), "allergies[0].recorded_date", "refusal"),
    "no allergy is known, beside an allergy": (
        replace(BAG, allergies=(NO_ALLERGY, ALLERGY)), "allergies[0].code", "warning"),
    "the same medicine in the same dose": (
        replace(BAG, medicines=(MEDICINE, replace(MEDICINE, key="m2"))), "medicines[1]", "warning"),
    "medicines not supplied": (BAG, "medicines", "warning"),
    "allergies not supplied": (BAG, "allergies", "warning"),
    "an identifier of no system": (
        replace(BAG, stays=(replace(STAY, identifiers=(Identifier("7", "urn:x:y"), Identifier("7", "HIVE ID"))),)),
        "stays[0].identifiers[1].system", "refusal"),
    "what only comes back": (replace(BAG, lists=(RecordList("current", "working", THE_RESIDENT),)), "lists", "warning"),
}


@pytest.mark.parametrize(("bag", "field", "level"), SAYS.values(), ids=SAYS.keys())
def test_found(bag: CareRecord, field: str, level: str) -> None:
    assert (field, level) in [(f.field, f.level) for f in findings(bag)]


def test_both_places_of_a_key_are_named() -> None:
    (said,) = [f for f in findings(replace(BAG, stays=(STAY, STAY))) if f.field == "stays[1].key"]
    assert said == Finding("stays[1].key", "refusal", "is also the key of stays[0]: two rows with one key")


FINE: dict[str, CareRecord] = {
    "nothing but a resident": BAG,
    "references that lead somewhere": replace(
        BAG, stays=(replace(STAY, locations=(Whereabouts(Ref("Location", "w", "Ward 7")),), origin=Ref("Organization", "h")),),
        locations=(Location(key="w", part_of=Ref("Location", "w")),), organizations=(Organization(key="h", name="Rose House"),)),
    "references by identifier, by words, by URL": replace(
        BAG, stays=(replace(STAY, origin=Logical("s", "v"), destination=Said("home"), service_provider=Ref("", "https://h.example/1")),)),
    "a reference to the resident": replace(BAG, medicines=(replace(MEDICINE, information_source=THE_RESIDENT),)),
    "as late as the export, as far as is said": replace(
        BAG, resident=Resident(key="r1", birth_date="2025", deceased="2025-01"), vaccinations=(replace(FLU, given_on="2025-01-14"),)),
    "already the next day in New Zealand": replace(BAG, vaccinations=(replace(FLU, given_on="2025-01-15"),)),
    "a clock that is fast": replace(BAG, vaccinations=(replace(FLU, given_on="2025-01-14", recorded="2025-01-14T21:50:00Z"),)),
    "the same key for different things": replace(BAG, stays=(replace(STAY, key="m1"),), medicines=(MEDICINE,)),
}


@pytest.mark.parametrize("bag", FINE.values(), ids=FINE.keys())
def test_nothing_to_refuse(bag: CareRecord) -> None:
    assert [f for f in findings(bag) if f.level == "refusal"] == []


TOGETHER: dict[str, CareRecord] = {
    "no allergy known, beside one that was refuted": replace(
        BAG, allergies=(NO_ALLERGY, replace(ALLERGY, verification_status=VERIFICATION.coded("refuted")))),
    "no allergy known, beside one that is over": replace(
        BAG, allergies=(NO_ALLERGY, replace(ALLERGY, clinical_status=CLINICAL_STATUS.coded("resolved")))),
    "the same medicine in another dose": replace(BAG, medicines=(MEDICINE, replace(MEDICINE, key="m2", doses=(Dose("at night"),)))),
    "the same medicine, once stopped": replace(BAG, medicines=(replace(MEDICINE, key="m2", status="stopped"), MEDICINE)),
}


@pytest.mark.parametrize("bag", TOGETHER.values(), ids=TOGETHER.keys())
def test_together_they_are_fine(bag: CareRecord) -> None:
    assert not any("no allergy is known" in f.says for f in findings(bag))
    assert not any("same drug" in f.says for f in findings(bag))
