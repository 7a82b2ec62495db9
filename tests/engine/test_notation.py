"""What each word of the notation means, as tables over small shapes (small.py): what is read, what stays unread, what is a fault."""
from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from mappings.datatypes import Coded, Coding, Identifier, Quantity
from mappings.shape import BadValue, Fault, Faults, Shape, again, also, f
from mappings.values import Absent, Logical, Ref, Said
from tests.engine.small import (
    HOME,
    Dose,
    Maker,
    Medicine,
    Only,
    Person,
    Phone,
    Pressure,
    Refused,
    keyed,
    measured,
    medicine,
    person,
    pressure,
    statement,
)
from tests.mutate import exactly

MOBILE, WORK = {"system": "phone", "use": "mobile", "value": "07"}, {"system": "phone", "use": "work", "value": "020"}


def people(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Person", "meta": {"profile": ["urn:person"]}, **more}


def component(which: str, value: int, **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": "millimetre of mercury", "code": "mm[Hg]", **more}
    return {"code": {"coding": [{"system": "urn:vital", "code": which}]}, "valueQuantity": quantity}


def reading(*components: Any) -> dict[str, Any]:
    return {"resourceType": "Reading", "status": "final", "component": list(components)}


# ---- what is read, and what stays unread -----------------------------------------------------------------------------------------
SYSTOLIC, DIASTOLIC, KPA = component("SYS", 120), component("DIA", 70), component("SYS", 16, code="kPa")
MORNING, NIGHT = {"text": "2 in the morning"}, {"text": "1 at night"}
WARFARIN = {"coding": [{"system": "A", "code": "1", "userSelected": True}, {"system": "B", "code": "2"}], "text": "AS PER YELLOW BOOK"}
MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
READ: dict[str, tuple[Any, dict[str, Any], Any, list[str]]] = {
    "two doses are two doses": (
        medicine, statement(dosage=[MORNING, NIGHT]), {"doses": (Dose("2 in the morning"), Dose("1 at night"))}, []),
    "a dose that says nothing is not one": (
        medicine, statement(dosage=[{"zzz": 1}, NIGHT]), {"doses": (Dose("1 at night"),)}, ["dosage[0].zzz"]),
    "a concept keeps every coding and the words": (
        medicine, statement(drugConcept=WARFARIN),
        {"drug": Coded((Coding("A", "1", user_selected=True), Coding("B", "2")), "AS PER YELLOW BOOK")}, []),
    "the value's key tells its type": (
        medicine, statement(dosage=[{"doseQuantity": {"value": Decimal("0.50")}}, {"doseString": "one"}]),
        {"doses": (Dose(amount=Quantity(Decimal("0.50"))), Dose(amount="one"))}, []),
    "single values in a list": (
        medicine, statement(performer=[{"reference": "Practitioner/1"}, {"zzz": 1}, {"display": "a nurse"}]),
        {"performers": (Ref("Practitioner", "1"), Said("a nurse"))}, ["performer[1].zzz"]),
    "a contained part": (
        medicine, statement(maker={"reference": "#m"}, contained=[{"resourceType": "Organization", "id": "m", "name": "N"}]),
        {"maker": Maker("N")}, ["maker.contained.id"]),
    "a contained thing of another type is not read": (
        medicine, statement(maker={"reference": "#m", "display": "N"}, contained=[{"resourceType": "Device", "id": "m"}]),
        {"maker": Said("N")}, ["maker.contained.id", "maker.contained.resourceType"]),
    "a logical reference in the same place": (
        medicine, statement(maker={"identifier": {"system": "urn:ods", "value": "A"}, "type": "Organization"}),
        {"maker": Logical("urn:ods", "A", "Organization")}, []),
    "null says nothing": (medicine, statement(stock=None, brand=None, maker=None), {}, ["brand", "maker", "stock"]),
    "the most specific slot is asked first": (
        person, people(telecom=[MOBILE, WORK]), {"mobile": "07", "landline": "020"}, ["telecom[1].use"]),
    "and a mobile alone is no landline": (person, people(telecom=[MOBILE]), {"mobile": "07"}, []),
    "a second element for a slot goes to the Each": (
        person, people(telecom=[MOBILE, {**MOBILE, "value": "08"}], identifier=[{"system": HOME, "value": n} for n in "12"]),
        {"mobile": "07", "landline": "08", "key": "1", "identifiers": (Identifier("2", HOME),)}, ["telecom[1].use"]),
    "a third one too": (
        person, people(telecom=[MOBILE, WORK, {**MOBILE, "value": "08"}]),
        {"mobile": "07", "landline": "020", "phones": (Phone("08", "phone", "mobile"),)}, ["telecom[1].use"]),
    "what fits a slot and says nothing is left for the next": (
        person, people(identifier=[{"system": HOME, "zzz": 1}, {"system": HOME, "value": "1"}]),
        {"key": "1", "identifiers": (Identifier(None, HOME),)}, ["identifier[0].zzz"]),
    "an element that lacks what it must have is not read": (
        person, people(telecom=[{"system": "email", "use": "home"}]), {}, ["telecom[0].system", "telecom[0].use"]),
    "a list and its _list side by side": (
        person, people(name=[{"given": ["Ann", None], "_given": [None, MASKED]}]), {"given": ("Ann", Absent("masked"))}, []),
    "another reason of absence": (
        person, people(name=[{"given": [None], "_given": [{"extension": [*MASKED["extension"], {"url": "x"}]}]}]),
        {"given": (Absent("masked"),)}, ["name[0]._given[0].extension[1].url"]),
    "what is also written need not be there": (person, {"resourceType": "Person"}, {}, []),
    "or may be different": (person, people(meta={"profile": ["urn:other"]}), {}, ["meta.profile[0]"]),
    "or there may be more": (
        person, people(meta={"profile": ["urn:other", "urn:person"], "versionId": "1"}), {}, ["meta.profile[0]", "meta.versionId"]),
    "components are told apart in any order": (
        pressure, reading(DIASTOLIC, SYSTOLIC), Pressure(120, 70), []),
    "another unit is another thing": (
        pressure, reading(KPA, DIASTOLIC), Pressure(None, 70),
        ["component[0].code.coding[0].code", "component[0].code.coding[0].system", "component[0].valueQuantity.code",
         "component[0].valueQuantity.unit", "component[0].valueQuantity.value"]),
    "another wording of the unit is not": (
        pressure, reading(component("SYS", 120, unit="mmHg")), Pressure(120), ["component[0].valueQuantity.unit"]),
    "the constants choose the type": (
        pressure, {"resourceType": "Reading", "status": "cancelled", "reason": "asleep"}, Refused("asleep"), []),
}


@pytest.mark.parametrize("case", READ)
def test_read(case: str) -> None:
    shape, resource, expected, unread = READ[case]
    record, rest = shape.read(resource)
    assert exactly(record, replace(start(shape), **expected) if isinstance(expected, dict) else expected)
    assert sorted(shape.unread(resource)) == unread
    assert exactly(shape.write(record, rest), resource)


def start(shape: Any) -> Any:
    return Person() if shape is person else Medicine("active", Coded(text="x"))


@pytest.mark.parametrize("case", [case for case, (shape, resource, *_) in READ.items() if shape is person or shape is medicine])
def test_all_of_that_is_usual(case: str) -> None:
    """Two mobiles, a dose that says nothing, foreign elements: what hospitals send does not need the careful reader."""
    shape, resource, *_ = READ[case]
    if "contained" not in resource:
        assert shape.fast_get(resource) == shape.slow_get(resource)


# ---- faults: all at once, and never a value -----------------------------------------------------------------------------------------
FAULTS: dict[str, tuple[Any, Any, set[tuple[str, str, str]]]] = {
    "everything that is wrong at once": (
        medicine, statement(status="BANANA", dosage=[{"text": 5}, {"doseQuantity": {"value": "SECRET"}}], brand="SECRET", stock=True),
        {("Medicine.status", "status", "is not a code of this table"), ("Medicine.dosage[0].text", "doses.text", "is not str"),
         ("Medicine.dosage[1].doseQuantity|doseString.value", "doses.amount.value", "is not Decimal or int"),
         ("Medicine.brand", "brands", "is not a list of str"), ("Medicine.stock", "stock", "is not Decimal or int")}),
    "what is missing": (
        medicine, {"resourceType": "Medicine"}, {("Medicine", "status", "missing"), ("Medicine", "drug", "missing")}),
    "one of them wrong, the other missing": (
        medicine, {"resourceType": "Medicine", "status": 1},
        {("Medicine.status", "status", "is not a code of this table"), ("Medicine", "drug", "missing")}),
    "said in two ways": (
        medicine, statement(drugReference={"display": "SECRET"}), {("Medicine.drugConcept|drugReference", "drug", "is said in two ways")}),
    "an object for a list, a list for an object": (
        medicine, statement(dosage={"text": "SECRET"}, maker=["SECRET"]),
        {("Medicine.dosage", "-", "is not a list"), ("Medicine.maker", "maker", "is not an object")}),
    "a reference to nothing inside": (
        medicine, statement(performer=[{"reference": "#SECRET"}]),
        {("Medicine.performer[0].reference", "performers.type&key", "refers to nothing found inside the resource")}),
    "another status": (
        measured, {**reading(SYSTOLIC), "status": "SECRET"}, {("Reading.status", "-", "is not what this shape is for")}),
    "another resource": (person, {"resourceType": "SECRET"}, {("Person.resourceType", "-", "is not what this shape is for")}),
    "neither of two": (
        pressure, {"resourceType": "Reading", "status": "SECRET"}, {("Reading", "-", "is neither Pressure nor Refused")}),
    "an unknown modifier": (
        medicine, statement(modifierExtension=[{"url": "SECRET"}]),
        {("Medicine.modifierExtension[0].url", "-", "unknown modifierExtension")}),
    "an unknown modifier of a dose": (
        medicine, statement(dosage=[{"text": "x", "modifierExtension": [{"url": "SECRET"}]}]),
        {("Medicine.dosage[0].modifierExtension[0].url", "-", "unknown modifierExtension")}),
    "an unknown modifier of what we do not read at all": (
        medicine, statement(note=[{"modifierExtension": [{"url": "SECRET"}], "text": "t"}]),
        {("Medicine.note[0].modifierExtension[0].url", "-", "unknown modifierExtension")}),
    "an unknown modifier of something contained": (
        medicine, statement(contained=[{"id": "1", "ingredient": [{"modifierExtension": [{"url": "SECRET"}]}]}]),
        {("Medicine.contained[0].ingredient[0].modifierExtension[0].url", "-", "unknown modifierExtension")}),
    "no object at all": (medicine, ["SECRET"], {("Medicine", "-", "is not an object")}),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str) -> None:
    shape, resource, expected = FAULTS[case]
    with pytest.raises(Faults) as caught:
        shape.read(resource)
    assert set(caught.value.found) == {Fault(*fault) for fault in expected}
    assert not any(value in str(caught.value) for value in ("SECRET", "BANANA", "5"))


def test_faults_of_a_record_all_at_once() -> None:
    wrong: Any = Medicine("banana", None, doses=(Dose(), Dose(text=5)), stock="SECRET")  # type: ignore[arg-type]
    with pytest.raises(Faults) as caught:
        medicine.write(wrong)
    assert set(caught.value.found) == {
        Fault("Medicine.status", "status", "is not a word of this table"), Fault("Medicine", "drug", "missing"),
        Fault("Medicine.dosage[0]", "doses", "says nothing"), Fault("Medicine.dosage[1].text", "doses.text", "is not str"),
        Fault("Medicine.stock", "stock", "is not Decimal or int")}
    assert "banana" not in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_an_element_that_would_be_read_as_another_field_is_not_written() -> None:
    assert person.write(Person(mobile="07", phones=(Phone("08", "phone", "mobile"),), landline="1"))["telecom"][2]["value"] == "08"
    with pytest.raises(Faults) as caught:
        person.write(Person(phones=(Phone("08", "phone", "mobile"),)))
    assert set(caught.value.found) == {Fault("Person.telecom", "phones", "would be read as another field")}


def test_strictly_an_element_that_lacks_what_it_must_have_is_a_fault() -> None:
    resource = people(telecom=[{"system": "email"}, MOBILE, {"use": "work", "rank": 1}])
    assert person.read(resource)[0] == Person(mobile="07")
    with pytest.raises(Faults) as caught:
        person.read(resource, strict=True)
    assert caught.value.found == [Fault(f"Person.telecom[{i}]", "phones.number", "missing") for i in (0, 2)]


def test_strictly_also_inside_a_choice() -> None:
    with pytest.raises(Faults) as caught:
        medicine.read(statement(dosage=[{"text": "1", "doseQuantity": {"unit": "mg"}}]), strict=True)
    assert caught.value.found == [Fault("Medicine.dosage[0].doseQuantity|doseString", "doses.amount.value", "missing")]


def test_strictly_what_says_nothing_at_all_is_still_only_foreign() -> None:
    resource = people(telecom=[{"zzz": 1}, MOBILE], name=[{"zzz": 1}])
    assert person.read(resource, strict=True) == person.read(resource)


# ---- again, checks, modifiers, constants -----------------------------------------------------------------------------------------
def test_a_field_in_two_places_must_agree() -> None:
    shape = Shape(Only, {"resourceType": "X", "coding": [{"system": "a", "code": f.name}, {"system": "b", "code": again(f.name)}]})
    resource = shape.write(Only("1"))
    assert resource["coding"] == [{"system": "a", "code": "1"}, {"system": "b", "code": "1"}]
    one = {"resourceType": "X", "coding": resource["coding"][1:]}
    record, rest = shape.read(one)
    assert record == Only("1")
    assert exactly(shape.write(record, rest), one)
    resource["coding"][0]["code"] = "2"
    with pytest.raises(Faults) as caught:
        shape.read(resource)
    assert [(x.field, x.reason) for x in caught.value.found] == [("name", "two places disagree")]


@dataclass(frozen=True)
class Checked:
    start: str | None = None
    end: str | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise BadValue("ends before it starts")


def test_a_record_may_check_itself() -> None:
    shape = Shape(Checked, {"resourceType": "X", "start": f.start, "end": f.end})
    with pytest.raises(Faults) as caught:
        shape.read({"resourceType": "X", "start": "2", "end": "1"})
    assert caught.value.found == [Fault("X", "-", "ends before it starts")]
    assert shape.read({"resourceType": "X", "start": "1", "end": "2"}) == (Checked("1", "2"), {})


def test_a_known_modifier_is_read_and_another_beside_it_is_not() -> None:
    shape = Shape(Only, {"resourceType": "X", "modifierExtension": [{"url": "x", "valueString": f.name}]})
    resource = {"resourceType": "X", "modifierExtension": [{"url": "x", "valueString": "v"}]}
    assert shape.read(resource) == (Only("v"), {})
    with pytest.raises(Faults, match="unknown modifierExtension"):
        shape.read({"resourceType": "X", "modifierExtension": [*resource["modifierExtension"], {"url": "y", "valueString": "v"}]})


@pytest.mark.parametrize("value", [1, 1.0, "true", Decimal(1), [True], None])
def test_a_constant_is_insisted_on_as_json_has_it(value: Any) -> None:
    insisting = Shape(Only, {"resourceType": "X", "active": True, "n": f.name})
    assert insisting.read({"resourceType": "X", "active": True}) == (Only(), {})
    with pytest.raises(Faults, match="is not what this shape is for"):
        insisting.read({"resourceType": "X", "active": value})
    also_true = Shape(Only, {"resourceType": "X", "active": also(True), "n": f.name})
    resource = {"resourceType": "X", "active": value}
    assert exactly(also_true.write(*also_true.read(resource)), resource)


# ---- the table -------------------------------------------------------------------------------------------------------------------------
def test_the_table_that_clinicians_review() -> None:
    assert {("mobile", "telecom[system=phone,use=mobile].value", "as is"), ("key", f"identifier[system={HOME}].value", "as is"),
            ("phones[].use", "telecom[].use", "as is"), ("given", "name[].given|_given", "words, each may be absent with a reason"),
            ("deceased", "deceasedBoolean|deceasedDateTime", "one of: bool, date or dateTime, precision kept")} <= set(person.table())
    assert ("doses[].reasons[].text", "dosage[].reason[].text", "as is") in medicine.table()
    assert ("performers[]", "performer[]", "reference: a key, an identifier, or only words") in medicine.table()
    assert ("Refused.why", "reason", "as is") in pressure.table()
    assert keyed.table() == medicine.table()
