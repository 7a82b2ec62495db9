"""Questions by writing: what becomes of what was written, and what the server checks."""
from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapter import wire
from adapter.delivery.answer import Resource
from adapter.delivery.probe.asking import Asker, said
from adapter.delivery.probe.person import TEST_DATA, Person
from adapter.delivery.probe.question import Came, Question, at, either, listed
from adapter.delivery.probe.row import How

Seen = Callable[[Resource], bool]
EXTENSION = {"url": "https://redbag.example/StructureDefinition/probe", "valueString": "HTEST"}
NO_PROFILE = "https://redbag.example/StructureDefinition/no-such-profile"
TIME, MONTH, DECIMAL = "2026-01-05T10:00:00+00:00", "2025-02", Decimal("0.50")
TEXT = "HTEST é 漢 😀 A\nB  C"


async def _back(asker: Asker, person: Person, key: str, **more: Any) -> tuple[str, Resource]:
    """What came of writing it, and how it comes back; empty where it was not taken."""
    target = person.id(key)
    path = f"MedicationStatement/{target}"
    answer = await asker.put(path, person.medicine(key, id=target, subject={"reference": person.at}, **more))
    there = await asker.get(path) if answer.ok else answer
    return said(answer), (there.resource or {}) if there.ok else {}


def _kept(key: str, seen: Seen, yes: str, no: str, **more: Any) -> Callable[[Asker, Person], Any]:
    """Written, read back, and seen to be as it was."""

    async def ask(asker: Asker, person: Person) -> Came:
        came, there = await _back(asker, person, key, **more)
        kept = bool(there) and seen(there)
        return either(kept, f"{came}, {'as it was' if kept else 'changed' if there else 'not taken'}", yes, no)

    return ask


def _refused(key: str, yes: str, no: str, **more: Any) -> Callable[[Asker, Person], Any]:
    """What is wrong with it is seen by the server, or not."""

    async def ask(asker: Asker, person: Person) -> Came:
        came, there = await _back(asker, person, key, **more)
        dropped = bool(there) and any(name not in there for name, value in more.items() if value is not None)
        return either(not there, f"{came}{', and left out' if dropped else ', and kept' if there else ''}", yes, no, How.AS_IT_IS)

    return ask


async def _tags(asker: Asker, person: Person) -> Came:
    """Of meta, after a first and a second write: is a tag kept, and is one let go of that the second write does not repeat?"""
    other = {"system": TEST_DATA["system"], "code": "TREAT"}
    _, first = await _back(asker, person, "tags", meta={"tag": [TEST_DATA, other]})
    came, second = await _back(asker, person, "tags", meta={"tag": [TEST_DATA]}, note=[{"text": "HTEST"}])
    codes = [{at(tag, "code") for tag in listed(at(there, "meta", "tag"))} for there in (first, second)]
    kept = {"HTEST", "TREAT"} <= codes[0] and "HTEST" in codes[1]
    held = "TREAT" in codes[1]
    return either(kept, f"{came}, {'kept' if kept else 'lost'}{', and old ones are held on to' if held else ''}",
                  "our mark stays, so an edit of the hospital's is known",
                  "our mark is lost: any difference is taken for an edit, and is for a person")


async def _xml(asker: Asker, person: Person) -> Came:
    target = person.id("xml")
    medicine = person.medicine("xml", id=target, subject={"reference": person.at})
    answer = await asker.put(f"MedicationStatement/{target}", medicine, form=wire.XML, Accept=wire.XML.media)
    return either(answer.ok, said(answer), "`form = \"xml\"` can be sent", "send JSON")


CONTENT = (
    Question("decimals", "Do decimals keep their digits?", "PUT of a dose of 0.50, GET", _kept(
        "decimal", lambda there: str(at(there, "dosage", 0, "doseAndRate", 0, "doseQuantity", "value")) == str(DECIMAL),
        "0.50 stays 0.50", "0.50 comes back as another number of the same value; we compare by value",
        dosage=[{"text": "HTEST", "doseAndRate": [{"doseQuantity": {"value": DECIMAL, "unit": "tablet"}}]}])),
    Question("offsets", "Do times keep their offset?", f"PUT of {TIME}, GET", _kept(
        "time", lambda there: there.get("dateAsserted") == TIME, "a time stays as it was written",
        "it writes times in its own way: what we sent will look edited", dateAsserted=TIME)),
    Question("partial-dates", "Do dates keep their precision?", f"PUT of {MONTH}, GET", _kept(
        "month", lambda there: there.get("effectiveDateTime") == MONTH, "a month stays a month",
        "a date that is not known to the day cannot be sent as it is", effectiveDateTime=MONTH)),
    Question("text", "Does text stay, letter for letter?", "PUT of a note with accents, Chinese, an emoji and a line break, GET", _kept(
        "text", lambda there: at(there, "note", 0, "text") == TEXT, "text arrives as it was written",
        "it changes text: what we sent will look edited", note=[{"text": TEXT}])),
    Question("unknown-extension", "Does an extension that it does not know stay?", "PUT with an extension of ours, GET", _kept(
        "extension", lambda there: there.get("extension") == [EXTENSION], "extensions of UK Core and of others stay",
        "what travels in extensions is lost or refused there", extension=[EXTENSION])),
    Question("tags", "Does meta.tag stay, in which our mark is?", "PUT with two tags, PUT with one, GET", _tags),
    Question("xml-write", "Does it take XML?", "PUT of a medicine in FHIR XML", _xml),
    Question("checks-elements", "Does it refuse an element that FHIR does not know?", "PUT with an unknown element", _refused(
        "element", "what is not FHIR is refused", "what is not FHIR goes unseen", redbagUnknown="HTEST")),
    Question("checks-required", "Does it refuse what lacks a required element?", "PUT of a medicine without status", _refused(
        "required", "it checks", "it does not: only our own check sees it", status=None)),
    Question("checks-codes", "Does it refuse a code that FHIR does not have?", "PUT with status \"htest\"", _refused(
        "code", "it checks codes", "it does not check codes: only our own check sees it", status="htest")),
    Question("checks-profiles", "Does it refuse a claim to a profile that it does not know?", "PUT with an unknown meta.profile", _refused(
        "profile", "it must know UK Core, to which ours claim to conform: ask its owner", "profiles are not looked up, or not insisted on",
        meta={"tag": [TEST_DATA], "profile": [NO_PROFILE]})),
)
