"""Whatever bytes come in, the outcome is a record, or a refusal with a rule and a place. Never a traceback, a hang, a value in a message.

FUZZ=50 pytest tests/test_fuzz_inputs.py asks for fifty times as many inputs, and other ones every time.
"""
from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from adapter import wire
from adapter.bundle import collection, read, transaction
from adapter.bundle.sending import Policy
from adapter.cli import app
from adapter.commands.exits import Exit
from adapter.faults import Fault, Refused
from adapter.records.stream import Found, care_records, stream
from mappings.bag import CareRecord, findings
from mappings.faults import Faults
from tests.fuzz import BOMBS, CANARY, USUAL, as_bytes, damaged, with_canaries, within
from tests.mutate import EVERY, Json, mutated

SCALE = int(os.environ.get("FUZZ", "1"))
EXAMPLE = with_canaries(wire.loads((Path(wire.__file__).parent / "records" / "example.json").read_bytes()))
SECRETS = (CANARY.casefold(), EXAMPLE["resident"]["nhs_number"], EXAMPLE["resident"]["birth_date"])
SMALL: dict[str, Json] = {name: EXAMPLE[name] for name in ("source", "as_of", "resident")} | {"medicines": EXAMPLE["medicines"][:1]}
STEPS = st.integers(0, 2**32 - 1)
DAMAGE = st.lists(st.tuples(st.sampled_from(USUAL), STEPS), min_size=1, max_size=4)
CRUELTIES = st.lists(st.tuples(st.sampled_from(EVERY), STEPS), min_size=1, max_size=4)
LINES = b"".join(as_bytes({**SMALL, "resident": {**SMALL["resident"], "key": f"{CANARY} {n}"}}) + b"\n" for n in range(3))
# half of the inputs are broken as bytes, half are JSON of the wrong shape; a few are noise
DOCUMENTS = st.one_of(
    st.builds(damaged, st.sampled_from([as_bytes(SMALL), as_bytes(EXAMPLE), LINES]), DAMAGE),
    st.builds(lambda record, steps: as_bytes(mutated(record, steps)), st.sampled_from([SMALL, EXAMPLE]), CRUELTIES),
    st.builds(lambda record, steps: as_bytes([mutated(record, steps), record]), st.just(SMALL), CRUELTIES),
    st.binary(max_size=40))


def inputs(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count * SCALE, derandomize=SCALE == 1, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def silent(*said: object) -> None:
    """Neither the canary nor what had to stay as it was (a number, a birthday) is in any of it."""
    assert not any(value in str(one).casefold() for one in said for value in SECRETS)


def sound(refused: Refused) -> None:
    """A refusal names a rule and a place for everything it found, and no value anywhere in it."""
    assert refused.found
    for fault in refused.found:
        assert fault.rule
        assert fault.says
        assert fault.line or fault.path
    silent(refused, repr(refused), refused.found, refused.__cause__, refused.__context__)


# ---- bytes -> dict -----------------------------------------------------------------------------------------------------------------
@inputs(2000)
@given(DOCUMENTS)
def test_wire(data: bytes) -> None:
    with within():
        try:
            assert isinstance(wire.loads(data), dict)
            event("read")
        except Refused as refused:
            event("refused")
            sound(refused)


# ---- bytes -> care record ------------------------------------------------------------------------------------------------------------
@inputs(1500)
@given(DOCUMENTS)
def test_care_record(data: bytes) -> None:
    with within():
        try:
            record = care_records().loads(data)
        except Refused as refused:
            event("refused")
            sound(refused)
            return
        event("read")
        assert isinstance(record, CareRecord)
        goes_on(record)


def goes_on(record: CareRecord) -> None:
    """What was read can be checked, and is written or refused by name."""
    silent(*findings(record))
    try:
        assert list(transaction(record, Policy("create-if-missing")))
        assert collection(record)
    except Faults as faults:
        event("not written")
        silent(faults, repr(faults), faults.found, faults.__cause__, faults.__context__)


# ---- bytes -> a stream of care records --------------------------------------------------------------------------------------------------
class Pipe(io.BytesIO):
    """Can be read once."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, *_: int) -> int:
        raise OSError


@pytest.mark.parametrize("kind", [io.BytesIO, Pipe])
def test_stream(kind: type[io.BytesIO]) -> None:
    @inputs(500)
    @given(DOCUMENTS)
    def whatever(data: bytes) -> None:
        with within():
            check(stream(kind(data)))

    whatever()


def check(found: Iterator[Found]) -> None:
    for number, record, *_ in found:
        assert number > 0
        if isinstance(record, Refused):
            sound(record)
        else:
            assert isinstance(record, CareRecord)


# ---- the command line --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["check -", "check - --json", "convert - -o OUT", "convert - --as collection"])
def test_command_line(verb: str, tmp_path: Path) -> None:
    folders = (str(tmp_path / str(number)) for number in count())  # bundles go into a folder of their own

    @inputs(150)
    @given(DOCUMENTS)
    def whatever(data: bytes) -> None:
        command = [next(folders) if word == "OUT" else word for word in verb.split()]
        with within():
            result = CliRunner().invoke(app, command, input=data, prog_name="redbag")
        ended_well(result)
        silent(result.stderr, *[result.stdout] * verb.startswith("check"))

    whatever()


def ended_well(result: Result) -> None:
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in {Exit.DONE, Exit.PARTIAL, Exit.NOTHING}, result.output
    assert "Traceback" not in result.output
    event(str(result.exit_code))


# ---- what comes back from a server -----------------------------------------------------------------------------------------------------
@inputs(500)
@given(CRUELTIES)
def test_bundles_that_come_back(steps: list[tuple[str, int]]) -> None:
    """A server may say anything. What is no resource we read is handed on, what cannot be read is named, and all of it is there."""
    bag = care_records().decode(EXAMPLE)
    bundle = mutated(collection(bag), steps)
    with within():
        returned = read([bundle], sent=bag)
    for item in returned.unreadable:
        assert item.faults
        silent(*item.faults)
    event(f"{len(returned.unreadable)} unreadable")


# ---- bombs -----------------------------------------------------------------------------------------------------------------------------
WAYS: dict[str, Callable[[bytes], Any]] = {
    "wire": wire.loads, "care record": lambda data: care_records().loads(data), "stream": lambda data: check(stream(io.BytesIO(data)))}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_good_time(bomb: str, way: str) -> None:
    data = BOMBS[bomb]()
    with within():
        try:
            WAYS[way](data)
        except Refused as refused:
            sound(refused)


def test_a_hang_would_be_seen() -> None:
    def hang() -> None:
        with within(1):
            while True:
                pass

    with pytest.raises(AssertionError, match="no answer within 1 s"):
        hang()


def test_a_value_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        sound(Refused([Fault("a-rule", f"is {CANARY}", "resident.key")]))
    with pytest.raises(AssertionError):
        sound(Refused([Fault("a-rule", "has no place")]))
