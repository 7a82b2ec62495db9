"""FHIR's primitive types as JSON Schema. Each takes less than primitives.py or the same, and never more.

Source: HL7 FHIR R4, page Data Types. What is costly goes last: a set of known words costs a fifth of a regular expression. A day that not
every month has (29, 30, 31) is asked of the calendar by Python, which is rare enough.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.conformance.primitives import CHECKS, LARGEST, LONGEST, TIME, ZONE

Schema = Any

CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f"
EARLY = r"(0[1-9]|1[0-9]|2[0-8])"      # every month of every year has these days
YEAR = r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
MONTH = r"(0[1-9]|1[0-2])"
UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
OID = r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"
NO_EXAMPLES: Schema = {"not": {"pattern": r"example\.(org|com)|acme\.com"}}


def matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$"}


def calendar(kind: str, pattern: str, *quick: Schema) -> Schema:
    """By the pattern, if the day is one that every month has; else as primitives.py has it."""
    return {"type": "string", "anyOf": [*quick, {"pattern": f"^{pattern}$"}, {"format": kind}]}


DAY: Schema = {"format": "date", "not": {"pattern": "^0000"}}
STRING: Schema = {"type": "string", "maxLength": LONGEST, "pattern": rf"^[ \t\r\n]*[^\s{CONTROL}][^{CONTROL}]*$"}
PARTICULAR = ("http:", "https:", "urn:uuid:", "urn:oid:", "uuid:", "oid:")      # of these more is asked
URL: Schema = {"pattern": "^https?://[!-~]+$", **NO_EXAMPLES}
URI: Schema = {"type": "string", "anyOf": [
    URL, {"pattern": f"^({UUID}|{OID})$"},
    {"pattern": "^[!-~]+$", "not": {"anyOf": [{"pattern": f"^{start}"} for start in PARTICULAR]}},
]}
TEXTS: Mapping[str, Schema] = {
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "integer": {"redbag-whole": [-LARGEST - 1, LARGEST]},
    "positiveInt": {"redbag-whole": [1, LARGEST]},
    "unsignedInt": {"redbag-whole": [0, LARGEST]},
    "string": STRING,
    "markdown": STRING,
    "code": matching("[!-~]+( [!-~]+)*"),
    "id": matching(r"[A-Za-z0-9.-]{1,64}"),
    "uri": URI, "url": URI, "canonical": {"type": "string", **URL}, "oid": matching(OID), "uuid": matching(UUID),
    "date": calendar("redbag-date", f"{YEAR}(-{MONTH}(-{EARLY})?)?", DAY),
    "dateTime": calendar("redbag-dateTime", f"{YEAR}(-{MONTH}(-{EARLY}(T{TIME}{ZONE})?)?)?", DAY),
    "instant": calendar("redbag-instant", f"{YEAR}-{MONTH}-{EARLY}T{TIME}{ZONE}"),
    "time": matching(TIME),
}
FORMATS = {f"redbag-{kind}": (lambda value, check=CHECKS[kind]: check(value) is None) for kind in ("date", "dateTime", "instant")}

