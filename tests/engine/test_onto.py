"""Three ways: what we sent (base), what is theirs now, what we say now. The side that changed wins, element by element; both: a person."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mappings.datatypes import Coded, Coding, Identifier
from mappings.shape import Fault, Faults, Shape
from mappings.values import Ref, Said
from tests.engine.small import Dose, Medicine, Person, Phone, Pressure, Refused, keyed, medicine, person, pressure, statement
from tests.mutate import copied, exactly

X = Coded(text="x")
A, B, C = Dose("A"), Dose("B"), Dose("C")
BOTH = Fault("", "doses", "both changed")


def doses(*them: Dose) -> Medicine:
    return Medicine("active", X, them)


# ---- element by element -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Merge:
    base: tuple[Dose, ...]
    ours: tuple[Dose, ...]
    theirs: tuple[Dose, ...]
    expected: tuple[Dose, ...]
    changes: tuple[Fault, ...] = ()
    shape: Shape[Any] = medicine


def n(number: int, text: str) -> Dose:
    return Dose(text, number)


MERGES = {
    "only ours was edited": Merge((A, B), (Dose("A2"), B), (A, B), (Dose("A2"), B)),
    "only theirs was edited": Merge((A, B), (A, B), (Dose("A2"), B), (Dose("A2"), B)),
    "two different doses were edited": Merge((A, B), (Dose("A2"), B), (A, Dose("B2")), (Dose("A2"), Dose("B2"))),
    "both edited one, differently": Merge((A, B), (Dose("A2"), B), (Dose("A3"), B), (Dose("A3"), B), (BOTH,)),
    "both edited one, alike": Merge((A, B), (Dose("A2"), B), (Dose("A2"), B), (Dose("A2"), B)),
    "we edited what they removed": Merge((A, B), (Dose("A2"), B), (B,), (B,), (BOTH,)),
    "they edited what we removed": Merge((A, B), (B,), (Dose("A2"), B), (Dose("A2"), B), (BOTH,)),
    "we removed one and they the other": Merge((A, B, C), (B, C), (A, C), (C,)),
    "both removed one": Merge((A, B), (B,), (B,), (B,)),
    "both added the same": Merge((A,), (A, B), (A, B), (A, B)),
    "both added, differently": Merge((A,), (A, B), (A, C), (A, C, B)),
    "we edited one and they added one": Merge((A, B), (Dose("A2"), B), (A, B, C), (Dose("A2"), B, C)),
    "we removed one and they added one": Merge((A, B), (B,), (A, B, C), (B, C)),
    "they wrote them in another order": Merge((A, B), (Dose("A2"), B), (B, A), (B, Dose("A2"))),
    "nobody knows which is which": Merge((A, B, C), (Dose("A2"), Dose("B2"), C), (A, B, Dose("C2")), (Dose("C2"), Dose("A2"), Dose("B2"))),
    "a key knows": Merge((n(1, "A"), n(2, "B"), n(3, "C")), (n(1, "A2"), n(2, "B2"), n(3, "C")), (n(1, "A"), n(2, "B"), n(3, "C2")),
                         (n(1, "A2"), n(2, "B2"), n(3, "C2")), (), keyed),
    "a key knows that both edited one": Merge(
        (n(1, "A"), n(2, "B")), (n(1, "A2"), n(2, "B")), (n(2, "B2"), n(1, "A3")), (n(2, "B2"), n(1, "A3")), (BOTH,), keyed),
    "with a key, two new ones are two": Merge((), (n(1, "A"),), (n(1, "B"),), (n(1, "B"), n(1, "A")), (), keyed),
}


@pytest.mark.parametrize("case", MERGES)
def test_lists_are_merged_element_by_element(case: str) -> None:
    m = MERGES[case]
    base, theirs = m.shape.write(doses(*m.base)), m.shape.write(doses(*m.theirs))
    before = copied(theirs)
    out, changes = m.shape.onto(theirs, doses(*m.ours), base)
    assert m.shape.read(out) == (doses(*m.expected), {})
    assert tuple(changes) == m.changes
    assert exactly(theirs, before)


# ---- field by field ----------------------------------------------------------------------------------------------------------------
SENT = Person(key="7", landline="020", mobile="07", given=("Ann",), deceased=False)
FIELDS = {
    "different fields": ({"mobile": "08"}, {"landline": "021"}, {"mobile": "08", "landline": "021"}, []),
    "one field, differently": ({"mobile": "08"}, {"mobile": "09"}, {"mobile": "09"}, ["mobile"]),
    "one field, alike": ({"mobile": "08"}, {"mobile": "08"}, {"mobile": "08"}, []),
    "a field that has no elements is one thing": ({"given": ("Anne",)}, {"given": ("Ann", "Mary")}, {"given": ("Ann", "Mary")}, ["given"]),
    "we emptied what they changed": ({"deceased": None}, {"deceased": "2025-01-01"}, {"deceased": "2025-01-01"}, ["deceased"]),
    "we changed what they emptied": ({"mobile": "08"}, {"mobile": None}, {"mobile": None}, ["mobile"]),
    "everything at once": (
        {"mobile": "08", "deceased": "2025-01-02", "phones": (Phone("1", "fax"),)}, {"mobile": "09", "landline": None},
        {"mobile": "09", "landline": None, "deceased": "2025-01-02", "phones": (Phone("1", "fax"),)}, ["mobile"]),
}


def but(**changes: Any) -> Person:
    return Person(**{**vars(SENT), **changes})


@pytest.mark.parametrize("case", FIELDS)
def test_fields_are_merged_one_by_one(case: str) -> None:
    ours, theirs, expected, conflicts = FIELDS[case]
    out, changes = person.onto(person.write(but(**theirs)), but(**ours), person.write(SENT))
    assert person.read(out) == (but(**expected), {})
    assert changes == [Fault("", field, "both changed") for field in conflicts]


# ---- what they added stays ---------------------------------------------------------------------------------------------------------
def test_their_own_facts_stay_where_they_are() -> None:
    theirs = person.write(but(landline="021"))
    theirs["identifier"].insert(0, {"system": "urn:hospital", "value": "H1", "assigner": {"display": "Hospital"}})
    theirs["telecom"][1]["rank"] = 1
    theirs |= {"id": "abc", "meta": {"versionId": "3"}, "text": {"status": "generated"}}
    out, changes = person.onto(theirs, but(mobile="08"), person.write(SENT))
    assert changes == []
    assert out == {**theirs, "telecom": [theirs["telecom"][0], {**theirs["telecom"][1], "value": "08"}]}
    assert person.read(out)[0] == but(landline="021", mobile="08", identifiers=(Identifier("H1", "urn:hospital"),))


def test_what_goes_with_what_we_removed_is_named() -> None:
    theirs = statement(dosage=[{"text": "A", "max": 1}, {"text": "B"}], performer=[{"display": "d", "type": "Practitioner"}])
    out, changes = medicine.onto(theirs, doses(B), theirs)
    assert out == statement(dosage=[{"text": "B"}])
    assert set(changes) == {Fault(path, "-", "went with what we removed") for path in ("dosage[].max", "performer[].type")}


def test_the_other_key_of_a_choice_names_what_went() -> None:
    theirs = {"resourceType": "Medicine", "status": "active", "drugReference": {"reference": "M/1", "type": "Medication"}}
    out, changes = medicine.onto(theirs, Medicine("active", X), theirs)
    assert out == statement()
    assert changes == [Fault("drugReference.type", "-", "went with what we removed")]


def test_an_element_of_theirs_that_would_now_be_read_as_ours_is_refused_by_name() -> None:
    theirs = person.write(but(phones=(Phone("09", "phone", "mobile"),)))
    with pytest.raises(Faults) as caught:
        person.onto(theirs, but(mobile=None), person.write(SENT))
    assert caught.value.found == [Fault("Person.telecom", "phones", "would be read as another field")]


def test_what_their_element_still_says_is_named() -> None:
    theirs = statement(maker={"reference": "Organization/1", "display": "N"}, dosage=[{"zzz": 1}, {"text": "A"}])
    record = medicine.read(theirs)[0]
    assert record.maker == Ref("Organization", "1", "N")
    contained = statement(maker={"reference": "#1", "display": "N"}, contained=[{"resourceType": "Organization", "id": "1", "name": "M"}])
    out, changes = medicine.onto(contained, Medicine("active", X), contained)
    assert out == statement(maker={"display": "N"})
    assert medicine.read(out)[0].maker == Said("N")
    assert Fault("", "maker", "is still said by an element of theirs") in changes


def test_the_order_is_theirs_as_long_as_anything_of_theirs_stays_and_that_is_named() -> None:
    theirs = medicine.write(doses(A, B))
    assert medicine.onto(theirs, doses(B, A), theirs) == (medicine.write(doses(B, A)), [])
    theirs["dosage"][0]["max"] = 1
    assert medicine.onto(theirs, doses(B, A), theirs) == (theirs, [Fault("", "doses", "is still said by an element of theirs")])


def test_what_is_named_comes_in_the_order_of_the_fields() -> None:
    theirs = statement(dosage=[{"text": "A", "max": 1}, {"text": "B"}], performer=[{"display": "d", "zzz": 1}, {"display": "e"}])
    record = Medicine("active", X, (B, A), (), (Said("e"), Said("d")))
    assert [change.field for change in medicine.onto(theirs, record, theirs)[1]] == ["doses", "performers"]


# ---- another type ------------------------------------------------------------------------------------------------------------------
MEASURED, ASLEEP, AWAY = Pressure(120, 70), Refused("asleep"), Refused("away")
TYPES = {
    "we changed the type": (MEASURED, ASLEEP, MEASURED, ASLEEP, []),
    "they changed the type": (MEASURED, MEASURED, ASLEEP, ASLEEP, []),
    "both changed the type": (MEASURED, ASLEEP, AWAY, AWAY, [Fault("", "-", "both changed")]),
    "they changed the type, we a value": (MEASURED, Pressure(121, 70), ASLEEP, ASLEEP, [Fault("", "-", "both changed")]),
}


@pytest.mark.parametrize("case", TYPES)
def test_a_type_is_one_thing(case: str) -> None:
    base, ours, theirs, expected, conflicts = TYPES[case]
    out, changes = pressure.onto(pressure.write(theirs), ours, pressure.write(base))
    assert (pressure.read(out), changes) == ((expected, {}), conflicts)


def test_a_coding_is_an_element_of_its_concept_only_when_theirs_is_kept() -> None:
    """A concept is one value: two different codings of it conflict, and neither is mixed into the other."""
    one, two = Coded((Coding("s", "1"),)), Coded((Coding("s", "2"),))
    out, changes = medicine.onto(medicine.write(Medicine("active", two)), Medicine("active", one), statement())
    assert medicine.read(out)[0].drug == two
    assert changes == [Fault("", "drug", "both changed")]
