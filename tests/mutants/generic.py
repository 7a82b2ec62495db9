"""Faults that can be made wherever an element of some kind stands: made everywhere, of which a few of each sort are taken.

An operator gives (sort, base, edits). Of one sort (`date 1938-02-30`, `no Patient.communication.language`) there is taken what comes first
by hash, so that the choice is steady and does not favour one resource type.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from adapter.fhir_xml.tables import Kind, elements_of
from tests.mutants.edits import DROP, Edits, at
from tests.mutants.facts import ASKED, CODED, Fact, Place, facts, path_of, places

Json = Any
PUBLIC = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/", "https://fhir.hl7.org.uk/CodeSystem/")
LONG = "x" * (1024 * 1024 + 1)      # only in notes: a megabyte for every text there is would be too much of it
DAYS = ("1938-02-30", "1938-13-01", "1938-00-10", "1938-3-1", "38-03-14", "14/03/1938", "19380314", "1938-03-14T00:00:00Z", "0000-01-01",
        "1938-03-", "+1938-03-14", " 1938-03-14", "1938-06-31", "1939-02-29", "tomorrow", "")
TIMES = ("2025-02-29T10:00:00Z", "2025-01-14T21:45:00", "2025-01-14T21:45Z", "2025-01-14T24:00:00Z", "2025-01-14T21:60:00Z",
         "2025-01-14T21:45:61Z",
         "2025-01-14 21:45:00Z", "2025-01-14T21:45:00+25:00", "2025-01-14T21:45:00+0100", "2025-01-14T21:45:00.Z", "2025-01-14t21:45:00z",
         "2025-01-14T", "2025-01-14T21:45:00+14:30", "2025-02-30", "2025-13", "1")
FORMS: dict[str, tuple[Json, ...]] = {
    "date": DAYS, "dateTime": TIMES,
    "instant": ("2025-01-14", "2025-01-14T21:45:00", "2025-01", "2025-02-30T21:45:00Z", "2025-01-14T21:45Z", "2025-01-14T21:45:00+1:00"),
    "time": ("25:00:00", "8:00:00", "22:00", "22:60:00", "22:00:00Z", "22:00:00.", "noon"),
    "id": ("a_b", "a b", "x" * 65, "", "a/b", "ä"),
    "code": (" a", "a ", "a  b", "a\tb", "", " "),
    "uri": ("a b", "", "http://[x", " https://home.example"), "url": ("a b", "not a url", ""), "canonical": ("a b", ""),
    "string": ("", " ", "\t", "a\u0001b", " padded", "line\r\nend", "\u200b"), "markdown": ("", " ", "a\u0001b"),
    "base64Binary": ("####", "abc", "a b", "TWlsZA=", ""),
    "positiveInt": (0, -1, Decimal("1.5"), 2147483648), "unsignedInt": (-1, Decimal("1.5"), 2147483648),
    "integer": (Decimal("1.5"), 2147483648, -2147483649, Decimal("1.0")),
    "decimal": (Decimal("1e400"), Decimal("1." + "0" * 25), Decimal("-0.0"), Decimal("1E2")),
    "boolean": ("yes",),
}
TEXTS = (7, True, Decimal("1.5"), {"value": "x"}, ["x"])
KINDS = {Kind.TEXT: TEXTS, Kind.ATTRIBUTE: TEXTS, Kind.NARRATIVE: (7, {"p": "x"}), Kind.BOOLEAN: ("true", 1, 0, {"value": True}, [True]),
         Kind.INTEGER: ("1", True, {"value": 1}, [1]), Kind.DECIMAL: ("1.5", False, {"value": 1}, [1]), Kind.OBJECT: ("x", 7, True)}
# The base and what stands there; another of the same choice beside it, or instead of it one that the choice does not have
CHOICES: dict[tuple[str, str], tuple[Edits, Edits]] = {
    ("patient/full", "deceasedBoolean"): ({"deceasedDateTime": "2025-01-01"}, {"deceasedString": "no"}),
    ("patient/full", "multipleBirthBoolean"): ({"multipleBirthInteger": 1}, {"multipleBirthString": "no"}),
    ("immunization/full", "occurrenceDateTime"): ({"occurrenceString": "last year"}, {"occurrencePeriod": {"start": "2025"}}),
    ("immunization/full", "protocolApplied[0].doseNumberPositiveInt"): ({"doseNumberString": "one"}, {"doseNumberInteger": 1}),
    ("immunization/full", "protocolApplied[0].seriesDosesString"): ({"seriesDosesPositiveInt": 1}, {"seriesDoses": "one"}),
    ("medication_statement/full", "effectivePeriod"): ({"effectiveDateTime": "2025"}, {"effectiveTiming": {"event": ["2025"]}}),
    ("medication_statement/full", "medicationReference"): ({"medicationCodeableConcept": {"text": "x"}}, {"medicationString": "x"}),
    ("medication_statement/full", "dosage[0].asNeededBoolean"): ({"asNeededCodeableConcept": {"text": "x"}}, {"asNeededString": "x"}),
    ("medication_statement/full", "dosage[0].timing.repeat.boundsRange"): ({"boundsPeriod": {"start": "2025"}}, {"boundsDateTime": "2025"}),
    ("medication_statement/full", "dosage[0].doseAndRate[0].doseQuantity"): ({"doseRange": {"low": {"value": 1}}}, {"doseString": "1"}),
    ("medication_statement/full", "dosage[1].doseAndRate[0].rateRatio"): ({"rateQuantity": {"value": 1}}, {"rateDecimal": 1}),
    ("medication_statement/full", "note[0].authorString"): ({"authorReference": {"display": "x"}}, {"author": "x"}),
    ("allergy_intolerance/full", "onsetPeriod"): ({"onsetString": "1990"}, {"onsetTiming": {"event": ["1990"]}}),
    ("allergy_intolerance/typical", "recordedDate"): ({"onsetDateTime": "2019", "onsetString": "2019"}, {"recordedDateTime": "2019"}),
    ("condition/full", "onsetRange"): ({"onsetAge": {"value": 70, "system": "http://unitsofmeasure.org", "code": "a"}}, {"onset": "1990"}),
    ("condition/full", "abatementString"): ({"abatementDateTime": "2024"}, {"abatementBoolean": True}),
    ("medication_request/full", "reportedReference"): ({"reportedBoolean": True}, {"reportedString": "x"}),
    ("medication_request/full", "substitution.allowedCodeableConcept"): ({"allowedBoolean": False}, {"allowed": False}),
    ("observation-lab", "effectiveDateTime"): ({"effectivePeriod": {"start": "2025"}}, {"effectiveDate": "2025"}),
    ("observation-lab", "valueQuantity"): ({"valueString": "118"}, {"valueDecimal": 118}),
    ("observation-waterlow", "component[0].valueCodeableConcept"): ({"valueString": "poor"}, {"valueCode": "poor"}),
    ("procedure", "performedPeriod"): ({"performedDateTime": "2025"}, {"performedTiming": {"event": ["2025"]}}),
    ("questionnaire-response", "item[0].item[0].answer[0].valueString"): ({"valueBoolean": True}, {"valueCodeableConcept": {"text": "x"}}),
    ("care-plan", "activity[0].detail.scheduledTiming"): ({"scheduledString": "x"}, {"scheduledDateTime": "2025"}),
    ("consent", "sourceAttachment"): ({"sourceReference": {"reference": "DocumentReference/1"}}, {"sourceString": "x"}),
    ("provenance", "occurredDateTime"): ({"occurredPeriod": {"start": "2025"}}, {"occurredString": "x"}),
}


class Candidate(NamedTuple):
    sort: str
    base: str
    edits: Edits


def unknown(base: str, resource: Json) -> Iterator[Candidate]:
    """An element that the type does not have: another word, a slip of one that it has."""
    for owner, way in _objects_of(resource):
        named = next(iter(elements_of(owner).elements), "x")
        slips = ["colour", f"{named}s", named.capitalize(), "resourceTypes", "comment", "fhir_comments"]
        for slip in slips:
            if slip not in elements_of(owner).properties:
                yield Candidate(owner, base, {at(*way, slip): "x"})


def _objects_of(resource: Json) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield resource["resourceType"], ()
    for place in places(resource):
        if place.element.kind is Kind.OBJECT and isinstance(place.value, dict):
            yield place.element.type, place.way
        elif place.element.kind is Kind.OBJECT and isinstance(place.value, list):
            yield place.element.type, (*place.way, 0)


def least(base: str, resource: Json) -> Iterator[Candidate]:
    """Something that must be there is not."""
    for place in places(resource):
        asked = place.element.name in ASKED.get(place.owner, ()) or _fact(place).least
        if asked:
            yield Candidate(f"no {path_of(place)}", base, {at(*place.way): DROP})


def _fact(place: Place) -> Fact:
    return facts().get(path_of(place), Fact(0, ""))


def kinds(base: str, resource: Json) -> Iterator[Candidate]:
    """Another kind of JSON value; a list where none may be, none where one must be."""
    for place in places(resource):
        yield from (Candidate(f"{place.element.type} as {wrong}", base, {at(*way): wrong})
                    for way, _ in _each(place) for wrong in KINDS.get(place.element.kind, ()))
        if place.element.many and isinstance(place.value, list):
            yield Candidate(f"{place.owner}.{place.element.name} no list", base, {at(*place.way): place.value[0]})
        elif not place.element.many and place.element.kind is not Kind.RESOURCE:
            yield Candidate(f"{place.owner}.{place.element.name} a list", base, {at(*place.way): [place.value]})


def _each(place: Place) -> list[tuple[tuple[str | int, ...], Json]]:
    """Where it is and what: once for each of a list."""
    if isinstance(place.value, list):
        return [((*place.way, number), value) for number, value in enumerate(place.value)]
    return [(place.way, place.value)]


def forms(base: str, resource: Json) -> Iterator[Candidate]:
    """A primitive value of another form than its type's."""
    for place in places(resource):
        for wrong in (*FORMS.get(place.element.type, ()), *([LONG] if path_of(place) == "Annotation.text" else [])):
            yield from (Candidate(f"{place.element.type} {str(wrong)[:40]!r}", base, {at(*way): wrong}) for way, _ in _each(place))


def choices(base: str, _: Json) -> Iterator[Candidate]:
    for (at_base, path), (beside, instead) in CHOICES.items():
        if at_base == base:
            before = path[:path.rfind(".") + 1]
            yield Candidate(f"two {path}", base, {before + name: value for name, value in beside.items()})
            yield Candidate(f"wrong {path}", base, {path: DROP} | {before + name: value for name, value in instead.items()})


def bindings(base: str, resource: Json) -> Iterator[Candidate]:
    """A code that the bound value set does not have."""
    for place in places(resource):
        strength = "required" if place.element.name in CODED.get(place.owner, ()) else _fact(place).strength
        if strength and strength != "example":
            for way, value in _each(place):
                yield from (Candidate(f"{strength} {path_of(place)} {sort}", base, edits)
                            for sort, edits in _wrong_codes(place, way, value))


def _wrong_codes(place: Place, way: tuple[str | int, ...], value: Json) -> Iterator[tuple[str, Edits]]:
    if isinstance(value, str):
        yield "another", {at(*way): "nothing-like-it"}
        yield "case", {at(*way): value.swapcase()}
    elif place.element.type in ("CodeableConcept", "Coding") and isinstance(value, dict):
        coding = (*way, "coding", 0) if "coding" in value else way
        if place.element.type == "Coding" or "coding" in value:
            yield "another", {at(*coding): {"system": "https://home.example/codes", "code": "x"}}
            yield "no system", {at(*coding): {"code": "x"}}
        if "coding" in value:
            yield "no coding", {at(*way): {"text": "x"}}


def codes(base: str, resource: Json) -> Iterator[Candidate]:
    """A code that a code system does not have, which everybody can look up."""
    for place, way, coding in codings(resource):
        system, code = coding.get("system", ""), coding.get("code", "")
        if system.startswith(PUBLIC) and code:
            yield Candidate(f"{system} other", base, {at(*way, "code"): "zzz"})
            if code.swapcase() != code:
                yield Candidate(f"{system} case", base, {at(*way, "code"): code.swapcase()})
            yield Candidate(f"system {place.owner}", base, {at(*way, "system"): f"{system}X"})
            yield Candidate(f"spelt {system[:28]}", base, {at(*way, "system"): f"http{system.removeprefix('https')}" if system.startswith(
                "https") else f"https{system.removeprefix('http')}"})


def displays(base: str, resource: Json) -> Iterator[Candidate]:
    for _, way, coding in codings(resource):
        system, display = coding.get("system", ""), coding.get("display", "")
        if system.startswith(PUBLIC) and display:
            yield Candidate(f"{system} other", base, {at(*way, "display"): "Something else"})
            yield Candidate(f"{system[:30]} case", base, {at(*way, "display"): display.upper()})
            yield Candidate(f"{system[:30]} space", base, {at(*way, "display"): f"{display[:1]} {display[1:]} "})
            yield Candidate(f"{system[:30]} empty", base, {at(*way, "display"): ""})


def codings(resource: Json) -> Iterator[tuple[Place, tuple[str | int, ...], Json]]:
    for place in places(resource):
        if place.element.type == "Coding":
            yield from ((place, way, coding) for way, coding in _each(place))


# The rule, its operator, and how many of each sort are taken at most, of how many sorts at most
OPERATORS: dict[str, tuple[Callable[[str, Json], Iterator[Candidate]], int, int]] = {
    "fhir-unknown": (unknown, 1, 80),
    "fhir-min": (least, 1, 90),
    "fhir-type": (kinds, 1, 110),
    "fhir-format": (forms, 1, 130),
    "fhir-choice": (choices, 1, 60),
    "fhir-binding": (bindings, 1, 100),
    "fhir-code": (codes, 1, 60),
    "fhir-display": (displays, 1, 40),
}
