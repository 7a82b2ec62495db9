"""What becomes of every value of an export, by a layout: the ledger's question.

    mapped     it is in the record, in these fields
    stated     the layout says what it means, once and for all: a key that joins rows, a value by which rows are chosen, a word of nothing
    ignored    a rule of the layout says so, with its reason
    unknown    the layout does not know of it

It answers for a column or a path, whatever its values: for `layout check`. What becomes of one value may differ, where
that depends on it (a word of nothing), or on its row (one that is ignored, or that a block takes which does not have this field): that is
the ledger's own.
"""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from adapter.records.layout.blocks import Ignored
from adapter.records.layout.checks import blocks_of
from adapter.records.layout.fields import Where, absolute, entries
from adapter.records.layout.hanging import of
from adapter.records.layout.nodes import Fields
from adapter.records.layout.paths import OWN, parse
from adapter.records.layout.states import Listed
from adapter.records.rows.row import TOP, Settings, Steps

Verdict = Literal["mapped", "stated", "ignored", "unknown"]
NOTHING = "says nothing"


class Became(NamedTuple):
    """What a value became. `what`: the field it is in (of a path: medicines[].drug.text; of one value: medicines[3].drug.text), or why."""

    verdict: Verdict
    what: tuple[str, ...] = ()


UNKNOWN = Became("unknown")


@dataclass
class Covers:
    """`mapped` and `stated`: by path. `ignored`: the same, and whatever is in it."""

    mapped: dict[Where, list[str]] = field(default_factory=lambda: defaultdict(list))
    stated: dict[Where, str] = field(default_factory=dict)
    ignored: dict[Where, str] = field(default_factory=dict)
    lists: dict[Where, list[Where]] = field(default_factory=lambda: defaultdict(list))  # where a lookup's rows stand at the top -> hang

    def of(self, steps: Steps) -> Became:
        """Of a column or a path: names from the resident's tree, or from the top after TOP; steps will do, their numbers are left out."""
        where = named(steps)
        hung = [(*there, *where[len(top):]) for top, places in self.lists.items() if where[:len(top)] == top for there in places]
        where = next((w for w in hung if w in self.mapped), hung[0] if hung else where)
        if where in self.mapped or (*where, OWN) in self.mapped:
            return Became("mapped", (*self.mapped.get(where, ()), *self.mapped.get((*where, OWN), ())))
        if why := self._ignored(where):
            return Became("ignored", (why,))
        return Became("stated", (self.stated[where],)) if where in self.stated else UNKNOWN

    def _ignored(self, where: Where) -> str:
        return next((self.ignored[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.ignored), "")


def named(steps: Steps) -> Where:
    """Without the places in lists."""
    return tuple(step for step in steps if isinstance(step, str))


def covers(root: Fields, settings: Settings, ignored: dict[str, str], rules: tuple[Ignored, ...]) -> Covers:
    made = Covers(ignored={absolute(parse(path), ()): why for path, why in ignored.items()})
    for entry in entries(root):
        for where in entry.sources():
            made.mapped[where] += [entry.path] * (entry.path not in made.mapped[where])
    chosen = [(b.where, b.only, "chooses its row") for b in blocks_of(root)] + [(r.rows, r.only, "chooses rows to ignore") for r in rules]
    for where, only, why in chosen:
        made.stated |= {absolute(selector.path, where): why for selector in only}
    for listed in [member for member in root.members.values() if isinstance(member, Listed)]:
        paths = [path for leaf in listed.state.leaves() for path in leaf.sources]
        made.stated |= {absolute(path, ()): f"says whether there are {listed.name}" for path in paths}
    for table in settings.tables:
        hung = of(table, settings)
        for own, theirs in table.by:
            made.stated[(*hung, table.name, own)] = f"joins {table.name} to {table.of}"
            made.stated[(*hung, theirs)] = f"joins {table.of} to {table.name}"
    for lookup in settings.lookups:
        by = parse(lookup.by).names
        hangs = (*by[:-1], lookup.name)
        made.lists[(TOP, *parse(lookup.items).names)].append(hangs)
        made.stated |= {by: f"names a row of {lookup.name}", (*hangs, lookup.key): f"names its row of {lookup.name}"}
    return made

