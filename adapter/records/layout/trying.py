"""An element of a list, written into a row that is only tried: is it read back from there, and what of it would be lost?

What was tried and is good is taken over as it stands, wherever the block writes nothing outside of its row: so it is written once.
"""
from __future__ import annotations

from typing import NamedTuple

from adapter.records.kinds import Kind
from adapter.records.layout.alike import Missed, differing, plainest, same
from adapter.records.layout.blocks import Block
from adapter.records.layout.here import Here, Json, Names, Run, Up
from adapter.records.layout.nodes import pruned
from adapter.records.layout.tree import Out, copied
from adapter.records.rows.row import Node
from adapter.records.spot import Spot

LATER = "\0"  # stands in a column that joins, until what it belongs to has its key; no export holds it


class Tried(NamedTuple):
    """What became of an element. `good`: the row is the block's, and can be read. `lost`: what does not come back. `out`: what was said."""

    block: Block
    row: Node
    good: bool
    lost: set[Names]
    out: Out


def tried(kind: Kind, block: Block, value: Json, up: Up, out: Out, own: Node | None = None) -> Tried:
    """`up`: what the row would stand in. `own`: the row that is there now."""
    trial = Out(out.dialect)
    around = up if block.inside or not up else (Node(up[0]), up[1])
    row = Here(Node() if own is None else copied(own), Run(Node()), around)
    write_row(block, value, row, trial, (), later=LATER)
    said, spot = made_now(kind, block, row), Spot()
    if said is None or not same(said, value):
        kind.decode(said, spot)
    good = (block.each is None or block.takes(row)) and (not spot.wrong or block.readonly)
    return Tried(block, row.row, good, {names for names, _ in [*trial.missed, *differing(value, said)]}, trial)


def write_row(block: Block, value: Json, row: Here, out: Out, names: Names, *, later: str = "") -> None:
    """`later`: what stands in a column that joins, as long as what it belongs to has no key."""
    for own, theirs in block.by if row.up else ():
        key = row.row.get(own) or row.up[0].get(theirs) or later  # type: ignore[index]  # it has something that it stands in
        if key:
            row.row[own] = key
            out.claimed[id(row.row), own] = row.row
    block.fields.write(value, row, out, names)
    for selector in block.only:
        selector.write(row, out)


def made_now(kind: Kind, block: Block, row: Here) -> Json:
    """What a block makes of a row now, as the native format writes it."""
    said = block.now(Here(row.row, Run(row.run.top), row.up))
    return None if said is None else plainest(kind, pruned(said))


# ---- taking over -----------------------------------------------------------------------------------------------------------------
def as_row(made: Tried, out: Out, names: Names) -> Node | None:
    """The row that was tried, as a new one; None where it has to be written."""
    if not made.block.inside or LATER in made.row.values():
        return None
    _told(made, out, names)
    return made.row


def into_row(made: Tried, here: Here, out: Out, names: Names) -> bool:
    """Of a fixed element: into the row that it is a part of, if nothing of the kind stands there."""
    claimed = {(id(here.row), name) if node is made.row else (at, name): here.row if node is made.row else node
               for (at, name), node in made.out.claimed.items()}
    if not made.block.inside or not here.row.keys().isdisjoint(made.block.fields.firsts) or not claimed.keys().isdisjoint(out.claimed):
        return False
    here.row.update(made.row)
    out.claimed |= claimed
    _told(made, out, names)
    return True


def _told(made: Tried, out: Out, names: Names) -> None:
    out.missed += [Missed((*names, *inner), why) for inner, why in made.out.missed]
    out.words |= {(*names, *inner) for inner in made.out.words}
