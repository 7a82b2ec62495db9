"""A part of a shape as straight-line Python, made once at import. The same answers as the tree for usual data; whatever is
unusual (a second candidate, a missing required field, bad data) raises Slow or BadValue, and the tree decides and explains."""
from __future__ import annotations

from dataclasses import MISSING
from decimal import Decimal
from typing import Any

from mappings.rest import NONE, same


class Slow(Exception):
    pass


def kind(node: Any) -> str:
    return type(node).__name__


class Source:
    def __init__(self, part: Any) -> None:
        self.part, self.lines = part, list[str]()
        self.env: dict[str, Any] = {"same": same, "Slow": Slow, "Decimal": Decimal, "NONE": NONE, "EMPTY": (), "R": part.record}

    def add(self, deep: int, *lines: str) -> None:
        self.lines += ["    " * deep + line for line in lines]

    def name(self, value: Any = None, hint: str = "v") -> str:
        name = f"{hint}{len(self.env)}"
        self.env[name] = value
        return name

    def function(self, arg: str, result: str) -> Any:
        self.lines = [f"def made({arg}):", *self.lines, f"    return {result}"]
        exec("\n".join(self.lines), self.env)  # noqa: S102 - the source comes from the shape alone
        return self.env["made"]

    def call(self, codec: Any, which: str) -> str:
        return self.name(getattr(codec, f"fast_{which}", None) or getattr(codec, which), which)

    def empty(self, codec: Any, v: str) -> str:
        kinds = codec.type if isinstance(codec.type, tuple) else (codec.type,)
        return f"{v} is None or {v} == ()" if tuple in kinds or object in kinds else f"{v} is None"

    def default(self, name: str) -> str:
        default = self.part.fields[name].default
        return "None" if default is None or name in self.part.required else "EMPTY" if default == () else f"default_{name}"

    def fits(self, node: Any, v: str, is_dict: bool = False) -> str:
        node = getattr(node, "node", node)
        if kind(node) == "Leaf":
            return "True"
        if kind(node) != "Obj" or not node.holes:
            usual = "" if kind(node) == "Also" or any(x.__class__ is not str for x in scalars(node.write(None, [], ""))) else f"{v} == {node.write(None, [], '')!r} or "
            return f"({usual}{self.name(node.fits, 'fits')}({v}))"
        return " and ".join([f"{v}.__class__ is dict"] * (not is_dict) + [self.fits(p, f"{v}.get({k!r}, NONE)") for k, p in node.insisted]) or "True"

    # -- writing: each node answers the expression of its value, None when there is none ------------------------------------
    def put(self, node: Any, rec: str, whole: bool = False) -> str:
        if not node.holes:
            return repr(node.write(None, [], ""))
        out = self.name()
        getattr(self, f"put_{kind(node)}")(node, rec, out, whole)
        return out

    def put_Leaf(self, node: Any, rec: str, out: str, whole: bool) -> None:
        values = [f"{rec}.{n}" for n in node.names]
        if node.codec.label == "as is":
            return self.add(1, f"{out} = {values[0]}")
        nothing = " and ".join(f"({self.empty(node.codec, v)})" for v in values)
        self.add(1, f"{out} = None if {nothing} else {self.call(node.codec, 'put')}({values[0] if len(values) == 1 else '(' + ', '.join(values) + ')'})")

    def put_Obj(self, node: Any, rec: str, out: str, whole: bool) -> None:
        parts = [(k, self.put(p, rec), p) for k, p in node.parts.items()]
        holes = [(k, v, p) for k, v, p in parts if p.holes]
        if len(holes) == 1 and not whole and not isinstance(holes[0][0], tuple) and kind(holes[0][2]) != "Seq":
            return self.add(1, f"{out} = {{{', '.join(f'{k!r}: {v}' for k, v, _ in parts)}}} if {holes[0][1]} is not None else None")
        self.add(1, f"{out} = {{{', '.join(f'{k!r}: {v}' for k, v, p in parts if not p.holes)}}}")
        for k, v, _ in holes:
            self.add(1, f"if {v} is not None: {out}.update({v})" if isinstance(k, tuple) else f"if {v} is not None: {out}[{k!r}] = {v}")
        mixed = [f"len({v}) == {p.fixed}" for _, v, p in holes if kind(p) == "Seq" and p.fixed]  # lists that are there even without us
        if not whole:
            self.add(1, f"if {' and '.join([f'len({out}) <= {len(parts) - len(holes) + len(mixed)}', *mixed])}: {out} = None")

    def put_Seq(self, node: Any, rec: str, out: str, whole: bool) -> None:
        made = {p: self.put(p, rec) for p in node.items if kind(p) != "Many"}
        self.add(1, f"{out} = []")
        for p in node.items:
            if kind(p) != "Many":
                self.add(1, f"if {made[p]} is not None: {out}.append({made[p]})" if p.holes else f"{out}.append({made[p]})")
                continue
            self.add(1, f"for x in {rec}.{p.field} or ():", f"    e = {self.call(p.part, 'put')}(x)", f"    {out}.append(e)")
            if p.rivals:
                self.add(2, f"if {' or '.join(f'{made[q]} is None and {self.fits(q, chr(101))}' for q in p.rivals)}: raise Slow")
        self.add(1, f"{out} = {out} or None")

    # -- reading: statements that fill one local variable per field ------------------------------------------------------------
    def get(self, node: Any, value: str, deep: int) -> None:
        getattr(self, f"get_{kind(node)}")(node, value, deep)

    def get_Leaf(self, node: Any, value: str, deep: int) -> None:
        codec, got = node.codec, value
        if codec.label == "as is":
            self.add(deep, f"if {' and '.join(f'{value}.__class__ is not {k.__name__}' for k in codec.type)}: raise Slow")
        else:
            got = self.name()
            self.add(deep, f"{got} = {self.call(codec, 'get')}({value})", *[f"if {got} is None: {got} = {(None,) * len(node.names)}"] * (len(node.names) > 1))
        for i, n in enumerate(node.names):
            v = got if len(node.names) == 1 else f"{got}[{i}]"
            if n in self.part.second:
                self.add(deep, f"if f_{n} is not {self.default(n)} and not same(f_{n}, {v}): raise Slow")
            self.add(deep, f"if not ({self.empty(codec, v)}): f_{n} = {v}")

    def get_Obj(self, node: Any, value: str, deep: int) -> None:
        for key, p in node.parts.items():
            if p.holes:
                v, inner = self.name(), deep + 1
                if isinstance(key, tuple):
                    self.add(deep, f"{v} = {{k: {value}[k] for k in {key!r} if k in {value}}} or None", f"if {v} is not None:")
                else:
                    self.add(deep, f"{v} = {value}.get({key!r})", f"if {v} is not None:")
                if kind(p) != "Leaf":
                    self.add(inner, f"if {v}.__class__ is not {'dict' if kind(p) == 'Obj' else 'list'}: raise Slow")
                    if p.weight:
                        self.add(inner, f"if {self.fits(p, v, is_dict=True)}:")
                        inner += 1
                self.get(p, v, inner)

    def get_Seq(self, node: Any, value: str, deep: int) -> None:
        e, once = self.name(), {p: self.name(hint="s") for p in node.order}
        dicts = all(kind(getattr(p, "node", p)) == "Obj" for p in node.order)
        self.add(deep, *(f"{s} = {'[]' if kind(p) == 'Many' else 'False'}" for p, s in once.items()), f"for {e} in {value}:")
        self.add(deep + 1, *[f"if {e}.__class__ is not dict: continue"] * dicts)
        for i, (p, s) in enumerate(once.items()):
            self.add(deep + 1, f"{'el' * (i > 0)}if {self.fits(p, e, dicts)}:")
            if kind(p) == "Many":
                self.add(deep + 2, f"{s}.append({self.call(p.part, 'get')}({e}))")
                continue
            self.add(deep + 2, f"if {s}: raise Slow", f"{s} = True")
            if p.holes:
                self.get(p, e, deep + 2)
                self.add(deep + 2, f"if {' and '.join(f'f_{n} is {self.default(n)}' for n in names_of(p))}: raise Slow")
        self.add(deep, *(f"if {s}: f_{p.field} = tuple({s})" for p, s in once.items() if kind(p) == "Many"))


def scalars(v: Any) -> list[Any]:
    return [y for x in (v.values() if isinstance(v, dict) else v) for y in scalars(x)] if isinstance(v, dict | list) else [v]


def names_of(node: Any) -> list[str]:
    if kind(node) in ("Leaf", "Many"):
        return [node.field] if kind(node) == "Many" else list(node.names)
    return [n for p in (node.parts.values() if kind(node) == "Obj" else node.items) if p.holes for n in names_of(p)]


def writer(part: Any) -> Any:
    source = Source(part)
    source.add(1, *(f"if rec.{n} is None or rec.{n} == (): raise Slow" for n in sorted(part.required)))
    out = source.put(part.node, "rec", part.whole)
    source.add(1, f"if {out} is None: raise Slow")
    return source.function("rec", out)


def reader(part: Any) -> Any:
    source, seen = Source(part), [n for n in part.fields if n in part.first]
    source.env |= {f"default_{n}": x.default if x.default_factory is MISSING else x.default_factory() for n, x in part.fields.items()}
    source.add(1, *(f"f_{n} = {source.default(n)}" for n in seen), f"if not ({source.fits(part.node, 'value')}): raise Slow")
    source.get(part.node, "value", 1)
    missing = [f"f_{n} is None" for n in sorted(part.required)] or [" and ".join(f"f_{n} is {source.default(n)}" for n in seen) if not part.whole else "False"]
    source.add(1, f"if {' or '.join(missing)}: raise Slow")
    given = ", ".join(f"{n}=f_{n}" if n in seen else f"{n}=default_{n}" for n in part.fields)
    if hasattr(part.record, "__post_init__") or "__slots__" in vars(part.record) or not all(x.init for x in part.fields.values()):
        return source.function("value", f"R({given})")
    source.env["new"] = part.record.__new__  # a frozen __init__ is one object.__setattr__ per field: three times slower
    source.add(1, "record = new(R)", f"record.__dict__.update({given})")
    return source.function("value", "record")
