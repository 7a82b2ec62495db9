"""FHIRPath as text -> a tree of what it asks for. Source: HL7 FHIRPath N1 (ANSI/NORMATIVE R2), grammar and precedence.

Raises NotEvaluated for what is no FHIRPath, or is too long or too deep to be an invariant.
"""
from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple, TypeAlias

LONGEST = 20_000     # characters; the longest published invariant of R4 and UK Core has under 700
DEEPEST = 60         # each level takes some frames of Python's stack, here and when it is evaluated
TOO_DEEP = "an expression nested deeper than any invariant"


class NotEvaluated(Exception):
    """What we cannot evaluate, by the name of the construct; nothing of a resource."""


class Literal(NamedTuple):
    """`value`: bool, int, Decimal or str; a date or time as it is written, without its @. `type`: of FHIRPath's System types."""

    value: bool | int | Decimal | str
    type: str
    unit: str = ""      # of a quantity: a UCUM code, or a word for a span of time


class Nothing(NamedTuple):
    """{}"""


class Variable(NamedTuple):
    """%name, $this, $index, $total."""

    name: str


class Member(NamedTuple):
    """What is called `name` in what `of` gives; of the focus where `of` is None."""

    of: Node | None
    name: str


class Call(NamedTuple):
    of: Node | None
    name: str
    arguments: tuple[Node, ...]


class Index(NamedTuple):
    of: Node
    place: Node


class Operation(NamedTuple):
    """Of two operands; of `is` and `as` the right one is a Member chain that names a type."""

    sign: str
    left: Node
    right: Node


class Minus(NamedTuple):
    of: Node


Node: TypeAlias = Literal | Nothing | Variable | Member | Call | Index | Operation | Minus

LEVELS = (      # from what binds least
    ("implies",), ("or", "xor"), ("and",), ("in", "contains"), ("=", "~", "!=", "!~"), ("<=", "<", ">", ">="), ("|",), ("is", "as"),
    ("+", "-", "&"), ("*", "/", "div", "mod"),
)
BINDS = {sign: level for level, signs in enumerate(LEVELS) for sign in signs}
SPANS = frozenset(f"{span}{s}" for span in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond") for s in ("", "s"))
TOKENS = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?
           |@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<variable>%(?:[A-Za-z_]\w*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*')|\$\w+)
  | (?P<quoted>`(?:[^`\\]|\\.)*`)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])
""", re.VERBOSE | re.DOTALL | re.ASCII)
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class Token(NamedTuple):
    kind: str
    text: str


def parse(expression: str) -> Node:
    if len(expression) > LONGEST:
        raise NotEvaluated("an expression longer than any invariant")
    reader = _Reader(list(_tokens(expression)))
    tree = reader.expression()
    if reader.peek.kind != "end":
        raise NotEvaluated(f"syntax at {reader.peek.text!r}")
    _measure(tree)
    return tree


def _measure(tree: Node) -> None:
    """Long chains are deep trees too."""
    waiting: list[tuple[object, int]] = [(tree, 1)]
    while waiting:
        node, deep = waiting.pop()
        if deep > DEEPEST:
            raise NotEvaluated(TOO_DEEP)
        if isinstance(node, tuple):
            waiting += [(part, deep + 1) for part in node]


def _tokens(expression: str) -> list[Token]:
    tokens, place = [], 0
    while place < len(expression):
        found = TOKENS.match(expression, place)
        if found is None or found.lastgroup is None:
            raise NotEvaluated(f"syntax at {expression[place]!r}")
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup, found[0]))
        place = found.end()
    return [*tokens, Token("end", "the end")]


def _plain(quoted: str) -> str:
    """What stands between quotes, escapes resolved; one that FHIRPath does not know stands for its character, as in HL7's engine."""
    return ESCAPE.sub(lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else ESCAPED.get(found[1], found[1]), quoted[1:-1])


class _Reader:
    """By recursive descent; `deep` bounds what one expression may nest."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at, self.deep = tokens, 0, 0

    @property
    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def next_is(self, *texts: str) -> bool:
        """Whether one of these signs or words comes next; not a name that is quoted, nor a text."""
        return self.peek.text in texts and self.peek.kind in ("sign", "name")

    def expect(self, text: str) -> None:
        if not self.next_is(text):
            raise NotEvaluated(f"syntax at {self.peek.text!r} where {text!r} was expected")
        self.take()

    def expression(self, least: int = 0) -> Node:
        """All that binds as tightly as `least` or tighter."""
        self.deep += 1
        if self.deep > DEEPEST:
            raise NotEvaluated(TOO_DEEP)
        tree = self.signed()
        while self.peek.kind in ("sign", "name") and (level := BINDS.get(self.peek.text, -1)) >= least:
            sign = self.take().text
            tree = Operation(sign, tree, self.type_name() if sign in ("is", "as") else self.expression(level + 1))
        self.deep -= 1
        return tree

    def signed(self) -> Node:
        if self.next_is("+", "-"):
            sign, of = self.take().text, self.invoked()
            return Minus(of) if sign == "-" else of
        return self.invoked()

    def invoked(self) -> Node:
        tree = self.term()
        while self.next_is(".", "["):
            if self.take().text == ".":
                tree = self.named(tree)
            else:
                tree = Index(tree, self.expression())
                self.expect("]")
        return tree

    def term(self) -> Node:
        kind, text = self.peek
        if kind == "sign" and text in ("(", "{"):
            return self.bracketed()
        if kind == "name" and text in ("true", "false"):
            self.take()
            return Literal(text == "true", "System.Boolean")
        if kind in ("number", "text", "date"):
            return self.literal()
        if kind == "variable":
            text = self.take().text
            return Variable(text if text[1] not in "`'" else "%" + _plain(text[1:]))
        return self.named(None)

    def bracketed(self) -> Node:
        if self.take().text == "{":
            self.expect("}")
            return Nothing()
        tree = self.expression()
        self.expect(")")
        return tree

    def literal(self) -> Node:
        kind, text = self.take()
        if kind == "text":
            return Literal(_plain(text), "System.String")
        if kind == "date":
            return Literal(text.removeprefix("@T") if text[1] == "T" else text[1:].removesuffix("T"),
                           "System.Time" if text[1] == "T" else "System.DateTime" if "T" in text else "System.Date")
        if self.peek.kind == "text" or self.next_is(*SPANS):
            unit = self.take()
            return Literal(Decimal(text), "System.Quantity", _plain(unit.text) if unit.kind == "text" else unit.text)
        return Literal(Decimal(text), "System.Decimal") if "." in text else Literal(int(text), "System.Integer")

    def named(self, of: Node | None) -> Node:
        kind, text = self.take()
        if kind == "variable" and of is not None and text.startswith("$"):
            raise NotEvaluated(f"{text} after a dot")
        if kind not in ("name", "quoted"):
            raise NotEvaluated(f"syntax at {text!r}")
        name = _plain(text) if kind == "quoted" else text
        if not self.next_is("("):
            return Member(of, name)
        self.take()
        return Call(of, name, self.arguments())

    def arguments(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.next_is(")"):
            if found:
                self.expect(",")
            found.append(self.expression())
        self.take()
        return tuple(found)

    def type_name(self) -> Node:
        tree = self.named(None)
        while self.next_is("."):
            self.take()
            tree = self.named(tree)
        return tree
