"""The proxy does what its script says: what the client meets, and whether the server did it all the same."""
from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.durable.faults import Script, Turns, fault
from tests.durable.parts import Proxied, proxy, sandbox

TAKEN, NOT_TAKEN = 1, 0
FHIR = {"Content-Type": "application/fhir+json"}
MEETS = [
    ("pass", 201, TAKEN), ("delay:0.05", 201, TAKEN), ("late:0.05", 201, TAKEN), ("swallow", httpx.RemoteProtocolError, TAKEN),
    ("truncate", httpx.RemoteProtocolError, TAKEN), ("reset", httpx.ReadError, TAKEN), ("lost", httpx.RemoteProtocolError, NOT_TAKEN),
    ("hang", httpx.ReadTimeout, NOT_TAKEN), ("503", 503, NOT_TAKEN), ("429:2", 429, NOT_TAKEN), ("login", 200, NOT_TAKEN),
    ("refuse:1", httpx.ReadError, NOT_TAKEN)]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("proxy")
    with sandbox(folder) as url, proxy(url, folder) as made:
        yield made


def put(proxied: Proxied, name: str) -> int | type[Exception]:
    body = {"resourceType": "Patient", "id": name}
    try:
        return httpx.put(f"{proxied.url}/Patient/{name}", json=body, headers=FHIR, timeout=0.5).status_code
    except httpx.HTTPError as error:
        return type(error)


@pytest.mark.parametrize(("words", "came", "taken"), MEETS)
def test_a_fault(proxied: Proxied, words: str, came: int | type[Exception], taken: int) -> None:
    proxied.meets(first=[words], methods=["PUT"])
    name = f"p-{words.replace(':', '-').replace('.', '-')}"
    assert put(proxied, name) == came
    if words.startswith("refuse"):
        assert put(proxied, name) is httpx.ConnectError
        time.sleep(1.5)
    assert httpx.get(f"{proxied.url}/Patient/{name}").status_code == (200 if taken else 404)
    (seen, *_) = proxied.log()
    assert (seen["fault"], seen["status"]) == (words.partition(":")[0], 201 if taken else 0)


def test_down_and_up(proxied: Proxied) -> None:
    proxied.meets()
    proxied.down()
    assert put(proxied, "down") is httpx.ConnectError
    proxied.up()
    assert put(proxied, "down") == 201
    assert len(proxied.log()) == 1


def test_retry_after_is_handed_on(proxied: Proxied) -> None:
    proxied.meets(first=["503:Sun, 06 Nov 2044 08:49:37 GMT"])
    assert httpx.get(f"{proxied.url}/metadata").headers["retry-after"] == "Sun, 06 Nov 2044 08:49:37 GMT"


def test_who_is_concerned_and_what_the_log_says(proxied: Proxied) -> None:
    proxied.meets(odds={"503": 1}, only="poisoned", words=["poisoned", "healthy"])
    assert [put(proxied, name) for name in ("healthy", "poisoned", "poisoned")] == [201, 503, 503]
    log = proxied.log()
    assert [seen["words"] for seen in log] == [["healthy"], ["poisoned"], ["poisoned"]]
    assert log[1]["same"] == log[2]["same"] != log[0]["same"]


def test_a_seed_gives_the_same_faults_again() -> None:
    script = Script.of({"odds": {"pass": 3, "swallow": 1, "503:1": 1}, "seed": 7, "first": ["lost"]})
    plays = [[turns.next("POST", b"").what for _ in range(50)] for turns in (Turns(script), Turns(script))]
    assert plays[0] == plays[1]
    assert plays[0][0] == "lost"
    assert set(plays[0][1:]) == {"pass", "swallow", "status"}


@pytest.mark.parametrize("words", ["stumble", "delay", "delay:soon", "pass:1", "late:-1"])
def test_a_word_that_is_none(words: str) -> None:
    with pytest.raises(ValueError, match=r"fault|float"):
        fault(words)
