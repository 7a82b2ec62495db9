"""The canary: a word, a number, a day and a name, each in every place of a care record, of a resource and of a server's answer.

Whatever goes wrong with them, it shows in no message, no repr, no exception in the chain, no log record and no line of the terminal.
"""
from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.cli import app
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.outcome import Verdict
from adapter.delivery.retry import Clock
from adapter.delivery.send import Options, Sent, send
from adapter.faults import Refused
from adapter.records.stream import care_records
from adapter.sandbox import Store, create_app
from mappings.bag import CareRecord, findings
from mappings.catalogue import SHAPES
from mappings.faults import Faults
from tests.engine.corpus import pairs
from tests.fuzz import CANARY, as_bytes, with_canaries
from tests.mutate import Json, Place, copied, held, nodes

NUMBER, DAY, MONTH = 7319731973, "1873-03-19", "1873-13-19"  # the month does not exist
CANARIES = (CANARY.casefold(), str(NUMBER), DAY, MONTH)
EXAMPLE = wire.loads((Path(wire.__file__).parent / "records" / "example.json").read_bytes())
BAG = care_records().decode(with_canaries(EXAMPLE))
SENT = frozenset({BAG.resident.nhs_number, BAG.resident.birth_date})  # what had to stay, and is as secret


def silent(*said: object) -> None:
    text = "\n".join(map(str, said)).casefold()
    assert [canary for canary in (*CANARIES, *SENT) if canary and canary in text] == []


def silent_error(error: BaseException) -> None:
    """In all that it says of itself, and in everything that led to it."""
    chain: list[BaseException] = [error]
    while chain:
        one = chain.pop()
        silent(one, repr(one), one.args, getattr(one, "found", ""))
        chain += [other for other in (one.__cause__, one.__context__) if other]
    silent("".join(traceback.format_exception(error)))


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Everything that anybody logs, at any level, is silent too."""
    caplog.set_level(logging.NOTSET)
    yield
    for record in caplog.get_records("call"):
        silent(record.getMessage(), record.args, record.exc_info, record.exc_text)


# ---- in every place ----------------------------------------------------------------------------------------------------------------------
def other(value: Json) -> list[Json]:
    """What stands in the place of a value, one after the other."""
    return [CANARY, f"{CANARY}\x07", DAY, MONTH, NUMBER, {CANARY: CANARY}, [CANARY], [{"display": CANARY}], True]


def changed(whole: Json, at: Place, value: Json) -> Json:
    out = copied(whole)
    held(out, at[:-1])[at[-1]] = value
    return out


def renamed(whole: Json, at: Place) -> Json:
    out = copied(whole)
    inside = held(out, at[:-1])
    inside[CANARY] = inside.pop(at[-1])
    return out


def everywhere(whole: Json) -> Iterator[Json]:
    """The value with a canary in one place, for every place and every kind of canary; and with every name in turn another."""
    for at, value in nodes(whole):
        if at and not isinstance(value, dict | list):
            yield from (changed(whole, at, canary) for canary in other(value))
        if at and isinstance(at[-1], str):
            yield renamed(whole, at)


# ---- native records ----------------------------------------------------------------------------------------------------------------------
def test_native_records() -> None:
    seen = {"refused": 0, "read": 0}
    for record in islice(everywhere(EXAMPLE), 0, None, 4):  # not a divisor of the kinds of canary: every place has its turn
        try:
            goes_on(care_records().loads(as_bytes(record)))
            seen["read"] += 1
        except Refused as refused:
            seen["refused"] += 1
            silent_error(refused)
    assert min(seen.values()) > 100


def goes_on(record: CareRecord) -> None:
    silent(*findings(record))
    for made in (collection, lambda bag: list(transaction(bag, Policy("upsert", directory="own")))):
        try:
            made(record)
        except Faults as faults:
            silent_error(faults)


def test_bytes_that_are_no_json() -> None:
    whole = as_bytes(with_canaries(EXAMPLE))
    for place in range(0, len(whole), 41):
        for broken in (whole[:place], whole[:place] + b"\xff" + whole[place:], whole[:place] + b'"' + whole[place:], whole[:place] + whole):
            with pytest.raises(Refused) as caught:
                care_records().loads(broken + b"}")
            silent_error(caught.value)


def test_the_command_line(tmp_path: Path) -> None:
    """Where it shows what it was given (the bundles), that is on standard output; on standard error it is silent."""
    file = tmp_path / "home.ndjson"
    file.write_bytes(b"".join(as_bytes(record) + b"\n" for record in islice(everywhere(EXAMPLE), 0, None, 11)))
    for command in (["check"], ["check", "--json"], ["convert"]):
        result = CliRunner().invoke(app, [*command, str(file)], prog_name="redbag")
        assert result.exit_code in (1, 3)
        silent(result.stderr, result.stdout if command[0] == "check" else "")


# ---- records in Python: what a hint does not allow ---------------------------------------------------------------------------------------
def spoiled(record: Any) -> Iterator[Any]:
    """The record with a canary in one of its fields, in turn and at any depth."""
    for x in fields(record):
        value = getattr(record, x.name)
        yield from (replace(record, **{x.name: wrong}) for wrong in (CANARY, (CANARY,), NUMBER, {CANARY: CANARY}, [CANARY], DAY, MONTH))
        if is_dataclass(value) and not isinstance(value, type):
            yield from (replace(record, **{x.name: inner}) for inner in spoiled(value))
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            yield from (replace(record, **{x.name: (inner, *value[1:])}) for inner in spoiled(value[0]))


@pytest.mark.parametrize("kind", SHAPES)
def test_writing(kind: str) -> None:
    refused = 0
    for resource in pairs(kind):
        for record in spoiled(SHAPES[kind].read(resource)[0]):
            try:
                SHAPES[kind].write(record)
            except Faults as faults:
                refused += 1
                silent_error(faults)
    assert refused > 50


# ---- resources ---------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", SHAPES)
def test_reading(kind: str) -> None:
    refused = 0
    for resource in pairs(kind):
        for theirs in everywhere(resource):
            try:
                SHAPES[kind].read(theirs)
            except Faults as faults:
                refused += 1
                silent_error(faults)
    assert refused > 50


# ---- a server ----------------------------------------------------------------------------------------------------------------------------
Answers = Callable[[httpx.Request], httpx.Response]
OUTCOME = {"resourceType": "OperationOutcome", "text": {"status": "generated", "div": f"<div>{CANARY}</div>"}, "issue": [
    {"severity": "error", "code": "invalid", "diagnostics": CANARY, "details": {"text": CANARY, "coding": [{"code": CANARY}]},
     "expression": [f"Bundle.entry[1].resource.where(value='{CANARY}')"], "location": [CANARY]}]}
FHIR = {"Content-Type": "application/fhir+json", "X-Canary": CANARY, "Location": f"http://h.example/Patient/{CANARY}"}


def says(status: int, body: Json, **headers: str) -> Answers:
    content = body if isinstance(body, bytes) else wire.dumps(body)
    return lambda request: httpx.Response(status, content=content, headers={**FHIR, **headers})


def fails(error: type[Exception], says: str = CANARY) -> Answers:
    def raising(request: httpx.Request) -> httpx.Response:
        raise error(says)

    return raising


def entries(status: str, **more: Any) -> Answers:
    """A transaction's response, with the canary wherever a server may put words."""
    said = {"response": {"status": f"{status} {CANARY}", "location": f"Patient/{CANARY}", "etag": CANARY, "outcome": OUTCOME, **more}}
    return lambda request: httpx.Response(200, json={
        "resourceType": "Bundle", "type": "transaction-response",
        "entry": [said] * len(wire.loads(request.content)["entry"])}, headers=FHIR)


PATIENT = {"resourceType": "Patient", "id": CANARY, "name": [{"family": CANARY}], "birthDate": "1873-03-19", "gender": "male"}
WRITES: dict[str, Answers] = {
    **{f"{status}, with an OperationOutcome": says(status, OUTCOME) for status in (400, 401, 403, 404, 409, 410, 412, 422, 429, 500, 503)},
    "an entry is refused": entries("422"), "an entry is taken": entries("201"), "an entry says nothing we know": entries(CANARY),
    "the answer is a page": says(502, f"<html>{CANARY}</html>".encode(), **{"Content-Type": "text/html"}),
    "the answer is no JSON": says(200, f'{{"{CANARY}": {CANARY}'.encode()),
    "the answer says a name twice": says(200, f'{{"{CANARY}": 1, "{CANARY}": 1}}'.encode()),
    "the answer is something else": says(200, PATIENT), "the answer is empty": says(200, b""),
    "no connection": fails(httpx.ConnectError, "[Errno 111] Connection refused"), "no answer": fails(httpx.ReadTimeout),
    "half an answer": fails(httpx.RemoteProtocolError),
}
READS: dict[str, Answers] = {
    **{f"{status}": says(status, OUTCOME) for status in (400, 401, 403, 404, 429, 500)},
    "somebody else": says(200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": CANARY, "resource": PATIENT}]}),
    "two of them": says(200, {"resourceType": "Bundle", "type": "searchset", "entry": [
        {"fullUrl": f"{CANARY}{n}", "resource": {**PATIENT, "id": f"{CANARY}{n}"}} for n in range(2)]}),
    "pages that lead away": says(200, {"resourceType": "Bundle", "type": "searchset", "link": [
        {"relation": "next", "url": f"http://h.example/Patient?name={CANARY}"}]}),
    "no JSON": says(200, CANARY.encode()), "no connection": fails(httpx.ConnectError, "[Errno 111] Connection refused"),
    "no answer": fails(httpx.ReadTimeout),
}


UNREAL = ("rb-sctid", "fhir-format")  # by which what the canary stands in can be no code


def sent(reads: Answers | None = None, writes: Answers | None = None, policy: Policy | None = None, options: Options | None = None) -> Sent:
    """A care record sent to a sandbox that answers some requests in its own way."""
    sandbox = httpx.ASGITransport(create_app(Store()))

    async def carry(request: httpx.Request) -> httpx.Response:
        instead = writes if request.method == "POST" else reads
        return instead(request) if instead else await sandbox.handle_async_request(request)

    async def sleep(seconds: float) -> None:
        """No time passes."""

    async def told() -> Sent:
        limits = Limits(attempts=2, pages=3)
        async with FhirClient("http://h.example/", transport=httpx.MockTransport(carry), limits=limits, clock=Clock(sleep=sleep)) as client:
            return await send(client, BAG, policy or Policy("create-if-missing"), replace(options or Options(), tolerate=UNREAL))

    return asyncio.run(told())


@pytest.mark.parametrize("case", WRITES)
def test_a_server_refuses(case: str) -> None:
    told = sent(writes=WRITES[case])
    silent(*told.sentences, repr(told), told.verdict)


@pytest.mark.parametrize("case", READS)
@pytest.mark.parametrize("policy", ["match", "create-if-missing", "upsert"])
@pytest.mark.parametrize("directory", ["logical", "existing", "own"])
def test_a_server_cannot_be_asked(case: str, policy: str, directory: str) -> None:
    told = sent(reads=READS[case], policy=Policy(policy, directory=directory))
    silent(*told.sentences, repr(told), told.verdict)


def test_dry_runs_and_what_goes_well() -> None:
    for options in (Options(), Options(dry_run=True), Options(replace=True)):
        told = sent(options=options)
        silent(*told.sentences, repr(told))
        assert told.verdict is Verdict.DELIVERED
    assert CANARY in str(sent(writes=WRITES["422, with an OperationOutcome"], options=Options(show_server_text=True)).sentences)


@pytest.mark.parametrize("address", [
    f"https://user:{CANARY}@h.example/", f"https://h.example/?token={CANARY}", f"https://h.example/#{CANARY}", f"ftp://h.example/{CANARY}",
    f"https://h.example:{CANARY}/", CANARY, f"https://[{CANARY}]/"])
def test_an_address_with_a_secret(address: str, tmp_path: Path) -> None:
    file = tmp_path / "bag.json"
    file.write_bytes(wire.dumps(EXAMPLE))
    for command in (["send", str(file), "--to", address], ["pull", "--from", address, "--record", str(file)]):
        result = CliRunner().invoke(app, command, prog_name="redbag")
        assert result.exit_code == 2
        silent(result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("there", [True, False], ids=["with a configuration", "without"])
def test_a_secret_in_place_of_a_name(there: bool, tmp_path: Path) -> None:
    """Whoever types a token where a name belongs reads that there is no such name, and nobody reads the token."""
    bag, config = tmp_path / "bag.json", tmp_path / "redbag.toml"
    bag.write_bytes(wire.dumps(EXAMPLE))
    if there:
        config.write_text('[endpoint.acute]\nurl = "https://h.example/"\n')
    record = ["--record", str(bag)]
    for command in (["send", str(bag), "--to", CANARY], ["send", str(bag), "--to", CANARY, "--durable"],
                    ["pull", "--from", CANARY, *record], ["retract", "--to", CANARY, *record],
                    ["retract", "--to", CANARY, "--durable", *record], *[["endpoint", "test", CANARY]] * there):
        result = CliRunner().invoke(app, [*command, "--config", str(config)], prog_name="redbag")
        assert result.exit_code == 2, (command, result.output)
        assert len(result.output.splitlines()) == 1
        silent(result.output)


# ---- and it would be seen ----------------------------------------------------------------------------------------------------------------
def test_it_would_be_seen() -> None:
    for word in (CANARY, NUMBER, DAY):
        with pytest.raises(AssertionError):
            silent(f"is not {word}")
    hidden = ValueError("nothing to see")
    hidden.__context__ = KeyError(CANARY)
    with pytest.raises(AssertionError):
        silent_error(hidden)
