"""Questions by writing: transactions, batches, what references may say, and how large a write may be."""
from __future__ import annotations

from adapter.delivery.answer import Answer
from adapter.delivery.probe.asking import Asker, kind_of, placed, said, statuses
from adapter.delivery.probe.person import NOBODY, SYSTEM, Person, entry
from adapter.delivery.probe.question import Came, Question, at, either
from adapter.delivery.probe.row import How

SIZES = (256 * 1024, 1024 * 1024, 4 * 1024 * 1024)
BY_IDENTIFIER = {"type": "Organization", "identifier": {"system": SYSTEM, "value": NOBODY}, "display": "HTEST"}


def _medicine(person: Person, key: str, of: str = "", **more: object) -> dict[str, object]:
    return person.medicine(key, id=person.id(key), **({"subject": {"reference": of}} if of else {}), **more)


def _put(person: Person, key: str, of: str = "", **more: object) -> dict[str, object]:
    target = person.id(key)
    return entry("PUT", f"MedicationStatement/{target}", _medicine(person, key, of, **more), f"urn:uuid:{target}")


async def _transaction(asker: Asker, person: Person) -> Came:
    """She is another one here, made in the same transaction; what refers to her by urn comes first."""
    other = f"urn:uuid:{person.id('t-her')}"
    made = entry("POST", "Patient", person.patient("t-her"), other, ifNoneExist=person.query("t-her"))
    answer = await asker.bundle("transaction", _put(person, "t1", other), made)
    there = await asker.get(f"MedicationStatement/{person.id('t1')}")
    leads = _reference(there, "subject").startswith("Patient/")
    return either(answer.ok and leads, f"{said(answer)}{_each(answer)}; the reference {'leads' if leads else 'does not lead'} to her",
                  "a record goes in one piece", "no transactions: batches, or one after the other")


async def _all_or_nothing(asker: Asker, person: Person) -> Came:
    """By what is bad for most servers; where it is not for this one, by something else."""
    nowhere = _put(person, "n2", f"urn:uuid:{person.id('nowhere')}")
    stale = entry("PUT", person.at, person.patient(id=person.at.partition("/")[2]), ifMatch='W/"no-such-version"')
    came = ""
    for key, bad in (("n1", nowhere), ("n3", stale)):
        answer = await asker.bundle("transaction", _put(person, key, person.at), bad)
        there, came = await asker.get(f"MedicationStatement/{person.id(key)}"), f"{said(answer)}{_each(answer)}"
        if not answer.ok or {status[:1] for status in statuses(answer)} - {"2"}:
            return either(not there.ok, f"{came}; the other one is {'there' if there.ok else 'not there'}",
                          "what is refused leaves nothing behind", "it is no transaction: a part of what was refused stands there")
    return Came(came, "it takes whatever it is sent, so this could not be seen", How.UNKNOWN)


async def _batch(asker: Asker, person: Person) -> Came:
    nobody = {"request": {"method": "GET", "url": f"Patient/{person.id('nobody')}"}}
    answer = await asker.bundle("batch", _put(person, "b1", person.at), nobody)
    there = await asker.get(f"MedicationStatement/{person.id('b1')}")
    one, other = (*statuses(answer), "", "")[:2]
    return either(answer.ok and there.ok and one[:1] == "2" and other[:1] == "4", f"{said(answer)}{_each(answer)}",
                  "each entry is taken or refused by itself", "no batches: one resource after the other")


async def _conditional_reference(asker: Asker, person: Person) -> Came:
    answer = await asker.bundle("transaction", _put(person, "c1", f"Patient?identifier={SYSTEM}|{person.run}.patient"))
    leads = _reference(await asker.get(f"MedicationStatement/{person.id('c1')}"), "subject") == person.at
    return either(answer.ok and leads, f"{said(answer)}{_each(answer)}; {'leads to her' if leads else 'does not lead to her'}",
                  "long records can go in several parts", "we look for her first, and refer by id", How.AS_IT_IS)


async def _identifier_reference(asker: Asker, person: Person) -> Came:
    answer = await asker.put(f"MedicationStatement/{person.id('i1')}", _medicine(person, "i1", informationSource=BY_IDENTIFIER))
    there = (await asker.get(f"MedicationStatement/{person.id('i1')}")).resource
    kept = answer.ok and at(there, "informationSource", "identifier") == BY_IDENTIFIER["identifier"]
    return either(kept, f"{said(answer)}, {'kept' if kept else 'not kept'}", "`directory = \"logical\"` can be used",
                  "use `directory = \"existing\"` or \"own\"")


async def _dangling(asker: Asker, person: Person) -> Came:
    answer = await asker.put(f"MedicationStatement/{person.id('d1')}", _medicine(person, "d1", f"Patient/{person.id('nobody')}"))
    return either(not answer.ok, said(answer), "it sees to it that references lead somewhere, and we send in that order",
                  "it takes references to what is not there: nobody but us sees to it", How.AS_IT_IS)


async def _sizes(asker: Asker, person: Person) -> Came:
    """Each larger than the one before, under one id; until one is refused."""
    largest = None
    for size in SIZES:
        large = _medicine(person, "large", person.at, note=[{"text": "HTEST " * (size // 6)}])
        answer = await asker.put(f"MedicationStatement/{person.id('large')}", large)
        if not answer.ok:
            return Came(f"{size // 1024:,} kB: {said(answer)}", f"`most_bytes = {largest}`" if largest else "only small writes are taken",
                        How.NO, largest)
        largest = size
    return Came(f"{SIZES[-1] // 1024:,} kB are taken", "no limit that we would meet", How.YES)


BUNDLES = (
    Question("transaction", "Does it take transactions?", "POST of a transaction: a medicine that refers to a Patient made with it",
             _transaction),
    Question("all-or-nothing", "Does a refused transaction leave nothing?",
             "POST of a transaction with one entry that refers to nothing, or is stale", _all_or_nothing),
    Question("batch", "Does it take batches?", "POST of a batch: a medicine, and a GET of nobody", _batch),
    Question("conditional-reference", "Does it find whom a reference asks for?", "POST of a transaction, subject Patient?identifier=…",
             _conditional_reference),
    Question("identifier-reference", "Does it keep a reference by identifier?", "PUT of a medicine, informationSource.identifier",
             _identifier_reference),
    Question("dangling-reference", "Does it refuse a reference to what is not there?", "PUT of a medicine of a Patient who is not there",
             _dangling),
    Question("size", "How large may a write be?", f"PUT of a medicine with a note of {', '.join(f'{size // 1024:,}' for size in SIZES)} kB",
             _sizes),
)


def _each(answer: Answer) -> str:
    return f" ({', '.join(statuses(answer))})" if kind_of(answer) == "Bundle" else ""


def _reference(answer: Answer, element: str) -> str:
    return placed(at(answer.resource, element, "reference")) or ""
