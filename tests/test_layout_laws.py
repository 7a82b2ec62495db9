"""Laws of every layout: what is written comes back but for what is named; what is not changed stays; quick is the same as careful."""
from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.records.layout import Layout
from adapter.records.layout.alike import differing, plainest
from adapter.records.layout.here import Here, Run, written
from adapter.records.layout.tree import copied
from adapter.records.rows.row import Node
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.layouts import EVERYTHING, ByHand, layout
from tests.mirrored import mirror
from tests.native_values import values
from tests.traced import became

LAW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
KIND = care_records().kind
LAYOUTS = [pytest.param(mirror(seed), id=f"mirror {seed}") for seed in range(3)] + [pytest.param(layout(EVERYTHING), id="larkfield")]
RECORDS = values(KIND)


def known(path: str, names: set[str]) -> bool:
    """Is it named, or something that it is in, or something in it?"""
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith((f"{path}.", f"{path}[")) for name in names)


@pytest.mark.parametrize("made", LAYOUTS)
@LAW
@given(record=RECORDS)
def test_a_record_that_is_written_comes_back_but_for_what_is_named(made: Layout, record: CareRecord) -> None:
    back = made.write(record)
    reading = made.read(ByHand(back.tree, back.top))
    again = plainest(KIND, reading.json)
    lost = {written(names) for names, _ in differing(care_records().encode(record), again)}
    assert {path for path in lost if not known(path, {u.path for u in back.unwritten})} == set()
    assert reading.wrong or reading.doubts or made._quick(back.tree, back.top) is not None, "it is read the quick way"


@pytest.mark.parametrize("made", LAYOUTS)
@LAW
@given(record=RECORDS, more=st.lists(st.tuples(st.integers(0, 10**6), st.text(min_size=1)), max_size=3))
def test_what_is_not_changed_stays_as_it_is(made: Layout, record: CareRecord, more: list[tuple[int, str]]) -> None:
    first = made.write(record)
    tree = decorated(first.tree, more)
    found = made.record(ByHand(tree, first.top)).record
    if isinstance(found, CareRecord):  # what could not be written may be what the record needs
        back = made.write(found, onto=tree, top=first.top)
        assert (back.tree, back.top, back.unwritten) == (tree, first.top, ())


def decorated(tree: Node, more: list[tuple[int, str]]) -> Node:
    """With columns that no layout knows."""
    made = copied(tree)
    for place, text in more:
        nodes = list(objects(made))
        nodes[place % len(nodes)]["#" + text] = text
    return made


def objects(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


ODD = st.sampled_from([  # rows leave out what is blank
    "N/K", "x", "1941", "31/02/1941", "29/03/2026 01:30", True, 5, Decimal("0.5"), [], ["x"], ["x", "y"], [[]]]) | st.builds(
    Node, st.sampled_from([{}, {".": "x"}, {"@a": "x"}, {".": 5, "@a": "x"}]))


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), ODD), max_size=3)


def spoiled(tree: Node, changes: list[tuple[int, int, Any]]) -> Node:
    made = copied(tree)
    for place, which, value in changes:
        nodes = [node for node in objects(made) if node]
        if nodes:
            node = nodes[place % len(nodes)]
            node[sorted(node)[which % len(node)]] = copied(value) if isinstance(value, Node) else value
    return made


@pytest.mark.parametrize("made", LAYOUTS)
@LAW
@given(record=RECORDS, changes=CHANGES)
def test_the_quick_way_and_the_careful_one_agree(made: Layout, record: CareRecord, changes: list[tuple[int, int, Any]]) -> None:
    first = made.write(record)
    tree, run = spoiled(first.tree, changes), Run(first.top)
    careful = made._careful(tree, run)
    quick = made._quick(tree, first.top)
    if quick is not None:
        assert (quick, run.wrong, run.doubts) == (careful, [], [])
    assert Here(tree, run).steps == ()


def other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int | Decimal) else value + "x"


@pytest.mark.parametrize("made", LAYOUTS)
@LAW
@given(record=RECORDS, data=st.data())
def test_of_every_mapped_value_a_change_is_seen_and_none_of_them_is_unknown(made: Layout, record: CareRecord, data: st.DataObject) -> None:
    first = made.write(record)
    rows = ByHand(decorated(first.tree, [(5, "new")]), first.top)
    before, told = made.read(rows), dict(became(made, rows))
    assert [steps for steps, fate in told.items() if fate.verdict == "unknown"] == [steps for steps in told if steps[-1] == "#new"]
    mapped = [steps for steps, fate in told.items() if fate.verdict == "mapped"]
    if mapped and not before.wrong:
        *way, last = data.draw(st.sampled_from(mapped))
        tree: Any = copied(first.tree)
        node = tree
        for step in way:
            node = node[step]
        node[last] = other(node[last])
        after = made.read(ByHand(tree, first.top))
        assert after.wrong or after.json != before.json


@pytest.mark.parametrize("made", LAYOUTS)
@LAW
@given(record=RECORDS, other_record=RECORDS, changes=CHANGES)
def test_over_whatever_stands_there_a_record_is_written_but_for_what_is_named(
        made: Layout, record: CareRecord, other_record: CareRecord, changes: list[tuple[int, int, Any]]) -> None:
    tree = spoiled(made.write(other_record).tree, changes)
    back = made.write(record, onto=tree)
    again = plainest(KIND, made.read(ByHand(back.tree, back.top)).json)
    lost = {written(names) for names, _ in differing(care_records().encode(record), again)}
    assert {path for path in lost if not known(path, {u.path for u in back.unwritten})} == set()
