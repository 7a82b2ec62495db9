"""What our fields take, by their path in the native format: whether days, words of a list, numbers, and which of them must be there."""
from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.records.kinds import Concept, Kind, Many, Object, OneOf, Scalar, Text
from adapter.records.stream import care_records
from mappings.values import FORMS, date, instant, when

TIMES = {FORMS[codec.label].says for codec in (date, when, instant)}


def kind_of(path: str) -> Kind | None:
    """Of `medicines[].taken.start`; None where the native format has no such place.

    >>> [type(kind_of(path)).__name__ for path in ("resident.gender", "medicines[].doses[].text", "resident.shoe_size")]
    ['Text', 'Text', 'NoneType']
    """
    kinds: list[Kind] = [care_records().kind]
    for name in re.findall(r"\w+", path):
        kinds = [slot.kind for kind in kinds for o in objects(kind) if (slot := o.slots.get(name))]
    return kinds[0] if kinds else None


def objects(kind: Kind) -> Iterator[Object]:
    if isinstance(kind, Many):
        yield from objects(kind.of)
    elif isinstance(kind, OneOf):
        yield from (inner for member in kind.members for inner in objects(member))
    elif isinstance(kind, Object):
        yield kind


def leaves(kind: Kind | None) -> list[Kind]:
    """What a value in the place may be."""
    if isinstance(kind, Many):
        return leaves(kind.of)
    return [leaf for member in kind.members for leaf in leaves(member)] if isinstance(kind, OneOf) else [kind] if kind else []


def is_list(path: str) -> bool:
    """Of texts, such as given_names: several columns may fill it."""
    kind = kind_of(path)
    return isinstance(kind, Many) and isinstance(kind.of, Text | Concept)


def takes_time(path: str) -> bool:
    return any(isinstance(kind, Text) and kind.form is not None and kind.form.says in TIMES for kind in leaves(kind_of(path)))


def words_of(path: str) -> tuple[str, ...]:
    """All words that the place knows; none where it takes any text."""
    return tuple(word for kind in leaves(kind_of(path)) for word in getattr(kind, "words", ()))


def takes_truth(path: str) -> bool:
    return any(isinstance(kind, Scalar) and bool in kind.takes for kind in leaves(kind_of(path)))


def takes_number(path: str) -> bool:
    return any(isinstance(kind, Scalar) and bool not in kind.takes for kind in leaves(kind_of(path)))
