"""The way back is the way: where a field of a shape is written leads back to it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.catalogue import SHAPES
from mappings.datatypes import Coded, Coding, Identifier, Words
from mappings.dosage import Dose, Product
from mappings.encounter import Stay
from mappings.immunization import NotGiven, Performer, Person
from mappings.medication_statement import Medication
from mappings.patient import Contact, Resident
from mappings.rest import texts
from mappings.shape import BadValue, Part
from mappings.values import Logical, Ref, Said, reference
from mappings.way_back import field_at
from tests.engine.corpus import TYPES, examples
from tests.strategies import codecs, of, parts, records, records_of, takes

WHOLE = (Ref, Logical, Said, Words)      # what a shape does not take apart; nor the one coding of an encounter_class


# ---- the law ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", TYPES)
def test_where_a_field_is_written_leads_back_to_it(kind: str) -> None:

    @examples(25)
    @given(records_of(SHAPES[kind]))
    def law(record: Any) -> None:
        holds(SHAPES[kind], record, SHAPES[kind].write)

    law()


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.label)
def test_so_it_is_for_every_field_of_every_part(part: Part[Any]) -> None:
    hints = get_type_hints(part.record)
    for name in sorted(part.first):
        some = st.builds(lambda record, value, name=name: replace(record, **{name: value}), records(part.record),
                         of(hints[name], part.record, name))

        @examples(2)
        @given(some)
        def law(record: Any) -> None:
            holds(part, record, part.put)

        law()


def holds(shape: Any, record: Any, write: Any) -> None:
    try:
        written = write(record)
    except BadValue:
        return
    led = {(field_at(shape, record, f"X.{path}"), str(said)) for path, said in texts(written)}
    for field, ways in said_by(record):
        assert any((field, way) in led for way in ways), field


def said_by(record: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every field that holds one value, with what may stand for it in FHIR."""
    for each in fields(record):
        value, name = getattr(record, each.name), f"{path}.{each.name}".lstrip(".")
        for i, one in enumerate(value if isinstance(value, tuple) else () if value is None else (value,)):
            here = f"{name}[{i}]" if isinstance(value, tuple) else name
            if is_dataclass(one) and not isinstance(one, WHOLE) and name != "encounter_class":
                yield from said_by(one, here)
            else:
                yield here, ways(codecs().get((type(record), each.name)), value, one)


def ways(codec: Any, value: Any, one: Any) -> set[str]:
    if codec and not isinstance(one, Ref | Logical | Said):
        one = codec.put(value if takes(codec, value) else one)      # the codec of an Each is for one of its values
    return {str(said) for _, said in texts(reference.put(one) if isinstance(one, Ref | Logical | Said) else one)}


# ---- a table ---------------------------------------------------------------------------------------------------------------------
WOMAN = Resident(
    key="17", nhs_number="9990000018", family_name="Teatime", given_names=("Ann", "Mary"), preferred_name="Annie", deceased="2026-01-02",
    religion=Coded(text="Quaker"), identifiers=(Identifier(value="x"),), contacts=(Contact(gender="female"), Contact(rank=1)))
TAKES = Medication(
    status="active", resident=Ref("Patient", "resident"), drug=Product(Coded((Coding(code="1"),)), batch="B1"),
    doses=(Dose(text="one"), Dose(times_of_day=("08:00:00", "20:00:00"), as_needed=Coded(text="pain"))))
STAYS = Stay(status="finished", encounter_class=Coded((Coding(code="IMP"),)), resident=Ref("Patient", "resident"), origin=Said("home"),
             destination=Said("ward"))
REFUSED = NotGiven(vaccine=Coded(text="flu"), reason=Coded(text="ill"), resident=Person(gender="female"), not_given_on="2026-01-01",
                   performers=(Performer(Said("nurse")), Performer(Person(birth_date="1980"))))


@pytest.mark.parametrize(("record", "path", "field"), [
    (WOMAN, "Patient.birthDate", "birth_date"),
    (WOMAN, "Patient._birthDate.extension[0].valueDateTime", "birth_time"),
    (WOMAN, "Patient._gender.extension[0].url", "gender"),
    (WOMAN, "Patient.identifier[0].system", "key"),
    (WOMAN, "Patient.identifier[1]", "nhs_number"),
    (WOMAN, "Patient.identifier[2].system", "identifiers[0].system"),
    (WOMAN, "Patient.identifier[3].system", ""),
    (WOMAN, "Patient.name[0]", ""),
    (WOMAN, "Patient.name[0].given[1]", "given_names[1]"),
    (WOMAN, "Patient.name[0].given[7]", "given_names"),
    (WOMAN, "Patient.name[1].use", "preferred_name"),
    (WOMAN, "Patient.deceasedDateTime", "deceased"),
    (WOMAN, "Patient.deceasedBoolean", "deceased"),
    (WOMAN, "Patient.extension[0].valueCodeableConcept", "religion"),
    (WOMAN, "Patient.extension[0].url", "religion"),
    (WOMAN, "Patient.extension", "religion"),
    (WOMAN, "Patient.contact[1].extension[0].valuePositiveInt", "contacts[1].rank"),
    (WOMAN, "Patient.contact[0].telecom[0].value", "contacts[0].telecom"),
    (WOMAN, "Patient", ""),
    (WOMAN, "Patient.photo[0].url", ""),
    (WOMAN, "Patient.contained[0].id", ""),
    (TAKES, "MedicationStatement.medicationReference", "drug"),
    (TAKES, "MedicationStatement.medicationCodeableConcept.text", "drug"),
    (TAKES, "MedicationStatement.contained[0].batch.lotNumber", "drug.batch"),
    (TAKES, "MedicationStatement.contained[0].code.coding[0].system", "drug.code.codings[0].system"),
    (TAKES, "MedicationStatement.contained[1].code", ""),
    (TAKES, "MedicationStatement.dosage[1].timing.repeat.timeOfDay[1]", "doses[1].times_of_day[1]"),
    (TAKES, "MedicationStatement.dosage[1].timing.repeat", "doses[1].times_of_day"),
    (TAKES, "MedicationStatement.dosage[1].asNeededCodeableConcept.coding", "doses[1].as_needed.codings"),
    (TAKES, "MedicationStatement.subject.reference", "resident"),
    (STAYS, "Encounter.hospitalization", ""),
    (STAYS, "Encounter.hospitalization.admitSource", "admission_source"),
    (REFUSED, "Immunization.contained[0].gender", "resident.gender"),
    (REFUSED, "Immunization.contained[1].birthDate", "performers[1].actor.birth_date"),
    (REFUSED, "Immunization.status", ""),
])
def test_what_a_place_is_called(record: Any, path: str, field: str) -> None:
    assert field_at(SHAPES[path.partition(".")[0]], record, path) == field
