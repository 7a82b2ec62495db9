"""The mark on what we wrote, in `meta.tag`: by it an edit of the hospital's is known, and a record that is older than what is there. Pure.

    3.0f…e1.77…02.c4…9a@2026-11-01T08:00:00Z     the third time; fingerprints of the whole, of its status, of the Patient we wrote it under;
                                                 and the time of the record that said so

The Patient is left out where the server was still to make or to find her. Some servers never let go of a tag: the highest number counts.
Source: HL7 FHIR R4, Resource (meta.tag may be ignored by whoever does not know it).
"""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from adapter.delivery.answer import Resource
from mappings.catalogue import SHAPES
from mappings.faults import Faults

MARK = "urn:redbag:sent"
PRINT = "([0-9a-f]{16})"
NUMBERED = re.compile(rf"(?:([0-9]{{1,9}})\.)?{PRINT}(?:\.{PRINT})?(?:\.{PRINT})?(?:@(\S{{1,40}}))?")  # at first of the whole alone
STANDING = ("status", "clinicalStatus", "verificationStatus", "active")  # whether a resource says something that holds


class Mark(NamedTuple):
    """What it said when we sent it, the first time or the n-th."""

    number: int = 0
    whole: str = ""
    status: str = ""
    patient: str = ""
    as_of: str = ""

    @property
    def code(self) -> str:
        said = ".".join(filter(None, [str(self.number), self.whole, self.status, self.patient]))
        return f"{said}@{self.as_of}" if self.as_of else said


def marked(resource: Resource, as_of: str = "", patient: str | None = None) -> Resource:
    """With the fingerprints of what it says, and without the server's own version and time. `as_of`: of the record that says so;
    `patient`: whom that is about. Without these they are what the last mark said."""
    shape, meta, last = SHAPES[resource["resourceType"]], resource.get("meta"), mark_of(resource)
    kept = {k: v for k, v in (meta if isinstance(meta, dict) else {}).items() if k not in ("versionId", "lastUpdated")}
    said = shape.write(shape.read(resource)[0])
    whose = _hashed(patient) if patient and patient == patient_of(resource) else last.patient
    mark = Mark(last.number + 1, fingerprint(said), fingerprint(standing_of(said)), whose, as_of or last.as_of)
    tag = {"system": MARK, "code": mark.code}
    return {**resource, "meta": {**kept, "tag": [*(t for t in _tags(resource) if t.get("system") != MARK), tag]}}


def mark_of(resource: Resource) -> Mark:
    """The last one."""
    said = (NUMBERED.fullmatch(str(tag.get("code"))) for tag in _tags(resource) if tag.get("system") == MARK)
    return max((Mark(int(m[1] or 0), m[2], m[3] or "", m[4] or "", m[5] or "") for m in said if m), default=Mark())


def is_marked(resource: Resource) -> bool:
    """Did we ever write it?"""
    return mark_of(resource) != Mark()


# ---- what was edited there since ---------------------------------------------------------------------------------------------
def as_sent(theirs: Resource, there: Any) -> bool:
    """Does it still say what it said when we marked it? `there`: as our shape reads it."""
    said = _said(theirs, there)
    return said is not None and mark_of(theirs).whole == fingerprint(said)


def standing_as_sent(theirs: Resource, there: Any) -> bool:
    """Does its status still say so?"""
    said = _said(theirs, there)
    return said is not None and mark_of(theirs).status == fingerprint(standing_of(said))


def is_moved(theirs: Resource, ours: Resource, made: Collection[str]) -> bool:
    """Does it stand under a Patient under whom we never wrote it? `made`: those that carry the sender's key for her, of which one may have
    been made together with it."""
    there, last = patient_of(theirs), mark_of(theirs).patient
    if there == patient_of(ours):
        return False
    return there is None or (last != _hashed(there) if last else there not in made)


def patient_of(resource: Resource) -> str | None:
    """Whose it is, as "Patient/123"; None where that is nobody's, or not known yet."""
    said = next((to for name in ("subject", "patient") if isinstance(to := resource.get(name), dict)), {})
    to = said.get("reference")
    return to if isinstance(to, str) and to.startswith("Patient/") else None


def fingerprint(resource: Resource) -> str:
    """64 bits of what a resource says; the same for 0.5 and 0.50, in any order of members, and wherever the resident's Patient stands."""
    said = json.dumps(_plain({k: v for k, v in resource.items() if k not in ("id", "meta", "text")}), sort_keys=True, ensure_ascii=False)
    return _hashed(said)


def _hashed(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "Patient" if k == "reference" and str(v).startswith(("Patient/", "urn:uuid:")) else _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return str(value.normalize()) if isinstance(value, Decimal) else value


def standing_of(resource: Resource) -> Resource:
    return {name: resource[name] for name in STANDING if name in resource}


def _said(theirs: Resource, there: Any) -> Resource | None:
    """What our shape reads of it; None where that cannot be written."""
    try:
        return SHAPES[theirs["resourceType"]].write(there)
    except Faults:
        return None


def _tags(resource: Resource) -> list[Resource]:
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
