"""Who the residents are, and who is to be asked about them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.synth import names
from adapter.synth.dice import Rolls, between, dice, one_of
from adapter.synth.figures import (
    AGE,
    ETHNICITY,
    KINSHIP,
    LANGUAGE,
    MARRIED_MAN,
    MARRIED_WOMAN,
    MARRIED_YOUNGER,
    MIDDLE_NAMES,
    NUMBER_STATUS,
    PREFERRED_NAME,
    RELATED,
    SEX,
    SEX_YOUNGER,
)
from adapter.synth.homes import Home, home_of, telephone
from adapter.synth.numbers import nhs_number
from adapter.synth.when import iso

Json = Any
SEXES = {"daughter": "female", "niece": "female", "sister": "female", "son": "male", "nephew": "male", "brother": "male"}


@dataclass(frozen=True, slots=True)
class Who:
    """One resident, as far as the rest of her record depends on her. `today`: the day of the export."""

    seed: int
    number: int
    digits: str
    home: Home
    as_of: str
    today: int
    female: bool
    born: int
    age: int
    moved_in: int

    def dice(self, subject: str) -> Rolls:
        return dice(self.seed, subject, self.number)

    def key(self, kind: str, nth: int) -> str:
        """Of one of her rows: no other resident has it."""
        return f"{kind}{self.digits}-{nth:02}"


def who(seed: int, number: int, as_of: str, today: int) -> Who:
    rolls = dice(seed, "who", number)
    low, high = AGE.roll(rolls)
    age = between(rolls, low, high)
    sex = (SEX if age >= 65 else SEX_YOUNGER).roll(rolls)
    born = today - int(age * 365.25) - between(rolls, 2, 364)
    moved_in = today - between(rolls, 60, 2000)
    return Who(seed, number, f"{number:06}", home_of(seed, number), as_of, today, sex == "female", born, age, moved_in)


def resident(she: Who) -> dict[str, Json]:
    rolls, home = she.dice("name"), she.home
    given = [one_of(rolls, names.WOMEN if she.female else names.MEN) for _ in range(1 + MIDDLE_NAMES.roll(rolls))]
    married = (MARRIED_YOUNGER if she.age < 85 else MARRIED_WOMAN if she.female else MARRIED_MAN).roll(rolls)
    made: dict[str, Json] = {
        "key": f"R{she.digits}", **number_of(she, rolls), "active": True, "family_name": one_of(rolls, names.SURNAMES),
        "given_names": list(dict.fromkeys(given)), "name_prefixes": [title(she, married)],
        "gender": "female" if she.female else "male", "birth_date": iso(she.born), "ethnic_category": ETHNICITY.roll(rolls),
        "marital_status": married, "languages": [{"language": LANGUAGE.roll(rolls), "preferred": True}],
        "addresses": [{
            "use": "home", **home.address, "lines": [f"Room {she.number - home.first + 1}", *home.address["lines"]],
            "period": {"start": iso(she.moved_in)}}],
        "general_practitioners": [home.practice], "managing_organization": home.reference}
    if PREFERRED_NAME.roll(rolls):
        made["preferred_name"] = one_of(rolls, names.SHORT_WOMEN if she.female else names.SHORT_MEN)
    return made


def number_of(she: Who, rolls: Rolls) -> dict[str, Json]:
    """Her NHS number and what is known of it; or why she has none."""
    status = NUMBER_STATUS.roll(rolls)
    if status.startswith("none: "):
        return {"nhs_number_unavailable_reason": status.removeprefix("none: ")}
    number = {"nhs_number": nhs_number(she.seed, she.number)}
    return number if status == "no status" else number | {"nhs_number_status": status}


def title(she: Who, married: str) -> str:
    return "Mr" if not she.female else "Miss" if married == "single" else "Mrs"


def related_persons(she: Who, family: str) -> list[dict[str, Json]]:
    """The first is her next of kin."""
    rolls = she.dice("related")
    return [related(she, rolls, family, nth) for nth in range(RELATED.roll(rolls))]


def related(she: Who, rolls: Rolls, family: str, nth: int) -> dict[str, Json]:
    kin = KINSHIP.roll(rolls)
    female = SEXES.get(kin, one_of(rolls, ("female", "male"))) == "female"
    surname = family if kin in ("son", "brother") else one_of(rolls, names.SURNAMES)
    given, prefix = one_of(rolls, names.WOMEN if female else names.MEN), "Ms" if female else "Mr"
    name = {"text": f"{prefix} {given} {surname}", "family": surname, "given": [given], "prefix": [prefix]}
    return {"key": she.key("C", nth + 1), "active": True, "relationships": [kin, "next of kin"] if nth == 0 else [kin], "names": [name],
            "telecom": [telephone(rolls, one_of(rolls, ("mobile", "home")))]}


def contacts(related: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The same people, in the order in which they are called."""
    return [{"relationships": r["relationships"], "name": r["names"][0], "telecom": r["telecom"], "rank": rank}
            for rank, r in enumerate(related, 1)]
