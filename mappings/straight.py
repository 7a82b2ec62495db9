"""A part of a shape as straight-line Python: the one meaning of writing and reading, generated from the tree in two tones.

*Usual*, made at import, is fast: whatever is wrong raises (Slow, or a codec's BadValue). *Careful*, made when first needed, is the same
statements with every codec call guarded and every check said as a fault; it does the work again and names all that is wrong.

(Over 300 lines: writing and reading are two views of one tree, and are kept side by side.)
"""
from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from decimal import Decimal
from typing import Any

from mappings.faults import BadValue, Walk
from mappings.rest import NONE, same
from mappings.tree import Const, Leaf, Many, Node, Obj, Seq, all_texts, keys_of, rivals

Where = Callable[[str], str]  # where a value goes: "x[1]" -> "out['k'] = x[1]"
AS_IS = "as is"  # the label of a codec that changes nothing


class Slow(Exception):
    """Not usual: be careful."""


def slow() -> Any:
    raise Slow


def take(how: Callable[[Any], Any], value: Any, walk: Walk, path: str, field: str) -> Any:
    """A codec's answer; or None, and the walk knows why."""
    try:
        return how(value)
    except BadValue as bad:
        walk += bad.faults(path.strip("."), field)
        return None


class Source:
    """Lines of a function, the names they use, and where in the resource they are (the inside of an f-string)."""

    def __init__(self, part: Any, careful: bool) -> None:
        self.part, self.careful, self.lines, self.deep, self.path = part, careful, list[str](), 1, "{path}"
        self.env: dict[str, Any] = {"same": same, "Slow": Slow, "Decimal": Decimal, "NONE": NONE, "EMPTY": (), "take": take, "slow": slow}

    def add(self, *lines: str) -> None:
        self.lines += ["    " * self.deep + line for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.add(head)
        self.deep += 1
        yield
        self.deep -= 1

    @contextmanager
    def at(self, step: str) -> Iterator[None]:
        before, self.path = self.path, self.path + step
        yield
        self.path = before

    def name(self, value: Any = None, hint: str = "v") -> str:
        name = f"{hint}{len(self.env)}"
        self.env[name] = value
        return name

    def wrong(self, condition: str, field: str, reason: str) -> None:
        self.add(f"if {condition}: " + (f"walk.say(f'{self.path}', {field!r}, {reason!r})" if self.careful else "raise Slow"))

    def call(self, codec: Any, which: str, value: str, field: str) -> str:
        """The expression of what a codec makes of a value."""
        if not self.careful:
            return f"{self.name(getattr(codec, f'fast_{which}', None) or getattr(codec, which), which)}({value})"
        strict = which == "get" and hasattr(codec, "slow_get")
        how = self.name(codec.slow_get if strict else getattr(codec, which), which)
        return f"take({f'lambda v: {how}(v, walk.strict)' if strict else how}, {value}, walk, f'{self.path}', {field!r})"

    def function(self, arg: str, result: str) -> Any:
        self.add(f"return {result}")
        exec("\n".join([f"def made({arg}{', walk, path' * self.careful}):", *self.lines]), self.env)  # noqa: S102 - from the shape alone
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
        node = getattr(node, "node", None) or node
        if isinstance(node, Leaf):
            return "True"
        if isinstance(node, Obj) and node.holes:
            insisted = [self.fits(p, f"{v}.get({k!r}, NONE)") for k, p in node.insisted]
            return " and ".join([f"{v}.__class__ is dict"] * (not is_dict) + insisted) or "True"
        if type(node) is Const and isinstance(node.value, str):
            return f"{v} == {node.value!r}"
        asked = f"{self.name(node.fits, 'fits')}({v})"
        if node.holes or not all_texts(usual := node.constant()):  # a list of constants and fields; numbers, which == does not tell apart
            return asked
        return f"({v} == {usual!r} or {asked})"


class Writer(Source):
    """Statements that fill a resource from local variables f_NAME, one a field."""

    def literal(self, node: Node) -> str:
        """The expression of a node whose only field is known to be filled."""
        if isinstance(node, Leaf):
            value = f"f_{node.names[0]}" if len(node.names) == 1 else f"({', '.join(f'f_{n}' for n in node.names)})"
            if node.codec.label != AS_IS or self.careful:
                return self.call(node.codec, "put", value, node.field)
            return f"({value} if {' or '.join(f'{value}.__class__ is {k.__name__}' for k in types_of(node.codec))} else slow())"
        if isinstance(node, Obj) and node.holes:
            inner = [f"{k!r}: {self.inner(p, f'.{k}')}" for k, p in node.parts.items()]
            return "{" + ", ".join(inner) + "}"
        if isinstance(node, Seq) and node.holes:
            return "[" + ", ".join(self.inner(p, f"[{i}]") for i, p in enumerate(node.items)) + "]"
        return repr(node.constant())

    def inner(self, node: Node, step: str) -> str:
        with self.at(step):
            return self.literal(node)

    def listed(self, many: Many) -> str:
        with self.at("[{i}]"):
            put = self.call(many.codec, "put", "x", many.field)
        if not self.careful:
            return f"[{put} for x in f_{many.field}]"
        self.wrong(f"f_{many.field}.__class__ is not tuple", many.field, "is not a tuple")
        return f"[{put} for i, x in enumerate(f_{many.field} if f_{many.field}.__class__ is tuple else ())]"

    def fill(self, node: Node, where: Where) -> None:
        if not node.holes:
            self.add(where(self.literal(node)))
        elif isinstance(node, Many):
            with self.block(f"if f_{node.field}:"):
                self.add(where(self.listed(node)))
        elif isinstance(node, Seq) and node.fixed:  # its constants are there without us
            self.fill_seq(node, where)
        else:
            with self.block(f"if {self.filled_any(node)}:"):
                if simple(node):
                    self.add(where(self.literal(node)))
                elif isinstance(node, Seq) and isinstance(node.items[0], Many) and len(node.items) == 1:
                    self.add(where(self.listed(node.items[0])))
                elif isinstance(node, Obj):
                    self.fill_obj(node, where)
                elif isinstance(node, Seq):
                    self.fill_seq(node, where)

    def fill_obj(self, node: Obj, where: Where) -> str:
        out = self.name()
        self.add(f"{out} = {{{', '.join(f'{k!r}: {self.literal(p)}' for k, p in node.parts.items() if not p.holes)}}}")
        for key, p in node.parts.items():
            if isinstance(p, Leaf) and p.codec.kinds and not self.careful:
                self.fill_choice(p, out)
            elif p.holes:
                with self.at("." + "|".join(keys_of(key))):
                    self.fill(p, self.member(out, key))
        self.add(where(out))
        return out

    def fill_choice(self, leaf: Leaf, out: str) -> None:
        """The type of the value says which key, and whose."""
        kinds = {t: (key, getattr(c, "fast_put", None) or c.put) for key, c in leaf.codec.kinds.items() for t in types_of(c)}
        with self.block(f"if {self.filled_any(leaf)}:"):
            self.add(f"k, p = {self.name(kinds, 'kinds')}[f_{leaf.field}.__class__]", f"{out}[k] = p(f_{leaf.field})")

    def member(self, out: str, key: Any) -> Where:
        """Sibling keys come as an object of their own; a careful codec may have answered None."""
        return lambda v: f"{out}.update({v}{' or {}' * self.careful})" if isinstance(key, tuple) else f"{out}[{key!r}] = {v}"

    def fill_seq(self, node: Seq, where: Where) -> None:
        out = self.name()
        self.add(f"{out} = []")
        for n, p in enumerate(node.items):
            if isinstance(p, Many):
                start = self.name()
                self.add(f"{start} = len({out})")
                self.fill(p, lambda v: f"{out} += {v}")
                for q in rivals(node, p):
                    taken = f"any({self.fits(q, 'e')} and {self.name(q.says, 'says')}(e) for e in {out}[{start}:])"
                    self.wrong(f"not ({self.filled_any(q)}) and {taken}", p.field, "would be read as another field")
            else:
                with self.at(f"[{n}]"):
                    self.fill(p, lambda v: f"{out}.append({v})")
        self.add(where(out))


class Reader(Source):
    """Statements that fill one local variable f_NAME a field."""

    def default(self, name: str) -> str:
        default = self.part.fields[name].default
        return "None" if default is None or name in self.part.required else "EMPTY" if default == () else f"default_{name}"

    def nothing(self, names: Any) -> str:
        return " and ".join(f"f_{n} is {self.default(n)}" for n in names)

    def get(self, node: Node, value: str) -> None:
        if isinstance(node, Leaf):
            self.get_leaf(node, value)
        elif isinstance(node, Obj):
            self.get_obj(node, value)
        elif isinstance(node, Seq):
            self.get_seq(node, value)

    def get_leaf(self, node: Leaf, value: str) -> None:
        plain = node.codec.label == AS_IS and not self.careful
        if plain:
            self.wrong(" and ".join(f"{value}.__class__ is not {k.__name__}" for k in types_of(node.codec)), node.field, "")
        else:
            several = f" or {(None,) * len(node.names)}" * (len(node.names) > 1)
            self.add(f"{value} = {self.call(node.codec, 'get', value, node.field)}{several}")
        for i, n in enumerate(node.names):
            v = value if len(node.names) == 1 else f"{value}[{i}]"
            said = f"{v} is not None{f' and {v} != ()' * tuple_like(node.codec)}"
            if n in self.part.second:
                self.wrong(f"{said} and f_{n} is not {self.default(n)} and not same(f_{n}, {v})", n, "two places disagree")
            self.add(f"f_{n} = {v}" if plain else f"if {said}: f_{n} = {v}")

    def get_obj(self, node: Obj, value: str) -> None:
        for key, p in node.parts.items():
            if not p.holes:
                continue
            if isinstance(p, Leaf) and p.codec.kinds:
                self.get_choice(p, value)
                continue
            v, head = self.name(), ""
            if isinstance(key, tuple):
                self.add(f"{v} = {{}}", *(f"if {k!r} in {value}: {v}[{k!r}] = {value}[{k!r}]" for k in key))
                head = f"if {v}:"
            head = head or f"if ({v} := {value}.get({key!r})) is not None:"  # JSON null says nothing: it stays in the rest
            with self.at("." + "|".join(keys_of(key))), self.block(head):
                self.get_inner(p, v)

    def get_choice(self, leaf: Leaf, value: str) -> None:
        kinds = {self.name(): (key, codec) for key, codec in leaf.codec.kinds.items()}
        self.add(*(f"{v} = {value}.get({key!r})" for v, (key, _) in kinds.items()))
        with self.at("." + "|".join(leaf.codec.kinds)):
            self.wrong(f"{' + '.join(f'({v} is not None)' for v in kinds)} > 1", leaf.field, "is said in two ways")
            for v, (_, codec) in kinds.items():
                with self.block(f"if {v} is not None:"):
                    self.get_leaf(Leaf(leaf.names, codec), v)

    def get_inner(self, p: Node, v: str) -> None:
        """A leaf; or an object or list, if it is one and fits."""
        if isinstance(p, Leaf):
            self.get(p, v)
            return
        kind, what = ("dict", "an object") if isinstance(p, Obj) else ("list", "a list")
        self.wrong(f"{v}.__class__ is not {kind}", "-", f"is not {what}")
        if not self.careful and not p.weight:
            self.get(p, v)
            return
        with self.block(f"{'el' * self.careful}if {self.fits(p, v, is_dict=True) if p.weight else True}:"):
            self.get(p, v)

    def get_seq(self, node: Seq, value: str) -> None:
        """Each element goes to the first part it fits, most specific first, that has none yet; an Each takes any number."""
        parts = [node.items[i] for i in node.order]
        once = [self.name(hint="s") for _ in parts]
        dicts = all(isinstance(getattr(p, "node", None) or p, Obj) for p in parts)
        self.add(*(f"{s} = {'[]' if isinstance(p, Many) else 'False'}" for p, s in zip(parts, once, strict=True)))
        e, i = self.name(), self.name(hint="i")
        with self.at(f"[{{{i}}}]"), self.block(f"for {i}, {e} in enumerate({value}):" if self.careful else f"for {e} in {value}:"):
            self.add(*[f"if {e}.__class__ is not dict: continue"] * dicts)
            for p, s in zip(parts, once, strict=True):
                self.get_element(p, s, e, self.fits(p, e, dicts))
        self.add(*(f"if {s}: f_{p.field} = tuple({s})" for p, s in zip(parts, once, strict=True) if isinstance(p, Many)))

    def get_element(self, p: Node, s: str, e: str, fits: str) -> None:
        """What fits and says nothing is left for the parts asked next."""
        v, asked = self.name(), f"{fits} and " * (fits != "True")
        if isinstance(p, Many):
            found = f"{asked}({v} := {self.call(p.codec, 'get', e, p.field)}) is not None"
            self.add(f"if {found}:", f"    {s}.append({v})", "    continue")
            return
        with self.block(f"if {asked}not {s}:"):
            self.add(f"{v} = {e}")
            self.get(p, v)
            with self.block(f"if not ({self.nothing(p.names) or False}):"):
                self.add(f"{s} = True", "continue")


def simple(node: Node) -> bool:
    """One field, and no Each: then it is a literal."""
    if isinstance(node, Obj):
        return len(node.names) == 1 and all(simple(p) and not isinstance(k, tuple) for k, p in node.parts.items()) or not node.holes
    if isinstance(node, Seq):
        return len(node.names) == 1 and all(map(simple, node.items)) or not node.holes
    return not isinstance(node, Many)


def types_of(codec: Any) -> tuple[type, ...]:
    return codec.type if isinstance(codec.type, tuple) else (codec.type,)


def tuple_like(codec: Any) -> bool:
    return tuple in types_of(codec) or object in types_of(codec)


def writer(part: Any, careful: bool = False) -> Callable[..., Any]:
    """made(record) -> JSON, or raises; careful: made(record, walk, path) -> JSON, worth something when the walk found no fault."""
    source = Writer(part, careful)
    source.add(*(f"f_{n} = rec.{n}" for n in part.fields if n in part.first))
    for n in sorted(part.required):
        source.wrong(f"not ({source.filled(n)})", n, "missing")
    if not part.whole and not part.required:
        source.wrong(f"not ({source.filled_any(part.node)})", "-", "says nothing")
    return typing.cast(Callable[..., Any], source.function("rec", source.fill_obj(part.node, lambda v: "pass")))


def reader(part: Any, careful: bool = False) -> Callable[..., Any]:
    """made(JSON) -> record | None, or raises; careful: made(JSON, walk, path) -> the record's fields | None."""
    source, seen = Reader(part, careful), [n for n in part.fields if n in part.first]
    source.env |= {f"default_{n}": x.default if x.default_factory is MISSING else x.default_factory() for n, x in part.fields.items()}
    source.add(*(f"f_{n} = {source.default(n)}" for n in seen))
    insist(source, part)
    source.get(part.node, "value")
    lacking = " or ".join(f"f_{n} is None" for n in sorted(part.required))
    if careful:
        names = "{" + ", ".join(f"{n!r}: f_{n}" for n in sorted(part.required)) + "}"
        source.add(f"if {part.whole} or walk.strict and not ({source.nothing(seen)}): walk.lacks(path, {names})")
    elif part.whole and lacking:
        source.add(f"if {lacking}: raise Slow")
    if not part.whole:  # not enough to be one of these: it stays in the rest
        source.add(f"if {lacking or source.nothing(seen)}: return None")
    given = "{" + ", ".join(f"{n!r}: f_{n}" if n in seen else f"{n!r}: default_{n}" for n in part.fields) + "}"
    if careful:
        return typing.cast(Callable[..., Any], source.function("value", given))
    source.env["R"] = part.record
    if hasattr(part.record, "__post_init__") or "__slots__" in vars(part.record) or not all(x.init for x in part.fields.values()):
        return typing.cast(Callable[..., Any], source.function("value", f"R(**{given})"))
    source.env |= {"new": part.record.__new__, "put": object.__setattr__}  # a frozen __init__ is one object.__setattr__ per field: slower
    source.add("record = new(R)", f"put(record, '__dict__', {given})")
    return typing.cast(Callable[..., Any], source.function("value", "record"))


def insist(source: Reader, part: Any) -> None:
    """A part that does not fit is not read; a whole resource that does not is a fault for each constant."""
    if not source.careful:
        source.add("if value.__class__ is not dict: raise Slow")
        source.add(f"if not ({source.fits(part.node, 'value', is_dict=True)}): {'raise Slow' if part.whole else 'return None'}")
        return
    source.wrong("value.__class__ is not dict", "-", "is not an object")
    source.add("if walk: return None")
    for k, p in part.node.insisted if part.whole else ():
        with source.at(f".{k}"):
            source.wrong(f"not {source.fits(p, f'value.get({k!r}, NONE)')}", "-", "is not what this shape is for")
    source.add(f"if walk or not ({source.fits(part.node, 'value', is_dict=True)}): return None")
