"""Admission and discharge: four code lists that look alike, and four places."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, inner, text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import UKCORE, UKCORE_CODES

GUIDANCE = "UK Core, Encounter"
ADMITTED, DISCHARGED = UKCORE + "Extension-UKCore-AdmissionMethod", UKCORE + "Extension-UKCore-DischargeMethod"
PLACES = {
    "AdmissionMethod": "hospitalization.extension (AdmissionMethod)", "SourceOfAdmission": "hospitalization.admitSource",
    "DischargeMethod": "extension (DischargeMethod)", "DischargeDestination": "hospitalization.dischargeDisposition",
}
LISTS = {f"{UKCORE_CODES}UKCore-{name}{country}": name for name in PLACES for country in ("England", "Wales")}
DEATHS = ("4", "5")  # discharge method: patient died, stillbirth
DEAD = "79"  # discharge destination: not applicable, patient died or stillbirth


def _misplaced(stay: Object) -> Sequence[Said]:
    said = [(at, "is the admission method, which stands in hospitalization.extension") for at, found in each(stay, "extension")
            if found.get("url") == ADMITTED]
    return said + [(f".hospitalization{at}", "is the discharge method, which stands in the Encounter's own extension")
                   for at, found in each(inner(stay, "hospitalization"), "extension") if found.get("url") == DISCHARGED]


def _places(stay: Object) -> Iterator[tuple[str, str, Object]]:
    """(code list, where, the CodeableConcept there)"""
    hospital = inner(stay, "hospitalization")
    yield "SourceOfAdmission", ".hospitalization.admitSource", inner(hospital, "admitSource")
    yield "DischargeDestination", ".hospitalization.dischargeDisposition", inner(hospital, "dischargeDisposition")
    for name, at, holder in (("AdmissionMethod", ".hospitalization", hospital), ("DischargeMethod", "", stay)):
        for place, found in each(holder, "extension"):
            if found.get("url") == f"{UKCORE}Extension-UKCore-{name}":
                yield name, f"{at}{place}.valueCodeableConcept", inner(found, "valueCodeableConcept")


def _exchanged(stay: Object) -> Sequence[Said]:
    return [(at + place, f"is a code of another list, whose place is {PLACES[LISTS[text(coding, 'system')]]}")
            for name, at, concept in _places(stay) for place, coding in each(concept, "coding")
            if LISTS.get(text(coding, "system"), name) != name]


def _half_dead(stay: Object) -> Sequence[Said]:
    said = {name: {text(coding, "code") for _, coding in each(concept, "coding") if LISTS.get(text(coding, "system")) == name}
            for name, _, concept in _places(stay)}
    methods, destinations = said.get("DischargeMethod", set()), said.get("DischargeDestination", set())
    if not methods or not destinations or (not methods.isdisjoint(DEATHS)) == (DEAD in destinations):
        return ()
    return (("", "says by one of discharge method and destination that the patient died, and by the other that he did not"),)


def _coded(name: str, code: str, display: str) -> Object:
    return {"coding": [{"system": f"{UKCORE_CODES}UKCore-{name}England", "code": code, "display": display}]}


def _stay(**more: object) -> Object:
    return {"resourceType": "Encounter", "status": "finished", "subject": {"reference": "Patient/1"}, "class": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "inpatient encounter"}, **more}


BOOKED: Object = {"url": ADMITTED, "valueCodeableConcept": _coded("AdmissionMethod", "12", "Elective Admission: Booked")}
FROM_HOME = _coded("SourceOfAdmission", "85", "Non-NHS (other than Local Authority) run Care Home")
DIED: Object = {"url": DISCHARGED, "valueCodeableConcept": _coded("DischargeMethod", "4", "Patient died")}

RULES = (
    Rule("rb-admission-place", Level.ERROR, ("Encounter",), _misplaced,
         "The admission method stands in Encounter.hospitalization.extension, the discharge method in Encounter.extension.",
         fix="move it there",
         source=f"{GUIDANCE}: contexts of the extensions AdmissionMethod and DischargeMethod",
         good=_stay(hospitalization={"extension": [BOOKED]}), bad=_stay(extension=[BOOKED])),
    Rule("rb-admission-code", Level.WARNING, ("Encounter",), _exchanged,
         "Admission method and source, discharge method and destination each have a code of their own list.",
         fix="move the code to the place of its list: 21 is one thing as a method and another as a source",
         source=f"{GUIDANCE}; NHS Data Dictionary, ADMISSION METHOD, SOURCE OF ADMISSION, DISCHARGE METHOD, DISCHARGE DESTINATION",
         good=_stay(hospitalization={"admitSource": FROM_HOME}), bad=_stay(hospitalization={"dischargeDisposition": FROM_HOME})),
    Rule("rb-discharge-death", Level.WARNING, ("Encounter",), _half_dead,
         "Discharge method and destination agree whether the patient died (method 4 or 5, destination 79).",
         fix="correct the one that is wrong",
         source="NHS Data Dictionary, DISCHARGE METHOD and DISCHARGE DESTINATION",
         good=_stay(extension=[DIED], hospitalization={"dischargeDisposition": _coded(
             "DischargeDestination", "79", "Not applicable - Patient died or stillbirth")}),
         bad=_stay(extension=[DIED], hospitalization={"dischargeDisposition": _coded(
             "DischargeDestination", "85", "Non-NHS (other than Local Authority) run Care Home")})),
)
