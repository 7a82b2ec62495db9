"""`redbag send`, `pull` and `sandbox` against a sandbox over HTTP, started by its own verb."""
from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from adapter import hospital
from adapter.commands.exits import Exit
from adapter.commands.server import patiently
from adapter.commands.talk import Talk
from tests.test_cli import EXAMPLE, REDBAG, ROOT, another, example, lines, ndjson, redbag

NUMBER = example()["resident"]["nhs_number"]
UNUSED = "http://127.0.0.1:9"      # the port of the discard service: nobody listens


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with subprocess.Popen([*REDBAG, "sandbox", "--port", "0"], stderr=subprocess.PIPE, text=True, cwd=ROOT) as run:
        assert run.stderr
        said = run.stderr.readline()
        found = re.search(r"A sandbox hospital, not an NHS system: (http://127\.0\.0\.1:\d+)", said)
        assert found, said
        yield found[1]
        run.terminate()


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bag") / "bag.json"
    path.write_bytes(EXAMPLE)
    return path


def test_send_twice_and_pull(address: str, bag: Path, tmp_path: Path) -> None:
    """The second time nothing is written, and everything comes back."""
    refused = redbag("send", bag, "--to", address)
    assert refused.exit_code == Exit.NOTHING
    assert "the server has no patient with the verified NHS number" in refused.stderr

    dry = redbag("send", bag, "--to", address, "--patient", "create-if-missing", "--dry-run", "--json")
    assert lines(dry, "result")[0]["rows"] == {"new": 18}
    assert redbag("pull", "--from", address, "--nhs-number", NUMBER).exit_code == Exit.NOTHING      # it was a dry run

    first = redbag("send", bag, "--to", address, "--patient", "create-if-missing", "--json")
    assert lines(first, "result")[0]["rows"] == {"created": 18}
    again = redbag("send", bag, "--to", address, "--json")
    assert lines(again, "result")[0]["rows"] == {"unchanged": 17}
    assert again.exit_code == Exit.DONE

    back = redbag("pull", "--from", address, "--record", bag, "-o", tmp_path, "--json")
    assert back.exit_code == Exit.DONE
    assert lines(back, "result")[0]["resources"]["MedicationStatement"] == 8
    kept = json.loads((tmp_path / "care-record.json").read_bytes())
    assert [m["key"] for m in kept["medicines"]] == [m["key"] for m in example()["medicines"]]


def test_sent_in_xml_it_is_found_unchanged_in_json_and_brought_back_in_either(address: str, tmp_path: Path) -> None:
    home = tmp_path / "home.ndjson"
    home.write_bytes(ndjson(another("in-xml")))
    first = redbag("send", home, "--to", address, "--patient", "create-if-missing", "--format", "xml", "--json")
    again = redbag("send", home, "--to", address, "--json")
    assert set(lines(first, "result")[0]["rows"]) == {"created"}
    assert set(lines(again, "result")[0]["rows"]) == {"unchanged"}
    back = [json.loads(redbag("pull", "--from", address, "--record", home, "--format", form, "-o", "-").stdout) for form in ("xml", "json")]
    assert back[0]["resident"]["key"] == "in-xml"
    assert back[0] | {"as_of": "now"} == back[1] | {"as_of": "now"}


def test_who_is_meant_of_a_file_with_many(address: str, tmp_path: Path) -> None:
    home = tmp_path / "home.ndjson"
    home.write_bytes(ndjson(another("m1"), another("m2")))
    redbag("send", home, "--to", address, "--patient", "create-if-missing")
    assert "holds 2 care records that may be meant" in redbag("pull", "--from", address, "--record", home).stderr
    back = redbag("pull", "--from", address, "--record", home, "--resident", "m2", "-o", "-")
    assert json.loads(back.stdout)["resident"]["key"] == "m2"


def test_a_pulled_record_is_data_and_the_number_may_come_by_a_pipe(address: str, bag: Path) -> None:
    redbag("send", bag, "--to", address, "--patient", "create-if-missing")
    result = redbag("pull", "--from", address, "--nhs-number", "-", said=f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}\n")
    assert json.loads(result.stdout)["resident"]["nhs_number"] == NUMBER
    assert NUMBER not in result.stderr


def test_somebody_else_under_the_same_number_stops_for_a_person(address: str, bag: Path, tmp_path: Path) -> None:
    redbag("send", bag, "--to", address, "--patient", "create-if-missing")
    other = tmp_path / "other.json"
    she = {**example()["resident"], "family_name": "Otherwise", "birth_date": "1950-01-01"}
    other.write_bytes(ndjson(example(resident=she)))
    for command in (("send", other, "--to", address), ("pull", "--from", address, "--record", other)):
        result = redbag(*command)
        assert result.exit_code == Exit.PERSON
        assert "differs in birth_date and family_name" in result.stderr


def test_one_is_refused_and_the_others_are_delivered(address: str) -> None:
    residents = [another("x1"), another("x2", medicines=[]), another("x3")]
    result = redbag("send", "-", "--to", address, "--patient", "create-if-missing", "--json", said=ndjson(*residents))
    assert result.exit_code == Exit.PARTIAL
    assert [r["verdict"] for r in lines(result, "resident")] == ["delivered", "delivered"]
    assert lines(result, "result")[0] | {"rows": 0, "warnings": 0} == {
        "exit": 1, "residents": 3, "refused": 1, "warnings": 0, "delivered": 2, "rows": 0}


def test_a_server_that_is_not_there(bag: Path) -> None:
    sent, back = redbag("send", bag, "--to", UNUSED), redbag("pull", "--from", UNUSED, "--nhs-number", NUMBER)
    assert (sent.exit_code, back.exit_code) == (Exit.AGAIN, Exit.AGAIN)
    assert "the server cannot be reached" in sent.stderr
    assert "the server cannot be reached" in back.stderr
    assert "nothing was sent" not in back.stderr


@pytest.mark.parametrize(("args", "sentence"), [
    (("--from", "ftp://hospital.example", "--nhs-number", NUMBER), "must be https://HOST/PATH"),
    (("--from", "http://hospital.example", "--nhs-number", NUMBER), "use https"),
    (("--from", UNUSED, "--nhs-number", "9990000019"), "not an NHS number"),
    (("--from", UNUSED), "Say who"),
    (("--from", UNUSED, "--resident", "r-1"), "--source is needed too"),
    (("--from", UNUSED, "--nhs-number", NUMBER, "--since", "yesterday"), "--since is not a time"),
    (("--from", UNUSED, "--nhs-number", NUMBER, "--since", "2026-02-31T08:00:00Z"), "--since is not a time"),
    (("--from", UNUSED, "--nhs-number", NUMBER, "--since", "2026-13-45T08:00:00Z"), "--since is not a time"),
    (("--from", UNUSED, "--nhs-number", NUMBER, "--record", "bag.json"), "choose one"),
    (("--from", UNUSED, "--nhs-number", NUMBER, "--resident", "r-1", "--source", "https://home.example"), "choose one"),
    (("--from", UNUSED, "--record", "bag.json", "--source", "https://home.example"), "leave --source out"),
    (("--from", "http://127.0.0.1:99999", "--nhs-number", NUMBER), "1 to 65535"),
    (("--from", "http://127.0.0.1:0", "--nhs-number", NUMBER), "1 to 65535"),
    (("--from", "http://127.0.0.1:port", "--nhs-number", NUMBER), "the server's address is not an address"),
])
def test_a_command_line_that_is_wrong(args: tuple[str, ...], sentence: str) -> None:
    result = redbag("pull", *args)
    assert result.exit_code == Exit.USAGE
    assert sentence in result.stderr
    assert not set(re.findall(r"\d{10}", result.output))


@pytest.mark.parametrize("said", [b'{"resourceType": "Bundle", "type": "transaction", "entry": []}', b'[{"resourceType": "Patient"}]',
                                  b'<Patient xmlns="http://hl7.org/fhir"/>'])
@pytest.mark.parametrize("verb", ["send - --to http://127.0.0.1:9", "convert -", "convert - --jobs 2"])
def test_fhir_where_records_are_expected_is_told_as_fhir(verb: str, said: bytes) -> None:
    result = redbag(*verb.split(), said=said)
    assert (result.exit_code, result.stderr.count("\n")) == (Exit.NOTHING, 1)
    assert result.stderr.startswith("standard input is FHIR, and care records are expected (`redbag records example` shows one): ")


def test_an_address_to_send_to_that_is_none(bag: Path) -> None:
    result = redbag("send", bag, "--to", "http://127.0.0.1:99999")
    assert (result.exit_code, result.stderr.count("\n")) == (Exit.USAGE, 1)


def test_a_record_that_cannot_be_read_or_may_not_travel(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_bytes(ndjson(example(as_of="yesterday")))
    for file in (tmp_path / "nowhere.json", wrong):
        result = redbag("pull", "--from", UNUSED, "--record", file)
        assert result.exit_code == Exit.NOTHING
        assert "name a file with exactly one" not in result.stderr
    for command in ((wrong, "--base", tmp_path / "nowhere.json"), (tmp_path / "nowhere.json",)):
        assert redbag("send", *command, "--to", UNUSED).exit_code == Exit.NOTHING


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def locked() -> Iterator[tuple[str, list[str]]]:
    """A server that knows nobody, and what it was asked."""
    asked = list[str]()

    class Locked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            asked.append(self.path)
            self.send_error(401)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Locked) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.fixture
def odd() -> Iterator[str]:
    """A page for people at /fhir/Patient/..., and elsewhere nothing but trouble."""

    class Odd(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self.send_response(200 if "/Patient/" in self.path else 500)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>sign in</html>")

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_an_address_answers_is_told_with_the_address_and_what_to_do(odd: str) -> None:
    page = redbag("check", f"{odd}/fhir/Patient/Quetzalcoatl")
    assert (page.exit_code, page.stdout.count("\n")) == (Exit.NOTHING, 1)
    assert page.stdout.startswith(f"{odd}/")
    assert "Patient/…: error: the answer is text/html, not FHIR" in page.stdout
    assert "Quetzalcoatl" not in page.output
    trouble = redbag("check", f"{odd}/Encounter")
    assert trouble.exit_code == Exit.AGAIN
    assert "status 500" in trouble.stderr


def test_a_server_that_knows_nobody_is_not_asked_for_everybody(locked: tuple[str, list[str]]) -> None:
    address, asked = locked
    result = redbag("send", "-", "--to", address, said=ndjson(*(another(f"u{n}") for n in range(5))))
    assert result.exit_code == Exit.NOTHING
    assert "check the credentials" in result.stderr
    assert result.stderr.splitlines()[-1] == "It would be the same for all: stopped at record 1. A token is taken from REDBAG_TOKEN."
    assert len(asked) == 1


def test_how_long_an_answer_may_take_can_be_said(silent: str, bag: Path) -> None:
    for command in (("send", bag, "--to", silent), ("pull", "--from", silent, "--record", bag)):
        result = redbag(*command, "--timeout", "0.3")
        assert result.exit_code == Exit.AGAIN
        assert "no whole answer came (the time for one resident is over)" in result.stderr
    assert redbag("send", bag, "--to", silent, "--timeout", "0").exit_code == Exit.USAGE


def test_who_waits_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    async def slow() -> str:
        await asyncio.sleep(0.3)
        return "done"

    assert asyncio.run(patiently(slow(), "bag.json, record 1", Talk(), every=0.1)) == "done"
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "bag.json, record 1: waiting for the server, 0 seconds so far"
    assert len(said) in (2, 3)


def test_an_older_record_goes_only_where_that_is_meant(address: str, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    for as_of, more, code in (("2026-11-05T08:00:00Z", (), Exit.DONE), ("2026-11-04T08:00:00Z", (), None),
                              ("2026-11-04T08:00:00Z", ("--older",), Exit.DONE)):
        path.write_bytes(ndjson(another("older", as_of=as_of)))
        result = redbag("send", path, "--to", address, "--patient", "create-if-missing", *more)
        assert result.exit_code == code if code is not None else result.exit_code in (Exit.NOTHING, Exit.PERSON)


def test_what_is_not_written_about_her_is_said(address: str, tmp_path: Path) -> None:
    path = tmp_path / "her.json"
    she = {**another("her")["resident"], "preferred_name": "Ash"}
    for resident in (another("her")["resident"], she):
        path.write_bytes(ndjson(example(resident=resident)))
        result = redbag("send", path, "--to", address, "--patient", "create-if-missing", "--json")
    sent, = lines(result, "resident")
    assert sent["not_written"] == ["preferred_name"]
    assert any(says.endswith("of yours this is not written: preferred_name") for says in sent["says"])


def test_rows_that_vanished_from_the_record_are_for_a_person(address: str, tmp_path: Path) -> None:
    path = tmp_path / "fewer.json"
    for changed, code in (({}, Exit.DONE), ({"medicines": another("x")["medicines"][1:], "allergies": "none known"}, Exit.PERSON)):
        path.write_bytes(ndjson(another("fewer", **changed)))
        assert redbag("send", path, "--to", address, "--patient", "create-if-missing").exit_code == code


def test_two_patients_with_one_number_are_for_a_person(address: str, tmp_path: Path) -> None:
    path, number = tmp_path / "two.json", "9990000212"
    she = {**another("two")["resident"], "nhs_number": number, "nhs_number_status": "verified"}
    path.write_bytes(ndjson(example(resident=she)))
    assert redbag("send", path, "--to", address, "--patient", "create-if-missing").exit_code == Exit.DONE
    known = hospital.Person(number, "H-2", she["family_name"], tuple(she["given_names"]), she["birth_date"], she["gender"])
    theirs = hospital.patient(known)
    assert httpx.post(f"{address}/Patient", json=theirs).status_code == 201
    assert redbag("send", path, "--to", address, "--patient", "create-if-missing").exit_code == Exit.PERSON
    assert redbag("pull", "--from", address, "--record", path).exit_code == Exit.PERSON


def test_changes_are_output_and_never_talk(address: str, bag: Path, tmp_path: Path) -> None:
    """What changed is about a patient: it goes where the record goes, and never to standard error."""
    redbag("send", bag, "--to", address, "--patient", "create-if-missing")
    older = tmp_path / "older.json"
    medicines = [{**medicine, "doses": [{"text": "As she was given it before"}]} for medicine in example()["medicines"]]
    older.write_bytes(ndjson(example(medicines=medicines)))
    pull = ("pull", "--from", address, "--record", older)
    told = redbag(*pull).stdout.splitlines()
    assert any(line.startswith("Dose changed: ") for line in told)
    for more, shown in (((), told), (("-o", tmp_path / "back"), told), (("-o", "-"), None)):
        result = redbag(*pull, *more)
        assert result.stdout.splitlines() == shown or json.loads(result.stdout)["resident"]
        assert not set(told) & set(result.stderr.splitlines())
    assert "; no change." in redbag("pull", "--from", address, "--record", bag).stderr
    kinds = [next(iter(json.loads(line))) for line in redbag(*pull, "--json").stdout.splitlines()]
    assert {"change", "care_record", "result"} <= set(kinds)


def test_a_reader_who_has_gone_stops_the_sending_and_it_is_said(address: str, bag: Path) -> None:
    shell = f'"{REDBAG[0]}" -c "{REDBAG[2]}" send "{bag}" --to {address} --patient create-if-missing --json | true; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.AGAIN
    assert done.stderr.startswith("Whoever read standard output has gone; stopped at record 1.")


def test_a_port_that_is_taken(address: str) -> None:
    result = redbag("sandbox", "--port", address.rpartition(":")[2])
    assert result.exit_code == Exit.NOTHING
    assert "cannot be used" in result.stderr


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"something else entirely" * 100)
    result = redbag("sandbox", "--port", "0", "--file", tmp_path / "a.db")
    assert result.exit_code == Exit.NOTHING
    assert "cannot be used as the sandbox's database" in result.stderr
