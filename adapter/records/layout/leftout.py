"""What stands among the residents and is none, or belongs to nobody, and is ignored by a rule: a line of totals, a made-up resident.

It is left out before it is read as a resident. Nothing is left out that might be something else: a row of which more is wrong than its
keys is refused. If its end is missing, only a rule that goes by filled cells may take it.
"""
from __future__ import annotations

from adapter.records.layout.blocks import Ignored
from adapter.records.layout.here import Here, Run
from adapter.records.rows.row import Node, Rows

NOBODY = "no-resident"  # a row of a table that belongs to no resident stands in a tree of its own
OF_KEYS = frozenset({NOBODY, "no-key", "same-resident", "blank-in-key"})
CUT = frozenset({"too-few-cells"})


def left_out(rules: tuple[Ignored, ...], rows: Rows) -> str:
    """Why this is no resident, by which rule; empty where she is one."""
    wrong = {fault.rule for fault in rows.faults}
    if wrong - OF_KEYS - CUT:
        return ""
    where, row = alone(rows.tree) if NOBODY in wrong else ((), rows.tree)
    here = Here(row, Run(rows.top))
    fitting = (rule for rule in rules if rule.rows == where and (rule.by_what_is_filled or not wrong & CUT))
    return next((rule.because for rule in fitting if not rule.leads_out and rule.takes(here)), "")


def alone(tree: Node) -> tuple[tuple[str, ...], Node]:
    """Of a row that belongs to nobody: the names of the tables that it hangs in, and the row."""
    where: tuple[str, ...] = ()
    while len(tree) == 1 and isinstance(hung := next(iter(tree.values())), list):
        where, tree = (*where, *tree), hung[0]
    return where, tree
