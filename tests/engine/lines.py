"""Mutants of a mapping module: its shapes with one entry deleted, one text altered, or two holes swapped.

Only what a shape is made of is touched: the module-level assignments that a Shape, Part or OneOf refers to, directly or not. (Code tables
only offer words; they are not part of a shape.) A mutant is a new text of the module.
"""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

Span = tuple[int, int]
MAKERS = {"Shape", "OneOf", "Part"}


class Mutant(NamedTuple):
    """`kind`: delete, alter, swap, and for closed code lists: code. `line` and `what` say where."""

    kind: str
    line: int
    what: str
    source: str


class Module:
    """The text of a module, its tree, and the parts of it that make shapes."""

    def __init__(self, source: str) -> None:
        self.source, self.raw, self.tree = source, source.encode(), ast.parse(source)
        self.starts = [0, *(m.end() for m in re.finditer(b"\n", self.raw))]

    @cached_property
    def regions(self) -> list[ast.expr]:
        """The values of the assignments that make shapes, in the order of the file; of a module that makes none (systems.py), of all."""
        assigned = {target.id: node.value for node in self.tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
                    for target in (node.targets if isinstance(node, ast.Assign) else [node.target]) if isinstance(target, ast.Name)}
        waiting, found = [name for name, value in assigned.items() if _called(value) in MAKERS] or list(assigned), set[str]()
        while waiting:
            if (name := waiting.pop()) not in found:
                found.add(name)
                waiting += [n.id for n in ast.walk(assigned[name]) if isinstance(n, ast.Name) and n.id in assigned]
        return [value for name, value in assigned.items() if name in found]

    # -- text -------------------------------------------------------------------------------------------------------------------------
    def span(self, node: ast.expr | ast.keyword) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr | ast.keyword) -> str:
        start, end = self.span(node)
        return " ".join(self.raw[start:end].decode().split())[:60]

    def put(self, *edits: tuple[Span, bytes]) -> str:
        """The source with these spans replaced."""
        out = self.raw
        for (start, end), new in sorted(edits, reverse=True):
            out = out[:start] + new + out[end:]
        return out.decode()

    # -- mutants ----------------------------------------------------------------------------------------------------------------------
    def mutants(self) -> Iterator[Mutant]:
        for region in self.regions:
            codes = {id(n) for call in ast.walk(region) if _called(call) in ("code", "closed") for n in ast.walk(call)}
            for node in ast.walk(region):
                kind = "code" if id(node) in codes else None
                yield from self._deletions(node, kind or "delete")
                yield from self._alterations(node, kind or "alter")
            yield from self._swaps(region)

    def _deletions(self, node: ast.AST, kind: str) -> Iterator[Mutant]:
        """Each entry of an object or a list, each keyword of a call."""
        entries: list[tuple[Span, ast.expr | ast.keyword]] = []
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            entries = [((self.span(key)[0] if key else self.span(value)[0] - 2, self.span(value)[1]), value) for key, value in pairs]
        elif isinstance(node, ast.List):
            entries = [(self.span(element), element) for element in node.elts]
        elif isinstance(node, ast.Call):
            entries = [(self.span(keyword), keyword) for keyword in node.keywords]
        for (start, end), value in entries:
            comma = re.match(rb"\s*,", self.raw[end:])
            said = " ".join(self.raw[start:end].decode().split())[:60]
            yield Mutant(kind, value.lineno, said, self.put(((start, end + (comma.end() if comma else 0)), b"")))

    def _alterations(self, node: ast.AST, kind: str) -> Iterator[Mutant]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bool):
            new = repr(f"{node.value}X" if isinstance(node.value, str) else not node.value)
            yield Mutant(kind, node.lineno, self.text(node), self.put((self.span(node), new.encode())))

    def _swaps(self, region: ast.expr) -> Iterator[Mutant]:
        """Each hole and the next one of its record; and the next one behind the same codec, which is harder to see."""
        for holes in self._holes(region):
            for i, (a, codec) in enumerate(holes):
                later = [(b, other) for b, other in holes[i + 1:] if b.attr != a.attr]
                alike = [b for b, other in later if other == codec]
                for b in {id(b): b for b in [*(b for b, _ in later[:1]), *alike[:1]]}.values():
                    edits = (self.span(a), f"f.{b.attr}".encode()), (self.span(b), f"f.{a.attr}".encode())
                    yield Mutant("swap", a.lineno, f"f.{a.attr} and f.{b.attr}", self.put(*edits))

    def _holes(self, region: ast.expr) -> Iterator[list[tuple[ast.Attribute, str]]]:
        """The holes of each record in the order of the text, each with the text of its codec."""
        scopes: dict[int, list[tuple[ast.Attribute, str]]] = {}

        def walk(node: ast.AST, scope: ast.AST, codec: str) -> None:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "f":
                scopes.setdefault(id(scope), []).append((node, codec))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
                walk(node.left, scope, self.text(node.right))
                return
            inner = isinstance(node, ast.Call) and _called(node) in {*MAKERS, "Each"}
            for child in ast.iter_child_nodes(node):
                walk(child, node if inner and isinstance(child, ast.Dict) else scope, self.text(node) if inner else codec)

        walk(region, region, "")
        yield from scopes.values()


def _called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
