"""HAPI as a judge: what its FHIR server takes, and what it refuses, of transactions as a care home would post them."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from adapter import wire
from adapter.conformance import checker
from adapter.conformance.finding import has_error
from tests.hospital import FHIR_JSON
from tests.jury.agreement import HAPI, SPOILT, TRANSACTIONS, Tally, keep, tally, unused
from tests.jury.residents import transactions
from tests.mutants.corpus import mutants

Json = Any


@pytest.fixture(scope="module")
def http(hapi: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hapi, timeout=120, headers=FHIR_JSON) as client:
        yield client


@pytest.fixture(scope="module")
def version(http: httpx.Client) -> str:
    said: str = http.get("/metadata").raise_for_status().json()["software"]["version"]
    return said


@pytest.fixture(scope="module")
def refuses(http: httpx.Client) -> Callable[[Json], bool]:
    """Whether it answers anything but that all was done."""
    def posted(bundle: Json) -> bool:
        answer = http.post("", content=wire.dumps(bundle))
        return not (answer.is_success and all(entry["response"]["status"].startswith("2") for entry in answer.json()["entry"]))
    return posted


def _we(bundle: Json) -> bool:
    return has_error(checker().findings(bundle))


def test_it_takes_what_we_send_of_fifty_residents(refuses: Callable[[Json], bool], version: str) -> None:
    told = tally(Tally(HAPI, version, TRANSACTIONS), transactions(), _we, refuses)
    keep(told)
    assert (told.both, told.ours, told.theirs) == (0, [], [])
    assert told.neither >= 50


def test_what_it_refuses_of_spoilt_transactions_we_refuse(refuses: Callable[[Json], bool], version: str) -> None:
    spoilt = ((mutant.id, mutant.resource) for mutant in mutants() if mutant.base == "bundle-transaction")
    told = tally(Tally(HAPI, version, SPOILT), spoilt, _we, refuses)
    keep(told)
    assert (told.unsigned("theirs"), unused(told)) == ([], [])
    assert told.both > 5
