"""What was accepted before and is asked for again: since when it stands, what became of it, and what is to be done."""
from __future__ import annotations

from adapter.commands.exits import Exit
from adapter.commands.line import at, state_of
from adapter.delivery.store.model import Receipt
from adapter.delivery.store.people import Line
from adapter.delivery.store.store import Store

ENDS = {"accepted": Exit.DONE, "repeat": Exit.DONE}  # all others: nothing was accepted
ONCE_MORE = "--again accepts it once more."
ONCE_MORE_OF_EVENT = "Under this id it is accepted once; --again instead of --event accepts it once more."
OF_BEFORE = {  # what is to be done about what was accepted before, by how it stands
    "waiting": "`redbag work` delivers it.", "in-flight": "`redbag work` delivers it.", "held": "`redbag deliveries show {}` says why.",
    "delivered": ONCE_MORE, "superseded": ONCE_MORE,
    "dead": "`redbag deliveries show {}` says why; replay it, or send what was mended as an event of its own."}


def end_of(receipt: Receipt) -> Exit:
    return Exit.PERSON if receipt.dead else ENDS.get(receipt.became, Exit.NOTHING)


def first_of(receipt: Receipt, store: Store) -> Line | None:
    """Of a repeat: the delivery that it is."""
    return store.people.line(receipt.delivery) if receipt.became == "repeat" and receipt.delivery else None


def of_before(line: Line, *, event: bool) -> str:
    """Since when it stands, what became of it, and what is to be done. `event`: it has an id of its own, without --again."""
    state = state_of(line)
    then = OF_BEFORE[state].format(line.id)
    then = ONCE_MORE_OF_EVENT if event and then == ONCE_MORE else then
    return f"accepted before, on {at(line.accepted)}: delivery {line.id} is {state}. {then}"
