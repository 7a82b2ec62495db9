"""Closed code lists are whole and right: FHIR's own enumeration, as others copied it, is the codes of our table, no more and no fewer."""
from __future__ import annotations

import pytest

from mappings.catalogue import SHAPES
from tests.engine.code_lists import closed

LISTS = {element: (ours, theirs) for lens in SHAPES.values() for element, ours, theirs in closed(lens)}


def test_they_are_found() -> None:
    assert {"Patient.gender", "Patient.contact.gender", "Patient.link.type", "Encounter.location.status", "AllergyIntolerance.category",
            "AllergyIntolerance.reaction.severity", "MedicationRequest.priority", "MedicationStatement.status"} <= set(LISTS)


@pytest.mark.parametrize("element", LISTS)
def test_a_closed_list_is_fhirs(element: str) -> None:
    ours, theirs = LISTS[element]
    assert ours == theirs
