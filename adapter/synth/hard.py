"""What makes a mapping break. In every hundred residents each of these is there once, at a place that the seed says.

`always` is so in every export; `since` has happened since the export before (`before=True`), and is not so in that one yet. The two of a
pair live in one home, one after the other; `partner` is the number of the other one.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from adapter.synth import medicines, names, people
from adapter.synth.allergies import row as allergy
from adapter.synth.dice import between, dice, one_of
from adapter.synth.drugs import NEEDED, VARIABLE
from adapter.synth.homes import BLOCK, fixed
from adapter.synth.numbers import nhs_number
from adapter.synth.people import Who
from adapter.synth.stays import row as stay
from adapter.synth.vaccinations import COVID, FLU, ZOSTER, winter
from adapter.synth.vaccinations import row as vaccination
from adapter.synth.when import DAY, iso, last_change, time
from mappings.systems import NHS_NUMBER

Json = Any
Record = dict[str, Json]
Change = Callable[[Record, Who, int], None]
FEW, MANY = 5, 19


# ---- who she is ------------------------------------------------------------------------------------------------------------
def no_number(record: Record, she: Who, partner: int) -> None:
    person = record["resident"]
    for name in ("nhs_number", "nhs_number_status"):
        person.pop(name, None)
    person["nhs_number_unavailable_reason"] = "not known"


def number_is(status: str) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        record["resident"].pop("nhs_number_unavailable_reason", None)
        record["resident"] |= {"nhs_number": nhs_number(she.seed, she.number), "nhs_number_status": status}
    return change


def born(length: int) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        record["resident"]["birth_date"] = record["resident"]["birth_date"][:length]
    return change


def named(family: tuple[str, ...], women: tuple[str, ...] = (), men: tuple[str, ...] = ()) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        rolls, person = she.dice("hard"), record["resident"]
        person["family_name"] = one_of(rolls, family)
        if given := women if she.female else men:
            person["given_names"] = [one_of(rolls, given), *person["given_names"][1:]]
    return change


def two_addresses(record: Record, she: Who, partner: int) -> None:
    rolls = she.dice("hard")
    before = {"use": "old", "lines": [f"{between(rolls, 1, 99)} {one_of(rolls, names.STREETS)}"], "city": one_of(rolls, names.TOWNS),
              "postcode": f"ZZ99 {between(rolls, 1, 9)}AA", "period": {"end": iso(she.moved_in)}}
    record["resident"]["addresses"].append(before)


def twin(record: Record, she: Who, partner: int) -> None:
    """Both have what the first of them has; a given name of her own."""
    first = people.resident(people.who(she.seed, min(she.number, partner), she.as_of, she.today))
    person = record["resident"]
    person |= {"family_name": first["family_name"], "birth_date": first["birth_date"], "multiple_birth": True}
    if she.number > partner:
        person["given_names"] = [name for name in person["given_names"] if name not in first["given_names"]] or ["Gemma"]


# ---- one person, two records -----------------------------------------------------------------------------------------------
def replaces_a_number(record: Record, she: Who, partner: int) -> None:
    other = {"type": "Patient", "system": NHS_NUMBER, "value": nhs_number(she.seed, partner)}
    record["resident"]["links"] = [{"type": "replaces", "other": other}]


def same_person(record: Record, she: Who, partner: int) -> None:
    other = people.resident(people.who(she.seed, partner, she.as_of, she.today))
    record["resident"] |= {name: other[name] for name in ("family_name", "given_names", "birth_date", "gender", "name_prefixes")}
    number_is("trace required")(record, she, partner)


def merged(record: Record, she: Who, partner: int) -> None:
    record["withdrawn"] = {"reason": "merged", "into": f"R{partner:06}"}


def withdrawn(reason: str) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        record["withdrawn"] = {"reason": reason}
    return change


# ---- medicines -------------------------------------------------------------------------------------------------------------
def takes(count: int) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        record["medicines"] = medicines.taking(she, she.dice("hard"), count)
    return change


def varying(record: Record, she: Who, partner: int) -> None:
    record["medicines"] = medicines.rows(she, she.dice("hard"), list(VARIABLE.weights))


def when_needed(record: Record, she: Who, partner: int) -> None:
    record["medicines"] = medicines.rows(she, she.dice("hard"), list(NEEDED.weights)[:FEW])


def odd_texts(record: Record, she: Who, partner: int) -> None:
    """What a table, a spreadsheet or a separator stumbles over; and a zero that must arrive."""
    takes(FEW)(record, she, partner)
    texts = ('½ tablet "as before",\nnot with grapefruit', "=2 tablets; or 1 if drowsy", "-", "1 cup of café au lait – or tea | not both")
    for medicine, text in zip(record["medicines"], texts, strict=False):
        medicine["doses"] = [{"text": text}]
    record["medicines"][-1]["doses"] = fixed([{"text": "0.50 ml at night", "amount": {"value": Decimal("0.50"), "unit": "ml"}}])


def vanished(record: Record, she: Who, partner: int) -> None:
    del record["medicines"][1]


def in_error(record: Record, she: Who, partner: int) -> None:
    record["medicines"][1]["status"] = "entered in error"


# ---- allergies, vaccinations -----------------------------------------------------------------------------------------------
def allergies_are(said: str) -> Change:
    def change(record: Record, she: Who, partner: int) -> None:
        record["allergies"] = said
    return change


def allergic(record: Record, she: Who, partner: int) -> None:
    record["allergies"] = [allergy(she, she.dice("hard"), name, nth) for nth, name in enumerate(("penicillin", "latex"), 1)]


def allergy_in_error(record: Record, she: Who, partner: int) -> None:
    del record["allergies"][0]["clinical_status"]
    record["allergies"][0]["verification_status"] = "entered in error"


def vaccine_refused(record: Record, she: Who, partner: int) -> None:
    rolls, day = she.dice("hard"), winter(she.today) + 20
    record["vaccinations"] = [vaccination(she, rolls, FLU, "declined", day, 1), vaccination(she, rolls, COVID, "given", day, 2)]


def vaccine_told(record: Record, she: Who, partner: int) -> None:
    """By her family, in words."""
    told = vaccination(she, she.dice("hard"), ZOSTER, "reported", she.moved_in - 900, 1)
    record["vaccinations"] = [told | {"given_on": {"words": "the year before she moved in"}, "report_origin": "resident or family"}]


# ---- stays -----------------------------------------------------------------------------------------------------------------
def over_the_change(month: int, before: int, after: int) -> Change:
    """A stay that begins and ends so many minutes before and after the clocks changed."""
    def change(record: Record, she: Who, partner: int) -> None:
        at = last_change(month, (she.today - 3) * DAY)
        record["stays"] = [ended(she, at - before, at + after)]
    return change


def ended(she: Who, start: int, end: int) -> Record:
    made = stay(she, she.dice("hard"), 1, "finished", {"start": time(start), "end": time(end)})
    return made | {"discharge_method": "clinical advice or consent", "discharge_destination": she.home.kind}


def in_hospital(record: Record, she: Who, partner: int) -> None:
    record["stays"] = [stay(she, she.dice("hard"), 1, "in progress", {"start": time((she.today - 9) * DAY + 1300)})]


def died(record: Record, she: Who, partner: int) -> None:
    at = time((she.today - 2) * DAY + 250)
    record["resident"]["deceased"] = at
    record["stays"][0] |= {"status": "finished", "period": {**record["stays"][0]["period"], "end": at}, "discharge_method": "died",
                           "discharge_destination": "died"}
    for medicine in record["medicines"] if isinstance(record["medicines"], list) else ():
        if medicine["status"] in ("active", "on hold"):
            medicine |= {"status": "stopped", "status_reasons": ["Died"]}


# ---- the table -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Case:
    """`partner`: one of a pair, and where the other one stands from her."""

    name: str
    always: Change | None = None
    since: Change | None = None
    partner: int = 0


TWINS = (Case("twin with the same surname and birth date, the first", twin, partner=1),
         Case("twin with the same surname and birth date, the other", twin, partner=-1))
MERGED = (Case("merged: the record that stays, with a former NHS number", number_is("verified"), replaces_a_number, partner=1),
          Case("merged: the record that is taken back", same_person, merged, partner=-1))
ALONE = (
    Case("no NHS number", no_number),
    Case("NHS number that is not verified", number_is("trace required")),
    Case("birth date without its day", born(7)),
    Case("birth date of which only the year is known", born(4)),
    Case("two addresses", two_addresses),
    Case("apostrophe in the surname", named(names.APOSTROPHES)),
    Case("Welsh diacritics in the names", named(names.WELSH, names.WELSH_WOMEN, names.WELSH_MEN)),
    Case("double-barrelled surname, several given names in one", named(names.LONG, names.LONG_WOMEN, names.LONG_MEN)),
    Case("19 medicines", takes(MANY)),
    Case("varying doses only", varying),
    Case("medicines only when needed", when_needed),
    Case("dose texts with quotes, line ends, separators, formulas; an amount of 0.50", odd_texts),
    Case("medicine that has vanished", takes(FEW), vanished),
    Case("medicine entered in error", takes(FEW), in_error),
    Case("allergy entered in error", allergic, allergy_in_error),
    Case("no known allergies", allergies_are("none known")),
    Case("allergies not asked", allergies_are("not asked")),
    Case("allergies not supplied", allergies_are("not supplied")),
    Case("vaccine refused", vaccine_refused),
    Case("vaccine reported by the family, without a date", vaccine_told),
    Case("stay over the end of summer time", over_the_change(10, 1665, 3065)),
    Case("stay over the start of summer time", over_the_change(3, 1665, 3065)),
    Case("emergency visit that ends before it began, by the clock on the wall", over_the_change(10, 20, 20)),
    Case("died in hospital", in_hospital, died),
    Case("moved to another home", since=withdrawn("moved away")),
    Case("record of the wrong resident, taken back", since=withdrawn("wrong resident")),
)
CASES = (*TWINS, *MERGED, *ALONE)


@lru_cache(16)
def cases(seed: int, block: int) -> dict[int, Case]:
    """Place in the block -> what is hard there. The pairs are in the first home, which has 27 places at least."""
    rolls = dice(seed, "cases", block)
    free, twins, merged = list(range(27, BLOCK)), between(rolls, 0, 11), between(rolls, 13, 25)
    placed = {free.pop(between(rolls, 0, len(free) - 1)): case for case in ALONE}
    return placed | dict(enumerate(TWINS, twins)) | dict(enumerate(MERGED, merged))


def case_of(seed: int, number: int) -> Case | None:
    """What is hard about this resident."""
    block, place = divmod(number, BLOCK)
    return cases(seed, block).get(place)


def harden(record: Record, she: Who, case: Case, before: bool) -> None:
    """The record as the case has it."""
    for change in (case.always, None if before else case.since):
        if change:
            change(record, she, she.number + case.partner)
