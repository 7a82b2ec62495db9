"""What it means that a row of the last export is not in this one. Only the sender can know; there is no default.

    with_absences(before, now, {"medicines": "stopped", "allergies": "entered-in-error"})

    stopped             she does not take it any more                                   (medicines only)
    entered-in-error    it should never have been there, for rows are only ever deleted when they were wrong
    unknown             it cannot be told: a person must look                           (the same as saying nothing)
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from mappings.bag import DIRECTORY, LISTED, PERSONAL, CareRecord, Unlisted
from mappings.corrections import in_error, is_all_in_error, stands, stopped
from mappings.faults import Fault, Faults
from mappings.findings import before as earlier
from mappings.references import references
from mappings.values import Ref

ENDS: Mapping[str, Callable[[Any], Any] | None] = {"stopped": stopped, "entered-in-error": in_error, "unknown": None}
WORDS: Mapping[str, tuple[str, ...]] = {
    section.field: tuple(ENDS) if section.field == "medicines" else ("entered-in-error", "unknown") for section in PERSONAL}
COME_ALONG = {section.kind: section.field for section in (*DIRECTORY, *PERSONAL) if section.field not in LISTED}


def checked(absence: Mapping[str, str]) -> Mapping[str, str]:
    """Raises Faults where a list or a word is not one of WORDS."""
    wrong = [Fault("absence", field, f"expected one of: {', '.join(WORDS.get(field, WORDS))}")
             for field, word in absence.items() if word not in WORDS.get(field, ())]
    if wrong:
        raise Faults(wrong)
    return absence


def is_whole(bag: CareRecord, field: str) -> bool:
    """Does the record say what there is, so that what is missing from it has vanished?

    A list that is not supplied says nothing, and neither does one that nobody asked about. Stays and related persons have no words for
    that: none of them at all says nothing, and only where there are some have the others vanished. Nor does a list of nothing but errors
    say what there is: that this was wrong is all it says.
    """
    said = getattr(bag, field)
    return bool(said) and not is_all_in_error(said) if isinstance(said, tuple) else said is Unlisted.NONE_KNOWN


def with_absences(before: CareRecord, now: CareRecord, absence: Mapping[str, str]) -> CareRecord:
    """`now` with every row that was in `before` and has vanished, as it stands when it has ended; what those rows refer to comes along.

    Where `now` says that there are none, the ended rows are its list. Raises Faults where `before` is another resident's, or later.
    """
    if (before.source, before.resident.key) != (now.source, now.resident.key):
        raise Faults([Fault("resident", "key", "is not the one of the earlier record")])
    if earlier(now.as_of, before.as_of):
        raise Faults([Fault("as_of", "-", "is before that of the record that is said to be the earlier one")])
    added = {field: _gone(before, now, field, ENDS[word]) for field, word in checked(absence).items()}
    for field, gone in added.items():
        now = _with(now, field, gone)
    return _with_what_they_mean(before, now, added.values())


def _with(bag: CareRecord, field: str, rows: tuple[Any, ...]) -> CareRecord:
    more: dict[str, Any] = {field: (*_items(bag, field), *rows)}
    return replace(bag, **more) if rows else bag


def _gone(before: CareRecord, now: CareRecord, field: str, end: Callable[[Any], Any] | None) -> tuple[Any, ...]:
    if end is None or not is_whole(now, field):
        return ()
    here = {row.key for row in _items(now, field)}
    return tuple(end(row) for row in _items(before, field) if row.key is not None and row.key not in here and stands(row))


def _items(bag: CareRecord, field: str) -> tuple[Any, ...]:
    said = getattr(bag, field)
    return said if isinstance(said, tuple) else ()


def _with_what_they_mean(before: CareRecord, now: CareRecord, added: Iterable[tuple[Any, ...]]) -> CareRecord:
    """With the places, people and stays that only the added rows refer to."""
    waiting = [row for rows in added for row in rows]
    while waiting:
        for _, to in references(waiting.pop()):
            field = COME_ALONG.get(to.type) if isinstance(to, Ref) else None
            if field and isinstance(to, Ref) and not _named(now, field, to.key) and (found := _named(before, field, to.key)):
                now = _with(now, field, found)
                waiting += found
    return now


def _named(bag: CareRecord, field: str, key: str) -> tuple[Any, ...]:
    return tuple(row for row in _items(bag, field) if row.key == key)
