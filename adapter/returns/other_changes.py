"""What the hospital says of allergies, vaccinations and diagnoses, laid beside what the home said. Pure.

The same rule as for medicines: the same for certain only by a shared code; what could be the same under another name is for a person.
An allergy too many is looked at and put aside, one too few is not: so a coded allergy that the home has not is new, whatever it resembles.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adapter.bundle.reading import Item
from adapter.returns.change import Change
from adapter.returns.medicine_changes import codes_of
from adapter.returns.words import because, concept, day, listed
from mappings.allergy_intolerance import ALLERGY_CODE, CLINICAL_STATUS, VERIFICATION, Allergy
from mappings.bag import Row, Vaccination
from mappings.condition import CLINICAL_STATUS as CONDITION_STATUS
from mappings.condition import VERIFICATION as CONDITION_VERIFICATION
from mappings.condition import Condition
from mappings.datatypes import Words
from mappings.immunization import TARGET_DISEASE, EnteredInError, Given, NotGiven

DOUBTED = ("refuted", "entered in error")


# ---- allergies -------------------------------------------------------------------------------------------------------------
def allergy_changes(ours: Sequence[Row] | None, theirs: Sequence[Item]) -> Iterator[Change]:
    """`ours`: the home's allergies, None where it did not say. `theirs`: the hospital's own, items whose record is an Allergy."""
    for item in theirs:
        same = [row for row in ours or () if codes_of(row.record.code) & codes_of(item.record.code)]
        if ALLERGY_CODE.word(item.record.code) == "no known allergy":
            yield from _none_known(item, [row for row in ours or () if row not in same])
        elif doubt := _doubt(item.record):
            yield _person(item, f"Allergy {doubt} at the hospital: {concept(item.record.code)}", same[0].path if len(same) == 1 else None)
        elif same:
            yield from _allergy_details(item, same)
        else:
            yield _new_allergy(item, None if ours is None else [row for row in ours if not codes_of(row.record.code)])


def _none_known(item: Item, others: Sequence[Row]) -> Iterator[Change]:
    if others:
        yield _person(item, f"The hospital knows of no allergies; you know of {listed(concept(r.record.code) for r in others)}")


def _new_allergy(item: Item, uncoded: Sequence[Row] | None) -> Change:
    """New for certain only where the home said what it knows of, and none of that could be it under another name."""
    said = f"{concept(item.record.code)}{_how(item.record)}"
    if uncoded is None:
        question = "for the home's list was not given"
    elif uncoded:
        question = f"unless it is your {listed(concept(r.record.code) for r in uncoded)}"
    elif not codes_of(item.record.code):
        question = "named without a code"
    else:
        return Change("new allergy", f"New allergy: {said}", "certain", None, item.url)
    return Change("new allergy", f"Perhaps a new allergy, {question}: {said}", "for a person", None, item.url)


def _allergy_details(item: Item, same: Sequence[Row]) -> Iterator[Change]:
    """Both have it: reactions and criticality that the home's entry does not have."""
    known = {m for row in same for m in _manifestations(row.record)}
    news = [m for m in _manifestations(item.record) if m not in known]
    if item.record.criticality and all(row.record.criticality != item.record.criticality for row in same):
        news.append(f"criticality {item.record.criticality}")
    if news:
        yield Change("allergy detail", f"Allergy to {concept(item.record.code)}: the hospital adds {listed(news)}", "for a person",
                     same[0].path if len(same) == 1 else None, item.url)


def _doubt(allergy: Allergy) -> str | None:
    """Why the hospital does not hold it to be so, in its code list's words; None where it does."""
    verified = allergy.verification_status and VERIFICATION.word(allergy.verification_status)
    status = allergy.clinical_status and CLINICAL_STATUS.word(allergy.clinical_status)
    return verified if verified in DOUBTED else status if status in ("inactive", "resolved") else None


def _how(allergy: Allergy) -> str:
    unconfirmed = allergy.verification_status is not None and VERIFICATION.word(allergy.verification_status) == "unconfirmed"
    words = [*_manifestations(allergy), *(["unconfirmed"] if unconfirmed else [])]
    return f" ({', '.join(words)})" if words else ""


def _manifestations(allergy: Allergy) -> list[str]:
    return list(dict.fromkeys(concept(m) for r in allergy.reactions for m in r.manifestations))


# ---- vaccinations ----------------------------------------------------------------------------------------------------------
def vaccination_changes(ours: Sequence[Row], theirs: Sequence[Item]) -> Iterator[Change]:
    """`theirs`: the hospital's own, items whose record is Given, NotGiven or EnteredInError. The same one: same day, and a shared code."""
    for item in theirs:
        same_day = [row for row in ours if type(row.record) is type(item.record) and _on(row.record) == _on(item.record)]
        same = [row for row in same_day if _vaccine_codes(row.record) & _vaccine_codes(item.record)]
        if len(same) == 1 and _batch(same[0].record) in (None, _batch(item.record)):
            continue
        yield _vaccination(item, same_day)


def _vaccination(item: Item, same_day: Sequence[Row]) -> Change:
    record, what, on = item.record, vaccine(item.record), _day_of(item.record)
    unless = f", unless it is yours of the same day ({listed(vaccine(r.record) for r in same_day)})" if same_day else ""
    if isinstance(record, EnteredInError):
        return _person(item, f"Vaccination entered by mistake at the hospital: {what}, {on}")
    if isinstance(record, NotGiven):
        return Change("not vaccinated", f"Not vaccinated{unless}: {what}, {on}{because([record.reason])}", _sure(same_day), None, item.url)
    batch = f", batch {record.batch}" if record.batch else ""
    return Change("vaccinated", f"Vaccinated{unless}: {what}, {on}{batch}", _sure(same_day), None, item.url)


def vaccine(record: Any) -> str:
    """Against what, with which: 'influenza (Fictional vaccine suspension)'."""
    diseases = [TARGET_DISEASE.word(d) or concept(d) for d in getattr(record, "target_diseases", ())]
    product = concept(record.vaccine)
    return f"{', '.join(diseases)} ({product})" if diseases else f"{concept(record.procedure)} ({product})" if record.procedure else product


def _when(record: Vaccination) -> str | Words:
    if isinstance(record, Given):
        return record.given_on
    return record.not_given_on if isinstance(record, NotGiven) else record.wrongly_recorded_for


def _on(record: Vaccination) -> str | None:
    """The day, for comparing; nothing where it was said in words."""
    return None if isinstance(said := _when(record), Words) else said[:10]


def _day_of(record: Vaccination) -> str:
    return said.words if isinstance(said := _when(record), Words) else day(said)


def _vaccine_codes(record: Any) -> frozenset[str]:
    return codes_of(record.vaccine) | (codes_of(record.procedure) if record.procedure else frozenset())


def _batch(record: Any) -> str | None:
    return getattr(record, "batch", None)


# ---- diagnoses -------------------------------------------------------------------------------------------------------------
def diagnosis_changes(ours: Sequence[Row], theirs: Sequence[Item]) -> Iterator[Change]:
    """`theirs`: Conditions. A home sends none yet: each that is not withdrawn is news, unless one that came back before has its code."""
    known = frozenset[str]().union(*(codes_of(row.record.code) for row in ours if row.record.code))
    for item in theirs:
        record: Condition = item.record
        verified = record.verification_status and CONDITION_VERIFICATION.word(record.verification_status)
        if verified in DOUBTED:
            yield _person(item, f"Diagnosis {verified} at the hospital: {concept(record.code)}")
        elif not (record.code and codes_of(record.code) & known):
            status = [w for w in (record.clinical_status and CONDITION_STATUS.word(record.clinical_status), verified) if w]
            yield Change("new diagnosis", f"Diagnosis: {concept(record.code)}" + (f" ({', '.join(status)})" if status else ""),
                         "certain" if record.code and codes_of(record.code) else "for a person", None, item.url)


def _person(item: Item, sentence: str, about: str | None = None) -> Change:
    return Change("to check", sentence, "for a person", about, item.url)


def _sure(rivals: Sequence[Row]) -> Any:
    return "for a person" if rivals else "certain"
