"""The searches we make, as a table: the probe asks them about nobody, the receiver's guide prints them, a test holds them against what is
really asked. Source: HL7 FHIR R4, Search (token: `system|` is any value of a system) and RESTful API (history)."""
from __future__ import annotations

from typing import NamedTuple

from mappings.bag import DIRECTORY, PERSONAL

ROWS = (*(section.kind for section in PERSONAL), "List")
SHARED = tuple(section.kind for section in DIRECTORY)


class Search(NamedTuple):
    """`types`: of what; `asks`: parameters with our words for their values; `when` and `why`: for a person. `must`: without it nothing is
    sent; else something is only told to a person that we would else see to."""

    name: str
    types: tuple[str, ...]
    asks: tuple[tuple[str, str], ...]
    when: str
    why: str
    must: bool = True

    @property
    def shown(self) -> str:
        return "&".join(f"{name}={value}" for name, value in self.asks)


SEARCHES = (
    Search("search-patient", ("Patient",), (("identifier", "SYSTEM|VALUE"),), "before every sending, and on every pull",
           "who she is there: by verified NHS number, and by the sender's own key"),
    Search("search-rows", ROWS, (("patient", "Patient/ID"), ("identifier", "SYSTEM|")), "before every sending",
           "which rows of the same sender stand there and are no longer in the record", must=False),
    Search("search-all", (*ROWS, "MedicationRequest", "Condition"), (("patient", "Patient/ID"), ("_count", "200")),
           "on every pull, where there is no $everything", "what the hospital has about her", must=False),
    Search("search-shared", SHARED, (("identifier", "SYSTEM|VALUE"),), "before a sending with `directory = \"existing\"`",
           "which of the server's organisations, places and people are meant", must=False),
)
