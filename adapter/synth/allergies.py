"""What a resident must not have, or that nothing is known, or that nobody has asked.

Codes of SNOMED CT only where a published example of GP Connect has them beside this name; the others travel as text.
"""
from __future__ import annotations

from typing import Any

from adapter.synth.dice import Rolls, Spread, between, one_of
from adapter.synth.figures import ALLERGIES, ASSUMED
from adapter.synth.homes import fixed
from adapter.synth.people import Who
from adapter.synth.when import iso
from mappings.systems import SNOMED_CT

Json = Any


def coded(code: str, display: str, text: str) -> Json:
    return {"codings": [{"system": SNOMED_CT, "code": code, "display": display}], "text": text}


SUBSTANCES: dict[str, tuple[Json, str, str, Json, int]] = {      # what, its category, its type, what happened, weight
    "penicillin": (coded("91936005", "Allergy to penicillin", "Penicillin"), "medication", "allergy",
                   coded("247472004", "Urticarial rash", "Rash"), 40),
    "trimethoprim": ({"text": "Trimethoprim"}, "medication", "allergy", "Rash", 10),
    "codeine": ({"text": "Codeine"}, "medication", "intolerance", "Confusion", 10),
    "aspirin": (coded("293586001", "Allergy to aspirin", "Aspirin"), "medication", "allergy", "Wheeze", 7),
    "ramipril": ({"text": "Ramipril"}, "medication", "intolerance", "Cough", 6),
    "statins": ({"text": "Statins"}, "medication", "intolerance", "Muscle pain", 6),
    "warfarin": (coded("294881007", "Warfarin allergy", "Warfarin"), "medication", "allergy", "Rash", 2),
    "latex": (coded("300916003", "Allergy to latex", "Latex"), "environment", "allergy", "Itching", 4),
    "plasters": ({"text": "Sticking plaster"}, "environment", "allergy", "Blisters", 8),
    "peanut": (coded("91935009", "Allergy to peanut", "Peanuts"), "food", "allergy", "Swelling of the lips", 2),
    "shellfish": ({"text": "Shellfish"}, "food", "allergy", "Vomiting", 3),
}
SUBSTANCE = Spread("What residents are allergic to or do not tolerate", {name: made[4] for name, made in SUBSTANCES.items()}, ASSUMED)
FIXED = {name: (fixed(what), kind, category, fixed([happened])) for name, (what, category, kind, happened, _) in SUBSTANCES.items()}


def allergies(she: Who) -> list[dict[str, Json]] | str:
    rolls = she.dice("allergies")
    said = ALLERGIES.roll(rolls)
    if isinstance(said, str):
        return said
    chosen = dict.fromkeys(SUBSTANCE.roll(rolls) for _ in range(said))
    return [row(she, rolls, name, nth) for nth, name in enumerate(chosen, 1)]


def row(she: Who, rolls: Rolls, name: str, nth: int) -> dict[str, Json]:
    what, kind, category, manifestations = FIXED[name]
    return {
        "key": she.key("A", nth), "code": what, "clinical_status": "active", "type": kind, "categories": [category],
        "verification_status": one_of(rolls, ("confirmed", "confirmed", "unconfirmed")),
        "criticality": one_of(rolls, ("high", "low", "unable to assess")),
        "recorded_date": iso(she.today - between(rolls, 30, 4000)), "recorder": she.home.nurse,
        "reactions": [{"manifestations": manifestations, "severity": one_of(rolls, ("mild", "moderate", "severe"))}]}
