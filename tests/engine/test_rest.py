"""What is left of a resource: where it goes when the record changes, and that it can be stored as JSON beside the record."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapter import wire
from mappings.datatypes import Coded, Identifier, Quantity
from mappings.rest import leaves, minus, part_of, plus
from mappings.values import Ref, Said
from tests.engine.small import HOME, Dose, Maker, Medicine, Phone, keyed, medicine, person, statement
from tests.mutate import exactly


def change(field: str, *values: Any) -> Callable[[Any], Any]:
    """The record with another value in a field; several values are a list, and ... stands for the element that was there."""

    def changed(record: Any) -> Any:
        was = getattr(record, field)
        new = tuple(was[i] if v is ... else v for i, v in enumerate(values)) if isinstance(was, tuple) else values[0]
        return replace(record, **{field: new})

    return changed


def inside(field: str, index: int, **more: Any) -> Callable[[Any], Any]:
    """The record with one element of a list edited."""

    def changed(record: Any) -> Any:
        items = list(getattr(record, field))
        items[index] = replace(items[index], **more)
        return replace(record, **{field: tuple(items)})

    return changed


# ---- leftovers follow what they stood beside -------------------------------------------------------------------------------------
A, B, C = {"text": "A", "max": 1}, {"text": "B"}, {"text": "C", "zzz": 3}
ORGANISATION = {"resourceType": "Organization", "id": "m", "name": "N"}


def numbered(*doses: Any) -> list[Any]:
    return [{"sequence": i + 1, **dose} for i, dose in enumerate(doses)]


def made(**more: Any) -> dict[str, Any]:
    return statement(maker={"reference": "#m"}, contained=[{**ORGANISATION, **more}])


FOLLOWS: dict[str, tuple[Any, dict[str, Any], Callable[[Any], Any], dict[str, Any]]] = {
    "the first dose was removed": (
        medicine, statement(dosage=[A, B, C]), lambda r: replace(r, doses=r.doses[1:]), statement(dosage=[B, C])),
    "the first dose was edited: the only one that is different": (
        medicine, statement(dosage=[A, B, C]), inside("doses", 0, text="A2"), statement(dosage=[{"text": "A2", "max": 1}, B, C])),
    "two doses were edited: whose maximum is it?": (
        medicine, statement(dosage=[A, C]), change("doses", Dose("N"), Dose("M")), statement(dosage=[{"text": "N"}, {"text": "M"}])),
    "two doses were edited, and a key tells which is which": (
        keyed, statement(dosage=numbered(A, C)), lambda r: inside("doses", 0, text="N")(inside("doses", 1, text="M")(r)),
        statement(dosage=numbered({"text": "N", "max": 1}, {"text": "M", "zzz": 3}))),
    "nothing of a contained thing stays without it, but what was only beside it does": (
        medicine, statement(maker={"reference": "#m", "type": "Organization"}, contained=[{**ORGANISATION, "zzz": 1}]),
        change("maker", None), statement(maker={"type": "Organization"})),
    "another key is another dose": (
        keyed, statement(dosage=numbered(A)), inside("doses", 0, sequence=9), statement(dosage=[{"sequence": 9, "text": "A"}])),
    "a dose was added": (
        medicine, statement(dosage=[A]), change("doses", ..., Dose("N")), statement(dosage=[A, {"text": "N"}])),
    "all doses were removed": (
        medicine, statement(dosage=[A, {"zzz": 1}, C]), change("doses"), statement(dosage=[{"zzz": 1}])),
    "foreign elements keep their places": (
        medicine, statement(dosage=[{"zzz": 1}, A, {"zzz": 2}, B]), inside("doses", 1, text="B2"),
        statement(dosage=[{"zzz": 1}, A, {"zzz": 2}, {"text": "B2"}])),
    "inside a choice, slot by slot": (
        medicine, statement(drugConcept={"coding": [{"system": "s", "code": "1", "zzz": 1}, {"system": "s", "code": "2", "zzz": 2}]}),
        lambda r: replace(r, drug=Coded(r.drug.codings[1:])), statement(drugConcept={"coding": [{"system": "s", "code": "2", "zzz": 2}]})),
    "inside a choice, beside the value": (
        medicine, statement(dosage=[{"text": "A", "doseQuantity": {"value": 1, "zzz": 1}}]), inside("doses", 0, amount=Quantity(2)),
        statement(dosage=[{"text": "A", "doseQuantity": {"value": 2, "zzz": 1}}])),
    "the other key of a choice: what stood beside the first goes": (
        medicine, {"resourceType": "Medicine", "status": "active", "drugReference": {"reference": "M/1", "type": "Medication"}},
        change("drug", Coded(text="x")), statement()),
    "the other key of a choice, inside a dose": (
        medicine, statement(dosage=[{"text": "A", "doseQuantity": {"value": 1, "zzz": 1}, "max": 1}]), inside("doses", 0, amount="one"),
        statement(dosage=[{"text": "A", "max": 1, "doseString": "one"}])),
    "a choice was emptied: what stood beside it stays": (
        medicine, statement(dosage=[{"text": "A", "doseQuantity": {"value": 1, "zzz": 1}}]), inside("doses", 0, amount=None),
        statement(dosage=[{"text": "A", "doseQuantity": {"zzz": 1}}])),
    "a field was emptied: what stood beside it stays": (
        person, {"resourceType": "Person", "telecom": [{"system": "phone", "value": "1", "rank": 1}]}, change("landline", None),
        {"resourceType": "Person"}),
    "a slot was filled: a new element": (
        person, {"resourceType": "Person", "telecom": [{"system": "email", "value": "a@b", "rank": 1}]}, change("mobile", "07"),
        {"resourceType": "Person", "telecom": [{"system": "email", "value": "a@b", "rank": 1},
                                               {"system": "phone", "use": "mobile", "value": "07"}]}),
    "slots are told apart, whatever their order": (
        person, {"resourceType": "Person", "identifier": [{"value": "O", "zzz": 2}, {"system": HOME, "value": "1", "zzz": 1}]},
        lambda r: replace(r, key="3", identifiers=(Identifier("P"),)),
        {"resourceType": "Person", "identifier": [{"value": "P", "zzz": 2}, {"system": HOME, "value": "3", "zzz": 1}]}),
    "contained: what stands beside the name": (
        medicine, made(zzz=1), inside_maker := lambda r: replace(r, maker=replace(r.maker, name="M")), made(name="M", zzz=1)),
    "contained: identifier by identifier": (
        medicine, made(identifier=[{"value": "1", "zzz": 1}, {"value": "2", "zzz": 2}]),
        lambda r: replace(r, maker=replace(r.maker, identifiers=r.maker.identifiers[1:])), made(identifier=[{"value": "2", "zzz": 2}])),
    "contained no more": (
        medicine, made(zzz=1), change("maker", Said("somebody")), statement(maker={"display": "somebody"})),
    "contained: a new one takes no name that anybody refers to": (
        medicine, statement(zzz={"reference": "#b"}, contained=[{"id": "b", "link": {"reference": "#1"}}]), change("maker", Maker("N")),
        statement(zzz={"reference": "#b"}, maker={"reference": "#2"},
                  contained=[{"id": "b", "link": {"reference": "#1"}}, {**ORGANISATION, "id": "2"}])),
    "single values in a list": (
        medicine, statement(performer=[{"reference": "P/1", "type": "P"}, {"reference": "P/2", "zzz": 2}]),
        change("performers", Ref("P", "2")), statement(performer=[{"reference": "P/2", "zzz": 2}])),
    "where they said nothing we begin, and keep what else they said there": (
        medicine, statement(maker={"zzz": 1}), change("maker", Said("N")), statement(maker={"zzz": 1, "display": "N"})),
}
assert inside_maker


@pytest.mark.parametrize("case", FOLLOWS)
def test_leftovers_follow_what_they_stood_beside(case: str) -> None:
    shape, theirs, changed, expected = FOLLOWS[case]
    record, rest = shape.read(theirs)
    new = changed(record)
    assert new != record
    assert exactly(shape.write(new, rest), expected)
    assert exactly(shape.write(new, wire.loads(wire.dumps(rest))), expected), "a stored rest says the same"
    assert shape.read(expected)[0] == new


# ---- the rest is JSON ------------------------------------------------------------------------------------------------------------------
def test_nothing_left_is_nothing() -> None:
    assert medicine.read(statement())[1] == {}
    assert medicine.write(Medicine("active", Coded(text="x")), {}) == statement()


def test_a_rest_is_plain_json_with_its_decimals() -> None:
    theirs = statement(dosage=[{"text": "A", "max": Decimal("0.50"), "doseQuantity": {"value": Decimal("1.0"), "zzz": True}}], stock=None)
    record, rest = medicine.read(theirs)
    assert rest == {"left": {"in": {
        "dosage": {"each": [{"slot": 0, "ours": {"text": "A", "doseQuantity": {"value": Decimal("1.0")}},
                             "left": {"in": {"max": {"theirs": Decimal("0.50")}, "doseQuantity": {"in": {"zzz": {"theirs": True}}}}}}]},
        "stock": {"theirs": None}}}}
    assert exactly(wire.loads(wire.dumps(rest)), rest)
    assert exactly(medicine.write(record, wire.loads(wire.dumps(rest))), theirs)


def test_contained_ids_and_their_order_come_back() -> None:
    contained = [{"resourceType": "Device", "id": "nobody"}, ORGANISATION, {"resourceType": "Device"}]
    theirs = statement(maker={"reference": "#m"}, contained=contained)
    record, rest = medicine.read(theirs)
    assert record.maker == Maker("N")
    assert exactly(medicine.write(record, wire.loads(wire.dumps(rest))), theirs)
    assert exactly(medicine.write(record), statement(maker={"reference": "#1"}, contained=[{**ORGANISATION, "id": "1"}]))


def test_reading_does_not_keep_or_change_what_it_was_given() -> None:
    theirs = statement(dosage=[A, {"zzz": [1]}])
    record, rest = medicine.read(theirs)
    out = medicine.write(record, rest)
    out["dosage"][0]["text"] = out["status"] = "spoiled"
    assert exactly(medicine.write(record, rest), statement(dosage=[A, {"zzz": [1]}]))


# ---- minus and plus, for any two values -----------------------------------------------------------------------------------------------
VALUES = [{}, [], "", "x", 0, 1, True, None, Decimal("1.0"), {"a": 1}, {"a": True}, {"a": {"b": 1}}, {"a": [1]}, [1], [True], [1, 1], [[1]],
          [{"a": 1}], [{"a": 1, "b": 2}], [{"b": 2}, {"a": 1}], {"a": [{"a": 1, "b": 2}, "x"]}, {"b": None}]


@pytest.mark.parametrize("theirs", VALUES, ids=repr)
@pytest.mark.parametrize("ours", VALUES, ids=repr)
def test_what_is_taken_away_can_be_given_back(theirs: Any, ours: Any) -> None:
    left = minus(theirs, ours, None, None, plain=False)
    assert exactly(plus(ours, left, None, None), theirs)
    assert (left == {}) == exactly(theirs, ours)
    assert list(leaves(left)) or part_of(theirs, ours), "what is not ours is in the rest"


def test_a_phone_of_theirs_keeps_its_rank_when_ours_moves_into_the_slot() -> None:
    theirs = {"resourceType": "Person", "telecom": [{"system": "phone", "use": "mobile", "value": "07", "rank": 1},
                                                    {"system": "phone", "use": "mobile", "value": "08", "rank": 2}]}
    record, rest = person.read(theirs)
    assert (record.mobile, record.landline, record.phones) == ("07", "08", ())
    new = replace(record, mobile="09", phones=(Phone("10", "email"),))
    assert [(x["value"], x.get("rank")) for x in person.write(new, rest)["telecom"]] == [("09", 1), ("08", 2), ("10", None)]


class Looked(dict[str, Any]):
    """An element that counts how often it is held against another."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Looked.times += 1
        return dict.__eq__(self, other)

    __hash__ = None


def looks(n: int) -> int:
    """At a list of so many foreign elements, and then so many that say more than ours do."""
    theirs = [*(Looked(foreign=i) for i in range(n)), *(Looked(ours=i, more=i) for i in range(n))]
    ours = [Looked(ours=i) for i in range(n)]
    Looked.times = 0
    left = minus(theirs, ours, None, None, plain=True)
    assert [entry.get("ours") for entry in left["each"]] == [None] * n + ours  # each has found its own
    return Looked.times


class Word(str):
    """A text that counts with them."""

    def __eq__(self, other: object) -> bool:
        Looked.times += 1
        return str.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]  # nobody looks it up


def within(n: int) -> int:
    """At a list of so many within one element: once ours are all there and one more, once one of ours is missing."""
    Looked.times, every = 0, [Word(i) for i in range(n)]
    assert part_of({"each": [Word(i) for i in range(1, n)]}, {"each": every})
    assert not part_of({"each": [*(Word(i) for i in range(n)), Word("another")]}, {"each": every})
    return Looked.times


def test_a_long_list_is_looked_at_in_proportion_to_its_length() -> None:
    assert looks(600) < 2.2 * looks(300)
    assert within(600) < 2.2 * within(300)
