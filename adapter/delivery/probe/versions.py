"""Questions by writing: ids, versions, conditions, and whether what was written is found."""
from __future__ import annotations

from adapter.delivery.answer import Answer
from adapter.delivery.difference import version_of
from adapter.delivery.probe.asking import Asker, kind_of, placed, said
from adapter.delivery.probe.person import SYSTEM, Person
from adapter.delivery.probe.question import Came, Question, either
from adapter.delivery.probe.reading import found
from adapter.delivery.probe.row import How

STALE = (409, 412)
PAGES = 5  # of what is paged through at the most


async def _her(asker: Asker, person: Person) -> Came:
    """She is made under an id of ours where that can be, else under one of the server's, so that the rest can be asked."""
    answer = await asker.put(person.at, person.patient(id=person.run))
    if answer.ok:
        return Came(said(answer), "what is sent twice is there once", How.YES)
    other = await asker.post("Patient", person.patient())
    person.at = placed(other.placed) or person.at
    return Came(said(answer), "nothing of ours can be sent: its owner must allow that we choose ids", How.NO)


async def _again(asker: Asker, person: Person) -> Came:
    before = await _version(asker, person)
    answer = await asker.put(person.at, person.patient(id=_id(person)))
    same = before == await _version(asker, person)
    return either(same, f"{said(answer)}, {'no' if same else 'a'} new version", "a repeat leaves no trace",
                  "a repeat makes a version; we write only what differs", How.AS_IT_IS)


async def _if_match(asker: Asker, person: Person) -> Came:
    """With the version that is there; then with that one again, which is not there any more."""
    version = f'W/"{await _version(asker, person) or 1}"'
    good, stale = [await asker.put(person.at, person.patient(id=_id(person), gender=gender), If_Match=version)
                   for gender in ("female", "unknown")]
    means = "it does not take the version that is there" if not good.ok else (
        "it passes over the version: an edit between our reading and our writing would be overwritten")
    return either(good.ok and stale.status in STALE, f"{said(good)}; the stale one: {said(stale)}",
                  "an edit at the same moment is seen, read again and kept", means)


async def _conditional_create(asker: Asker, person: Person) -> Came:
    answers = [await asker.post("Patient", person.patient("once"), If_None_Exist=person.query("once")) for _ in range(2)]
    there = len(found(await asker.get(f"Patient?{person.query('once')}"), "Patient"))
    means = ("it passes over the condition: with `patient = \"create-if-missing\"` there may be two of her" if there > 1
             else "`patient = \"create-if-missing\"` cannot be used")
    return either(there == 1 and all(a.ok for a in answers), f"{_both(answers)}; {there} there",
                  "`patient = \"create-if-missing\"` can be used", f"{means}; use \"match\" or \"upsert\"")


async def _conditional_update(asker: Asker, person: Person) -> Came:
    path = f"MedicationStatement?{person.query('by-key')}"
    if found(await asker.get(path), "MedicationStatement"):
        return Came("others are found by it", "not asked: it might hit somebody who is real", How.UNKNOWN)
    answers = [await asker.put(path, person.medicine("by-key", note=[{"text": text}])) for text in ("one", "two")]
    there = len(found(await asker.get(path), "MedicationStatement"))
    good = there == 1 and all(a.ok for a in answers)
    return either(good, f"{_both(answers)}; {there} there", "we do not need it, for we know the ids", "we do not need it", How.AS_IT_IS)


async def _found_at_once(asker: Asker, person: Person) -> Came:
    for key in ("f1", "f2", "f3"):
        await asker.put(f"MedicationStatement/{person.id(key)}", person.medicine(key, id=person.id(key)))
    page = await asker.get("MedicationStatement", [("patient", person.at), ("identifier", f"{SYSTEM}|")])
    number = len({resource.get("id") for resource in found(page, "MedicationStatement")} & {person.id(key) for key in ("f1", "f2", "f3")})
    return either(number == 3, f"{said(page)}, {number} of 3", "what was sent before is known when we send again",
                  "what was written is not found at once, or not by this search: rows that vanished may be missed")


async def _paging(asker: Asker, person: Person) -> Came:
    """By the client's own rule: `next` as it is given, on this server only."""
    seen, sizes = list[str](), list[int]()
    async for page in asker.pages("MedicationStatement", [("patient", person.at), ("identifier", person.everything), ("_count", "1")]):
        here = [str(each.get("id")) for each in found(page, "MedicationStatement")]
        seen, sizes = seen + here, [*sizes, len(here)]
        if len(sizes) == PAGES:
            break
    whole = len(seen) == len(set(seen)) and len(seen) >= 3
    return either(whole and max(sizes) == 1, f"pages of {', '.join(map(str, sizes)) or 'none'}", "all pages are read, each row once",
                  "it makes its own pages" if whole else "what is on further pages may be missed")


async def _earlier(asker: Asker, person: Person) -> Came:
    page = await asker.get(f"{person.at}/_history")
    number = len(page.listed("entry"))
    return either(page.ok and number > 1, f"{said(page)}, {number} versions", "what was taken back is found on earlier patients too",
                  "of earlier versions nothing is known")


VERSIONS = (
    Question("update-as-create", "May we choose ids (update as create)?", "PUT Patient/<our id>, where nothing is", _her),
    Question("same-again", "What does the same again become?", "PUT Patient/<our id>, the same", _again),
    Question("if-match", "Is an edit at the same moment safe from us?", "PUT with If-Match: the version there, then a stale one",
             _if_match),
    Question("conditional-create", "Is a Patient made only where there is none?", "POST Patient with If-None-Exist, twice",
             _conditional_create),
    Question("conditional-update", "Can something be updated by its identifier?", "PUT MedicationStatement?identifier=…, twice",
             _conditional_update),
    Question("found-at-once", "Is what was written found at once?",
             "PUT three medicines; GET MedicationStatement?patient&identifier=SYSTEM|", _found_at_once),
    Question("paging", "Are long answers told in pages?", "GET MedicationStatement?patient&_count=1, and each `next`", _paging),
    Question("versions", "Are earlier versions told?", "GET Patient/…/_history", _earlier),
)


async def _version(asker: Asker, person: Person) -> str | None:
    answer = await asker.get(person.at)
    return version_of(answer.resource or {}) if kind_of(answer) == "Patient" else None


def _id(person: Person) -> str:
    return person.at.partition("/")[2]


def _both(answers: list[Answer]) -> str:
    return " then ".join(map(said, answers))
