"""The search index of one resource: what each search parameter finds in it.

    terms({"resourceType": "Patient", "id": "7", "birthDate": "1941-02"})
        -> [Term("Patient._id", "", "7", ""), Term("Patient.birthdate", "", "1941-02-01T…", "1941-03-01T…")]

A value that is not of the shape FHIR gives it is left out of the index. Of the content only dates are judged
(`impossible_date`): a day that no calendar has could never be found again, and servers of hospitals refuse it.
Source: FHIR R4 "Search", one section per kind of parameter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from adapter.sandbox.dates import BEGINNING, END, Interval, interval
from adapter.sandbox.outcome import Resource
from adapter.sandbox.parameters import PARAMETERS, Kind


class Term(NamedTuple):
    """A row of the index. `system` and `value` by kind of parameter: token system and code; reference type and id; date "" and
    first instant, with `until` the first instant after it; string "" and the folded text; uri "" and the uri."""

    name: str
    system: str
    value: str
    until: str = ""


def terms(resource: Resource) -> list[Term]:
    """Everything `resource` can be found by."""
    type_ = resource["resourceType"]
    return [
        term
        for name, parameter in PARAMETERS[type_].items()
        for path in parameter.paths
        for value in _at(resource, path)
        for term in READERS[parameter.kind](f"{type_}.{name}", value)
    ]


def impossible_date(resource: Resource) -> str | None:
    """The first element that can be searched as a date and is none, as a FHIRPath; None where all is well. Source: FHIR R4 "Data Types"."""
    type_ = resource["resourceType"]
    return next((
        ".".join((type_, *path, *part))
        for name, parameter in PARAMETERS[type_].items() if parameter.kind == "date" and not name.startswith("_")
        for path in parameter.paths
        for value in _at(resource, path)
        for part, text in _dates(value)
        if interval(text) is None), None)


def _dates(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of a date, or of both ends of a Period, each with where it stands."""
    match value:
        case str():
            yield (), value
        case dict():
            yield from (((end,), value[end]) for end in ("start", "end") if isinstance(value.get(end), str))


def folded(text: str) -> str:
    """Without case and accents, as FHIR compares strings."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(mark))


def split_reference(reference: str) -> tuple[str, str]:
    """`Patient/7` and `Patient/7/_history/2` -> ("Patient", "7"); `http://other/fhir/Patient/7` -> ("http://other/fhir/Patient", "7")."""
    system, _, id_ = reference.partition("/_history/")[0].rpartition("/")
    return system, id_


def _at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The values at the end of `path`, through lists."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _token(name: str, value: Any) -> Iterator[Term]:
    match value:
        case bool():
            yield Term(name, "", "true" if value else "false")
        case str():
            yield Term(name, "", value)
        case {"coding": list(codings)}:
            for coding in codings:
                yield from _token(name, coding)
        case {"code": str(code)} | {"value": str(code)}:
            system = value.get("system", "")
            yield Term(name, system if isinstance(system, str) else "", code)


def _reference(name: str, value: Any) -> Iterator[Term]:
    match value:
        case {"reference": str(reference)}:
            yield Term(name, *split_reference(reference))
    match value:
        case {"identifier": identifier}:
            yield from _token(f"{name}:identifier", identifier)


def _date(name: str, value: Any) -> Iterator[Term]:
    span = _period(value) if isinstance(value, dict) else interval(value) if isinstance(value, str) else None
    if span:
        yield Term(name, "", *span)


def _period(period: Mapping[str, Any]) -> Interval | None:
    start, end = period.get("start"), period.get("end")
    first = interval(start) if isinstance(start, str) else (BEGINNING, "")
    last = interval(end) if isinstance(end, str) else ("", END)
    return (first[0], last[1]) if first and last and (start or end) else None


def _string(name: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str):
        yield Term(name, "", folded(value))


def _uri(name: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str):
        yield Term(name, "", value)


READERS: Mapping[Kind, Callable[[str, Any], Iterator[Term]]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "uri": _uri,
}
