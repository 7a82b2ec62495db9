"""The sandbox hospital's file, and the sandbox as a server of its own."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapter.sandbox import ServeError, Store, StoreError, serve
from adapter.sandbox.pages import KEPT, Pages, Snapshot
from tests.sandbox import KEYS, Http, bundle, entry, found, medicine, patient, versions, visit


def test_a_file_keeps_everything_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "hospital.db"

    async def before(http: Http) -> None:
        sent = bundle(entry("PUT", "Patient/p", patient(id="p")), entry("PUT", "MedicationStatement/m", medicine(id="m")))
        assert (await http.post("/", json=sent)).status_code == 200
        await http.put("/Patient/p", json=patient(id="p", active=True))
        await http.put("/Flag/f", json={"resourceType": "Flag", "id": "f"})
        await http.delete("/Flag/f")

    async def after(http: Http) -> None:
        assert await versions(http) == 5
        assert (await http.get("/Patient/p")).json()["active"] is True
        assert (await http.get("/Patient/p/_history/1")).status_code == 200
        assert (await http.get("/Flag/f")).status_code == 410
        assert found(await http.get(f"/MedicationStatement?patient.identifier={KEYS}|p")) == ["MedicationStatement/m"]
        assert (await http.put("/Patient/p", json=patient(id="p"))).headers["ETag"] == 'W/"3"'

    for story in (before, after):
        visit(story, Store(file))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    file = tmp_path / "hospital.db"
    stamps = list[str]()

    async def story(http: Http) -> None:
        for n in range(2):
            stamps.append((await http.post("/Patient", json=patient(str(n)))).json()["meta"]["lastUpdated"])

    for start in (datetime(2025, 3, 2, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)):
        clock = iter(start - timedelta(hours=n) for n in range(9))
        visit(story, Store(file, now=lambda: next(clock)))  # noqa: B023 - used up before the next one is made
    assert stamps == ["2025-03-02T00:00:00.000+00:00"] * 4


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database, but long enough to be taken for one at first sight" * 20)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    for file in (text, other, tmp_path):
        with pytest.raises(StoreError, match="cannot be used as the sandbox's database"):
            Store(file)
    assert text.read_text().startswith("not a database")
    with closing(sqlite3.connect(other)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_failure_inside_a_transaction_leaves_nothing_and_the_store_usable() -> None:
    def fails() -> None:
        with store.transaction() as tx:
            tx.write(("Patient", "p"), None, "PUT", b"{}")
            raise LookupError

    with closing(Store()) as store:
        with pytest.raises(LookupError):
            fails()
        with store.transaction() as tx:
            assert tx.current("Patient", "p") is None
            assert tx.count_history("1", ()) == 0


def test_who_comes_second_waits() -> None:
    entered = threading.Event()

    def second() -> None:
        with store.transaction() as tx:
            entered.set()
            assert tx.current("Patient", "p")

    with closing(Store()) as store:
        with store.transaction() as tx:
            thread = threading.Thread(target=second)
            thread.start()
            assert not entered.wait(0.1)
            tx.write(("Patient", "p"), None, "PUT", b"{}")
        thread.join()
    assert entered.is_set()


def test_the_oldest_search_is_forgotten_first() -> None:
    pages = Pages()
    tokens = [pages.keep(Snapshot("Patient", (n,), 1)) for n in range(KEPT + 1)]
    assert pages.get(tokens[0], "Patient") is None
    assert pages.get(tokens[1], "Patient") == Snapshot("Patient", (1,), 1)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "hospital.example", "::"])  # noqa: S104 - that they are refused is the point
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(ServeError, match="this machine only"):
        serve(0, host=host)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"Port {port} cannot be used"):
            serve(port)


PROGRAM = """
import sys
import threading
from pathlib import Path
from adapter.sandbox import serve
serve(0, file=Path(sys.argv[1]), ready=lambda url: print(url, flush=True))
"""


def test_served_over_http_until_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "hospital.db"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stderr
        try:
            url = server.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
            assert "sandbox" in httpx.get(f"{url}/metadata").json()["description"]
            headers = {"Content-Type": "application/fhir+json"}
            made = httpx.post(f"{url}/", json=bundle(entry("PUT", "Patient/p", patient(id="p"))), headers=headers)
            assert made.json()["entry"][0]["response"]["status"] == "201 Created"
            head = httpx.head(f"{url}/Patient/p")
            assert (head.status_code, head.content) == (200, b"")
            assert httpx.get(f"{url}/Patient/p").json()["id"] == "p"
        finally:
            server.send_signal(signal.SIGINT)
        assert "Patient" not in server.stdout.read() + server.stderr.read()
    assert versions_in(file) == 1


def versions_in(file: Path) -> int:
    with closing(Store(file)) as store, store.transaction() as tx:
        return tx.count_history("1", ())
