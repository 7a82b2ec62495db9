"""Questions that change nothing and find nobody: what it says of itself, in which forms, and the searches that we make."""
from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

from adapter import wire
from adapter.delivery.answer import Answer, ClientError, NoAnswer, TlsFailed, Unreachable
from adapter.delivery.endpoints.trial import software
from adapter.delivery.probe.asking import Asker, kind_of, said
from adapter.delivery.probe.needed import SEARCHES, Search
from adapter.delivery.probe.person import NOBODY, SYSTEM
from adapter.delivery.probe.row import How, Row

SHOWN = 6  # names of types in a sentence
HISTORY, HISTORY_ASKED = "Does it keep earlier versions?", "GET List/…/_history, of nobody"
VERSION = re.compile(r"\d\.\d{1,2}\.\d{1,2}")  # HL7 FHIR, FHIRVersion


async def server(asker: Asker) -> tuple[Row, Answer | None]:
    """The first question. Whoever does not answer it, or speaks FHIR of another version, is asked no other; else what it says of itself."""
    question, asked = "Is it a FHIR server, and of R4?", "GET metadata"
    try:
        answer = await asker.get("metadata")
    except ClientError as error:
        away = isinstance(error, Unreachable | NoAnswer) and not isinstance(error, TlsFailed)
        means = "nothing else is asked: try again later" if away else "nothing else is asked: look at the address, and who we are there"
        return Row("server", question, asked, said(error), means, How.UNKNOWN if away else How.NO), None
    version = (answer.resource or {}).get("fhirVersion")
    if not answer.ok or kind_of(answer) != "CapabilityStatement":
        means = "it does not let us in" if answer.status in (401, 403) else "it does not say what it is"
        return Row("server", question, asked, said(answer), f"{means}; nothing else is asked", How.NO), None
    came, stated = f"{answer.status}: {software(answer)}; FHIR", VERSION.match(version) if isinstance(version, str) else None
    if stated is None:
        means = "we speak R4 (4.0.1): what follows may mislead"
        return Row("server", question, asked, f"{came} of a version that it does not say", means, How.NO), answer
    if not stated[0].startswith("4.0."):
        return Row("server", question, asked, f"{came} {stated[0]}", "we speak R4 (4.0.1); nothing else is asked", How.NO), None
    return Row("server", question, asked, f"{came} R4", "we can speak with it", How.YES), answer


async def harmless(asker: Asker, statement: Answer) -> AsyncIterator[Row]:
    yield stated(statement)
    for form in wire.FORMATS.values():
        yield await _form(asker, form)
    yield _echo(statement)
    for search in SEARCHES:
        yield await _search(asker, search)
    yield await _unknown_parameter(asker)
    yield await _history(asker, statement)


def stated(statement: Answer) -> Row:
    """What its CapabilityStatement says, which is not yet what it does."""
    codes = {each.get("code") for rest in statement.listed("rest") for each in _objects(rest.get("interaction"))}
    says = [word for word in ("transaction", "batch") if word in codes]
    means = "it is tried with --write" if says else "we would send one resource after the other"
    return Row("says", "Which bundles does it say that it takes?", "GET metadata, rest.interaction", ", ".join(says) or "none", means,
               How.YES if says else How.NO)


async def _form(asker: Asker, form: wire.Format) -> Row:
    name = form.name.upper()
    came = await answered(asker, f"Patient/{NOBODY}", Accept=form.media)
    media = came.media if isinstance(came, Answer) else ""
    good = isinstance(came, Answer) and wire.format_of(media or "") is form
    return Row(form.name, f"Does it answer in {name}?", f"GET of nobody, Accept: {form.media}", _media(came),
               f"`form = \"{form.name}\"` can be read" if good else f"we do not ask it for {name}", How.YES if good else How.NO)


def _media(came: Answer | ClientError) -> str:
    if isinstance(came, ClientError):
        return said(came)
    form = wire.format_of(came.media or "")
    return f"{came.status}, {form.name.upper() if form else 'nothing of FHIR'}"


def _echo(statement: Answer) -> Row:
    return Row("request-id", "Does it repeat the X-Request-ID?", "GET metadata", "yes" if statement.echoed else "no",
               "our requests can be found in its log" if statement.echoed else "find ours in its log by the time",
               How.YES if statement.echoed else How.AS_IT_IS)


# ---- searches ---------------------------------------------------------------------------------------------------------------------
async def _search(asker: Asker, search: Search) -> Row:
    came = {kind: await _of_nobody(asker, kind, search) for kind in search.types}
    without = [kind for kind, what in came.items() if what != "none"]
    others = [kind for kind, what in came.items() if what == "others"]
    told = f"an empty Bundle of each of {len(came)}" if not without else "; ".join(f"{kind}: {came[kind]}" for kind in without[:SHOWN])
    good = "it can be asked" if not without else "of these we cannot know it, and a person is told" if not search.must else (
        "nothing can be sent: nobody can be found")
    means = "it answers with others than were asked for: such an answer stops a sending" if others else good
    return Row(search.name, f"Can we search: {search.why}?", f"GET {_listed(search.types)}?{search.shown}, of nobody", told, means,
               How.NO if without else How.YES)


async def _of_nobody(asker: Asker, kind: str, search: Search) -> str:
    """none: as it should be; others; else what came."""
    values = {"SYSTEM|VALUE": f"{SYSTEM}|{NOBODY}", "SYSTEM|": f"{SYSTEM}|", "Patient/ID": f"Patient/{NOBODY}"}
    came = await answered(asker, kind, [(name, values.get(value, value)) for name, value in search.asks])
    if not isinstance(came, Answer) or not came.ok or kind_of(came) != "Bundle":
        return said(came)
    return "others" if found(came, kind) else "none"


def found(page: Answer, kind: str) -> list[dict[str, Any]]:
    """The resources of a page of a search."""
    each = [entry.get("resource") for entry in page.listed("entry")]
    return [resource for resource in each if isinstance(resource, dict) and resource.get("resourceType") == kind]


async def _unknown_parameter(asker: Asker) -> Row:
    came = await answered(asker, "Patient", [("identifier", f"{SYSTEM}|{NOBODY}"), ("redbag-unknown", "1")])
    refuses = isinstance(came, Answer) and 400 <= came.status < 500
    means = ("a search that it does not understand is said to be so" if refuses else
             "it passes over what it does not know: we check that each answer has what was asked for")
    return Row("unknown-parameter", "Does it refuse a search parameter that it does not know?", "GET Patient?…&redbag-unknown=1, of nobody",
               said(came), means, How.YES if refuses else How.AS_IT_IS)


async def _history(asker: Asker, statement: Answer) -> Row:
    """Of nobody nothing is found, whether it keeps any or not: then what it says of itself counts."""
    came = await answered(asker, f"List/{NOBODY}/_history")
    nobody = isinstance(came, Answer) and came.status in (404, 410) and bool(came.resource)
    if nobody and not _says_history(statement):
        return Row("history", HISTORY, HISTORY_ASKED, said(came), "it does not say that it does: `redbag probe --write` asks", How.UNKNOWN)
    good = nobody or isinstance(came, Answer) and came.ok and bool(came.resource)
    return Row("history", HISTORY, HISTORY_ASKED, said(came),
               "what was taken back is found on earlier patients too" if good else "of earlier versions nothing is known",
               How.YES if good else How.NO)


def _says_history(statement: Answer) -> bool:
    """Source: HL7 FHIR R4, CapabilityStatement.rest.resource.interaction."""
    lists = [each for rest in statement.listed("rest") for each in _objects(rest.get("resource")) if each.get("type") == "List"]
    return any(each.get("code") == "history-instance" for kind in lists for each in _objects(kind.get("interaction")))


# ---- helpers ----------------------------------------------------------------------------------------------------------------------
async def answered(asker: Asker, path: str, params: Iterable[tuple[str, str]] = (), **headers: str) -> Answer | ClientError:
    try:
        return await asker.get(path, list(params), **headers)
    except ClientError as error:
        return error


def _listed(types: tuple[str, ...]) -> str:
    return "|".join(types[:SHOWN]) + ("|…" if len(types) > SHOWN else "")


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
