"""The laws that make a mapping trustworthy, for every shape of the catalogue. docs/design.md tells what they are for.

    1  write(*read(r)) == r               any resource at all comes back as it was, type-exact
    2  read(write(record)) == record, {}   our own record comes back, and leaves no rest
    3  one foreign leaf is exactly the rest
    4  what we put is what is read back, or the field is named
    5  unread can be trusted: a leaf is listed as unread if and only if the record does not depend on it
    6  usual and careful code agree

REDBAG_LAWS=20 pytest tests/engine/test_laws.py asks for twenty times as many examples, and other ones every time.
"""
from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from adapter import wire
from mappings.catalogue import SHAPES
from mappings.contained import lift, lower
from mappings.shape import Faults
from tests import foreign
from tests.engine.corpus import TYPES, bases, examples, leaves, mutants, pairs, read, readable, reads, writable
from tests.mutate import GENTLE, Json, copied, exactly, held, nodes, written
from tests.strategies import records, records_of, shapes, spoiled

# How many published resources of a type must at least be readable: a law over nothing holds easily.
PUBLISHED = {
    "Patient": 100, "Immunization": 100, "MedicationRequest": 50, "Practitioner": 25, "PractitionerRole": 20, "Organization": 15,
    "Location": 7, "Condition": 6, "MedicationStatement": 5, "AllergyIntolerance": 5, "List": 4, "RelatedPerson": 4, "Encounter": 1}
every_type = pytest.mark.parametrize("kind", TYPES)


# ---- 1: any resource comes back -------------------------------------------------------------------------------------------------
@every_type
def test_published_resources_come_back_as_they_were(kind: str) -> None:
    shape, count = SHAPES[kind], 0
    for _, resource in foreign.resources(kind):
        before = copied(resource)
        if back := read(kind, resource):
            count += 1
            assert exactly(shape.write(*back), before)
        assert exactly(resource, before), "reading changed its input"
    assert count >= PUBLISHED[kind]


@every_type
def test_any_resource_comes_back_as_it_was(kind: str) -> None:
    shape = SHAPES[kind]

    @examples(800)
    @given(mutants(kind))
    def law(resource: Json) -> None:
        before = copied(resource)
        if not (back := read(kind, resource)):
            event("refused")
            assert refused(shape.read, resource)
            return
        event("read")
        record, rest = back
        assert exactly(shape.write(record, rest), before)
        assert exactly(shape.write(record, rest), before), "writing changed the rest"
        assert exactly(resource, before), "reading or writing changed the resource"
        assert not any("modifierExtension" in path for path in shape.unread(resource))

    law()


@every_type
def test_a_rest_can_be_stored_as_json(kind: str) -> None:
    for resource in readable(kind):
        record, rest = SHAPES[kind].read(resource)
        assert exactly(SHAPES[kind].write(record, wire.loads(wire.dumps(rest))), resource)


@every_type
def test_reading_strictly_refuses_or_says_the_same(kind: str) -> None:
    shape = SHAPES[kind]

    @examples(100)
    @given(mutants(kind))
    def law(resource: Json) -> None:
        try:
            strict = shape.read(resource, strict=True)
        except Faults:
            return
        assert exactly(strict, shape.read(resource))

    law()


# ---- 2: a record comes back -----------------------------------------------------------------------------------------------------
@every_type
def test_a_record_comes_back_and_leaves_no_rest(kind: str) -> None:
    shape = SHAPES[kind]

    @examples(200)
    @given(records_of(shape))
    def law(record: Any) -> None:
        resource = writable(shape, record)
        assert exactly(shape.read(resource), (record, {}))

    law()


# ---- 3: one foreign leaf ----------------------------------------------------------------------------------------------------------
@every_type
def test_one_foreign_leaf_is_exactly_the_rest(kind: str) -> None:
    shape = SHAPES[kind]
    ours = st.sampled_from(pairs(kind)) | records_of(shape).map(lambda record: writable(shape, record))

    @examples(200)
    @given(ours, st.data())
    def law(resource: Json, data: st.DataObject) -> None:
        record, rest = shape.read(resource)
        assert rest == {}
        lifted, order = lift(resource)
        out = copied(lifted)
        places = [at for at, v in nodes(out) if isinstance(v, dict) or isinstance(v, list) and isinstance(v[0], dict)]
        at = data.draw(st.sampled_from(places))
        if isinstance(spot := held(out, at), dict):
            spot["zzz"] = "leaf"
        else:
            place = data.draw(st.integers(0, len(spot)))
            spot.insert(place, {"zzz": "leaf"})
            at = (*at, place)
        theirs = lower(out, order or ())
        assert shape.unread(theirs) == [written((*at, "zzz"))]
        assert exactly(shape.read(theirs)[0], record)

    law()


# ---- 4: what we put is what is read back -------------------------------------------------------------------------------------------
@every_type
def test_what_we_put_is_read_back_or_named(kind: str) -> None:
    """The whole of another record onto any resource of theirs."""
    shape = SHAPES[kind]

    @examples(150)
    @given(mutants(kind, least=0, operations=GENTLE), records_of(shape))
    def law(theirs: Json, record: Any) -> None:
        assume(reads(kind, theirs))
        before = copied(theirs)
        writable(shape, record)
        out, changes = shape.onto(theirs, record, theirs)
        back = shape.read(out)[0]
        assert type(back) is type(record)
        different = {x.name for x in fields(record) if not exactly(getattr(back, x.name), getattr(record, x.name))}
        assert different == {c.field for c in changes if c.reason == "is still said by an element of theirs"}
        assert not any(c.reason == "both changed" for c in changes)
        assert exactly(theirs, before), "putting changed their resource"

    law()


@every_type
def test_where_we_changed_nothing_theirs_stays(kind: str) -> None:
    shape = SHAPES[kind]

    @examples(100)
    @given(bases(kind), mutants(kind, least=0))
    def law(base: Json, theirs: Json) -> None:
        assume(reads(kind, theirs))
        out, changes = shape.onto(theirs, shape.read(base)[0], base)
        assert exactly(out, theirs)
        assert changes == []

    law()


@every_type
def test_each_side_changed_one_field_and_both_are_there(kind: str) -> None:
    shape = SHAPES[kind]
    two_of_a_type = st.one_of([st.tuples(records(branch.record), records(branch.record)) for branch in shapes(shape)])

    @examples(100)
    @given(two_of_a_type, st.randoms(use_true_random=False))
    def law(two: tuple[Any, Any], dice: Random) -> None:
        was, other = two
        mine, yours = dice.sample([x.name for x in fields(was)], 2)
        ours, theirs = (replace(was, **{name: getattr(other, name)}) for name in (mine, yours))
        out, changes = shape.onto(writable(shape, theirs), ours, writable(shape, was))
        assert exactly(shape.read(out)[0], replace(theirs, **{mine: getattr(other, mine)}))
        assert changes == []

    law()


# ---- 5: unread can be trusted -------------------------------------------------------------------------------------------------------
@every_type
def test_unread_can_be_trusted(kind: str) -> None:
    """Alter any one leaf of a resource. If it is listed as unread, nothing happens; if not, the record changes, or the resource is refused,
    or it differs from what we would have written anyway (`also`) and is now listed."""
    shape, looked_at = SHAPES[kind], 0
    for resource in readable(kind):
        record, unread = shape.read(resource)[0], set(shape.unread(resource))
        for path, value, altered in leaves(resource):
            looked_at += 1
            other = altered(other_than(value))
            back = read(kind, other)
            as_before = back is not None and exactly(back[0], record) and set(shape.unread(other)) == unread
            assert as_before == (path in unread), path
    assert looked_at > 50


def other_than(value: Json) -> Json:
    if isinstance(value, bool):
        return not value
    return f"{value}x" if isinstance(value, str) else "x" if value is None else value + (1 if isinstance(value, int) else Decimal("0.1"))


# ---- 6: usual and careful -----------------------------------------------------------------------------------------------------------
@every_type
def test_the_usual_reader_agrees_with_the_careful_one(kind: str) -> None:
    @examples(300)
    @given(mutants(kind, least=0))
    def law(resource: Json) -> None:
        lifted, _ = lift(resource)
        for shape in shapes(SHAPES[kind]):
            try:
                usual = shape.fast_get(lifted)
            except Exception:  # noqa: BLE001 - the usual tone may raise anything where something is wrong
                event("gave up")
                assert refused(shape.slow_get, lifted)
            else:
                event("usual")
                assert exactly(usual, shape.slow_get(lifted))

    law()


@every_type
def test_the_usual_writer_agrees_with_the_careful_one(kind: str) -> None:
    """Also for records that hold what their hints do not allow: what the careful one would not write, the usual one does not either."""
    good = records_of(SHAPES[kind])

    @examples(250)
    @given(good | spoiled(good))
    def law(record: Any) -> None:
        shape = SHAPES[kind].by(record)
        try:
            usual = shape.fast_put(record)
        except Exception:  # noqa: BLE001 - the usual tone may raise anything where something is wrong
            event("gave up")
            assert refused(shape.slow_put, record)
        else:
            event("usual")
            assert exactly(usual, shape.slow_put(record))

    law()


def refused(how: Any, value: Any) -> bool:
    try:
        how(value)
    except Faults as faults:
        return bool(faults.found) and all(fault.path and fault.reason for fault in faults.found)
    return False
