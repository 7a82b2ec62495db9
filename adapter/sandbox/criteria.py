"""One search parameter as SQL: `identifier=https://example.org|7` -> the numbers of the resources that have that identifier.

What is understood: comma for "or" (a comma meant as such is written `\\,`), `:missing`, `:not` on tokens, `:identifier` and `:Type` on
references, prefixes on dates, and chains (`patient.identifier=…`, `subject:Patient.birthdate=…`). All else is refused, never ignored.
Where FHIR leaves room: tokens are compared as they are written, strings by their beginning without case and accents.
Source: FHIR R4 "Search".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapter.sandbox.dates import interval
from adapter.sandbox.outcome import Refusal
from adapter.sandbox.parameters import PARAMETERS, Kind, Parameter
from adapter.sandbox.terms import folded, split_reference

COMMA, BAR, ESCAPED = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)\|"), re.compile(r"\\([,|$\\])")

WITHIN = "(value >= :low AND until <= :high)"
DATES: Mapping[str, str] = {
    "eq": WITHIN,
    "ne": f"NOT {WITHIN}",
    "gt": "until > :high",
    "lt": "value < :low",
    "ge": f"(until > :high OR {WITHIN})",
    "le": f"(value < :low OR {WITHIN})",
    "sa": "value >= :high",
    "eb": "until <= :low",
}
"""FHIR's prefixes over the interval found (value to until) and the interval asked for (low to high)."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL, and the texts for its question marks."""

    sql: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a parameter is compared with: `name` in the index, the server's own address, and what to call the parameter in a refusal."""

    parameter: Parameter
    name: str
    base: str
    place: str

    def refused(self, expected: str) -> Refusal:
        return Refusal(400, "value", f"{self.place} must be {expected}")


class UnknownParameter(Refusal):
    """Not a parameter of that type: left out when the client prefers lenient handling."""


def criterion(type_: str, key: str, value: str, base: str, place: str) -> Where:
    """Over `resource`. `key` is the parameter with chain and modifier, `place` what to call it until its name is known to be one.

    Raises UnknownParameter, or Refusal (400) for a modifier or value that cannot be used.
    """
    head, dot, rest = key.partition(".")
    name, _, modifier = head.partition(":")
    parameter = PARAMETERS[type_].get(name)
    if parameter is None:
        raise UnknownParameter(400, "not-supported", f"{place} is none of those that {type_} can be searched by here: {known(type_)}")
    asked = Asked(parameter, f"{type_}.{name}", base, f"{place} ({name})")
    if not value:
        raise asked.refused("given with a value")
    return _chain(asked, modifier, rest, value) if dot else _modified(asked, modifier, value)


def known(type_: str) -> str:
    return ", ".join(sorted(PARAMETERS[type_]))


def _modified(asked: Asked, modifier: str, value: str) -> Where:
    match asked.parameter.kind, modifier:
        case _, "":
            return _found(asked, value)
        case _, "missing" if value in ("true", "false"):
            there = "number IN (SELECT resource FROM term WHERE name = ?)"
            return Where(there if value == "false" else f"NOT {there}", (asked.name,))
        case "token", "not":
            found = _found(asked, value)
            return Where(f"NOT {found.sql}", found.arguments)
        case "reference", "identifier":
            return _found(Asked(Parameter("token", ()), f"{asked.name}:identifier", asked.base, asked.place), value)
        case "reference", target if target in PARAMETERS:
            return _found(Asked(Parameter("reference", (), (target,)), asked.name, asked.base, asked.place), value)
    raise Refusal(400, "not-supported", f"{asked.place} has a modifier, or a value for it, that is not understood here")


def _chain(asked: Asked, target: str, rest: str, value: str) -> Where:
    """What refers to a resource of type `target` that is itself found by `rest`."""
    targets = asked.parameter.targets
    if not target and len(targets) == 1:
        (target,) = targets
    if asked.parameter.kind != "reference" or target not in PARAMETERS:
        raise asked.refused("a reference with the type it goes to, for example subject:Patient.identifier")
    if "." in rest.partition(".")[2]:
        raise asked.refused("chained through two resources at most")
    inner = criterion(target, rest, value, asked.base, f"{asked.place}, behind the point,")
    return Where(
        "number IN (SELECT resource FROM term WHERE name = ? AND system = ? AND value IN "  # noqa: S608 - our own words, values are bound
        f"(SELECT id FROM resource WHERE live AND +type = ? AND {inner.sql}))",
        (asked.name, target, target, *inner.arguments),
    )


def _found(asked: Asked, value: str) -> Where:
    """What has at least one of the alternatives between commas."""
    texts = COMMA.split(value)
    if "" in texts:
        raise asked.refused("given with a value on both sides of each comma")
    alternatives = [KINDS[asked.parameter.kind](asked, text) for text in texts]
    either = " OR ".join(where.sql for where in alternatives)
    return Where(
        f"number IN (SELECT resource FROM term WHERE name = ? AND ({either}))",  # noqa: S608 - our own words, values are bound
        (asked.name, *(argument for where in alternatives for argument in where.arguments)),
    )


def _token(asked: Asked, text: str) -> Where:
    *system, code = BAR.split(text, maxsplit=1)
    if not system:
        return Where("value = ?", (_plain(code),))
    if not code:
        return Where("system = ?", (_plain(system[0]),))
    return Where("(system = ? AND value = ?)", (_plain(system[0]), _plain(code)))


def _reference(asked: Asked, text: str) -> Where:
    target, id_ = split_reference(_plain(text).removeprefix(f"{asked.base}/"))
    targets = asked.parameter.targets
    if targets and target and target not in targets and "://" not in target:
        raise asked.refused(f"a reference to {' or '.join(targets)}")
    if target:
        return Where("(value = ? AND system = ?)", (id_, target))
    types = targets or tuple(PARAMETERS)
    return Where(f"(value = ? AND system IN ({', '.join('?' * len(types))}))", (id_, *types))


def _date(asked: Asked, text: str) -> Where:
    prefix, rest = (text[:2], text[2:]) if text[:2] in DATES else ("eq", text)
    span = interval(rest)
    if span is None:
        raise asked.refused("a date, with eq, ne, gt, lt, ge, le, sa or eb before it or nothing: ge2025-01-31")
    ends = dict(zip(("low", "high"), span, strict=True))
    sql = DATES[prefix]
    return Where(re.sub(":low|:high", "?", sql), tuple(ends[end] for end in re.findall(":(low|high)", sql)))


def _string(asked: Asked, text: str) -> Where:
    beginning = folded(_plain(text))
    return Where("(value >= ? AND value < ?)", (beginning, beginning + "\U0010ffff"))


def _uri(asked: Asked, text: str) -> Where:
    return Where("value = ?", (_plain(text),))


def _plain(text: str) -> str:
    return ESCAPED.sub(r"\1", text)


KINDS: Mapping[Kind, Callable[[Asked, str], Where]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "uri": _uri,
}
