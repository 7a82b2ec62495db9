"""What we would write beside what the server has, entry by entry: new, the same, changed by us, ending, or edited there since. Pure.

Nothing of the server's is lost: what our shapes do not read stays as the hospital left it (the rest), and what it wrote over ours is not
overwritten unasked. Whether it did is known in one of two ways: from `base`, what was sent the last time; else from the mark that we left
on it (mark.py). With a base the two are merged field by field; with neither, theirs stays and a person is told. A row that the hospital
moved to another Patient stays there, with all that it says. What is to end, ends whatever else was edited there; unless its status was.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from adapter.bundle import Row
from adapter.bundle.systems import as_in
from adapter.delivery.answer import Resource
from adapter.delivery.mark import as_sent, is_moved, marked, patient_of, standing_as_sent
from adapter.delivery.outcome import called
from adapter.delivery.spoken import shown
from mappings.catalogue import SHAPES
from mappings.corrections import standing
from mappings.faults import Faults

WHAT = ("drug", "code", "vaccine", "procedure")  # what a row is about
State = Literal["new", "same", "changed", "ends", "edited", "unreadable"]
BOTH = "both changed"
MOVED = "stands under another patient on the server than the one for whom it was sent; it is left there, and a person must look"


@dataclass(frozen=True)
class Difference:
    """`fields`: what of ours the server has otherwise. `resource`: what to write, None for nothing. `version`: the server's, when read.
    `theirs`: what was read. Of what ends: `ending` is its status from then on, `why` it ends, and `what` it is, for a person who may
    read it."""

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
    theirs: Resource | None = field(default=None, repr=False)


def difference(row: Row, ours: Resource, theirs: Resource | None, base: Resource | None = None, *, replace: bool = False, as_of: str = "",
               made: Collection[str] = ()) -> Difference:
    """`ours`, `theirs` and `base` are resources whose references are written alike. `replace`: ours goes over whatever was edited there.
    `as_of`: of the record; `made`: the server's Patients with the sender's key for her."""
    hers = patient_of(ours)
    if theirs is None:
        return Difference(row, "new", (), marked(ours, as_of, hers))
    shape, version = SHAPES[row.type], version_of(theirs)
    mine = shape.read(ours)[0]
    try:
        there, rest = shape.read(theirs)
    except Faults as bad:
        return _unreadable(row, theirs, bad)
    values = differing(mine, there)
    if not values:
        return Difference(row, "same", (), None, version, theirs=theirs)
    if not replace and is_moved(theirs, ours, made):
        return Difference(row, "edited", tuple(values), None, version, (f"{called(row)}: {MOVED}",), values, theirs=theirs)
    if base is not None:
        return _merged(row, ours, theirs, as_in(base, theirs), as_of)
    if not replace and not as_sent(theirs, there):
        told = f"{called(row)}: was edited on the server and differs in {', '.join(values)}; it is left as it is, and a person must look"
        return Difference(row, "edited", tuple(values), None, version, (told,), values, theirs=theirs)
    return Difference(row, "changed", tuple(values), marked(shape.write(mine, rest), as_of, hers), version, (), values, theirs=theirs)


def _unreadable(row: Row, theirs: Resource, bad: Faults) -> Difference:
    places = ", ".join(sorted({fault.path for fault in bad.found}))
    told = f"{called(row)}: was changed on the server so that it cannot be read ({places}); it is left as it is, and a person must look"
    return Difference(row, "unreadable", (), None, version_of(theirs), (told,), theirs=theirs)


def ends(row: Row, theirs: Resource, end: Callable[[Any], Any], why: str, *, replace: bool = False, as_of: str = "") -> Difference:
    """What stands there, as `end` makes of its record. Only its status changes, and the time that a List is of; all else stays as the
    hospital left it."""
    shape, version = SHAPES[row.type], version_of(theirs)
    try:
        there, rest = shape.read(theirs)
    except Faults as bad:
        return _unreadable(row, theirs, bad)
    after = end(there)
    if after == there:
        return Difference(row, "same", (), None, version, theirs=theirs)
    values, ending, what = differing(after, there), standing(after), what_is(there)
    if not replace and not as_sent(theirs, there) and not standing_as_sent(theirs, there):
        told = f"{called(row)}: {why}, and its status was edited on the server; it is left as it is, and a person must look"
        return Difference(row, "edited", tuple(values), None, version, (told,), theirs=theirs)
    state: State = "changed" if ending == standing(there) else "ends"
    resource = marked(_ended(theirs, there, after, rest), as_of)
    return Difference(row, state, tuple(values), resource, version, (), values, ending, why, what, theirs)


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


def _merged(row: Row, ours: Resource, theirs: Resource, base: Resource, as_of: str) -> Difference:
    """What we changed since the base goes in, what they changed stays, and what both changed stays theirs and is told."""
    shape, version = SHAPES[row.type], version_of(theirs)
    mine, there = shape.read(ours)[0], shape.read(theirs)[0]
    values = differing(mine, there)
    resource, faults = shape.onto(theirs, mine, _under(theirs, base))
    told = tuple(dict.fromkeys(_told(row, fault.field, fault.reason) for fault in faults))
    kept = differing(mine, shape.read(resource)[0])
    left = (f"{called(row)}: the hospital's edit of {', '.join(kept)} stays",) if kept and not told else ()
    if not differing(shape.read(resource)[0], there):
        return Difference(row, "edited", tuple(kept), None, version, told + left, values, theirs=theirs)
    resource = marked(resource, as_of, patient_of(ours))
    return Difference(row, "changed", tuple(values), resource, version, told + left, values, theirs=theirs)


def _under(theirs: Resource, base: Resource) -> Resource:
    """The base under the Patient where it stands: it is known already that nobody but us put it there."""
    return {**base, **{name: theirs[name] for name in ("subject", "patient") if name in base and name in theirs}}


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


# ---- what a server says of a resource ------------------------------------------------------------------------------------------
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


def named(value: Any) -> Iterator[str]:
    """Every literal reference in it."""
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from named(inner)
    if isinstance(value, dict) and isinstance(said := value.get("reference"), str):
        yield said
