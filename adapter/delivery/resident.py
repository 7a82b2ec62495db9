"""Who is she on that server? Found by her verified NHS number and by the sender's own key, never by name; compared before anything is sent.

Source: HL7 FHIR R4, Search (token). A server may ignore a parameter it does not know and answer with everybody: so what comes back must
carry the identifier that was asked for.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from adapter.bundle import Id
from adapter.delivery.answer import Answer, Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict, status_says
from adapter.delivery.same_person import Comparison, same_person
from mappings.corrections import former_numbers
from mappings.datatypes import IDENTIFIER
from mappings.faults import Faults
from mappings.patient import Resident, patient
from mappings.systems import NHS_NUMBER

BUSY = (401, 408, 429, 500, 502, 503, 504)  # of one search: everything stops, for the others will go the same way


class Stopped(Exception):
    """Nothing more is done for this resident. The text is a sentence without any value; `verdict` says whether trying again helps.
    `for_all`: it would be the same for every other resident. `answer`: the one that it was about, if it was about one."""

    def __init__(self, verdict: Verdict, says: str, retry_after: float | None = None, *, for_all: bool = False,
                 answer: Answer | None = None) -> None:
        super().__init__(says)
        self.verdict, self.retry_after, self.for_all, self.answer = verdict, retry_after, for_all, answer


@dataclass(frozen=True)
class Found:
    """A Patient of the server: "Patient/123", whether it carries the sender's key, and the resource."""

    reference: str
    ours: bool
    resource: Resource = field(repr=False)


async def find(client: FhirClient, ids: Iterable[Id], own: Id | None) -> list[Found]:
    """Every Patient with one of these identifiers. Raises Stopped and ClientError."""
    resources = {f"Patient/{r.get('id')}": r for wanted in ids for r in await search(client, "Patient", wanted)}
    return [Found(reference, own is not None and carries(resource, own), resource) for reference, resource in resources.items()]


async def search(client: FhirClient, kind: str, wanted: Id) -> list[Resource]:
    """The resources of this type with this identifier. Raises Stopped where the server refuses, or answers with others."""
    resources = [r async for answer in client.pages(f"{kind}?{wanted.query()}") for r in matches(answer, kind)]
    if not all(carries(resource, wanted) for resource in resources):
        raise Stopped(Verdict.PERSON, f"{kind}: the server answers with some that do not have the identifier asked for")
    return resources


def matches(answer: Answer, kind: str | None = None) -> list[Resource]:
    """The resources of a search's page. Raises Stopped where it is no page."""
    refuse(answer)
    if (answer.resource or {}).get("resourceType") != "Bundle":
        says = f"{answer.shown}: the answer is not a FHIR Bundle; is this the address of a FHIR server?"
        raise Stopped(Verdict.REFUSED, says, for_all=True)
    resources = [entry.get("resource") for entry in answer.listed("entry")]
    return [r for r in resources if isinstance(r, dict) and kind in (None, r.get("resourceType"))]


def refuse(answer: Answer) -> None:
    """Raises Stopped where an answer to a read is not one of success."""
    if not answer.ok:
        verdict, says, for_all = status_says(answer)
        raise Stopped(verdict, f"{answer.shown}: {answer.status}: {says}", answer.retry_after, for_all=for_all, answer=answer)


def the_one(found: list[Found]) -> Found | None:
    """The one to speak of: ours where one of them is, else the only one; of several only those that were not replaced by another.
    Raises Stopped where it is not certain which."""
    chosen = survivors([f for f in found if f.ours] or found)
    if len(chosen) > 1:
        raise Stopped(Verdict.PERSON, f"resident: {len(chosen)} patients on the server match; a person must look which of them it is")
    return chosen[0] if chosen else None


def is_in_use(found: Found) -> bool:
    """Not joined into another. Source: HL7 FHIR R4, Patient.link (replaced-by)."""
    return not any(True for _ in _linked(found, "replaced-by"))


def survivors(found: list[Found]) -> list[Found]:
    """Without those that were joined into another; all, where none would be left."""
    return [f for f in found if is_in_use(f) and not any(replaces(other, f) for other in found)] or found


def replaces(survivor: Found, other: Found) -> bool:
    """Does the hospital's own Patient say that it replaces this one? What ours says of another is not the hospital's word."""
    if survivor.ours or survivor is other:
        return False
    return any(_leads_to(to, other) for to in _linked(survivor, "replaces"))


def _leads_to(said: Resource, patient: Found) -> bool:
    """A reference by its id, or by an identifier that holds."""
    by = said.get("identifier")
    if isinstance(by, dict) and carries(_without_old(patient.resource), Id(str(by.get("system")), str(by.get("value")))):
        return True
    return said.get("reference") == patient.reference


def _linked(found: Found, how: str) -> Iterator[Resource]:
    """What its links of this type lead to."""
    links = found.resource.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("type") == how:
            yield to if isinstance(to := link.get("other"), dict) else {}


def compared(ours: Resident, found: Found) -> Comparison:
    """Raises Stopped on a conflict, where their Patient cannot be read, and where it was joined into another."""
    theirs = read_patient(found)
    if not is_in_use(found):
        raise Stopped(Verdict.PERSON, "resident: the server's patient was replaced by another; a person must look which of them it is")
    if ours.nhs_number in former_numbers(theirs) and ours.nhs_number_is_verified:
        raise Stopped(Verdict.PERSON, "resident: the server's patient has another NHS number, and yours as a superseded one; nothing was "
                                      "sent: have her number traced, and take up the new one")
    comparison = same_person(ours, theirs)
    if comparison.verdict == "conflict":
        differ = " and ".join(comparison.differ)
        raise Stopped(Verdict.PERSON, f"resident: the server's patient differs in {differ}; a person must look who it is")
    return comparison


def read_patient(found: Found) -> Resident:
    """Raises Stopped where their Patient cannot be read. A number that says `old` is none of hers now, wherever it stands in their list."""
    former = [i for i in _identifiers(found.resource) if _is_old(i)]
    try:
        resident: Resident = patient.read({k: v for k, v in _without_old(found.resource).items() if v != []})[0]
        return replace(resident, identifiers=(*resident.identifiers, *(i for i in map(IDENTIFIER.get, former) if i)))
    except Faults as bad:
        places = ", ".join(sorted({fault.path for fault in bad.found}))
        raise Stopped(Verdict.PERSON, f"resident: the server's patient cannot be read ({places}), so it is not certain who it is") from None


def carries(resource: Resource, wanted: Id) -> bool:
    value = "".join(wanted.value.split())
    return any(i.get("system") == wanted.system and "".join(str(i.get("value")).split()) == value for i in _identifiers(resource))


def _without_old(resource: Resource) -> Resource:
    return {**resource, "identifier": [i for i in resource.get("identifier") or [] if not _is_old(i)]}


def _is_old(identifier: object) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") == NHS_NUMBER and identifier.get("use") == "old"


def _identifiers(resource: Resource) -> list[Resource]:
    listed = resource.get("identifier")
    return [i for i in listed if isinstance(i, dict)] if isinstance(listed, list) else []
