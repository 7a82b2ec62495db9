"""The native format: what it reads it writes, and whatever is wrong is named with its place, all of it at once and without a value."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import wire
from adapter.faults import Fault, Refused
from adapter.records import native
from adapter.records.native import Format, checks_of
from adapter.records.schema import example, schema
from adapter.records.stream import care_records
from adapter.records.words import FIELDS
from mappings.bag import DIRECTORY, PERSONAL, THE_RESIDENT, CareRecord, Unlisted, findings
from mappings.catalogue import RECORDS, SHAPES
from mappings.codes import CodeTable
from mappings.condition import Condition
from mappings.datatypes import Coded, Coding, Period, Quantity
from mappings.dosage import Range
from mappings.faults import BadValue
from mappings.list import RecordList
from mappings.medication_request import MedicationRequest
from mappings.medication_statement import Medication
from mappings.values import FORMS, Logical, Ref, Reference, Said, when
from tests.native_values import damaged, records

FIXTURES = Path(__file__).parent.parent / "fixtures"
CHECKS = checks_of(SHAPES.values())
FORMATS = {record: Format(record, CHECKS) for record in RECORDS} | {CareRecord: care_records()}
EVERY = pytest.mark.parametrize("record", FORMATS, ids=lambda record: record.__name__)
VALID = jsonschema_rs.Draft202012Validator(schema()).is_valid


# ---- laws ----------------------------------------------------------------------------------------------------------------------
@EVERY
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_written_is_read_as_the_same(record: type, data: st.DataObject) -> None:
    form = FORMATS[record]
    said = data.draw(records(form.kind))
    assert form.decode(form.encode(said)) == said
    assert form.careful(form.encode(said)) == said
    assert form.loads(wire.dumps(form.encode(said))) == said
    assert form.quick.from_json(form.encode(said)) == said, "the usual is read the quick way"
    assert form.quick.from_bytes(wire.dumps(form.encode(said))) == said


@EVERY
@settings(max_examples=60)
@given(data=st.data())
def test_the_quick_and_the_careful_way_agree(record: type, data: st.DataObject) -> None:
    form = FORMATS[record]
    said = data.draw(damaged(records(form.kind).map(form.encode)))
    assert form.quick.from_json(said) in (attempt(form.careful, said), None), said
    body = as_text(said)
    assert form.quick.from_bytes(body) in (attempt(form.loads, body), None), body


def attempt(read: Any, said: Any) -> Any:
    try:
        return read(said)
    except Refused:
        return "refused"


def as_text(said: Any) -> bytes:
    return json.dumps(said, default=str, ensure_ascii=False).encode(errors="replace")


@settings(max_examples=50)
@given(records(care_records().kind))
def test_whatever_is_written_is_valid_by_the_schema(bag: Any) -> None:
    """But for what only a record's own findings ask for: keys, and an NHS number."""
    keyed = {s.field: tuple(replace(r, key="k") for r in said) if isinstance(said := getattr(bag, s.field), tuple) else said
             for s in (*DIRECTORY, *PERSONAL)}
    bag = replace(bag, resident=replace(bag.resident, key="k", nhs_number="9990000018"), **keyed)
    assert VALID(json.loads(wire.dumps(care_records().encode(bag))))


@settings(max_examples=100)
@given(damaged(records(care_records().kind).map(care_records().encode)))
def test_a_fault_has_a_rule_and_a_place(said: Any) -> None:
    found = faults_in(CareRecord, as_text(said).replace(b"NaN", b"1"))
    assert all(re.fullmatch(r"[a-z0-9-]+", f.rule) and f.line and f.column for f in found)


# ---- what is wrong, and where -----------------------------------------------------------------------------------------------------
def faults_in(record: type, body: bytes) -> tuple[Fault, ...]:
    try:
        FORMATS[record].loads(body)
    except Refused as refused:
        return refused.found
    return ()


def test_everything_wrong_at_once_with_its_place() -> None:
    text = """{
      "status": "Active",
      "drug": {"type": 1, "key": "x"},
      "dose": [],
      "doses": [{"text": "", "rout": "x"}, {}, {"as_needed": 1, "frequency": 1.0}],
      "taken": "2024-1-1",
      "prescribed_by": "the GP",
      "notes": {}, "key": " "
    }"""
    assert [f"{f.line}:{f.column} {f.path}: {f.says}" for f in faults_in(Medication, text.encode())] == [
        "2:7 status: expected one of: active, completed, entered in error, intended, stopped, on hold, unknown, not taken",
        "3:16 drug.type: expected a text",
        "4:7 : its name 3 is not a field of Medication; perhaps doses is meant",
        "5:18 doses[0].text: is empty; leave it out if it is not known",
        "5:30 doses[0]: its name 2 is not a field of Dose; perhaps route is meant",
        "5:44 doses[1]: says nothing; leave it out",
        '5:49 doses[2].as_needed: expected a text, or an object {"codings": [...], "text": ...}, or true or false',
        "5:65 doses[2].frequency: expected a whole number, 1 or more",
        f"6:7 taken: expected {FORMS[when.label].says}",
        '7:7 prescribed_by: expected one of: GP practice, another organisation; or an object {"codings": [...], "text": ...}',
        "8:7 notes: expected a list",
        "8:20 key: is empty: expected a key of yours, always the same for the same thing",
    ]
    assert str(faults_in(Medication, text.encode())[0]).startswith("line 2, column 7: status: expected one of")


BAG = '{"source": "https://h.example", "as_of": "x", "resident": {"key": "1"}, %s}'
WRONG = {
    "missing": (Medication, '{"drug": "x"}', ("status", "missing")),
    "null where something is needed": (Medication, '{"drug": "x", "status": null}', ("status", "missing")),
    "control character": (Medication, '{"drug": "a\\u0001b", "status": "active"}', ("drug", "control-character")),
    "raw delete": (Medication, '{"drug": "a\x7fb", "status": "active"}', ("drug", "control-character")),
    "mojibake of Windows": (Medication, '{"drug": "a\x91b", "status": "active"}', ("drug", "control-character")),
    "only spaces": (Medication, '{"drug": " \\t", "status": "active"}', ("drug", "empty-text")),
    "only a no-break space": (Medication, '{"drug": "\xa0", "status": "active"}', ("drug", "empty-text")),
    "null in a list": (Medication, '{"drug": "x", "status": "active", "reasons": [null]}', ("reasons[0]", "wrong-type")),
    "a number for a text": (Medication, '{"drug": "x", "status": "active", "key": 12}', ("key", "wrong-type")),
    "1 for true": (Medication, '{"drug": "x", "status": "active", "pharmacist_verified": 1}', ("pharmacist_verified", "wrong-type")),
    "no kind of reference": (Medication, '{"drug": {"id": "x"}, "status": "active"}', ("drug", "wrong-type")),
    "half a reference": (Medication, '{"drug": "x", "status": "active", "context": {"type": "Encounter"}}', ("context.key", "missing")),
    "nobody": (CareRecord, '{"source": "https://h.example", "as_of": "x"}', ("resident", "missing")),
    "an empty list where there are words": (CareRecord, BAG % '"medicines": []', ("medicines", "empty-list")),
    "a wrong word for a list": (CareRecord, BAG % '"allergies": "none"', ("allergies", "not-a-word")),
    "given and not given": (CareRecord, BAG % '"vaccinations": [{"given_on": "2024", "not_given_on": "2024", "vaccine": "unknown"}]',
                            ("vaccinations[0]", "two-in-one")),
    "an object too deep to be meant": (Medication, '{"drug": ' + '{"code": ' * 70 + '"x"' + "}" * 71, ("", "too-deep")),
    "a day that no calendar has": (
        Medication, '{"drug": "x", "status": "active", "taken": {"start": "2024-02-31"}}', ("taken.start", "bad-value")),
    "a vaccination on a day that no calendar has": (
        CareRecord, BAG % '"vaccinations": [{"given_on": "2023-02-29", "vaccine": "unknown"}]', ("vaccinations[0].given_on", "bad-value")),
    "a date of something contained": (
        Medication, '{"drug": {"code": "special", "expiry": "31/12/2026"}, "status": "active"}', ("drug.expiry", "bad-value")),
    "the resident's birth": (
        CareRecord, BAG.replace('"1"', '"1", "birth_date": "1938-02-31"') % '"stays": []',
        ("resident.birth_date", "bad-value")),
    "twice in no time": (Medication, '{"drug": "x", "status": "active", "doses": [{"frequency": 0}]}', ("doses[0].frequency", "too-small")),
    "a time of day without seconds": (
        Medication, '{"drug": "x", "status": "active", "doses": [{"times_of_day": ["8am"]}]}', ("doses[0].times_of_day", "bad-value")),
    "no event of the day": (
        Medication, '{"drug": "x", "status": "active", "doses": [{"when": ["at tea"]}]}', ("doses[0].when[0]", "not-a-word")),
    "dose number 0": (CareRecord, BAG % '"vaccinations": [{"given_on": "2024", "vaccine": "unknown", "dose_number": 0}]',
                      ("vaccinations[0].dose_number", "too-small")),
    "as_of without a zone": (CareRecord, (BAG % '"stays": []').replace('"x"', '"2025-01-14T21:45:00"'), ("as_of", "bad-value")),
    "as_of in no calendar": (CareRecord, (BAG % '"stays": []').replace('"x"', '"2025-02-30T21:45:00Z"'), ("as_of", "bad-value")),
    "a source that is no URI": (CareRecord, (BAG % '"stays": []').replace("https://h.example", "Rose House"), ("source", "bad-value")),
    "a name twice": (Medication, '{"drug": "x", "drug": "y", "status": "active"}', ("drug", "duplicate-key")),
    "a name of theirs twice": (
        Medication, '{"drug": "x", "notes": [{"Ann": 1, "Ann": 2}], "status": "active"}', ("notes[0]", "duplicate-key")),
    "no number": (Medication, '{"drug": "x", "doses": [{"text": "x"}, {"frequency": NaN}]}', ("doses[1].frequency", "not-a-number")),
}


@pytest.mark.parametrize(("record", "text", "expected"), WRONG.values(), ids=WRONG.keys())
def test_refused(record: Any, text: str, expected: tuple[str, str]) -> None:
    found = faults_in(record, text.encode())
    assert expected in [(f.path, f.rule) for f in found], found
    assert all(f.line and f.column for f in found)


def test_null_and_empty_lists_are_the_same_as_left_out() -> None:
    form, plain = FORMATS[Medication], {"status": "active", "drug": "x"}
    spare = {name: [] if slot.default == () else None for name, slot in form.kind.slots.items() if name not in plain}
    assert form.decode(plain) == Medication("active", Coded(text="x"), THE_RESIDENT)
    assert form.careful(plain | spare) == form.quick.from_json(plain | spare) == form.decode(plain)
    assert form.quick.from_bytes(wire.dumps(plain | spare)) == form.decode(plain)


def test_no_name_and_no_value_of_theirs_is_in_a_message() -> None:
    text = """{
      "status": "Canary", "Canary": {"Canary": 1}, "drug": {"type": "Canary", "kay": "Canary"}, "doses": [{"text": "Canary\\u0001"}],
      "taken": "Canary", "category": "Canary", "pharmacist_verified": "Canary", "notes": "Canary", "reasons": [{"Canary": "Canary"}]
    }"""
    with pytest.raises(Refused) as caught:
        FORMATS[Medication].loads(text.encode())
    assert len(caught.value.found) == 10
    assert "canary" not in (str(caught.value) + repr(caught.value.found)).lower()
    seen, chain = set[int](), caught.value.__cause__ or caught.value.__context__
    while chain is not None and id(chain) not in seen:
        seen.add(id(chain))
        assert "canary" not in repr(chain).lower()
        chain = chain.__cause__ or chain.__context__


# ---- short ways to say things -----------------------------------------------------------------------------------------------------
COLOUR = CodeTable("urn:colours", "a test", {"red": ("R", "Red"), "green": ("G", "Green")})


@dataclass(frozen=True)
class Thing:
    plain: Coded | None = None
    colour: Annotated[Coded | None, COLOUR] = None
    colours: Annotated[tuple[Coded, ...], COLOUR] = ()
    who: Reference | None = None
    either: str | Reference | None = None
    what: Coded | Ref | Logical | Said | None = None
    amount: Quantity | Range | Period | None = None
    number: int | Decimal | None = None


RED = Coded((Coding("urn:colours", "R", "Red"),))
SHORT: list[tuple[Thing, dict[str, Any]]] = [
    (Thing(plain=Coded(text="a cold")), {"plain": "a cold"}),
    (Thing(plain=Coded((Coding("s", "c"),), "a cold")), {"plain": {"codings": [{"system": "s", "code": "c"}], "text": "a cold"}}),
    (Thing(colour=RED), {"colour": "red"}),
    (Thing(colour=Coded((Coding("urn:colours", "R"),))), {"colour": {"codings": [{"system": "urn:colours", "code": "R"}]}}),
    (Thing(colour=Coded(RED.codings, "ruby")),
     {"colour": {"codings": [{"system": "urn:colours", "code": "R", "display": "Red"}], "text": "ruby"}}),
    (Thing(colour=Coded(text="red")), {"colour": {"text": "red"}}),
    (Thing(colours=(RED, Coded(text="pale"))), {"colours": ["red", {"text": "pale"}]}),
    (Thing(who=Said("her daughter")), {"who": "her daughter"}),
    (Thing(who=Ref("Location", "ward-7")), {"who": {"type": "Location", "key": "ward-7"}}),
    (Thing(who=Logical("s", "v")), {"who": {"system": "s", "value": "v"}}),
    (Thing(either="words"), {"either": "words"}),
    (Thing(either=Said("words")), {"either": {"display": "words"}}),
    (Thing(what=Coded(text="Warfarin")), {"what": "Warfarin"}),
    (Thing(what=Said("Warfarin")), {"what": {"display": "Warfarin"}}),
    (Thing(amount=Quantity(Decimal("0.50"))), {"amount": {"value": Decimal("0.50")}}),
    (Thing(amount=Range(high=Quantity(2))), {"amount": {"high": {"value": 2}}}),
    (Thing(amount=Period("2024")), {"amount": {"start": "2024"}}),
    (Thing(number=1), {"number": 1}),
    (Thing(number=Decimal("1.0")), {"number": Decimal("1.0")}),
]


@pytest.mark.parametrize(("record", "said"), SHORT)
def test_short_ways(record: Thing, said: dict[str, Any]) -> None:
    assert native.encode(record) == said
    back = native.decode(Thing, said)
    assert back == record
    assert type(back.number) is type(record.number)


def test_the_resident_is_implied_and_another_is_not() -> None:
    mine, other = Medication("active", Said("x"), THE_RESIDENT), Medication("active", Said("x"), Ref("Patient", "2"))
    assert "resident" not in native.encode(mine)
    assert native.encode(other)["resident"] == {"type": "Patient", "key": "2"}
    assert native.decode(Medication, native.encode(other)) == other


@dataclass(frozen=True)
class Left:
    name: str
    age: int | None = None


@dataclass(frozen=True)
class Right:
    name: str
    size: int | None = None


@dataclass(frozen=True)
class LeftOrRight:
    either: Left | Right


@dataclass(frozen=True)
class TwoTexts:
    either: str | Unlisted


@dataclass(frozen=True)
class Unsayable:
    what: bytes


@pytest.mark.parametrize(("record", "why"), [(LeftOrRight, "be Left and Right"), (TwoTexts, "the same in JSON"), (Unsayable, "no place")])
def test_what_json_cannot_tell_apart_is_refused_when_the_format_is_made(record: type, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        Format(record)


# ---- what ships -------------------------------------------------------------------------------------------------------------------
def test_the_example_is_valid_complete_and_without_refusals() -> None:
    bag = care_records().decode(example())
    assert VALID(json.loads(wire.dumps(example())))
    assert [f for f in findings(bag) if f.level == "refusal"] == []
    empty = {"prescriptions", "conditions", "lists", "practitioner_roles", "withdrawn"}  # the hospital's, and what takes all of it back
    assert {name for name in vars(bag) if not getattr(bag, name)} == empty
    assert wire.dumps(care_records().encode(bag)) == wire.dumps(care_records().encode(care_records().decode(care_records().encode(bag))))


def test_the_schema_names_every_field_with_its_place_in_fhir() -> None:
    made = schema()
    assert made["required"] == ["source", "as_of", "resident"]
    taken = made["$defs"]["Medication"]["properties"]["taken"]["description"]
    assert taken.startswith("The day, or from and to. A date as exact as it is known")
    assert taken.endswith("FHIR: MedicationStatement.effectiveDateTime|effectivePeriod")
    assert "resident" not in made["$defs"]["Medication"]["required"]
    for record, (kind, _) in RECORDS.items():
        described = [m.get("description", "") for m in made["$defs"][record.__name__]["properties"].values()]
        assert all(f"FHIR: {kind}." in d for d in described), record
        assert ("key" in made["$defs"][record.__name__]["required"]) == (record not in {MedicationRequest, Condition, RecordList})


def test_words_are_of_fields_that_are_there_and_say_more_than_their_names() -> None:
    made = schema()
    objects = {"CareRecord": made, **made["$defs"]}
    bases = {base.__name__ for record in RECORDS for base in record.__mro__[1:-1]}
    for name, says in FIELDS.items():
        record, field = name.split(".")
        places = [o["properties"][field] for r, o in objects.items() if record in (r, "*") and field in o["properties"]]
        assert places or record in bases, name
        assert any(place["description"].startswith(says) for place in places), name
        assert says.lower() != field.replace("_", " ")
    assert all("description" in member for member in made["properties"].values())


SCHEMA_REFUSES = [
    lambda bag: bag.update(sources="x"), lambda bag: bag.pop("resident"), lambda bag: bag["medicines"][0].update(status="Active"),
    lambda bag: bag["resident"].update(birth_date="1938-13-01"), lambda bag: bag.update(as_of="2025-01-14"),
    lambda bag: bag.update(source="x"),
    lambda bag: bag["medicines"][0]["doses"][0].update(frequency=0), lambda bag: bag["vaccinations"][0].update(given_on="yesterday"),
    lambda bag: bag.update(medicines=[]), lambda bag: bag["resident"].update(gender=" "), lambda bag: bag["medicines"][0].update(key=7)]


@pytest.mark.parametrize("spoil", SCHEMA_REFUSES)
def test_the_schema_refuses_what_the_reader_refuses(spoil: Any) -> None:
    bag = example()
    spoil(bag)
    assert not VALID(json.loads(wire.dumps(bag)))
    with pytest.raises(Refused):
        care_records().decode(bag)


SCHEMA_ASKS = [
    lambda bag: bag["resident"].pop("key"), lambda bag: bag["medicines"][0].update(key=None), lambda bag: bag["stays"][0].pop("key"),
    lambda bag: bag["organizations"][0].pop("key"), lambda bag: bag["resident"].update(nhs_number="999 000 0018")]


@pytest.mark.parametrize("spoil", SCHEMA_ASKS)
def test_the_schema_asks_for_what_is_needed_to_send(spoil: Any) -> None:
    bag = example()
    spoil(bag)
    assert not VALID(json.loads(wire.dumps(bag)))
    assert [f for f in findings(care_records().decode(bag)) if f.level == "refusal"]


def written() -> Iterator[Path]:
    yield from sorted(FIXTURES.glob("*/*.record.json"))


def test_every_record_of_the_fixtures_is_read_quickly() -> None:
    for path in written():
        (shape,) = [s for s in SHAPES.values() if re.sub("(?<!^)(?=[A-Z])", "_", s.name).lower() == path.parent.name]
        values = wire.loads(path.read_bytes())
        read = [FORMATS[s.record].quick.from_json(values) for s in getattr(shape, "shapes", (shape,))]
        assert any(read), path.name


@dataclass(frozen=True)
class Checked:
    """A record with a check of its own."""

    low: int
    high: int | None = None

    def __post_init__(self) -> None:
        if self.high is not None and self.high < self.low:
            raise BadValue("is lower than low")


def test_a_records_own_check_is_a_fault_like_any_other() -> None:
    form = Format(Checked)
    assert form.decode({"low": 1, "high": 2}) == Checked(1, 2)
    with pytest.raises(Refused, match=r"is lower than low \[bad-value\]"):
        form.loads(b'{"low": 2, "high": 1}')


def test_given_and_not_given_side_by_side() -> None:
    text = BAG % '"vaccinations": [{"given_on": "2024", "not_given_on": "2024", "vaccine": "unknown", "reason": "declined"}]'
    says = [fault.says for fault in faults_in(CareRecord, text.encode()) if fault.path.startswith("vaccinations")]
    assert says == ["given_on and not_given_on stand side by side; only one of them can be meant"]
