"""When a rule of Python has certainly nothing to say, as JSON Schema: it is asked only of objects for which its schema here does not hold.

Rules are the product rules by their ids, and what values.py asks of a data type by the name of the type. A rule that is not named here is
asked of every object of its types: right, and slower.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from adapter.conformance.bindings import OWN
from adapter.conformance.rules.codes import LOINC, UCUM
from adapter.conformance.rules.extensions import OURS
from adapter.conformance.rules.identifiers import NATIONAL
from adapter.conformance.rules.snomed import kind_of
from adapter.conformance.rules.stays import ADMITTED, DISCHARGED
from adapter.conformance.ucum import is_unit
from adapter.conformance.values import UUIDS
from mappings.systems import BCP47, DMD, HL7, NHS_NUMBER, SNOMED_CT, THO, UKCORE_CODES

Schema = Any


def of(key: str, asked: Schema) -> Schema:
    return {"properties": {key: asked}}


def none_of(*words: str) -> Schema:
    return {"not": {"enum": list(words)}}


def beginning(*starts: str) -> Schema:
    return {"anyOf": [{"pattern": f"^{start}"} for start in starts]}


FREE = [SNOMED_CT, DMD, LOINC]      # no set of definitions knows one of these whole; gate.py refuses one that does
CONCEPT = {"format": "redbag-sctid"}
URL = {"pattern": "^https?://", "not": {"anyOf": [{"const": UUIDS}, {"pattern": f"^{OWN}"}]}}
UNITS = [unit for unit in ("mg", "g", "ug", "mL", "L", "mmol", "mmol/L", "kg", "cm", "m", "s", "min", "h", "d", "wk", "mo", "a", "Cel", "%",
                           "/min", "mm[Hg]", "[iU]", "[drp]", "1") if is_unit(unit)]
AMOUNT = {"anyOf": [of("code", False), {"properties": {"code": {"enum": UNITS}, "system": {"const": UCUM}}, "required": ["system"]}]}
QUIET: Mapping[str, Schema] = {
    "Age": AMOUNT, "Attachment": of("size", False), "Count": AMOUNT, "Distance": AMOUNT, "Duration": AMOUNT, "Quantity": AMOUNT,
    "Coding": {**of("system", {"enum": FREE}), "required": ["system"]},
    "Identifier": of("system", {"anyOf": [{"enum": list(NATIONAL)}, URL]}),
    "Reference": True,      # schema.py
    "rb-admission-place": {"properties": {
        "extension": {"items": of("url", none_of(ADMITTED))},
        "hospitalization": of("extension", {"items": of("url", none_of(DISCHARGED))})}},
    "rb-blank": True,      # texts.py takes no text of blanks
    "rb-code-system": of("system", {"anyOf": [{"enum": [SNOMED_CT, DMD, LOINC, UCUM]}, beginning(UKCORE_CODES, THO, OWN)]}),
    "rb-description-id": of("extension", False),
    "rb-extension-spelling": of("url", {"anyOf": [beginning(OURS, HL7), {"not": {"pattern": ":"}}]}),
    "rb-language-tag": of("system", none_of(BCP47)),
    "rb-medicine-whose": of("subject", {"anyOf": [{"required": ["reference"]}, {"required": ["identifier"]}]}),
    "rb-national-system": of("system", {"anyOf": [{"enum": list(NATIONAL)}, {"not": {"pattern": "[Ff][Hh][Ii][Rr]"}}]}),
    "rb-nhs-number": of("system", none_of(NHS_NUMBER)),
    "rb-sctid": {"anyOf": [of("system", none_of(SNOMED_CT, DMD)), {**of("code", CONCEPT), "required": ["code"]}]},
}
# Of most objects of a type one look will do: where this holds, these rules are quiet. What comes first is looked at first.
CODING = frozenset({"rb-blank", "rb-code-system", "rb-description-id", "rb-language-tag", "rb-sctid"})
AT_ONCE: Mapping[str, tuple[tuple[Schema, frozenset[str]], ...]] = {
    "Coding": (
        ({"properties": {"system": {"enum": [SNOMED_CT, DMD]}, "code": CONCEPT, "extension": False}, "required": ["system", "code"]},
         CODING | {"Coding"}),
        ({"properties": {"system": beginning(UKCORE_CODES, THO), "extension": False}, "required": ["system"]}, CODING),
    ),
    "Identifier": (
        ({**of("system", {"enum": [each for each in NATIONAL if each != NHS_NUMBER]}), "required": ["system"]},
         frozenset({"Identifier", "rb-blank", "rb-national-system", "rb-nhs-number"})),
        (of("system", {"format": "redbag-own-system"}), frozenset({"Identifier", "rb-blank", "rb-national-system", "rb-nhs-number"})),
        (of("system", {"const": NHS_NUMBER}), frozenset({"Identifier", "rb-blank", "rb-national-system"})),
    ),
}


@lru_cache(4096)
def is_concept(code: str) -> bool:
    return kind_of(code) == "concept"


@lru_cache(4096)
def is_own(system: str) -> bool:
    """The system of a sender's own identifiers: nothing is asked of what stands under it."""
    return system.startswith(("http://", "https://")) and "fhir" not in system.lower() and system != UUIDS


FORMATS = {"redbag-sctid": is_concept, "redbag-own-system": is_own}
