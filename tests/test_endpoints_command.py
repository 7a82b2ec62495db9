"""`redbag endpoint`: what a file says, and an endpoint tried without a message, against a platform that checks who we are."""
from __future__ import annotations

import doctest
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from typer.testing import Result

from adapter.commands.exits import Exit
from adapter.delivery.answer import Answer
from adapter.delivery.endpoints import Endpoint, quiet, reference, tokens, trial
from adapter.delivery.endpoints.trial import How, capabilities, certificate
from tests.certificates import Authority
from tests.nhs_platform import CAPABILITY, Platform, denied, fhir, outcome
from tests.test_cli import lines, redbag

CANARY = "Examplesen-9990000018"
SAID = "hunter2"


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    with Platform(secrets={"us": SAID}).served() as platform:
        yield platform


@pytest.fixture
def platform(started: Platform, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("OUR_SECRET", SAID)
    started.begin()
    return started


def configured(folder: Path, platform: Platform, more: str = "", us: str = "us") -> Path:
    path = folder / "redbag.toml"
    path.write_text(f"""[endpoint.acute]
url = "{platform.address}/fhir"
{more}

[endpoint.acute.auth]
kind = "client-credentials"
token_url = "{platform.token_url}"
client_id = "{us}"
client_secret = "env:OUR_SECRET"
""")
    return path


def tried(path: Path, *options: str) -> Result:
    found = redbag("endpoint", "test", "acute", "--config", path, *options)
    assert SAID not in found.output
    assert CANARY not in found.output
    return found


# ---- test ------------------------------------------------------------------------------------------------------------------
def test_an_endpoint_that_is_all_right(platform: Platform, tmp_path: Path) -> None:
    """Each step in a sentence; one token, one question, and nothing that is a message."""
    found = tried(configured(tmp_path, platform))
    assert found.exit_code == Exit.DONE, found.output
    first, *others = found.stdout.splitlines()
    assert first.startswith("     ok  a token was given in ")
    assert [line.partition(" ms ")[2] or line for line in others] == [
        "and is Fictional FHIR 3.1", "     ok  it takes JSON", "     ok  it takes transactions",
        "     ok  its clock and this machine's agree"]
    assert found.stderr == "acute can be reached.\n"
    assert platform.calls == ["GET Bearer t1"]


def test_for_programs(platform: Platform, tmp_path: Path) -> None:
    found = tried(configured(tmp_path, platform), "--json")
    assert [(step["name"], step["how"]) for step in lines(found, "step")] == [
        ("token", "well"), ("server", "well"), ("format", "well"), ("transaction", "well"), ("clock", "well")]
    assert lines(found, "result") == [{"exit": 0, "endpoint": "acute", "doubts": 0}]


ODD = {**CAPABILITY, "software": {"name": f"Fic\x1btional {'x' * 200}"}, "format": ["xml"], "rest": [{"mode": "server"}]}


@pytest.mark.parametrize(("answer", "dialect", "exit", "says"), [
    (denied(), "fhir", Exit.NOTHING, "no  it does not let us in (HTTP 401): look at [endpoint.acute.auth]"),
    (fhir(outcome("forbidden", "NO"), 403), "fhir", Exit.NOTHING, "no  it does not let us in (HTTP 403)"),
    (fhir(outcome("not-found", "NO"), 404), "fhir", Exit.NOTHING, "and does not say what it is: look at `url`"),
    (fhir({"resourceType": "Patient", "id": CANARY}), "fhir", Exit.NOTHING, "and does not say what it is: look at `url`"),
    (Response(f"<html>{CANARY}</html>", media_type="text/html"), "fhir", Exit.NOTHING, "is this the address of a FHIR server?"),
    (Response(f'{{"{CANARY}": 1}}', media_type="application/json"), "fhir", Exit.NOTHING, "is this the address of a FHIR server?"),
    (Response(status_code=302, headers={"Location": "https://elsewhere.example/"}), "fhir", Exit.NOTHING, "redirects to elsewhere.example"),
    (Response(CANARY, 503), "fhir", Exit.AGAIN, "not now  it answered in "),
    (Response(CANARY, 429), "fhir", Exit.AGAIN, "that it is busy or out of service (HTTP 429)"),
    (fhir({**CAPABILITY, "fhirVersion": "3.0.2"}), "fhir", Exit.NOTHING, "no  it does not speak FHIR R4 (4.0.1)"),
    (fhir(ODD), "fhir", Exit.DONE, "look  it does not say that it takes JSON: look at `form`"),
    (fhir(ODD), "fhir", Exit.DONE, "look  it does not say that it takes transactions"),
    (fhir(ODD), "fhir", Exit.DONE, f"and is Fictional {'x' * 70}\n"),
    (fhir({**CAPABILITY, "software": CANARY}), "fhir", Exit.DONE, "and is a FHIR server that does not say which"),
    (fhir(outcome("not-found", "REC_NOT_FOUND"), 404), "bars", Exit.DONE, "HTTP 404, and does not say what it is"),
    (Response(f"<html>{CANARY}</html>", media_type="text/html"), "bars", Exit.DONE, "but not to a question for its capabilities"),
    (denied(), "bars", Exit.NOTHING, "it does not let us in (HTTP 401)"),
])
def test_what_a_server_answers_is_told_in_a_sentence(platform: Platform, tmp_path: Path, answer: Response, dialect: str, exit: Exit,
                                                     says: str) -> None:
    platform.api_says = [answer] * 2  # after a 401 it is asked once more, with a fresh token
    found = tried(configured(tmp_path, platform, f'dialect = "{dialect}"'))
    assert found.exit_code == exit, found.output
    assert says in found.stdout
    assert ("it takes" in found.stdout) <= ("and is " in found.stdout)  # of what is no FHIR server nothing more is said
    assert {call.partition(" ")[0] for call in platform.calls} == {"GET"}


def test_bars_is_not_asked_for_transactions(platform: Platform, tmp_path: Path) -> None:
    platform.api_says = [fhir(ODD)]
    assert "transactions" not in tried(configured(tmp_path, platform, 'dialect = "bars"')).stdout


@pytest.mark.parametrize(("us", "says", "exit"), [
    ("somebody else", "no  the token endpoint {url} does not accept who we are", Exit.NOTHING),
    ("us", "not now  the token endpoint {url} is asked too often, or out of service", Exit.AGAIN),
])
def test_without_a_token_the_server_is_not_asked(platform: Platform, tmp_path: Path, us: str, says: str, exit: Exit) -> None:
    platform.says = [Response(CANARY, 503)] if us == "us" else []
    found = tried(configured(tmp_path, platform, us=us))
    assert (found.exit_code, platform.calls) == (exit, [])
    assert says.format(url=platform.token_url) in found.stdout


def test_a_server_that_is_not_there(platform: Platform, tmp_path: Path) -> None:
    path = configured(tmp_path, platform)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    path.write_text(path.read_text().replace(f"{platform.address}/fhir", f"http://127.0.0.1:{port}"))
    found = tried(path)
    assert found.exit_code == Exit.AGAIN
    assert "the server cannot be reached" in found.stdout
    assert found.stderr == "acute cannot be reached now: try again.\n"


NOW = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(("days", "how", "says"), [
    (60.0, How.WELL, "is good until"), (20.0, How.DOUBT, "ask for another in time"), (-1.0, How.NO, "ended on"),
])
def test_how_long_our_certificate_holds(tmp_path: Path, days: float, how: How, says: str) -> None:
    file, _ = Authority("nhs", tmp_path).certificate("ours", days=days)
    step = certificate(file, datetime.now(UTC))
    assert (step.name, step.how) == ("certificate", how)
    assert says in step.says


@pytest.mark.parametrize(("ahead", "how", "says"), [
    (0, How.WELL, "agree"), (90, How.DOUBT, "clock is ahead of its own, by 90 s as its Date says"),
    (-90, How.DOUBT, "clock is behind its own, by 90 s"), (None, None, ""),
])
def test_two_clocks(ahead: float | None, how: How | None, says: str) -> None:
    date = None if ahead is None else f"{NOW - timedelta(seconds=ahead):%a, %d %b %Y %H:%M:%S GMT}"
    step = trial.clock(date, NOW.timestamp())
    assert (step and step.how) == how
    assert says in (step.says if step else "")


@pytest.mark.parametrize("odd", [{"format": None}, {"format": [7]}, {"format": "json"}, {"rest": "x"}, {"rest": [{"interaction": [7]}]},
                                 {"rest": [{"interaction": {}}]}, {"fhirVersion": 4}])
def test_a_statement_of_any_shape_is_read(odd: dict[str, Any]) -> None:
    answer = Answer(200, "GET metadata", resource={**CAPABILITY, **odd})
    assert capabilities(answer, Endpoint(name="a", url="https://a.example"))


# ---- list and example --------------------------------------------------------------------------------------------------------
def test_list(platform: Platform, tmp_path: Path) -> None:
    path = configured(tmp_path, platform, 'rate = 5\nquiet = ["22:00-06:00"]\nproxy = "http://u:hunter2@127.0.0.1:9"')
    found = redbag("endpoint", "list", "--config", path)
    assert found.stdout == (
        f"acute: {platform.address}/fhir/ (fhir, json, patient match, directory logical, client-credentials, through a proxy, 8 at once, "
        "5 requests a second, quiet 22:00-06:00 Europe/London)\n")
    (said,) = lines(redbag("endpoint", "list", "--config", path, "--json"), "endpoint")
    assert (said["name"], said["auth"], said["rate"], said["quiet"]) == (
        "acute", "client-credentials", 5.0, ["22:00-06:00 Europe/London"])


@pytest.mark.parametrize(("text", "exit", "says"), [
    ("[endpoint.a]\nulr = 'https://a.example'\n", Exit.NOTHING, "redbag.toml:2: endpoint.a.ulr: is no option of [endpoint.a]; perhaps url"),
    ("[endpoint.a]\nurl = 'https://a.example'\n", Exit.USAGE, "There is no endpoint of that name in"),
])
def test_a_file_at_fault_and_a_name_that_is_not_there(tmp_path: Path, text: str, exit: Exit, says: str) -> None:
    (tmp_path / "redbag.toml").write_text(text)
    found = redbag("endpoint", "test", "b", "--config", tmp_path / "redbag.toml")
    assert found.exit_code == exit
    assert says in found.stderr


def test_the_example_is_printed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "redbag.toml").write_text(redbag("endpoint", "example").stdout)
    found = redbag("endpoint", "list", "--config", tmp_path / "redbag.toml")
    assert "env" in found.stderr  # what it names is not here yet, and nothing else is wrong with it
    assert "is no option" not in found.stderr


@pytest.mark.parametrize("module", [quiet, reference, tokens], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
