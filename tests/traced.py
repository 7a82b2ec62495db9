"""What became of every value of a resident, by following her reading once more: slow, and apart from the ledger's own count."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from adapter.records.layout import Layout
from adapter.records.layout.covers import NOTHING, UNKNOWN, Became, named
from adapter.records.layout.fields import entries
from adapter.records.layout.here import Here, Run, written
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.origin import Origin
from adapter.records.layout.paths import rows as rows_at
from adapter.records.rows.row import Rows, Steps


def became(made: Layout, rows: Rows) -> Iterator[tuple[Steps, Became]]:
    """In the order of her tree. What hangs there from a lookup is among them, each time it hangs somewhere."""
    used = defaultdict[Steps, list[str]](list)
    for path, found in Origin(made.root, rows).trace().fields.items():
        for steps in found:
            used[steps].append(written(path))
    skipped = list(_skipped(made, rows))
    for steps, value in leaves(rows.tree):
        yield steps, _became(made, steps, value, used, skipped)


def _became(made: Layout, steps: Steps, value: Any, used: dict[Steps, list[str]], skipped: list[tuple[Steps, str]]) -> Became:
    if rule := next((why for row, why in skipped if steps[:len(row)] == row), ""):
        return Became("ignored", (rule,))
    if steps in used:
        return Became("mapped", tuple(used[steps]))
    static, why = made.covers(steps), made.coverage.stated.get(named(steps))
    if static.verdict != "ignored" and _says_nothing(made, static, steps, value):
        return Became("stated", (NOTHING,))
    return Became("stated", (why,)) if why else UNKNOWN if static.verdict == "mapped" else static


def _says_nothing(made: Layout, static: Became, steps: Steps, value: Any) -> bool:
    """A word of nothing of the whole layout, or of a field that is read from there."""
    if value in made.nothing:
        return True
    there = [entry.node for entry in entries(made.root) if isinstance(entry.node, Leaf) and named(steps) in entry.sources()]
    return static.verdict == "mapped" and any(value in leaf.nothing for leaf in there)


def _skipped(made: Layout, rows: Rows) -> Iterator[tuple[Steps, str]]:
    """The rows that a rule ignores."""
    for rule in made.ignored_rows:
        for row, up, steps in rows_at(rows.tree, rule.rows, None, ()):
            if rule.takes(Here(row, Run(rows.top), up, None, (), steps)):
                yield steps, rule.because


def leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield steps, value
    else:
        for step, v in inner:
            yield from leaves(v, (*steps, step))
