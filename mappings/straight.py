"""A part of a shape as straight-line Python, made once at import. It gives the same answers as the tree (tree.py) for usual data; whatever
is unusual (a field missing from the whole, bad data, an element that fits and says nothing) raises Slow or BadValue, and the tree decides
and explains. It may give up at any time, so it never carries meaning; a test holds the two to the same answers."""
from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from decimal import Decimal
from typing import Any

from mappings.rest import NONE, same
from mappings.tree import Const, Leaf, Many, Node, Obj, Seq, all_texts, rivals

Where = Callable[[str], str]  # where a value goes: "x[1]" -> "out['k'] = x[1]"


class Slow(Exception):
    """Not usual: ask the tree."""


class Source:
    """Lines of a function, and the names they use."""

    def __init__(self, part: Any) -> None:
        self.part, self.lines, self.deep = part, list[str](), 1
        self.env: dict[str, Any] = {"same": same, "Slow": Slow, "Decimal": Decimal, "NONE": NONE, "EMPTY": (), "R": part.record}

    def add(self, *lines: str) -> None:
        self.lines += ["    " * self.deep + line for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.add(head)
        self.deep += 1
        yield
        self.deep -= 1

    def name(self, value: Any = None, hint: str = "v") -> str:
        name = f"{hint}{len(self.env)}"
        self.env[name] = value
        return name

    def call(self, codec: Any, which: str) -> str:
        return self.name(getattr(codec, f"fast_{which}", None) or getattr(codec, which), which)

    def function(self, arg: str, result: str) -> Any:
        self.add(f"return {result}")
        exec("\n".join([f"def made({arg}):", *self.lines]), self.env)  # noqa: S102 - the source comes from the shape alone
        return self.env["made"]

    def filled(self, name: str) -> str:
        """Has the field a value? By its type: a tuple may be empty, anything else is None."""
        hint = self.part.hints[name]
        kinds = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
        tuples = [typing.get_origin(k) is tuple or k is tuple for k in kinds if k is not type(None)]
        return f"f_{name}" if all(tuples) else f"f_{name} is not None" + f" and f_{name} != ()" * any(tuples)

    def filled_any(self, node: Node) -> str:
        return " or ".join(self.filled(n) for n in node.names)

    def fits(self, node: Node, v: str, is_dict: bool = False) -> str:
        """The expression that tells whether a value is what the node insists on."""
        node = node.node or node if isinstance(node, Many) else node
        if isinstance(node, Leaf | Many):
            return "True"
        if isinstance(node, Obj) and node.holes:
            insisted = [self.fits(p, f"{v}.get({k!r}, NONE)") for k, p in node.insisted]
            return " and ".join([f"{v}.__class__ is dict"] * (not is_dict) + insisted) or "True"
        if node.holes:  # a list that holds both constants and fields
            return f"{self.name(node.fits, 'fits')}({v})"
        if type(node) is Const and isinstance(node.value, str):
            return f"{v} == {node.value!r}"
        usual = node.write(None, typing.cast(Any, []), "")
        return f"({v} == {usual!r} or {self.name(node.fits, 'fits')}({v}))" if all_texts(usual) else f"{self.name(node.fits, 'fits')}({v})"


class Writer(Source):
    def literal(self, node: Node) -> str:
        """The expression of a node whose only field is known to be filled."""
        if isinstance(node, Leaf):
            return self.put(node)
        if isinstance(node, Obj) and node.holes and not any(isinstance(k, tuple) for k in node.parts):
            return "{" + ", ".join(f"{k!r}: {self.literal(p)}" for k, p in node.parts.items()) + "}"
        if isinstance(node, Seq) and node.holes:
            return "[" + ", ".join(self.literal(p) for p in node.items) + "]"
        return repr(node.write(None, typing.cast(Any, []), ""))

    def put(self, leaf: Leaf) -> str:
        value = f"f_{leaf.names[0]}" if len(leaf.names) == 1 else f"({', '.join(f'f_{n}' for n in leaf.names)})"
        return value if leaf.codec.label == "as is" else f"{self.call(leaf.codec, 'put')}({value})"

    def fill(self, node: Node, where: Where) -> None:
        if not node.holes:
            self.add(where(self.literal(node)))
        elif isinstance(node, Many):
            self.fill_many(node, where)
        elif isinstance(node, Seq) and node.fixed:  # its constants are there without us
            self.fill_seq(node, where)
        else:
            with self.block(f"if {self.filled_any(node)}:"):
                if isinstance(node, Seq) and not simple(node):
                    self.fill_seq(node, where)
                elif isinstance(node, Obj) and not simple(node):
                    self.fill_obj(node, where)
                else:
                    self.add(where(self.literal(node)))

    def fill_obj(self, node: Obj, where: Where) -> str:
        out = self.name()
        self.add(f"{out} = {{{', '.join(f'{k!r}: {self.literal(p)}' for k, p in node.parts.items() if not p.holes)}}}")
        for key, p in node.parts.items():
            if p.holes:
                self.fill(p, lambda v, key=key: f"{out}.update({v})" if isinstance(key, tuple) else f"{out}[{key!r}] = {v}")  # type: ignore[misc]
        self.add(where(out))
        return out

    def fill_seq(self, node: Seq, where: Where) -> None:
        out = self.name()
        self.add(f"{out} = []")
        for p in node.items:
            if isinstance(p, Many) and (others := rivals(node, p)):
                taken = " or ".join(f"not ({self.filled_any(q)}) and ({self.fits(q, 'e')})" for q in others)
                with self.block(f"for e in f_{p.field} or ():"):
                    self.add(f"e = {self.call(p.codec, 'put')}(e)", f"{out}.append(e)", f"if {taken}: raise Slow")
            else:
                self.fill(p, lambda v, p=p: f"{out} += {v}" if isinstance(p, Many) else f"{out}.append({v})")  # type: ignore[misc]
        self.add(where(out))

    def fill_many(self, node: Many, where: Where) -> None:
        put = self.call(node.codec, "put")
        self.add(f"if f_{node.field}: {where(f'[{put}(x) for x in f_{node.field}]')}")


class Reader(Source):
    def __init__(self, part: Any) -> None:
        super().__init__(part)
        self.env |= {f"default_{n}": x.default if x.default_factory is MISSING else x.default_factory() for n, x in part.fields.items()}

    def default(self, name: str) -> str:
        default = self.part.fields[name].default
        return "None" if default is None or name in self.part.required else "EMPTY" if default == () else f"default_{name}"

    def nothing(self, names: Any) -> str:
        return " and ".join(f"f_{n} is {self.default(n)}" for n in names)

    def get(self, node: Node, value: str) -> None:
        """Statements that fill one local variable per field."""
        if isinstance(node, Leaf):
            self.get_leaf(node, value)
        elif isinstance(node, Obj):
            self.get_obj(node, value)
        elif isinstance(node, Seq):
            self.get_seq(node, value)

    def get_leaf(self, node: Leaf, value: str) -> None:
        if node.codec.label == "as is":
            self.add(f"if {' and '.join(f'{value}.__class__ is not {k.__name__}' for k in node.codec.type)}: raise Slow")
        elif len(node.names) > 1:
            self.add(f"{value} = {self.call(node.codec, 'get')}({value}) or {(None,) * len(node.names)}")
        else:
            self.add(f"{value} = {self.call(node.codec, 'get')}({value})")
        for i, n in enumerate(node.names):
            v = value if len(node.names) == 1 else f"{value}[{i}]"
            if n in self.part.second:
                self.add(f"if f_{n} is not {self.default(n)} and not same(f_{n}, {v}): raise Slow")
            if node.codec.label == "as is":
                self.add(f"f_{n} = {v}")
            else:
                self.add(f"if {v} is not None{f' and {v} != ()' * tuple_like(node.codec)}: f_{n} = {v}")

    def get_obj(self, node: Obj, value: str) -> None:
        for key, p in node.parts.items():
            if not p.holes:
                continue
            v = self.name()
            if isinstance(key, tuple):
                self.add(f"{v} = {{}}", *(f"if {k!r} in {value}: {v}[{k!r}] = {value}[{k!r}]" for k in key))
                head = f"if {v}:"
            else:
                head = f"if ({v} := {value}.get({key!r})) is not None:"
            with self.block(head):
                if isinstance(p, Leaf):
                    self.get(p, v)
                    continue
                self.add(f"if {v}.__class__ is not {'dict' if isinstance(p, Obj) else 'list'}: raise Slow")
                if not p.weight:
                    self.get(p, v)
                    continue
                with self.block(f"if {self.fits(p, v, is_dict=True)}:"):
                    self.get(p, v)

    def get_seq(self, node: Seq, value: str) -> None:
        parts = [node.items[i] for i in node.order]
        once = [self.name(hint="s") for _ in parts]
        dicts = all(isinstance(p.node if isinstance(p, Many) else p, Obj) for p in parts)
        self.add(*(f"{s} = {'[]' if isinstance(p, Many) else 'False'}" for p, s in zip(parts, once, strict=True)))
        e = self.name()
        with self.block(f"for {e} in {value}:"):
            self.add(*[f"if {e}.__class__ is not dict: continue"] * dicts)
            for i, (p, s) in enumerate(zip(parts, once, strict=True)):
                free = [] if isinstance(p, Many) else [f"not {s}"]
                with self.block(f"{'el' * (i > 0)}if {' and '.join([*free, self.fits(p, e, dicts)])}:"):
                    self.get_element(p, s, e, several=sum(isinstance(q, Many) for q in parts) > 1)
        self.add(*(f"if {s}: f_{p.field} = tuple({s})" for p, s in zip(parts, once, strict=True) if isinstance(p, Many)))

    def get_element(self, p: Node, s: str, e: str, several: bool) -> None:
        if isinstance(p, Many):
            self.add(f"{e} = {self.call(p.codec, 'get')}({e})", f"if {e} is not None: {s}.append({e})", *["else: raise Slow"] * several)
            return
        self.add(f"{s} = True")
        if p.holes:
            self.get(p, e)
            self.add(f"if {self.nothing(p.names)}: raise Slow")


def simple(node: Node) -> bool:
    """One field, and no Each: then it is a literal."""
    if isinstance(node, Obj):
        return len(node.names) == 1 and all(simple(p) and not isinstance(k, tuple) for k, p in node.parts.items())
    if isinstance(node, Seq):
        return len(node.names) == 1 and all(map(simple, node.items))
    return not isinstance(node, Many)


def tuple_like(codec: Any) -> bool:
    kinds = codec.type if isinstance(codec.type, tuple) else (codec.type,)
    return tuple in kinds or object in kinds


def writer(part: Any) -> Callable[[Any], Any]:
    source = Writer(part)
    source.add(*(f"f_{n} = rec.{n}" for n in part.fields if n in part.first))
    source.add(*(f"if not ({source.filled(n)}): raise Slow" for n in sorted(part.required)))
    if not part.whole and part.node.names:
        source.add(f"if not ({source.filled_any(part.node)}): raise Slow")
    made: Callable[[Any], Any] = source.function("rec", source.fill_obj(part.node, lambda v: "pass"))
    return made


def reader(part: Any) -> Callable[[Any], Any]:
    source, seen = Reader(part), [n for n in part.fields if n in part.first]
    source.add(*(f"f_{n} = {source.default(n)}" for n in seen), f"if not ({source.fits(part.node, 'value')}): raise Slow")
    source.get(part.node, "value")
    required = " or ".join(f"f_{n} is None" for n in sorted(part.required))
    if part.whole:
        source.add(*[f"if {required}: raise Slow"] * bool(required))
    else:  # not enough to be one of these: it stays in the rest
        source.add(f"if {required or source.nothing(seen)}: return None")
    given = ", ".join(f"{n!r}: f_{n}" if n in seen else f"{n!r}: default_{n}" for n in part.fields)
    if hasattr(part.record, "__post_init__") or "__slots__" in vars(part.record) or not all(x.init for x in part.fields.values()):
        return typing.cast(Callable[[Any], Any], source.function("value", f"R(**{{{given}}})"))
    source.env |= {"new": part.record.__new__, "put": object.__setattr__}  # a frozen __init__ is one object.__setattr__ per field: slower
    source.add("record = new(R)", f"put(record, '__dict__', {{{given}}})")
    return typing.cast(Callable[[Any], Any], source.function("value", "record"))


