"""What is given, and how: one line for each medicine. Together they are not anybody's treatment, and nothing may be learnt from them.

A dm+d code stands only where NHS England publishes it beside this name in an example of its own; a medicine without one travels as text,
as it does from many a home. `group`: of one group nobody takes two.
Sources of the codes: the published examples of UK Core, EPS, GP Connect and the Immunisation FHIR API.
"""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec import Raw

from adapter.synth.dice import Spread
from adapter.synth.figures import ASSUMED
from adapter.synth.homes import fixed
from mappings.systems import DMD

Json = Any


@dataclass(frozen=True)
class Regimen:
    """`drug`, `doses` and `reasons` are JSON already. `only`: for women or for men."""

    group: str
    name: str
    code: str | None
    drug: Raw
    doses: Raw
    reasons: Raw
    only: str | None = None

    def __hash__(self) -> int:      # Raw has none
        return hash(self.name)


def regimen(group: str, name: str, reason: str, *doses: dict[str, Json], code: str | None = None, only: str | None = None) -> Regimen:
    drug: Json = {"codings": [{"system": DMD, "code": code, "display": name}], "text": name} if code else name
    return Regimen(group, name, code, fixed(drug), fixed(list(doses)), fixed([reason]), only)


def dose(text: str, amount: Json, unit: str, route: str, how: dict[str, Json]) -> dict[str, Json]:
    """`amount`: a number, from and to, or None. `how`: when, how often, no more than."""
    made = {"text": text, "route": route, **how}
    if isinstance(amount, tuple):
        made["amount"] = {end: {"value": value, "unit": unit} for end, value in zip(("low", "high"), amount, strict=True)}
    elif amount is not None:
        made["amount"] = {"value": amount, "unit": unit}
    return made


def tablets(text: str, amount: Json, how: dict[str, Json]) -> dict[str, Json]:
    return dose(text, amount, "tablet", "oral", how)


def capsules(text: str, amount: Json, how: dict[str, Json]) -> dict[str, Json]:
    return dose(text, amount, "capsule", "oral", how)


def every(period: int, unit: str, **said: Json) -> dict[str, Json]:
    return {"frequency": 1, "period": period, "period_unit": unit, **said}


def daily(times: int, *events: str) -> dict[str, Json]:
    return every(1, "d", **({"when": list(events)} if events else {})) | {"frequency": times}


def needed(why: str = "") -> dict[str, Json]:
    return {"as_needed": why or True}


def most(value: int, unit: str) -> dict[str, Json]:
    """In a day."""
    return {"max_per_period": {"numerator": {"value": value, "unit": unit}, "denominator": {"value": 24, "unit": "hour"}}}


HALF = Decimal("0.5")
ON_TIME: dict[str, Json] = {"times_of_day": ["08:00:00", "12:00:00", "16:00:00", "20:00:00"]}
MORNING, NIGHT, TWICE, THREE, FOUR = daily(1, "MORN"), daily(1, "HS"), daily(2, "MORN", "EVE"), daily(3), daily(4)
REGULAR = Spread("Medicines taken regularly", {
    regimen("paracetamol", "Paracetamol 500mg tablets", "Pain", tablets("TWO tablets four times a day", 2, FOUR), code="322236009"): 32,
    regimen("ppi", "Omeprazole 20mg gastro-resistant capsules", "Reflux", capsules("ONE capsule each morning", 1, MORNING),
            code="317291008"): 20,
    regimen("ppi", "Lansoprazole 15mg gastro-resistant capsules", "Reflux",
            capsules("ONE capsule 30 minutes before breakfast", 1, daily(1, "ACM"))): 20,
    regimen("vitamin d", "Colecalciferol 800unit capsules", "Vitamin D deficiency", capsules("ONE capsule daily", 1, daily(1))): 30,
    regimen("vitamin d", "Calcium carbonate 1.5g / Colecalciferol 400unit chewable tablets", "Bone health",
            tablets("ONE tablet twice a day. Chew before swallowing", 1, TWICE)): 14,
    regimen("statin", "Atorvastatin 20mg tablets", "High cholesterol", tablets("ONE tablet at night", 1, NIGHT)): 24,
    regimen("statin", "Simvastatin 40mg tablets", "High cholesterol", tablets("ONE tablet at night", 1, NIGHT)): 6,
    regimen("amlodipine", "Amlodipine 5mg tablets", "High blood pressure", tablets("ONE tablet each morning", 1, MORNING)): 18,
    regimen("ramipril", "Ramipril 2.5mg capsules", "High blood pressure", capsules("ONE capsule each morning", 1, MORNING)): 14,
    regimen("doxazosin", "Doxazosin 4mg tablets", "High blood pressure", tablets("ONE tablet each morning", 1, MORNING),
            code="318783003"): 4,
    regimen("beta blocker", "Bisoprolol 2.5mg tablets", "Atrial fibrillation", tablets("ONE tablet each morning", 1, MORNING)): 18,
    regimen("beta blocker", "Bisoprolol 1.25mg tablets", "Heart failure", tablets("HALF a tablet each morning", HALF, MORNING)): 3,
    regimen("furosemide", "Furosemide 40mg tablets", "Ankle swelling", tablets("ONE tablet each morning", 1, MORNING)): 16,
    regimen("digoxin", "Digoxin 62.5microgram tablets", "Atrial fibrillation", tablets("ONE tablet each morning", 1, MORNING)): 5,
    regimen("clotting", "Apixaban 2.5mg tablets", "Atrial fibrillation", tablets("ONE tablet twice a day", 1, TWICE)): 16,
    regimen("clotting", "Aspirin 75mg tablets", "Ischaemic heart disease", tablets("ONE tablet each morning", 1, MORNING),
            code="319775004"): 12,
    regimen("clotting", "Clopidogrel 75mg tablets", "Stroke", tablets("ONE tablet each morning", 1, MORNING)): 14,
    regimen("antidepressant", "Sertraline 50mg tablets", "Low mood", tablets("ONE tablet each morning", 1, MORNING)): 14,
    regimen("antidepressant", "Mirtazapine 15mg orodispersible tablets", "Low mood", tablets("ONE tablet at night", 1, NIGHT)): 16,
    regimen("dementia", "Memantine 20mg tablets", "Alzheimer's disease", tablets("ONE tablet each morning", 1, MORNING)): 14,
    regimen("dementia", "Donepezil 10mg tablets", "Alzheimer's disease", tablets("ONE tablet at night", 1, NIGHT)): 10,
    regimen("antipsychotic", "Risperidone 500microgram tablets", "Distress in dementia", tablets("ONE tablet at night", 1, NIGHT)): 5,
    regimen("antipsychotic", "Quetiapine 25mg tablets", "Distress in dementia", tablets("ONE tablet twice a day", 1, TWICE)): 4,
    regimen("levothyroxine", "Levothyroxine sodium 50microgram tablets", "Hypothyroidism",
            tablets("ONE tablet each morning, 30 minutes before breakfast", 1, MORNING)): 12,
    regimen("metformin", "Metformin 500mg tablets", "Type 2 diabetes", tablets("ONE tablet twice a day with food", 1, TWICE)): 12,
    regimen("gliclazide", "Gliclazide 30mg modified-release tablets", "Type 2 diabetes", tablets("ONE tablet with breakfast", 1, MORNING),
            code="38896211000001104"): 6,
    regimen("senna", "Senna 7.5mg tablets", "Constipation", tablets("TWO tablets at night", 2, NIGHT)): 14,
    regimen("macrogol", "Macrogol compound oral powder sachets NPF sugar free", "Constipation",
            dose("ONE sachet each day, dissolved in half a glass of water", 1, "sachet", "oral", daily(1))): 18,
    regimen("folic acid", "Folic acid 5mg tablets", "Folate deficiency", tablets("ONE tablet each morning", 1, MORNING)): 12,
    regimen("iron", "Ferrous fumarate 210mg tablets", "Anaemia", tablets("ONE tablet each morning", 1, MORNING)): 8,
    regimen("bone", "Alendronic acid 70mg tablets", "Osteoporosis",
            tablets("ONE tablet on Mondays, 30 minutes before breakfast, sitting upright", 1, every(1, "wk", days_of_week=["mon"]))): 7,
    regimen("epilepsy", "Levetiracetam 250mg tablets", "Epilepsy", tablets("ONE tablet twice a day", 1, TWICE)): 6,
    regimen("parkinson", "Co-careldopa 25mg/100mg tablets", "Parkinson's disease",
            tablets("ONE tablet at 8 am, 12 noon, 4 pm and 8 pm. Must be on time", 1, FOUR | ON_TIME)): 6,
    regimen("glaucoma", "Latanoprost 50micrograms/ml eye drops", "Glaucoma",
            dose("ONE drop in both eyes at night", 1, "drop", "eye", NIGHT)): 7,
    regimen("dry eyes", "Hypromellose 0.3% eye drops", "Dry eyes",
            dose("ONE drop in both eyes four times a day", 1, "drop", "eye", FOUR)): 10,
    regimen("skin", "White soft paraffin 50% / Liquid paraffin 50% ointment", "Dry skin",
            dose("Apply to dry skin twice a day", None, "", "topical", TWICE)): 12,
    regimen("inhaler", "Tiotropium bromide 18microgram inhalation powder capsules", "COPD",
            dose("ONE capsule inhaled each morning", 1, "capsule", "inhalation", MORNING)): 6,
    regimen("prostate", "Tamsulosin 400microgram modified-release capsules", "Enlarged prostate",
            capsules("ONE capsule after breakfast", 1, daily(1, "PCM")), only="male"): 14,
    regimen("oestrogen", "Estriol 0.01% vaginal cream", "Atrophic vaginitis",
            dose("ONE applicatorful on Tuesdays and Fridays at night", 1, "application", "vaginal",
                 every(1, "wk", days_of_week=["tue", "fri"]) | {"frequency": 2}), only="female"): 3,
    regimen("vitamin b12", "Hydroxocobalamin 1mg/1ml solution for injection ampoules", "Vitamin B12 deficiency",
            dose("1 mg every three months, by the district nurse", 1, "mg", "intramuscular", every(3, "mo"))): 8,
    regimen("opioid", "Buprenorphine 5micrograms/hour transdermal patches", "Osteoarthritis",
            dose("Apply ONE patch every seven days. Rotate the site", 1, "patch", "transdermal", every(7, "d"))): 8,
    regimen("opioid", "Morphine 10mg modified-release tablets", "Pain", tablets("ONE tablet every 12 hours", 1, every(12, "h")),
            code="36126511000001106"): 4,
    regimen("nutrition", "Ensure liquid chocolate (Abbott Laboratories Ltd)", "Weight loss",
            dose("ONE bottle twice a day", 1, "bottle", "oral", TWICE), code="151011000001107"): 6,
}, ASSUMED)

NEEDED = Spread("Medicines taken when needed", {
    regimen("paracetamol", "Paracetamol 500mg soluble tablets", "Pain",
            tablets("ONE or TWO tablets up to four times a day when needed for pain. No more than 8 in 24 hours", (1, 2),
                    needed("pain") | {"frequency_max": 4, "period": 1, "period_unit": "d"} | most(8, "tablet")), code="322237000"): 30,
    regimen("co-codamol", "Co-codamol 30mg/500mg tablets", "Severe pain",
            tablets("ONE tablet when needed for severe pain. No more than 4 in 24 hours", 1, needed("severe pain") | most(4, "tablet")),
            code="322341003"): 4,
    regimen("salbutamol", "Salbutamol 100micrograms/dose inhaler CFC free", "COPD",
            dose("TWO puffs when needed for wheeze", 2, "puff", "inhalation", needed("wheeze")), code="39113611000001102"): 12,
    regimen("lactulose", "Lactulose 3.1-3.7g/5ml oral solution", "Constipation",
            dose("15 ml twice a day if bowels have not opened for two days", 15, "ml", "oral", needed("constipation") | daily(2))): 14,
    regimen("gtn", "Glyceryl trinitrate 400micrograms/dose pump sublingual spray", "Angina",
            dose("ONE or TWO sprays under the tongue for chest pain. Dial 999 if it has not gone after 5 minutes", (1, 2), "spray",
                 "sublingual", needed("chest pain"))): 10,
    regimen("lorazepam", "Lorazepam 500microgram tablets", "Distress",
            tablets("ONE tablet when needed for distress that cannot be calmed otherwise. No more than 2 in 24 hours", 1,
                    needed("distress") | most(2, "tablet"))): 8,
    regimen("diazepam", "Diazepam 2mg tablets", "Muscle spasm", tablets("ONE tablet when needed for spasm", 1, needed("muscle spasm")),
            code="321196004"): 3,
    regimen("sleep", "Zopiclone 3.75mg tablets", "Poor sleep", tablets("ONE tablet at night when needed", 1, needed() | NIGHT)): 6,
    regimen("loperamide", "Loperamide 2mg capsules", "Loose stools",
            capsules("ONE capsule after each loose stool. No more than 8 in 24 hours", 1, needed("loose stools") | most(8, "capsule"))): 4,
    regimen("morphine", "Oramorph 10mg/5ml oral solution (Glenwood GmbH)", "Breathlessness",
            dose("2.5 ml when needed for pain or breathlessness, up to every 4 hours", Decimal("2.5"), "ml", "oral",
                 needed("pain or breathlessness")), code="3164311000001109"): 5,
    regimen("barrier", "Dimeticone 10% barrier cream", "Moisture damage",
            dose("Apply when the skin is red", None, "", "topical", needed("redness"))): 8,
    regimen("eye ointment", "Lacri-lube eye ointment (Allergan Ltd)", "Dry eyes",
            dose("Apply at night when needed", None, "", "eye", needed()), code="3154411000001105"): 3,
    regimen("hay fever", "Beclometasone 50micrograms/dose nasal spray", "Hay fever",
            dose("TWO sprays in each nostril when needed", 2, "spray", "nasal", needed("hay fever")), code="39111911000001107"): 3,
}, ASSUMED)

VARIABLE = Spread("Medicines taken in varying doses", {
    regimen("clotting", "Warfarin 500microgram tablets", "Atrial fibrillation",
            tablets("As in the yellow book, by the last INR", None, daily(1, "EVE")), code="319736008"): 10,
    regimen("insulin", "Insulin glargine 100units/ml solution for injection 3ml pre-filled disposable devices", "Type 2 diabetes",
            dose("14 units each morning; 10 units if she has not eaten. Check blood glucose first", (10, 14), "unit", "subcutaneous",
                 MORNING), code="38897011000001107"): 10,
    regimen("steroid", "Prednisolone 5mg tablets", "Polymyalgia rheumatica",
            tablets("THREE tablets each morning for 7 days", 3, MORNING | {"sequence": 1}),
            tablets("then TWO tablets each morning for 7 days", 2, MORNING | {"sequence": 2}),
            tablets("then ONE tablet each morning until reviewed", 1, MORNING | {"sequence": 3}), code="325427002"): 8,
    regimen("furosemide", "Furosemide 20mg tablets", "Heart failure", tablets("TWO tablets in the morning", 2, MORNING | {"sequence": 1}),
            tablets("ONE tablet at midday", 1, daily(1, "NOON") | {"sequence": 2})): 10,
    regimen("levomepromazine", "Levomepromazine 6mg tablets", "Nausea",
            tablets("ONE to TWO tablets at night, as agreed with the palliative team", (1, 2), NIGHT)): 2,
    regimen("thickener", "Resource ThickenUp Clear powder", "Dysphagia",
            dose("1 to 3 scoops in every drink, to level 2", (1, 3), "scoop", "oral", {})): 8,
}, ASSUMED)

COURSES = Spread("Courses that are over", {
    regimen("course", "Doxycycline 100mg capsules", "Chest infection",
            capsules("TWO capsules on the first day, then ONE each day for 4 days", (1, 2), daily(1)), code="41948311000001104"): 10,
    regimen("course", "Amoxicillin 500mg capsules", "Chest infection", capsules("ONE capsule three times a day for 5 days", 1, THREE),
            code="39732411000001106"): 10,
    regimen("course", "Nitrofurantoin 100mg modified-release capsules", "Urinary tract infection",
            capsules("ONE capsule twice a day for 3 days", 1, TWICE)): 12,
    regimen("course", "Ciprofloxacin 500mg tablets", "Urinary tract infection", tablets("ONE tablet twice a day for 7 days", 1, TWICE),
            code="39687811000001107"): 3,
    regimen("course", "Nystatin 100,000units/ml oral suspension", "Oral thrush",
            dose("1 ml four times a day after food for 7 days", 1, "ml", "oral", FOUR), code="324689003"): 6,
    regimen("course", "Chloramphenicol 0.5% eye drops", "Conjunctivitis",
            dose("ONE drop four times a day for 5 days", 1, "drop", "eye", FOUR)): 6,
}, ASSUMED)
