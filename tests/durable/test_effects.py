"""The judge is awake: whatever the effects differ in is counted as what it is."""
from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.durable.effects import Found, Seen, all_said, difference, seen_at
from tests.durable.parts import sandbox
from tests.durable.people import Plan, dose

PLAN = Plan("https://home.example/judged", residents=1, each=3)
ONE, TWO, THREE = map(dose, (1, 2, 3))


def seen(*versions: list[str], patients: int = 1) -> Seen:
    return {PLAN.source: {("Patient", "r1"): {f"p{n}": [""] for n in range(patients)},
                          ("MedicationStatement", "r1/m1"): {f"m{n}": said for n, said in enumerate(versions)}}}


@pytest.mark.parametrize(("there", "found"), [
    (seen([ONE, TWO, THREE]), Found()),
    (seen([ONE, THREE]), Found(lost=1)),
    ({}, Found(lost=4)),
    (seen([ONE, TWO, TWO, THREE]), Found(doubled=1)),
    (seen([ONE, TWO, ONE, THREE]), Found(doubled=1)),
    (seen([TWO, ONE, THREE]), Found(disordered=1)),
    (seen([ONE, TWO, THREE, "of somebody else"]), Found(doubled=1)),
    (seen([ONE, TWO, THREE], [ONE]), Found(doubled=2)),
    (seen([ONE, TWO, THREE], patients=2), Found(doubled=2)),
])
def test_what_differs(there: Seen, found: Found) -> None:
    assert difference(PLAN, there) == found


def test_the_same_bytes_twice_are_once_there(tmp_path: Path) -> None:
    """So that a delivery whose answer was lost may be posted again."""
    with sandbox(tmp_path) as url, httpx.Client(headers={"Content-Type": "application/fhir+json"}) as http:
        for item in PLAN.items("hospital"):
            assert [http.post(url, content=item.payload.body).status_code for _ in range(2)] == [200, 200]
        assert difference(PLAN, seen_at(url, {PLAN.source})) == Found()
        assert all_said(PLAN, seen_at(url, {PLAN.source})) == PLAN.effects()
