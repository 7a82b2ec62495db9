"""The real parts as fixtures. Where one cannot be had, its tests say so and are skipped; in CI that is a failure."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import pytest

from tests.durable.parts import proxy, sandbox
from tests.durable.trial import Made, Trial
from tests.real import hl7_cases, node_judges
from tests.real import postgres as postgresql
from tests.real.engine import Engine, asking
from tests.real.node_judges import Judges
from tests.real.parts import SEQUENCE, UK_CORE, missing, running, versions
from tests.real.postgres import Postgres


def pytest_report_header() -> str:
    judges = {**versions(), "fhir.resources": version("fhir.resources")}
    return f"judges: {', '.join(f'{name} {number}' for name, number in judges.items())}; {UK_CORE.stem}, {SEQUENCE.stem}"


def _or_say(reason: str) -> None:
    """Where there is a reason why a part cannot be had."""
    if reason and os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{reason} (in CI nothing is skipped)")
    if reason:
        pytest.skip(reason)


def _part(name: str) -> Iterator[str]:
    _or_say(missing())
    with running(name) as url:
        yield url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    _or_say(postgresql.missing())
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def judges() -> Iterator[Judges]:
    """fhirpath.js and Medplum's validator; this one knows FHIR R4 only where HL7's validator has been started before."""
    _or_say(node_judges.missing())
    with node_judges.judging([node_judges.R4] if node_judges.R4.exists() else []) as process:
        yield process


@pytest.fixture(scope="session")
def hapi() -> Iterator[str]:
    """Base URL of an empty HAPI FHIR R4 server."""
    yield from _part("hapi")


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """made("PostgreSQL", "HAPI"): a trial of durable delivery, on a database of its own."""

    def trial(database: str, server: str) -> Trial:
        url = str(tmp_path / "redbag.db") if database.startswith("SQLite") else request.getfixturevalue("postgres").database()
        at = request.getfixturevalue("hapi") if server == "HAPI" else ending.enter_context(sandbox(tmp_path))
        engine: Literal["dbos", "loop"] = "dbos" if database.endswith("DBOS") else "loop"
        return ending.enter_context(closing(Trial(tmp_path, url, at, ending.enter_context(proxy(at, tmp_path)), engine)))

    with ExitStack() as ending:
        yield trial


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """HL7's validator with UK Core STU2 2.0.2."""
    for url in _part("validator"):
        with asking(url) as engine:
            yield engine


@pytest.fixture(scope="session")
def cases() -> dict[str, bytes]:
    """The resources that HL7 tests its own software with, by name."""
    _or_say(missing())
    return hl7_cases.cases()


@pytest.fixture(scope="session")
def medplum(engine: Engine) -> Iterator[Judges]:
    """Medplum's validator. It takes FHIR's definitions from where HL7's engine has unpacked them, which therefore starts first."""
    assert engine.who()
    _or_say(node_judges.missing())
    with node_judges.judging([node_judges.R4]) as process:
        yield process


@pytest.fixture(scope="session")
def errors(engine: Engine) -> Callable[[bytes], list[str]]:
    """What it has against a resource or bundle: one line per error."""
    return lambda content: [f"{issue.location}: {issue.message}" for issue in engine.judge(content).errors]
