"""Brings back everything a server has about one resident, ours and the hospital's, once it is certain that it is the same person.

    back = await pull(client, who_is(care_record))                    or Who(nhs_number="…") where there is no care record
    back = await pull(client, who_is(care_record), since="2026-11-01T08:00:00Z")

Patient/$everything is used where the server offers it and nothing but all is wanted; then each type that we read and it brought nothing
of is searched for too, for servers differ in what they call everything (HAPI's leaves Lists out). Else every type that the
CapabilityStatement says can be searched by patient or subject. What is then referred to and did not come (organisations, people,
medicines) is read one by one. What is about another patient is put aside and counted: a server that ignores a search parameter answers
with everybody.
Reading changes nothing on the server, so running it twice is only slower.
Sources: HL7 FHIR R4, Patient operation $everything, CapabilityStatement, Search.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapter.bundle import Id, Names
from adapter.delivery.answer import Answer, ClientError, NoAnswer, Resource, Unreachable
from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import within
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import BUSY, Found, Stopped, compared, find, matches, read_patient, refuse, survivors
from adapter.delivery.same_person import Comparison
from adapter.returns.returned import Return, references, short, subject_of
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from mappings.patient import Resident
from mappings.systems import NHS_NUMBER

LOCAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
PAGE = "200"
ROUNDS, MOST = 3, 500  # of following references: a role leads to a person and an organisation, an organisation to its parent
# Where the CapabilityStatement does not say what can be searched: what a hospital tells of a stay.
USUAL = (("AllergyIntolerance", "patient"), ("Condition", "patient"), ("Encounter", "patient"), ("Immunization", "patient"),
         ("List", "patient"), ("MedicationRequest", "patient"), ("MedicationStatement", "patient"), ("RelatedPerson", "patient"))


@dataclass(frozen=True)
class Who:
    """By `nhs_number` only where it is verified, or a person vouches for it. `source` and `key`: the sender's own. `expected`: compared."""

    nhs_number: str | None = field(default=None, repr=False)
    source: str = ""
    key: str | None = field(default=None, repr=False)
    expected: Resident | None = field(default=None, repr=False)

    @property
    def own(self) -> Id | None:
        return Names(self.source, self.key).own("Patient", self.key) if self.key and self.source else None

    @property
    def ids(self) -> list[Id]:
        return [*([self.own] if self.own else []), *([Id(NHS_NUMBER, self.nhs_number)] if self.nhs_number else [])]


def who_is(bag: CareRecord) -> Who:
    """The resident of a care record."""
    verified = bag.resident.nhs_number if bag.resident.nhs_number_is_verified else None
    return Who(verified, bag.source, bag.resident.key, bag.resident)


async def pull(client: FhirClient, who: Who, since: str | None = None, *, seconds: float = 300.0) -> Return:
    """Raises Stopped, and nothing else that a server or the network can cause. `since` is a FHIR instant, by the server's clock; `seconds`
    for all of it."""
    with within(seconds):
        return await _pulled(client, who, since)


async def _pulled(client: FhirClient, who: Who, since: str | None) -> Return:
    try:
        found = await _patients(client, who)
        comparison = _compared(who, found)
        offers = Offers.read(await client.get("metadata"))
        told = Told(client.base, {f.reference: f.resource for f in found})
        for patient in told.patients:
            await _ask(client, told, patient, offers, since)
        await _follow(client, told)
    except (Unreachable, NoAnswer) as error:
        raise Stopped(Verdict.LATER, str(error)) from None
    except ClientError as error:
        raise Stopped(Verdict.REFUSED, str(error)) from None
    at = client.clock.now().isoformat(timespec="seconds")
    says, gaps = tuple(told.says(comparison)), tuple(told.gaps)
    return Return(client.base, at, told.patients, who.source, since, comparison, gaps, says, told.entries, who.key)


# ---- who -------------------------------------------------------------------------------------------------------------------
async def _patients(client: FhirClient, who: Who) -> list[Found]:
    """Hers: the sender's own and the hospital's, at most one of each, ours first. Those that were joined into another are not."""
    if not who.ids:
        raise Stopped(Verdict.REFUSED, "resident: there is neither a verified NHS number nor your own key to look for")
    found = sorted(survivors(await find(client, who.ids, who.own)), key=lambda f: not f.ours)
    if not found:
        raise Stopped(Verdict.REFUSED, "resident: the server has no patient with this identifier; nothing came back")
    for each in ([f for f in found if f.ours], [f for f in found if not f.ours]):
        if len(each) > 1:
            raise Stopped(Verdict.PERSON, f"resident: {len(each)} patients on the server match; a person must look which of them it is")
    return found


def _compared(who: Who, found: Sequence[Found]) -> Comparison | None:
    """Everybody with who was expected; where nobody was, the two patients with each other. Raises Stopped on a conflict."""
    expected = who.expected or (read_patient(found[0]) if len(found) > 1 else None)
    comparisons = [compared(expected, f) for f in found] if expected else []
    return next((c for c in comparisons if c.verdict != "same"), comparisons[0] if comparisons else None)


# ---- what the server offers ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Offers:
    """`searches`: (type, parameter) by which everything about a patient can be asked for."""

    everything: bool = False
    searches: tuple[tuple[str, str], ...] = USUAL

    @classmethod
    def read(cls, answer: Answer) -> Offers:
        """From a CapabilityStatement; the usual where it says nothing."""
        listed = [r for rest in answer.listed("rest") if answer.ok for r in _objects(rest, "resource") if isinstance(r.get("type"), str)]
        names = {r["type"]: {p.get("name") for p in _objects(r, "searchParam")} for r in listed}
        by = {kind: next((p for p in ("patient", "subject") if p in names[kind]), None) for kind in sorted(names.keys() - {"Patient"})}
        everything = any(op.get("name") == "everything" for r in listed if r["type"] == "Patient" for op in _objects(r, "operation"))
        return cls(everything, tuple((kind, p) for kind, p in by.items() if p) or USUAL)


def _objects(within: Resource, key: str) -> list[Resource]:
    found = within.get(key)
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


# ---- what it told ----------------------------------------------------------------------------------------------------------
class Told:
    """Everything that came, each once; and, in numbers, what was not kept."""

    def __init__(self, base: str, patients: Mapping[str, Resource]) -> None:
        self.base, self.patients = base, tuple(patients)
        self.resources = dict[str, Resource](patients)
        self.gaps, self.foreign, self.lost = list[str](), Counter[str](), Counter[str]()

    def take(self, resource: Resource) -> None:
        url, about = f"{resource.get('resourceType')}/{resource.get('id')}", subject_of(resource, self.base)
        patient = url if url.startswith("Patient/") else about if about and "Patient/" in about else None
        if patient in (None, *self.patients):
            self.resources.setdefault(url, resource)
        else:
            self.foreign[str(resource.get("resourceType"))] += 1

    def wanted(self) -> list[str]:
        """What is referred to and did not come."""
        said = (short(reference, self.base) for resource in self.resources.values() for reference in references(resource))
        return [url for url in dict.fromkeys(said) if LOCAL.fullmatch(url) and url not in self.resources and not url.startswith("Patient/")]

    def has(self, kind: str, patient: str) -> bool:
        """Did anything of a type come that is about this patient?"""
        return any(r.get("resourceType") == kind and subject_of(r, self.base) == patient for r in self.resources.values())

    @property
    def entries(self) -> tuple[Resource, ...]:
        return tuple({"fullUrl": f"{self.base}{url}", "resource": resource} for url, resource in self.resources.items())

    def says(self, comparison: Comparison | None) -> Iterator[str]:
        if comparison is None:
            yield "resident: there was no record to compare the patient with; only the identifier matches"
        elif comparison.verdict != "same":
            yield "resident: the server's patient says too little to compare; only the identifier matches"
        if len(self.patients) > 1:
            yield "resident: the server has two patients with this NHS number, yours and its own; both are in what came back"
        for kind in self.gaps:
            yield f"{kind}: the server would not say what it has about the resident"
        for kind, n in self.foreign.items():
            yield f"{kind}: {n} about another patient came with it and were put aside; the server's search is not to be trusted"
        for kind, n in self.lost.items():
            yield f"{kind}: {n} that are referred to could not be read"


async def _ask(client: FhirClient, told: Told, patient: str, offers: Offers, since: str | None) -> None:
    whole = offers.everything and since is None and await _asked(client, told, f"{patient}/$everything", [])
    for kind, parameter in offers.searches:
        if whole and (kind not in SHAPES or told.has(kind, patient)):
            continue
        newer = [("_lastUpdated", f"ge{since}")] if since else []
        if not await _asked(client, told, kind, [(parameter, patient), *newer]) and kind not in told.gaps:
            told.gaps.append(kind)


async def _asked(client: FhirClient, told: Told, path: str, params: list[tuple[str, str]]) -> bool:
    """All pages, or False where the server does not answer this question. Raises Stopped where it is of no use to ask any other."""
    async for answer in client.pages(path, [*params, ("_count", PAGE)]):
        if not answer.ok and answer.status not in BUSY:
            return False
        for resource in matches(answer):
            if resource.get("resourceType") != "OperationOutcome":
                told.take(resource)
    return True


async def _follow(client: FhirClient, told: Told) -> None:
    """What is referred to and did not come, one by one; a few steps far, and not without end."""
    tried = set[str]()
    for _ in range(ROUNDS):
        for url in [url for url in told.wanted() if url not in tried][:MOST - len(tried)]:
            tried.add(url)
            answer = await client.get(url)
            if answer.status in BUSY:
                refuse(answer)
            if answer.ok and answer.resource:
                told.take(answer.resource)
            else:
                told.lost[url.partition("/")[0]] += 1
    told.lost.update(url.partition("/")[0] for url in told.wanted() if url not in tried)
