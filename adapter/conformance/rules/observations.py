"""Vital signs and NEWS2: what a receiver's chart can draw."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from adapter.conformance.finding import Level
from adapter.conformance.rules.codes import LOINC, UCUM
from adapter.conformance.rules.reading import each, has, has_choice, inner, text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import SNOMED_CT, THO

VITAL_SIGNS = "UK Core, Observation Vital Signs (STU3 sequence)"
CATEGORY = THO + "observation-category"
BLOOD_PRESSURE, SYSTOLIC, DIASTOLIC = "85354-9", "8480-6", "8462-4"
# Where R4 leaves a choice, the unit of UK Core's profile, in UCUM. The others R4's own profiles insist on.
UNITS = {"8310-5": "Cel", "29463-7": "kg"}
# The LOINC codes of vital signs in both: pulse, respiration, saturation, temperature, weight, height, BMI, blood pressure.
MAGIC = frozenset({"8867-4", "9279-1", "2708-6", "8310-5", "29463-7", "8302-2", "39156-5", BLOOD_PRESSURE})
NEWS2 = "1104051000000101"
CONSCIOUSNESS, ON_AIR, ON_OXYGEN = "1104441000000107", "722742002", "371825009"
# The scores of which NEWS2 is the sum; oxygen saturation is scored on one of two scales.
SUBSCORES = {
    "1104301000000104": "respiration", "1104311000000102": "saturation", "1104321000000108": "saturation", "1104331000000105": "oxygen",
    "1104341000000101": "pressure", "1104351000000103": "pulse", "1104361000000100": "consciousness", "1104371000000107": "temperature",
}
HIGHEST = 20


def _codes(value: Object, system: str) -> set[str]:
    return {text(coding, "code") for _, coding in each(inner(value, "code"), "coding") if coding.get("system") == system}


def _vital(observation: Object) -> bool:
    return not _codes(observation, LOINC).isdisjoint(MAGIC)


# ---- vital signs -----------------------------------------------------------------------------------------------------------
def _incomplete(observation: Object) -> Sequence[Said]:
    if not _vital(observation) or observation.get("status") == "entered-in-error":
        return ()
    said = [] if observation.get("status") == "final" else [(".status", "is not final, and this is a vital sign")]
    return said if _codes(observation, SNOMED_CT) else [*said, (".code", "has a code of LOINC and none of SNOMED CT")]


def _measures(observation: Object) -> Iterator[tuple[str, Object]]:
    yield "", observation
    yield from each(observation, "component")


def _unit(observation: Object) -> Sequence[Said]:
    said = []
    for at, measure in _measures(observation):
        quantity = inner(measure, "valueQuantity")
        said += [(f"{at}.valueQuantity", f"is not in {UNITS[code]} of UCUM") for code in _codes(measure, LOINC)
                 if code in UNITS and quantity and (quantity.get("system"), quantity.get("code")) != (UCUM, UNITS[code])]
    return said


def _pressure(observation: Object) -> Sequence[Said]:
    if BLOOD_PRESSURE not in _codes(observation, LOINC):
        return ()
    said = [(at, "is neither systolic nor diastolic: blood pressure has no other component")
            for at, part in each(observation, "component") if _codes(part, LOINC).isdisjoint((SYSTOLIC, DIASTOLIC))]
    if has_choice(observation, "value"):
        said.append(("", "has a value of its own: systolic and diastolic stand in components"))
    return said


# ---- NEWS2 and what it is made of ------------------------------------------------------------------------------------------
def _number(measure: Object) -> int | Decimal | None:
    value = inner(measure, "valueQuantity").get("value")
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _impossible_score(observation: Object) -> Sequence[Said]:
    if NEWS2 not in _codes(observation, SNOMED_CT):
        return ()
    said = []
    for at, measure in _measures(observation):
        most = 3 if at else HIGHEST
        score = _number(measure) if not at or _codes(measure, SNOMED_CT) & SUBSCORES.keys() else None
        if score is not None and not (0 <= score <= most and score == int(score)):
            said.append((f"{at}.valueQuantity.value", f"is no score: a whole number from 0 to {most}"))
    return said


def _wrong_sum(observation: Object) -> Sequence[Said]:
    total = _number(observation)
    if total is None or NEWS2 not in _codes(observation, SNOMED_CT):
        return ()
    scores = {SUBSCORES[code]: score for _, part in each(observation, "component") for code in _codes(part, SNOMED_CT)
              if code in SUBSCORES and (score := _number(part)) is not None}
    if len(scores) < len(set(SUBSCORES.values())) or sum(scores.values()) == total:
        return ()
    return ((".valueQuantity.value", "is not the sum of its seven scores"),)


def _breathing(observation: Object) -> Sequence[Said]:
    codes = _codes(observation, SNOMED_CT)
    if ON_AIR in codes and has_choice(observation, "value"):
        return (("", "is breathing room air, and has a value"),)
    quantity = inner(observation, "valueQuantity")
    if ON_OXYGEN in codes and quantity and quantity.get("code") not in ("l/min", "L/min", "%"):
        return ((".valueQuantity", "is oxygen, and is neither in l/min nor in %"),)
    return ()


def _consciousness(observation: Object) -> Sequence[Said]:
    if CONSCIOUSNESS not in _codes(observation, SNOMED_CT) or has(observation, "dataAbsentReason"):
        return ()
    return () if has(observation, "valueCodeableConcept") else (("", "has none of the five findings (valueCodeableConcept)"),)


# ---- examples --------------------------------------------------------------------------------------------------------------
def _concept(*codings: tuple[str, str, str]) -> Object:
    return {"coding": [{"system": system, "code": code, "display": display, "userSelected": False} for system, code, display in codings]}


def _observation(code: Object, category: tuple[str, str] = ("vital-signs", "Vital Signs"), **more: object) -> Object:
    return {"resourceType": "Observation", "status": "final", "category": [_concept((CATEGORY, *category))], "code": code,
            "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-03-01T08:00:00+00:00", **more}


def _quantity(value: int, code: str) -> Object:
    return {"valueQuantity": {"value": value, "unit": code, "system": UCUM, "code": code}}


def _news2(total: int, *scores: int) -> Object:
    codes = [code for code in SUBSCORES if code != "1104321000000108"]
    parts = [{"code": _concept((SNOMED_CT, code, SUBSCORES[code])), **_quantity(score, "{ScoreOf}")}
             for code, score in zip(codes, scores, strict=False)]
    return _observation(_concept((SNOMED_CT, NEWS2, "National Early Warning Score 2 total score")), ("survey", "Survey"),
                        **_quantity(total, "{ScoreOf}"), **({"component": parts} if parts else {}))


def _part(code: str, snomed: str, display: str, value: int) -> Object:
    return {"code": _concept((LOINC, code, display), (SNOMED_CT, snomed, display)) | {"text": display}, **_quantity(value, "mm[Hg]")}


PULSE = _observation(
    _concept((LOINC, "8867-4", "Heart rate"), (SNOMED_CT, "364075005", "Heart rate")), **_quantity(72, "/min"))
WEIGHT = _observation(
    _concept((LOINC, "29463-7", "Body weight"), (SNOMED_CT, "27113001", "Body weight")), **_quantity(65, "kg"))
PARTS = [_part(SYSTOLIC, "72313002", "Systolic blood pressure", 130), _part(DIASTOLIC, "1091811000000102", "Diastolic blood pressure", 80)]
PRESSURE = _observation(_concept((LOINC, BLOOD_PRESSURE, "Blood pressure panel"), (SNOMED_CT, "75367002", "Blood pressure")),
                        component=PARTS)
AIR = _observation(_concept((SNOMED_CT, ON_AIR, "Breathing room air")))
ACVPU = _observation(_concept((SNOMED_CT, CONSCIOUSNESS, "ACVPU scale score")))

RULES = (
    Rule("rb-vital-sign", Level.WARNING, ("Observation",), _incomplete,
         "A vital sign is final, and coded in SNOMED CT as well as in LOINC.",
         fix="send it when it is final, with both codes, so that the receiver's chart can draw it",
         source=VITAL_SIGNS,
         good=PULSE, bad=PULSE | {"code": _concept((LOINC, "8867-4", "Heart rate"))}),
    Rule("rb-vital-unit", Level.WARNING, ("Observation",), _unit,
         "A body temperature is in degrees Celsius, a body weight in kilograms, in UCUM: Cel, kg.",
         fix="convert it in the record, where somebody can see it: a chart does not convert",
         source=f"{VITAL_SIGNS}, Body Temperature and Body Weight",
         good=WEIGHT, bad=WEIGHT | _quantity(143, "[lb_av]")),
    Rule("rb-blood-pressure", Level.WARNING, ("Observation",), _pressure,
         "A blood pressure has a systolic component and perhaps a diastolic one, and nothing else.",
         fix="send a mean pressure or a pulse as an observation of its own",
         source=f"{VITAL_SIGNS}, Blood Pressure: component is a closed slicing",
         good=PRESSURE, bad=PRESSURE | {"component": [*PARTS, _part("8478-0", "6797001", "Mean blood pressure", 96)]}),
    Rule("rb-news2", Level.ERROR, ("Observation",), _impossible_score,
         "A NEWS2 score is a whole number from 0 to 20, each of its seven scores one from 0 to 3.",
         fix="score it again",
         source="Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017",
         good=_news2(5), bad=_news2(21)),
    Rule("rb-news2-sum", Level.WARNING, ("Observation",), _wrong_sum,
         "A NEWS2 score is the sum of its seven scores.",
         fix="score it again",
         source="Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017",
         good=_news2(3, 1, 0, 0, 0, 1, 0, 1), bad=_news2(4, 1, 0, 0, 0, 1, 0, 1)),
    Rule("rb-oxygen", Level.WARNING, ("Observation",), _breathing,
         "Breathing room air has no value; oxygen is in l/min or %.",
         fix="for oxygen use the code 371825009",
         source=f"{VITAL_SIGNS}, Inspired Oxygen",
         good=AIR, bad=AIR | _quantity(21, "%")),
    Rule("rb-acvpu", Level.WARNING, ("Observation",), _consciousness,
         "A level of consciousness (ACVPU) is one of its five findings, as a code.",
         fix="send valueCodeableConcept, or dataAbsentReason where it could not be seen",
         source=f"{VITAL_SIGNS}, ACVPU",
         good=ACVPU | {"valueCodeableConcept": {"text": "Alert"}}, bad=ACVPU),
)
