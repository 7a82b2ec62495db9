"""Every value of an export, counted by what became of it.

A row is counted by its shape: where it stands, which blocks take it, which of its cells are filled. Only when lines are asked for is each
shape looked up in the plan.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from adapter.records.layout import Layout
from adapter.records.layout.fields import Where, absolute, shown
from adapter.records.layout.here import Here, Run, Up
from adapter.records.layout.paths import OWN, parse
from adapter.records.ledger.plan import IGNORED, ROOT, UNKNOWN, VERDICTS, Active, Plan, Verdict
from adapter.records.ledger.referred import References, Referred
from adapter.records.rows.row import TOP, Node, Rows

Place = tuple[str, str, Verdict]      # file, path, and what became of it
UNNAMED = "no row refers to this one"


class Line(NamedTuple):
    """`total` values stand under this path of this file; `refused` of them belong to residents who do not travel."""

    file: str
    path: str
    verdict: str
    what: str
    total: int
    refused: int


class Constancy(NamedTuple):
    """What the layout says of itself, and not the export: how many times."""

    field: str
    constant: Any
    because: str
    times: int


class Shape(NamedTuple):
    """Rows that are counted together. `keys`: the names of their values; `over`: why none of them counts for anything else."""

    file: str
    where: Where
    active: Active
    keys: tuple[str, ...]
    over: str = ""


@dataclass
class Counts:
    """Of some residents, those who travel or those who do not. `words`: values that say nothing, at least to some fields. `constants`: by
    the block and its place there."""

    shapes: Counter[Shape] = field(default_factory=Counter)
    words: Counter[Place] = field(default_factory=Counter)
    constants: Counter[tuple[int, int]] = field(default_factory=Counter)


class Ledger:
    """`places`: where the rows of lookups hang. `unread`: values of files that the layout does not name."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.plan = layout, Plan(layout)
        self.nothing, self.places = self.plan.nothing(), dict(self.plan.hung())
        self.hung = frozenset(self.places.values())
        self.travel, self.stay, self.references = Counts(), Counts(), References()
        self.unread: dict[str, int] = {}

    # ---- counting ------------------------------------------------------------------------------------------------------------
    def take(self, rows: Rows, *, refused: bool) -> None:
        """One resident; `refused`: she does not travel."""
        self._taking(rows.top, refused=refused, constants=not refused).row(rows.tree, (), None, TOPMOST)

    def leave_out(self, rows: Rows) -> None:
        """What stands among the residents and is none: a rule of the layout ignores it."""
        self._taking(rows.top).row(rows.tree, (), None, TOPMOST)

    def _taking(self, top: Node, *, refused: bool = False, constants: bool = False) -> Taking:
        return Taking(self, Run(top), self.stay if refused else self.travel, constants)

    def close(self, top: Node, unnamed: Iterable[tuple[str, Node]] = ()) -> None:
        """When all residents are taken. `top`: what stands outside of them. `unnamed`: (table, row) of lookups that
        nobody named."""
        taking = self._taking(top)
        taking.around(top, (TOP,), {(TOP, *parse(x.items).names): self.places[x.name] for x in self.layout.settings.lookups})
        for name, node in unnamed:
            taking.row(node, self.places[name], None, TOPMOST, UNNAMED)

    def unread_files(self, counts: Mapping[str, int]) -> None:
        """Files that the layout does not name: nothing is known of them."""
        named = {table.file.casefold() for table in self.layout.settings.tables} or {""}
        self.unread = {file: count for file, count in counts.items() if file.casefold() not in named and count}

    # ---- what is told --------------------------------------------------------------------------------------------------------
    def lines(self) -> list[Line]:
        """By file and path."""
        travel, stay = self._counted(self.travel), self._counted(self.stay)
        made = [Line(file, path, *verdict, travel[file, path, verdict] + stay[file, path, verdict], stay[file, path, verdict])
                for file, path, verdict in {**travel, **stay}]
        made += [Line(file, "", UNKNOWN, "the layout does not name this file", n, 0) for file, n in self.unread.items()]
        return sorted(made)

    def absent(self) -> Iterator[str]:
        """Paths by which the layout chooses rows, to be read or to be ignored, and that stand nowhere in an export that has no columns."""
        if self.layout.settings.format == "csv":
            return
        seen = [f"{line.path}/" for line in self.lines()]
        blocks = [(where, maker.block.only) for where, makers in self.plan.makers.items() for maker in makers]
        rules = [(rule.rows, rule.only) for rule in self.layout.ignored_rows]
        chosen = [path for where, only in [*blocks, *rules] for path in (where, *(absolute(s.path, where) for s in only))]
        for path in dict.fromkeys(shown(path[:-1] if path[-1:] == (OWN,) else path) for path in chosen):
            if path and not any(other.startswith(f"{path}/") for other in seen):
                yield path

    def totals(self) -> dict[str, int]:
        counts = Counter[str]()
        for line in self.lines():
            counts[line.verdict] += line.total
        return {"values": counts.total(), **{verdict: counts[verdict] for verdict in VERDICTS}}

    def files(self) -> dict[str, int]:
        counts = Counter[str]()
        for line in self.lines():
            counts[line.file] += line.total
        return dict(counts)

    def constants(self) -> list[Constancy]:
        """Several blocks may say the same: it is counted together."""
        counts, values = Counter[tuple[str, str, str]](), dict[tuple[str, str, str], Any]()
        for block, made in self.plan.constants.items():
            for i, stated in enumerate(made):
                key = stated.field, repr(stated.constant.value), stated.constant.because
                counts[key] += self.travel.constants[block, i]
                values[key] = stated.constant.value
        return [Constancy(key[0], values[key], key[2], times) for key, times in sorted(counts.items())]

    def _counted(self, counts: Counts) -> Counter[Place]:
        every = +counts.words      # what was counted anew is not there any more
        for shape, n in (+counts.shapes).items():
            for key in shape.keys:
                every[shape.file, written(shape.where, key), self._verdict(shape, key)] += n
        return every

    def _verdict(self, shape: Shape, key: str) -> Verdict:
        return Verdict(IGNORED, shape.over) if shape.over else self.plan.verdict((*shape.where, key), shape.active)


TOPMOST: Active = frozenset({ROOT})


def written(where: Where, key: str) -> str:
    """As a layout writes a path; an element's own text by the element's."""
    return shown(where if key == OWN and len(where) > (where[:1] == (TOP,)) else (*where, key))


@dataclass
class Taking:
    """One resident's values, on their way into the counts. `constants`: do they count? `times`: 0 for them alone; -1 takes back what
    was counted before."""

    ledger: Ledger
    run: Run
    counts: Counts
    constants: bool = False
    times: int = 1

    def row(self, node: Node, where: Where, up: Up, active: Active, over: str = "") -> None:
        """A row: who takes it, and what is in it."""
        here, plan = Here(node, self.run, up), self.ledger.plan
        over = over or next((rule.because for rule in plan.rules.get(where, ()) if rule.takes(here)), "")
        if where in plan.makers and not over:
            active |= {m.number for m in plan.makers[where] if m.outer in active and m.block.takes(here)}
        if self.constants and not over:
            self._constants(here, where, active)
        self.inside(node, where, up, active, over)

    def _constants(self, here: Here, where: Where, active: Active) -> None:
        plan = self.ledger.plan
        for block in [m.number for m in plan.makers.get(where, ()) if m.number in active] if where else [ROOT]:
            for i, stated in enumerate(plan.constants.get(block, ())):
                self.counts.constants[block, i] += stated.used(here)

    def inside(self, node: Node, where: Where, up: Up, active: Active, over: str) -> None:
        keys, nothing, rows = list[str](), self.ledger.nothing, self.ledger.plan.rows_in.get(where, ())
        for key, value in node.items():
            if value.__class__ is str and key not in rows:  # nearly all
                if value in nothing:
                    self._word(node, where, key, active, over, value)
                else:
                    keys.append(key)
            elif value.__class__ is list or key in rows or isinstance(value, Node):
                for item in value if value.__class__ is list else (value,):
                    self._item(node, key, item, where, up, active, over)
            else:
                keys.append(key)
        if keys:
            self.counts.shapes[Shape(node.file, where, active, tuple(keys), over)] += self.times

    def _item(self, node: Node, key: str, item: Any, where: Where, up: Up, active: Active, over: str) -> None:
        """Of a list, or what hangs in a row."""
        inner = (*where, key)
        if key in self.ledger.plan.rows_in.get(where, ()):
            self.row(item if isinstance(item, Node) else Node({OWN: item}, node.file, node.line), inner, (node, up), active, over)
        elif not isinstance(item, Node):
            self.inside(Node({key: item}, node.file), where, up, active, over)
        elif inner in self.ledger.hung:
            if self.times > 0:
                self._referred(item, Referred(inner, active, over, self.counts is self.ledger.stay))
            if not over:
                self._in_shared(item, inner, (node, up), active)
        else:
            self.inside(item, inner, (node, up), active, over)

    def _referred(self, node: Node, how: Referred) -> None:
        """A row that many refer to counts once: anew, where more is known of who refers to it. It may refer to another one."""
        before, now = self.ledger.references.add(node, how)
        if before and before != now:
            self._as_referred(node, before, -1)
        if before != now:
            self._as_referred(node, now, 1)

    def _as_referred(self, node: Node, how: Referred, times: int) -> None:
        counts = self.ledger.stay if how.refused else self.ledger.travel
        Taking(self.ledger, self.run, counts, times=times).row(node, how.where, None, how.active, how.over)

    def _in_shared(self, node: Node, where: Where, up: Up, active: Active) -> None:
        """The values of a row that many refer to count once; the elements that are made of it count for each of them."""
        if self.constants and any(maker[:len(where)] == where for maker in self.ledger.plan.makers):
            replace(self, times=0).inside(node, where, up, active, "")

    def _word(self, node: Node, where: Where, key: str, active: Active, over: str, word: str) -> None:
        verdict = Verdict(IGNORED, over) if over else self.ledger.plan.verdict((*where, key), active, word)
        self.counts.words[node.file, written(where, key), verdict] += self.times

    def around(self, node: Node, where: Where, lists: Mapping[Where, Where]) -> None:
        """What stands outside of all residents. Elements of the lists of lookups count where they hang."""
        rest = Node({}, node.file)
        for key, value in node.items():
            inner, items = (*where, key), value if isinstance(value, list) else [value]
            for item in items:
                if not isinstance(item, Node):
                    rest[key] = value
                elif inner not in lists:
                    self.around(item, inner, lists)
                elif not self.ledger.references.has(item):
                    self.row(item, lists[inner], None, TOPMOST, UNNAMED)
        self.inside(rest, where, None, TOPMOST, "")
