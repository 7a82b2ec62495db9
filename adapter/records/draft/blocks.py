"""From the columns of a table to proposed fields: which column feeds which field, how it is read, and what was seen that speaks for it."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapter.records.draft import target, toml
from adapter.records.draft.columns import Column, evidence
from adapter.records.draft.names import FAR, field_of, flat, words
from adapter.records.draft.survey import Table

TRUTH = {"y": True, "yes": True, "true": True, "t": True, "1": True, "n": False, "no": False, "false": False, "f": False, "0": False}
SEX = {"m": "male", "f": "female"}
DMD = {"constant": "https://dmd.nhs.uk", "because": "the codes of this column are dm+d's"}
SNOMED = {"constant": "http://snomed.info/sct", "because": "the codes of this column are SNOMED CT's"}


@dataclass
class Codes:
    """A table of the vendor's codes, to be filled in: `[tables.NAME]`."""

    name: str
    column: Column
    words: tuple[str, ...]
    truth: bool


@dataclass
class Block:
    """Proposed lines of one `[section]` or `[[section]]`; `codes`: the tables they need; `used`: the paths of columns they take."""

    lines: list[str] = field(default_factory=list)
    inner: list[tuple[str, list[str]]] = field(default_factory=list)  # [[section.NAME]] blocks of its own
    codes: list[Codes] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def block(section: str, table: Table, prefix: str = "") -> Block:
    """`prefix`: where the table hangs, before each of its columns (a lookup: `gp/`)."""
    made, fed = Block(), chosen(section, table)
    lists = dict.fromkeys(name.partition("[]")[0] for name in fed if "[]." in name)
    for name, columns in fed.items():
        if "[]." not in name:
            add(made, made.lines, section, name.replace("[]", ""), name, columns, table, prefix)
    for name in lists:
        inside = {n.partition("[].")[2]: c for n, c in fed.items() if n.startswith(f"{name}[].")}
        listed(made, section, name, inside, table, prefix)
    return made


def chosen(section: str, table: Table) -> dict[str, list[Column]]:
    """Field -> its columns: for a list of texts all that fit, for any other the one whose name is the surest."""
    found = defaultdict[str, list[tuple[int, Column]]](list)
    for column in table.columns.values():
        match = field_of(section, column.path, table.name)
        if match and fits(whole(section, match[0]), match[0], column):
            found[match[0]].append((match[1], column))
    every = {name: [column for _, column in sorted(ranked, key=lambda x: x[0])] for name, ranked in found.items()}
    return {name: columns if takes_many(section, name) else columns[:1] for name, columns in every.items()}


def fits(path: str, name: str, column: Column) -> bool:
    """Can its values be what the field holds? A name alone is not enough."""
    if target.takes_time(path) and not target.takes_truth(path) and path not in WORDS_TOO:
        return column.is_time() or column.share("instant") > 0.5 or column.share("number") == 1
    if is_clock(column) and not target.takes_time(path) and (target.words_of(path) or target.takes_truth(path)):
        return False
    if name == "key":
        return column.distinct * 2 > column.filled
    return not (name.startswith("addresses[]") and {"born", "birth", "died"} & set(words(column.path)))


def is_clock(column: Column) -> bool:
    """By its values, or by the last word of its name: then it is no code."""
    return column.is_time() or words(column.path)[-1:] in (["date"], ["time"], ["dt"], ["datetime"])


WORDS_TOO = ("allergies.onset",)  # beside dates it takes words


def takes_many(section: str, name: str) -> bool:
    return name.endswith("telecom[].value") or target.is_list(whole(section, name))


def whole(section: str, name: str) -> str:
    return f"{section}.{name}"


def add(made: Block, lines: list[str], section: str, name: str, path: str, columns: list[Column], table: Table, prefix: str) -> None:
    said, codes = read(whole(section, path), columns, prefix)
    made.codes += codes
    made.used |= {column.path for column in columns}
    if ".codings" in name:
        return
    text = ".text" * (whole(section, path) in TEXTS)
    lines.append(toml.proposed(f"{name}{text} = {toml.value(said)}", why(columns, table, section)))


def why(columns: Sequence[Column], table: Table, section: str) -> str:
    said = [evidence(column, table.rows) for column in columns]
    guessed = [column for column in columns if (field_of(section, column.path, table.name) or ("", 0))[1] >= FAR]
    return "; and ".join(said) + "; a guess by part of the name" * bool(guessed)


def listed(made: Block, section: str, name: str, inside: dict[str, list[Column]], table: Table, prefix: str) -> None:
    """A list of objects of which these columns make one element; of numbers to call and addresses to write to, each makes one."""
    if name == "telecom":
        for column in inside["value"]:
            how = "email" if column.share("email") > 0.5 or "mail" in flat(column.path) else "phone"
            lines = list[str]()
            lines.append(toml.proposed("system = " + toml.value({"constant": how, "because": "by the name of the column"})))
            add(made, lines, section, "value", "telecom[].value", [column], table, prefix)
            made.inner.append((name, lines))
    elif "." in name:
        coded(made, section, name, inside, table, prefix)
    else:
        lines = constants(section, name)
        for inner, columns in inside.items():
            add(made, lines, section, inner.replace("[]", ""), f"{name}[].{inner}", columns, table, prefix)
        made.inner.append((name, lines))


def coded(made: Block, section: str, name: str, inside: dict[str, list[Column]], table: Table, prefix: str) -> None:
    """`drug.codings`: one element, written in the line itself, for `drug.text` stands beside it."""
    is_snomed = any(word in flat(column.path) for each in inside.values() for column in each for word in ("sct", "snomed"))
    fields = {inner: read(whole(section, f"{name}[].{inner}"), columns, prefix)[0] for inner, columns in inside.items()}
    said = {"system": SNOMED if is_snomed else DMD, **fields}
    columns = [column for each in inside.values() for column in each]
    made.used |= {column.path for column in columns}
    made.lines.append(toml.proposed(f"{name} = [{toml.value(said)}]", why(columns, table, section)))


def constants(section: str, name: str) -> list[str]:
    if (section, name) == ("resident", "general_practitioners"):
        return [toml.proposed("type = " + toml.value({"constant": "Organization", "because": "practices, not doctors"}))]
    return []


# ---- how a value is read -------------------------------------------------------------------------------------------------------
TEXTS = ("allergies.code", "vaccinations.vaccine")  # whose lists of words are only for what cannot be named


def read(path: str, columns: list[Column], prefix: str = "") -> tuple[Any, list[Codes]]:
    """What stands after the `=`, and the tables it names."""
    names = [prefix + column.path for column in columns]
    options, codes = option(path, columns[0])
    if options or len(names) > 1:
        return {"from": names[0] if len(names) == 1 else names, **options}, codes
    return names[0], codes


def option(path: str, column: Column) -> tuple[dict[str, Any], list[Codes]]:
    if target.takes_time(path) and column.forms and column.share("instant") < 0.5:
        return time(column), []
    if path.endswith("nhs_number") and column.marks:
        return {"remove": "".join(sorted(column.marks))}, []
    words, truth = () if path in TEXTS else target.words_of(path), target.takes_truth(path)
    if (words and not set(column.values) <= set(words)) or (truth and bool not in column.types):
        codes = Codes(path.replace("[]", "").replace(".", "_"), column, words, truth)
        return {"table": codes.name}, [codes]
    if target.takes_number(path):
        return {"number": "comma"} if column.kinds["comma"] else {}, []
    return {"number": "plain"} if {int, Decimal} & column.types and not truth else {}, []


def time(column: Column) -> dict[str, Any]:
    forms = [form for form, _ in column.days()]
    name = "time" if any("HH" in form for form in forms) else "date"
    return {name: forms[0] if len(forms) == 1 else forms}


def table_lines(codes: Codes, *, show: bool) -> Iterator[str]:
    """The codes themselves only where so many rows share so few short ones that none tells whom it is about, or where it was asked for."""
    words = "true, false" if codes.truth and not codes.words else ", ".join(codes.words)
    yield from toml.says(f"{codes.column.path}: what each of its codes is in our words: {shortened(words)}")
    yield toml.proposed(f"[tables.{toml.key(codes.name)}]")
    if not show and not codes.column.coded:
        yield from toml.says(f"its {codes.column.distinct:,} different values may tell of a person: only --show-values shows them")
        return
    for code, n in codes.column.values.most_common():
        yield toml.proposed(f"{toml.key(code)} = {toml.value(guess(codes, code))}", f"in {n:,} rows")


def guess(codes: Codes, code: str) -> Any:
    """Our word where the code is one, or a letter that everybody uses for it; else nothing, which a layout refuses."""
    if codes.truth and not codes.words:
        return TRUTH.get(code.casefold(), "")
    same = {flat(word): word for word in codes.words}
    return same.get(flat(code)) or (SEX.get(code.casefold(), "") if "female" in codes.words else "")


def shortened(words: str, most: int = 400) -> str:
    return words if len(words) <= most else f"{words[:most].rpartition(',')[0]}, … (`redbag records schema` has them all)"
