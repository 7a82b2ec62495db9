"""Is it the same person? Tables of what two records say, and one law: the answer never depends on who is asked first."""
from __future__ import annotations

import doctest
from dataclasses import replace
from typing import Any

import pytest

from adapter.delivery import same_person as module
from adapter.delivery.same_person import same_person
from mappings.datatypes import HumanName
from mappings.patient import NHS_NUMBER_STATUS, Resident

VERIFIED = NHS_NUMBER_STATUS.coded("verified")
TRACED = NHS_NUMBER_STATUS.coded("not traced")
MARY = Resident(nhs_number="9990000018", nhs_number_status=VERIFIED, family_name="Examplesen", given_names=("Mary",), gender="female",
                birth_date="1941-02-03")


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(module).failed == 0


def hers(**differently: Any) -> Resident:
    return replace(MARY, **differently)


TABLE = {
    "the same": (hers(), "same", ()),
    "given name and number alone differ": (hers(given_names=("Maria",), nhs_number_status=TRACED, nhs_number="9990000026"), "same", ()),
    "another verified number": (hers(nhs_number="9990000026"), "conflict", ("nhs_number",)),
    "another day": (hers(birth_date="1941-02-04"), "conflict", ("birth_date",)),
    "day and month swapped": (hers(birth_date="1941-03-02"), "conflict", ("birth_date",)),
    "only the year": (hers(birth_date="1941"), "same", ()),
    "only the month, another one": (hers(birth_date="1941-03"), "conflict", ("birth_date",)),
    "no birth date": (hers(birth_date=None), "not enough to tell", ()),
    "another family": (hers(family_name="Sampleton"), "conflict", ("family_name",)),
    "written otherwise": (hers(family_name="EXAMPLE-SEN"), "same", ()),
    "married since": (hers(family_name="Sampleton", other_names=(HumanName("maiden", family="Examplesen"),)), "same", ()),
    "only an old name": (hers(family_name=None, other_names=(HumanName("old", family="examplesen"),)), "same", ()),
    "no name": (hers(family_name=None, given_names=()), "not enough to tell", ()),
    "one text with the name": (hers(family_name=None, name_text="Mrs Mary EXAMPLESEN"), "same", ()),
    "one text without it": (hers(family_name=None, name_text="Mary S."), "not enough to tell", ()),
    "a blank name": (hers(family_name=" - "), "not enough to tell", ()),
    "another gender": (hers(gender="male"), "conflict", ("gender",)),
    "gender unknown": (hers(gender="unknown"), "same", ()),
    "no gender": (hers(gender=None), "same", ()),
    "name and birth date alone": (hers(gender=None, nhs_number=None, nhs_number_status=None), "same", ()),
    "two things": (hers(gender="male", birth_date="1950"), "conflict", ("birth_date", "gender")),
    "nothing at all": (Resident(), "not enough to tell", ()),
}


@pytest.mark.parametrize("case", TABLE)
def test_same_person(case: str) -> None:
    theirs, verdict, differ = TABLE[case]
    for found in (same_person(MARY, theirs), same_person(theirs, MARY)):
        assert (found.verdict, found.differ) == (verdict, differ)
        assert not any(value in repr(found) for value in ("Examplesen", "1941", "999"))


NAMES = [("O'Brien", "OBrien"), ("O’Brien", "o brien"), ("Núñez", "NUNEZ"), ("Mc Donald", "McDonald"), ("Smith-Sample", "Smith Sample"),
         ("Bjørnsen", "BJORNSEN"), ("Weiß", "Weiss"), ("Łukasik", "Lukasik"), ("d’Exemple", "D'EXEMPLE"), ("Müller", "Mu\u0308ller")]
OTHERS = [("Smith-Sample", "Smith"), ("Brown", "Browne"), ("Müller", "Mueller"), ("Иванова", "Петрова")]


@pytest.mark.parametrize(("one", "other"), NAMES)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert same_person(hers(family_name=one), hers(family_name=other)).verdict == "same"


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_a_near_miss_is_a_difference(one: str, other: str) -> None:
    assert same_person(hers(family_name=one), hers(family_name=other)).differ == ("family_name",)
