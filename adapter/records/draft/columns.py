"""What can be said about the values of one column without saying any of them: how many, in which form, how many different ones."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mappings.findings import is_nhs_number

MANY = 50_000       # so many different values of a column are kept, to see which keys agree
FEW, ENOUGH, SHORT = 12, 20, 24   # a column of codes: no more different ones, in no fewer rows, none of them longer
NHS_LIKE = re.compile(r"[0-9]{3}([ -]?)[0-9]{3}\1[0-9]{4}")
POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{8,18}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
COMMA = re.compile(r"-?[0-9]+,[0-9]+")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
KINDS = (("instant", INSTANT), ("nhs", NHS_LIKE), ("postcode", POSTCODE), ("email", EMAIL), ("number", NUMBER), ("comma", COMMA),
         ("phone", PHONE))

# In the order in which they are tried. Day before month: a British export; where a day above 12 shows that it is the other way, that wins.
DAYS = ("DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD", "DD-MM-YYYY", "DD.MM.YYYY", "YYYY/MM/DD", "YYYYMMDD", "DD MMM YYYY", "DD-MMM-YYYY")
PARTS = ("MM/YYYY", "YYYY-MM", "MMM YYYY", "00/MM/YYYY", "00/00/YYYY", "YYYY-MM-00", "YYYY-00-00", "YYYY")
CLOCKS = (" HH:mm", " HH:mm:ss", "THH:mm", "THH:mm:ss")
FORMS = (*DAYS, *(day + clock for day in DAYS for clock in CLOCKS), *PARTS)
TWO_DIGITS = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}")
TOKENS = {
    "YYYY": "(?:18|19|20)[0-9]{2}", "MMM": "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", "MM": "(?:0[1-9]|1[0-2])",
    "DD": "(?:0[1-9]|[12][0-9]|3[01])", "HH": "(?:[01][0-9]|2[0-3])", "mm": "[0-5][0-9]", "ss": "[0-5][0-9]",
}
TOKEN = re.compile("|".join(TOKENS))


@cache
def pattern(form: str) -> re.Pattern[str]:
    """
    >>> bool(pattern("DD/MM/YYYY").fullmatch("31/12/1941")), bool(pattern("DD/MM/YYYY").fullmatch("12/31/1941"))
    (True, False)
    """
    literal = TOKEN.split(form)
    return re.compile("".join(map("".join, zip(map(re.escape, literal), [*map(TOKENS.__getitem__, TOKEN.findall(form)), ""], strict=True))),
                      re.IGNORECASE)


@cache
def of_length(length: int) -> tuple[str, ...]:
    return tuple(form for form in FORMS if len(form) == length)


def forms_of(text: str) -> Iterator[str]:
    return (form for form in of_length(len(text)) if pattern(form).fullmatch(text))


@dataclass
class Column:
    """`rows`: how many have it at all; `several`: it may stand more than once in a row. Values are kept to be counted, not shown."""

    path: str
    filled: int = 0
    several: bool = False
    types: set[type] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    marks: set[str] = field(default_factory=set)  # what stands between the digits of a number

    def add(self, value: Any) -> None:
        text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        text = text.strip()
        self.filled += 1
        self.types.add(type(value))
        self.longest = max(self.longest, len(text))
        if text in self.values or len(self.values) < MANY:
            self.values[text] += 1
        self.forms.update(forms_of(text))
        self.kinds.update(self._kinds(text))

    def _kinds(self, text: str) -> Iterator[str]:
        for kind, form in KINDS:
            if form.fullmatch(text):
                yield kind
                self.marks |= {" ", "-"} & set(text) if kind == "nhs" else set()
        if NHS_LIKE.fullmatch(text) and is_nhs_number(re.sub("[ -]", "", text)):
            yield "nhs number"
        if TWO_DIGITS.fullmatch(text):
            yield "two digits"

    @property
    def distinct(self) -> int:
        return len(self.values)

    @property
    def unique(self) -> bool:
        return self.filled > 1 and self.distinct == self.filled

    @property
    def coded(self) -> bool:
        """A few short words again and again, in so many rows that none of them tells who it is about."""
        return self.distinct <= FEW and self.filled >= ENOUGH and self.longest <= SHORT

    def share(self, kind: str) -> float:
        return self.kinds[kind] / self.filled if self.filled else 0.0

    def days(self) -> list[tuple[str, int]]:
        """The forms of dates and times that the values are written in, each with how many: those that explain the most come first."""
        left, found = Counter(self.values), list[tuple[str, int]]()
        while left and self.forms:
            counts = Counter(dict.fromkeys(FORMS, 0))
            for text, n in left.items():
                counts.update(dict.fromkeys(forms_of(text), n))
            form, n = max(counts.items(), key=lambda item: (item[1], -FORMS.index(item[0])))
            if not n:
                break
            found.append((form, n))
            left = Counter({text: k for text, k in left.items() if not pattern(form).fullmatch(text)})
        return found

    def is_time(self) -> bool:
        """Most of the values are days, or times of days; numbers of four digits alone are none."""
        told = self.days()
        return sum(n for _, n in told) >= 0.8 * self.filled > 0 and any(form != "YYYY" for form, _ in told)


def evidence(column: Column, rows: int) -> str:
    """What was seen, for a person who has to decide.

    >>> evidence(seen("DOB", ["01/02/1941", "31/12/1938", "1940"]), 4)
    'in 3 of 4 rows; 2 DD/MM/YYYY, 1 YYYY'
    """
    said = [f"in {column.filled:,} of {rows:,} rows"]
    said += [", ".join(_forms(column))] if column.is_time() else []
    said += [f"{column.kinds['nhs number']:,} are NHS numbers by their check digit"] if column.share("nhs number") > 0.5 else []
    said += [f"{column.kinds['two digits']:,} have a year of two digits, which no layout can read"] if column.kinds["two digits"] else []
    said += [f"{name} in {column.kinds[kind]:,}" for kind, name in LIKE.items() if column.share(kind) > 0.5]
    said += [f"{column.distinct:,} different"] if len(said) == 1 else []
    return "; ".join(said)


LIKE = {"postcode": "a postcode", "email": "an e-mail address", "instant": "a time with its zone"}


def _forms(column: Column) -> Iterator[str]:
    told = column.days()
    yield from (f"{n:,} {form}" for form, n in told)
    if other := column.filled - sum(n for _, n in told):
        yield f"{other:,} otherwise"
    if any(form.startswith("DD/MM") for form, _ in told) and all(int(v[:2]) <= 12 for v in column.values if len(v) > 9 and v[2] == "/"):
        yield "no day above 12, so it may be the month that comes first"


def seen(path: str, values: Iterable[Any]) -> Column:
    column = Column(path)
    for value in values:
        column.add(value)
    return column

