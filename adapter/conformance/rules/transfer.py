"""Codes that say only that the real one was lost on its way between two GP systems ("transfer-degraded"), each for one kind of entry."""
from __future__ import annotations

from adapter.conformance.rules.codes import meant
from adapter.conformance.rules.reading import text
from adapter.conformance.rules.rule import Object
from mappings.systems import DMD, SNOMED_CT

# Source: UK Core, CodeableConcept Guidance, degrading. The entry of no kind is for where the kind is not clear.
DEGRADED = {
    "196461000000101": "drug allergy", "196471000000108": "non-drug allergy", "196421000000109": "medication entry",
    "196451000000104": "plan", "196431000000106": "referral", "196441000000102": "request", "196411000000103": "record entry",
}


def degraded(coding: Object) -> str | None:
    """Of which kind of entry, or None: another code."""
    return DEGRADED.get(text(coding, "code")) if coding.get("system") == SNOMED_CT else None


def is_known(coding: Object) -> bool:
    """Does it say what the product or substance is, in dm+d or SNOMED CT?"""
    return meant(text(coding, "system")) in (DMD, SNOMED_CT) and text(coding, "code") != "" and degraded(coding) is None
