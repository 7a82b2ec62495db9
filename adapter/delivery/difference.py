"""What we would write beside what the server has, entry by entry: new, the same, changed by us, ending, or edited there since. Pure.

Nothing of the server's is lost: what our shapes do not read stays as the hospital left it (the rest), and what it wrote over ours is not
overwritten unasked. Whether it did is known in one of two ways: from `base`, what was sent the last time; else from a mark in `meta.tag`, a
fingerprint of the record as we wrote it, and one of its status alone. With a base the two are merged field by field; with neither, theirs
stays and a person is told. What is to end, ends whatever else was edited there; unless its status was.
Source: HL7 FHIR R4, Resource (meta.tag may be ignored by whoever does not know it).
"""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from adapter.bundle import Row
from adapter.delivery.answer import Resource
from adapter.delivery.outcome import called
from adapter.delivery.spoken import shown
from mappings.catalogue import SHAPES
from mappings.corrections import standing
from mappings.faults import Faults

MARK = "urn:redbag:sent"
NUMBERED = re.compile(r"(?:([0-9]{1,9})\.)?([0-9a-f]{16})(?:\.([0-9a-f]{16}))?")  # the first version's were of the whole alone
STANDING = ("status", "clinicalStatus", "verificationStatus", "active")  # whether a resource says something that holds
WHAT = ("drug", "code", "vaccine", "procedure")  # what a row is about
State = Literal["new", "same", "changed", "ends", "edited", "unreadable"]
BOTH = "both changed"


@dataclass(frozen=True)
class Difference:
    """`fields`: what of ours the server has otherwise. `resource`: what to write, None for nothing. `version`: the server's, when read.
    Of what ends: `ending` is its status from then on, `why` it ends, and `what` it is, for a person who may read it."""

    row: Row
    state: State
    fields: tuple[str, ...] = ()
    resource: Resource | None = field(default=None, repr=False)
    version: str | None = None
    sentences: tuple[str, ...] = ()
    values: Mapping[str, tuple[Any, Any]] = field(default_factory=dict, repr=False)  # field -> the server's, ours
    ending: str = ""
    why: str = ""
    what: str = field(default="", repr=False)


def difference(row: Row, ours: Resource, theirs: Resource | None, base: Resource | None = None, *, replace: bool = False) -> Difference:
    """`ours`, `theirs` and `base` are resources whose references are written alike. `replace`: ours goes over whatever was edited there."""
    if theirs is None:
        return Difference(row, "new", (), marked(ours))
    shape, version = SHAPES[row.type], version_of(theirs)
    mine = shape.read(ours)[0]
    try:
        there, rest = shape.read(theirs)
    except Faults as bad:
        return _unreadable(row, version, bad)
    values = differing(mine, there)
    if not values:
        return Difference(row, "same", (), None, version)
    if base is not None:
        return _merged(row, mine, theirs, base, there, values)
    if not replace and not _as_sent(theirs, there):
        told = f"{called(row)}: was edited on the server and differs in {', '.join(values)}; it is left as it is, and a person must look"
        return Difference(row, "edited", tuple(values), None, version, (told,), values)
    return Difference(row, "changed", tuple(values), marked(shape.write(mine, rest)), version, (), values)


def _unreadable(row: Row, version: str | None, bad: Faults) -> Difference:
    places = ", ".join(sorted({fault.path for fault in bad.found}))
    told = f"{called(row)}: was changed on the server so that it cannot be read ({places}); it is left as it is, and a person must look"
    return Difference(row, "unreadable", (), None, version, (told,))


def ends(row: Row, theirs: Resource, end: Callable[[Any], Any], why: str, *, replace: bool = False) -> Difference:
    """What stands there, as `end` makes of its record. Only its status changes; all else stays as the hospital left it."""
    shape, version = SHAPES[row.type], version_of(theirs)
    try:
        there, rest = shape.read(theirs)
    except Faults as bad:
        return _unreadable(row, version, bad)
    after = end(there)
    if after == there:
        return Difference(row, "same", (), None, version)
    values, ending, what = differing(after, there), standing(after), what_is(there)
    if not replace and not _as_sent(theirs, there) and not _standing_as_sent(theirs, there):
        told = f"{called(row)}: {why}, and its status was edited on the server; it is left as it is, and a person must look"
        return Difference(row, "edited", tuple(values), None, version, (told,))
    return Difference(row, "ends", tuple(values), marked(_ended(theirs, there, after, rest)), version, (), values, ending, why, what)


def _ended(theirs: Resource, there: Any, after: Any, rest: Any) -> Resource:
    shape = SHAPES[theirs["resourceType"]]
    bare = shape.write(after)
    # A vaccination entered in error is another record than a given one, and what was given stays where the hospital may see it.
    whole = shape.write(after, rest) if type(after) is type(there) else {**theirs, "status": bare["status"]}
    return {k: v for k, v in whole.items() if k != "clinicalStatus" or k in bare}  # FHIR ait-2: not even an extension of it may stay


def what_is(record: Any) -> str:
    """What a row is about, for a person who may read it."""
    said = next((said for name in WHAT if (said := getattr(record, name, None))), None)
    return shown(said) if said else ""


def _merged(row: Row, mine: Any, theirs: Resource, base: Resource, there: Any, values: Mapping[str, Any]) -> Difference:
    """What we changed since the base goes in, what they changed stays, and what both changed stays theirs and is told."""
    shape, version = SHAPES[row.type], version_of(theirs)
    resource, faults = shape.onto(theirs, mine, base)
    told = tuple(dict.fromkeys(_told(row, fault.field, fault.reason) for fault in faults))
    kept = differing(mine, shape.read(resource)[0])
    left = (f"{called(row)}: the hospital's edit of {', '.join(kept)} stays",) if kept and not told else ()
    if not differing(shape.read(resource)[0], there):
        return Difference(row, "edited", tuple(kept), None, version, told + left, values)
    return Difference(row, "changed", tuple(values), marked(resource), version, told + left, values)


def _told(row: Row, name: str, reason: str) -> str:
    where = f"{called(row)}, field {name}" if name not in ("", "-") else called(row)
    if reason == BOTH:
        return f"{where}: both you and the hospital changed it; the hospital's stays, and a person must look"
    return f"{where}: {reason}; a person must look"


def differing(ours: Any, theirs: Any) -> dict[str, tuple[Any, Any]]:
    """Field -> (theirs, ours) where they differ. Numbers are compared by value: some servers write 0.50 as 0.5."""
    if type(ours) is not type(theirs):
        return {"status": (theirs, ours)}  # a sum type: given, not given, entered in error
    pairs = ((x.name, getattr(theirs, x.name), getattr(ours, x.name)) for x in fields(ours))
    return {name: (there, mine) for name, there, mine in pairs if there != mine}


# ---- the mark --------------------------------------------------------------------------------------------------------------
class Mark(NamedTuple):
    """What it said when we sent it, the first time or the n-th: fingerprints of the whole and of its status. Some servers never let go of a
    tag, so that there are several."""

    number: int = 0
    whole: str = ""
    status: str = ""


def marked(resource: Resource) -> Resource:
    """With the fingerprints of what it says, and without the server's own version and time."""
    shape, meta = SHAPES[resource["resourceType"]], resource.get("meta")
    kept = {k: v for k, v in (meta if isinstance(meta, dict) else {}).items() if k not in ("versionId", "lastUpdated")}
    said = shape.write(shape.read(resource)[0])
    mark = Mark(_mark(resource).number + 1, fingerprint(said), fingerprint(_standing(said)))
    tag = {"system": MARK, "code": ".".join(map(str, mark))}
    return {**resource, "meta": {**kept, "tag": [*(t for t in _tags(resource) if t.get("system") != MARK), tag]}}


def is_marked(resource: Resource) -> bool:
    """Did we ever write it?"""
    return _mark(resource) != Mark()


def _mark(resource: Resource) -> Mark:
    """The last one."""
    said = (NUMBERED.fullmatch(str(tag.get("code"))) for tag in _tags(resource) if tag.get("system") == MARK)
    return max((Mark(int(m[1] or 0), m[2], m[3] or "") for m in said if m), default=Mark())


def fingerprint(resource: Resource) -> str:
    """64 bits of what a resource says; the same for 0.5 and 0.50, in any order of members, and wherever the resident's Patient stands."""
    said = json.dumps(_plain({k: v for k, v in resource.items() if k not in ("id", "meta", "text")}), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "Patient" if k == "reference" and str(v).startswith(("Patient/", "urn:uuid:")) else _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return str(value.normalize()) if isinstance(value, Decimal) else value


def _standing(resource: Resource) -> Resource:
    return {name: resource[name] for name in STANDING if name in resource}


def _as_sent(theirs: Resource, there: Any) -> bool:
    """Does it still say what it said when we marked it?"""
    said = _said(theirs, there)
    return said is not None and _mark(theirs).whole == fingerprint(said)


def _standing_as_sent(theirs: Resource, there: Any) -> bool:
    """Does its status still say so?"""
    said = _said(theirs, there)
    return said is not None and _mark(theirs).status == fingerprint(_standing(said))


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


def version_of(resource: Resource) -> str | None:
    meta = resource.get("meta")
    said = meta.get("versionId") if isinstance(meta, dict) else None
    return said if isinstance(said, str) else None


# ---- references ------------------------------------------------------------------------------------------------------------
def rewritten(value: Any, change: Callable[[str], str]) -> Any:
    """The same with every literal reference changed."""
    if isinstance(value, list):
        return [rewritten(v, change) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: change(v) if k == "reference" and isinstance(v, str) else rewritten(v, change) for k, v in value.items()}
