"""The receiver's guide: what it says is what happens. (That the page is current, test_docs.py holds.)"""
from __future__ import annotations

import json
import re
from typing import get_args

from adapter.commands import guide
from adapter.commands.guide import STATUSES, WAYS, page
from adapter.commands.talk import Kept
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.loads import Sending
from adapter.delivery.probe.needed import SEARCHES
from mappings.catalogue import SHAPES, WRITABLE
from tests.hospital import Hospital

PAGE = page()
ROW = re.compile(r"^\| (\S.*?) \| (\S.*?) \| (\S.*?) \|", re.MULTILINE)


def test_every_type_has_its_line_with_its_profile() -> None:
    rows = {found[1]: found[2] for found in ROW.finditer(PAGE)}
    for kind in SHAPES:
        assert (kind in rows) == (kind in WRITABLE)
        assert kind not in WRITABLE or rows[kind] == f"`https://fhir.hl7.org.uk/StructureDefinition/UKCore-{kind}`"


def test_every_way_every_policy_every_search_and_every_status_is_there() -> None:
    assert list(WAYS) == list(get_args(Sending))
    for said in (*WAYS, *(word for name in ("patient", "directory") for word in get_args(Endpoint.model_fields[name].annotation))):
        assert f"`{said}`" in PAGE
    for search in SEARCHES:
        assert search.why in PAGE
    assert [int(found[1]) for found in ROW.finditer(PAGE) if found[1].isdigit()] == list(STATUSES)


def test_the_examples_are_what_a_server_takes() -> None:
    """Posted to a fresh server, in order, they do what the guide says: created, then only what changed."""
    first, changed = (json.loads(found) for found in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    hospital = Hospital()
    said = [hospital.ask("POST", "/", bundle)["entry"] for bundle in (first, changed)]
    assert [[entry["response"]["status"] for entry in each] for each in said] == [["201 Created"] * 3, ["200 OK"] * 3]
    assert changed["entry"][0]["resource"]["dosage"] != first["entry"][0]["resource"]["dosage"]
    assert [entry["request"]["ifMatch"] for entry in changed["entry"]] == ['W/"1"'] * 3


def test_one_write_then_none_then_one() -> None:
    counts = {found[1]: (int(found[2]), int(found[3])) for found in ROW.finditer(PAGE) if found[2].isdigit() and found[3].isdigit()}
    assert [counts[name][1] for name in ("The first time", "The same again", "One dose changed")] == [1, 0, 1]


def test_it_is_printed() -> None:
    talk = Kept()
    guide.run(talk)
    assert talk.said == [(True, PAGE.rstrip())]


def test_nobody_real_is_in_it() -> None:
    assert not re.search(r"\b(?!999)\d{10}\b", re.sub(r"\"code\": \"\d+\"", "", PAGE))
