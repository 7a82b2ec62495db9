"""The quick way to read a resident: straight-line Python, generated from the tree of a layout, one function for each row that is walked.

For rows in which nothing is unusual it gives what the nodes give; for anything else it gives nothing, and they read again and explain. So
it carries no meaning and knows no places; a test holds the two to the same answers. Only what is filled costs time: most fields of a layout
are empty in most residents.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, cast

from adapter.records.layout.blocks import Block, Selector
from adapter.records.layout.checks import Lists, Lookups
from adapter.records.layout.elements import Elements
from adapter.records.layout.here import Bad, Doubtful, Here, Json, Run
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.paths import MIXED, OWN, Bare, Path, walk
from adapter.records.layout.states import Listed, judged
from adapter.records.layout.steps import Same, Step, Table
from adapter.records.rows.row import Node, Rows

Where = tuple[str, ...]
FEW = 4  # so many lines are run for nothing; of more it is asked first whether any of their columns is filled


class Slow(Exception):
    """Not usual: ask the nodes."""


UNUSUAL = (Slow, Bad, Doubtful, KeyError, TypeError, AttributeError)


# ---- what the generated functions call ------------------------------------------------------------------------------------------
def stop(*_: Any) -> Any:
    raise Slow


def inner(value: Any, name: str) -> Any:
    """What an object has under this name. A text has nothing there but itself."""
    if name == OWN and isinstance(value, Node):
        return own(value)
    return value.get(name) if value.__class__ is Node else stop() if value.__class__ is list else value if name == OWN else None


def own(row: Node) -> Any:
    """Its text, if that does not go on behind an element in it."""
    return stop() if MIXED in row else row.get(OWN)


def odd(value: Any) -> Any:
    """Of an element with attributes its own text; a number or a truth value as it is."""
    value = (stop() if MIXED in value else value[OWN]) if value.__class__ is Node else value
    return stop() if value.__class__ is list or value.__class__ is Node else value


def each(value: Any) -> list[Any]:
    """The values of a list, or the one that stands there alone."""
    if value.__class__ is str:
        return [value]
    return [] if value is None else [odd(v) for v in value] if value.__class__ is list else [odd(value)]


def deep(row: Node, names: Where) -> list[Any]:
    """The values at the end of these names; a list on the way is gone through."""
    value: Any = row
    for name in names:
        if value.__class__ is not Node:
            return [odd(found) for found, _ in walk(row, names)] if value is not None else []
        value = own(value) if name == OWN else value.get(name)
    return each(value)


def rows(value: Any) -> list[Any]:
    """The same of rows."""
    return [row if row.__class__ is Node else stop() if row.__class__ is list else Bare({OWN: row})
            for row in (value if value.__class__ is list else [value])]


def pieces(values: list[Any], separator: str) -> list[str]:
    return [piece for value in values for v in value.split(separator) if (piece := v.strip())]


# ---- the whole ---------------------------------------------------------------------------------------------------------------
def quick(root: Fields, lists: Lists, lookups: Lookups) -> Callable[..., Json]:
    """A function of a tree and the top, and of the rows they are of: the JSON, or None where anything is unusual."""
    source = Source(lists)
    read = source.compiled(root)

    def tried(tree: Node, top: Node, of: Rows | None = None) -> Json:
        run = Run(top, rows=of)
        try:
            lookups.check(tree, run)
            lists.check(tree, run, source.left)
            return None if run.wrong else read(tree, None, run)
        except UNUSUAL:
            return None

    return tried


class Source:
    """Functions of a row `r`, what it stands in, `up`, and the `run`. `left`: the rules about rows that the functions do not keep."""

    def __init__(self, lists: Lists) -> None:
        self.functions, self.left, self.count = list[str](), list(lists.rules), 0
        self.walked, self.whole = lists.walked, cast("Where | None", None)
        self.env: dict[str, Any] = {f.__name__: f for f in (stop, inner, odd, each, deep, pieces, rows, Here)}

    def compiled(self, root: Fields) -> Any:
        name = self.function(root, ())
        exec("\n\n".join(self.functions), self.env)  # noqa: S102 - made of the nodes; of what a layout says only names, as literals
        return self.env[name]

    def fresh(self, hint: str) -> str:
        self.count += 1
        return f"{hint}{self.count}"

    def name(self, value: Any, hint: str) -> str:
        name = self.fresh(hint)
        self.env[name] = value
        return name

    def function(self, fields: Fields, whole: Where | None) -> str:
        """Of one row. `whole`: the names that lead to such rows, if all of them come here that are not ignored."""
        name, into, outer = self.fresh("read"), self.fresh("d"), self.whole
        self.whole = whole
        lines = [f"{into} = {{}}", *self.members(fields, into), f"return {into} or None"]
        self.functions.append("\n".join([f"def {name}(r, up, run):", *indented(lines)]))
        self.whole = outer
        return name

    # -- nodes: the lines that put a value at a target -------------------------------------------------------------------------
    def members(self, fields: Fields, into: str) -> list[str]:
        lines = [line for name, member in fields.members.items() if not member.constant
                 for line in getattr(self, f"_{type(member).__name__}")(member, f"{into}[{name!r}]")]
        return [*lines, *([f"if {into}: {into}.update({self.name(fields.value, 'constants')})"] if fields.value else [])]

    def _Fields(self, fields: Fields, target: str) -> list[str]:
        into = self.fresh("d")
        return self.guarded(fields.firsts, [f"{into} = {{}}", *self.members(fields, into), f"if {into}: {target} = {into}"])

    def guarded(self, firsts: frozenset[str], lines: list[str], *, always: bool = False) -> list[str]:
        """Only where one of these names is in the row. `always`: however few lines."""
        if "" in firsts or len(lines) <= FEW and not always:
            return lines
        one = f"{next(iter(firsts))!r} in r" if len(firsts) == 1 else f"not r.keys().isdisjoint({self.name(firsts, 'firsts')})"
        return [f"if {one}:", *indented(lines)]

    def _Leaf(self, leaf: Leaf, target: str) -> list[str]:
        if leaf.join is not None and not leaf.many and not leaf.function:
            return self._joined(leaf, target)
        if leaf.many and not leaf.function and leaf.join is None:
            return self._listed(leaf, target)
        if len(leaf.sources) == 1 and not leaf.many:
            return self._one(leaf, target)
        made = f"{self.name(leaf.made, 'made')}({self.name(leaf.gathered, 'gathered')}(Here(r, run, up)))"
        return self.guarded(leaf.firsts, [f"x = {made}", f"if x is not None: {target} = x"], always=True)

    def _one(self, leaf: Leaf, target: str) -> list[str]:
        says = f"if v not in {self.name(leaf.nothing, 'nothing')}: " if leaf.nothing else ""
        return [f"v = {self.at(leaf.sources[0])}",
                "if v is not None:",
                "    if v.__class__ is not str: v = odd(v)",
                f"    {says}{target} = {self.converted(leaf, 'v')}"]

    def _listed(self, leaf: Leaf, target: str) -> list[str]:
        values = " + ".join(self.all(path) for path in leaf.sources)
        values = values if leaf.split is None else f"pieces({values}, {leaf.split!r})"
        says = f" if v not in {self.name(leaf.nothing, 'nothing')}" if leaf.nothing else ""
        lines = [f"x = [{self.converted(leaf, 'v')} for v in {values}{says}]", f"if x: {target} = x"]
        return self.guarded(leaf.firsts, lines, always=True)

    def _joined(self, leaf: Leaf, target: str) -> list[str]:
        says = f"v is not None and v not in {self.name(leaf.nothing, 'nothing')}"
        values = "".join(f"{self.at(path)}, " for path in leaf.sources)
        lines = [f"x = [v for v in ({values}) if {says}]",
                 f"if x: v = {self.name(str(leaf.join).join, 'join')}(x); {target} = {self.converted(leaf, 'v')}"]
        return self.guarded(leaf.firsts, lines, always=True)

    @staticmethod
    def row(path: Path) -> str:
        """The object where a path starts."""
        return "run.top" if path.top else f"up{'[1]' * (path.up - 1)}[0]" if path.up else "r"

    def at(self, path: Path) -> str:
        value = f"inner({self.row(path)}, {OWN!r})" if path.names[0] == OWN else f"{self.row(path)}.get({path.names[0]!r})"
        for name in path.names[1:]:
            value = f"inner({value}, {name!r})"
        return value

    def all(self, path: Path) -> str:
        """The values of a list."""
        return f"each({self.at(path)})" if len(path.names) == 1 else f"deep({self.row(path)}, {path.names!r})"

    def converted(self, leaf: Leaf, v: str) -> str:
        for step in leaf.steps:
            v = self.step(step, v)
        return v

    def step(self, step: Step, v: str) -> str:
        if isinstance(step, Table) and not step.otherwise and not step.booleans:
            return f"{self.name(step.words, 'words')}[{v}]"
        if isinstance(step, Same) and v == "v":
            known = "is str" if step.takes == {str} else f"in {self.name(step.takes, 'takes')}"
            return f"(v if v.__class__ {known} else stop())"
        return f"{self.name(step.get, 'get')}({v})"

    def _Listed(self, node: Listed, target: str) -> list[str]:
        items, state = self.fresh("i"), self.fresh("s")
        lines = [f"{items} = None", *(self._Elements(node.elements, items) if node.elements else [])]
        if isinstance(node.state, Constant):
            return [*lines, f"{target} = {items} or {self.name(node.constantly, 'state')}(run)"]
        lines += [f"{state} = None", *self._Leaf(node.state, state)]
        return [*lines, f"{target} = {self.name(judged, 'judged')}({items}, {state}, {node.empty!r})"]

    # -- lists -----------------------------------------------------------------------------------------------------------------
    def _Elements(self, elements: Elements, target: str) -> list[str]:
        items = self.fresh("i")
        groups = [list(blocks) for _, blocks in groupby(elements.blocks, lambda b: b.each and b.each.names)]
        lines = [line for blocks in groups for line in (
            self.every(blocks, items, whole=elements.whole) if blocks[0].each else self.fixed(blocks, items))]
        return self.guarded(elements.firsts, [f"{items} = []", *lines, f"if {items}: {target} = {items}"])

    def fixed(self, blocks: list[Block], items: str) -> list[str]:
        lines = list[str]()
        for block in blocks:
            into = self.fresh("d")
            always = f" or {self.name(block.fields.value, 'constants')}"
            end = f"{items}.append({into}{always})" if block.always else f"if {into}: {items}.append({into})"
            lines += self.guarded(block.firsts, [f"{into} = {{}}", *self.members(block.fields, into), end])
        return lines

    def every(self, blocks: list[Block], items: str, *, whole: bool) -> list[str]:
        path = blocks[0].each
        assert path is not None  # noqa: S101 - as they were grouped
        down = [line for name in path.names[:-1] for line in (f"o = inner(o, {name!r})", "u = o, u")]
        kept = self.whole is not None and list(map(id, self.walked[blocks[0].where])) == list(map(id, blocks))
        rules = [rule for rule in self.left if kept and rule.where == blocks[0].where]
        self.left = [rule for rule in self.left if rule not in rules]
        row = [f"if {self.name(i.takes, 'ignored')}(Here(q, run, u)): continue" for i in blocks[0].ignored]
        row += ["t = False", *[f"n = len({items})"] * whole, *(line for block in blocks for line in self.block(block, items)),
                *["if not t: stop()"] * bool(rules), *[f"if t and len({items}) == n: stop()"] * whole]
        walk = ["o, u = r, (r, up)", *down, f"x = inner(o, {path.last!r})"]
        return [*walk, "if x is not None:", "    for q in rows(x):", *indented(indented(row))]

    def block(self, block: Block, items: str) -> list[str]:
        whole = block.where if self.whole is not None and len(self.walked[block.where]) == 1 else None
        taken = [f"t, y = True, {self.function(block.fields, whole)}(q, u, run)", f"if y is not None: {items}.append(y)"]
        choice = " and ".join(map(self.choice, block.only))
        return [f"if {choice}:", *indented(taken)] if choice else taken

    def choice(self, selector: Selector) -> str:
        path = selector.path
        if selector.column:
            return f"{self.name(selector.chooses, 'choose')}(odd(q.get({path.last!r})))"
        return f"{self.name(selector.takes, 'choose')}(Here(q, run, u))"


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
