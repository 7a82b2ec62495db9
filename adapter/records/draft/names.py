"""What a column or a table is called, and what that speaks for: the vocabulary is in vocabulary.py.

    field_of("resident", "LAST_NAME")                  "family_name"
    field_of("resident", "demographics/name/family")   "family_name"
    field_of("medicines", "MED_START", "medication")   "taken.start"      a name may begin with that of its table
    section_of("MEDICATION")                           "medicines"
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.records.draft.vocabulary import NAMES, SECTIONS

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(name: str) -> list[str]:
    """
    >>> words("LastName"), words("DOSE_TEXT1"), words("@nhsNumber")
    (['last', 'name'], ['dose', 'text', '1'], ['nhs', 'number'])
    """
    return [word.casefold() for word in WORDS.findall(name)]


def flat(name: str) -> str:
    return "".join(words(name))


def index(names: dict[str, str]) -> dict[str, tuple[str, int]]:
    """Every name -> its field, and how early it stands in the row: the first names are the surest."""
    found: dict[str, tuple[str, int]] = {}
    for field, said in names.items():
        for rank, name in enumerate(said.split()):
            found.setdefault(flat(name), (field, rank))
    return found


FIELDS = {section: index(names) for section, names in NAMES.items()}
TABLES = {parent: {name: section for name, (section, _) in index(names).items()} for parent, names in SECTIONS.items()}


def section_of(table: str, parent: str = "") -> str | None:
    """What the rows of this table are about; `parent`: what the rows are about in which they hang. Of a path the last name counts first.

    >>> section_of("NEXT_OF_KIN"), section_of("record/medications/medication"), section_of("doses", "medicines"), section_of("audit")
    ('related_persons', 'medicines', 'medicines.doses', None)
    """
    tables = TABLES[""] | TABLES["resident"] if parent == "resident" else TABLES.get(parent, {})
    for name in reversed(table.split("/")):
        said = words(name.partition(":")[2] or name)
        section = next((tables[form] for form in ("".join(said), *said[:1], *said[-1:]) if form in tables), None)
        if section and (section != "resident" or not parent):
            return section
    return None


def field_of(section: str, path: str, table: str = "") -> tuple[str, int] | None:
    """The field that a column's name speaks for, and how unsure that is (0: its first name; FAR and more: only part of the name).

    >>> field_of("resident", "LAST_NAME"), field_of("medicines", "MED_START", "medication"), field_of("resident", "ROOM_COLOUR")
    (('family_name', 1), ('taken.start', 0), None)
    >>> field_of("resident", "DIED_TXT"), field_of("resident", "ETH"), field_of("medicines", "c:Drug/@dmd")
    (('deceased', 105), ('ethnic_category', 200), ('drug.codings[].code', 20))
    """
    fields = FIELDS.get(section, {})
    for unsure, said in spoken(path, table):
        if said in fields:
            return fields[said][0], fields[said][1] + unsure
    return short_for(fields, path)


def short_for(fields: dict[str, tuple[str, int]], path: str) -> tuple[str, int] | None:
    """ETH may be short for ethnicity: what begins so must all be one field."""
    name = flat(path.rpartition("/")[2])
    found = {field for said, (field, _) in fields.items() if said.startswith(name)} if len(name) > 2 else set()
    return (found.pop(), 2 * FAR) if len(found) == 1 else None


def spoken(path: str, table: str) -> Iterator[tuple[int, str]]:
    """What a column may be called, the whole path first; then without what the name ends in and does not need."""
    parts = [words(part.partition(":")[2] or part) for part in path.split("/") if part != "."]
    every = [[word for part in parts[start:] for word in part] for start in range(len(parts))]
    every += [said[1:] for said in every if len(said) > 1 and any(begins(said[0], part) for part in table.split("/"))]
    yield from ((DEEP * (len(parts) > 1), "".join(said)) for said in every)
    yield from ((FAR, "".join(said[:-1])) for said in every if len(said) > 1 and said[-1] in ENDINGS)


FAR, DEEP = 100, 20  # so much less sure: by part of a name, by the end of a path
ENDINGS = {"dt", "date", "time", "datetime", "code", "cd", "text", "txt", "no", "name", "stat", "status", "at", "on"}


def begins(word: str, table: str) -> bool:
    """MED of MED_START and MEDICATION."""
    return len(word) > 1 and flat(table.partition(":")[2] or table).startswith(word.removesuffix("s"))
