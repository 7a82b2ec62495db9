"""Imports go one way, as docs/design.md draws them: mappings <- bundle, wire, records <- delivery, returns <- cli, demo."""
from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = {
    "patient", "encounter", "medication_statement", "immunization", "allergy_intolerance", "list", "organization", "location",
    "practitioner", "practitioner_role", "related_person", "medication_request", "condition",
}
WHOLE = {"catalogue", "bag", "corrections", "absence"}      # over all of them
PURE = {"mappings", "mappings.resources", "mappings.whole", "adapter.wire", "adapter.bundle", "adapter.records"}
CLOSED = PURE | {"adapter.synth", "adapter.conformance"}      # no clock, no chance, no network, no files but their own
ARROWS = {      # layer: the layers it may import, itself included by nature (except that no resource module imports another)
    "mappings": set(),
    "mappings.resources": {"mappings"},
    "mappings.whole": {"mappings", "mappings.resources"},
    "adapter": {"adapter.opinion"},      # adapter.typed
    "adapter.opinion": {"adapter.wire", "adapter.conformance"},
    "adapter.wire": set(),
    "adapter.rows": {"adapter.wire"},      # an export's files: they know nothing of records
    "adapter.records": {"mappings", "mappings.resources", "mappings.whole", "adapter.wire", "adapter.rows"},
    "adapter.bundle": {"mappings", "mappings.resources", "mappings.whole", "adapter.wire"},
    "adapter.synth": {"mappings", "mappings.resources", "mappings.whole", "adapter.wire", "adapter.rows", "adapter.records"},
    "adapter.conformance": {"mappings", "adapter.wire"},      # it sees a dict and the definitions: nothing of shapes, records, bundles
    "adapter.docs": {"mappings", "mappings.resources", "mappings.whole", "adapter.conformance"},
    "adapter.sandbox": {"adapter.wire"},      # a hospital of its own: it must not judge our bundles by our own code
    "adapter.hospital": set(),      # somebody else's system, in the demo
    "adapter.examples": set(),      # a vendor's own functions, beside its layout
    "adapter.delivery": PURE | {"adapter.conformance"},
    "adapter.returns": PURE | {"adapter.delivery"},
    "adapter.edge": PURE | {"adapter.rows", "adapter.synth", "adapter.docs", "adapter.sandbox", "adapter.hospital", "adapter.conformance",
                            "adapter.opinion", "adapter.delivery", "adapter.returns"},
}
PARTS = {
    "adapter.cli": "adapter.edge", "adapter.commands": "adapter.edge", "adapter.demo": "adapter.edge",
    "adapter.second_opinion": "adapter.opinion",
    "adapter.scan": "adapter.wire", "adapter.faults": "adapter.wire", "adapter.fhir_xml": "adapter.wire",
}
THIRD_PARTY = {
    "adapter": {"fhir_core"},      # the name of a type
    "adapter.wire": {"msgspec", "lxml"},
    "adapter.rows": {"lxml"},
    "adapter.records": {"msgspec", "lxml"},
    "adapter.synth": {"msgspec"},
    "adapter.conformance": {"jsonschema_rs", "lxml", "msgspec"},
    "adapter.sandbox": {"fastapi", "starlette", "uvicorn"},
    "adapter.hospital": {"httpx"},
    "adapter.delivery": {"alembic", "cryptography", "dbos", "httpx", "jwt", "pydantic", "pydantic_core", "pydantic_settings", "sqlalchemy",
                         "tenacity"},
    "adapter.returns": {"httpx", "tenacity"},
    "adapter.opinion": {"fhir", "fhir_core", "pydantic"},      # an extra: nobody has to have it
    "adapter.edge": {"httpx", "msgspec", "rich", "typer", "uvicorn"},
}
OUTSIDE = {"asyncio", "ftplib", "http", "logging", "multiprocessing", "os", "random", "secrets", "select", "shutil", "signal", "smtplib",
           "socket", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "webbrowser"}


def layer(module: str) -> str | None:
    """Where a module stands on the drawing; None for one that is not ours, or is not drawn."""
    package, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if package == "mappings":
        return "mappings.resources" if first in RESOURCES else "mappings.whole" if first in WHOLE else "mappings"
    name = "adapter.rows" if f"{module}.".startswith("adapter.records.rows.") else f"{package}.{first}" if first else package
    return PARTS.get(name, name) if PARTS.get(name, name) in ARROWS else None


def imported(source: str) -> Iterator[str]:
    """Every module that a source imports, wherever in it (a function may hide one)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)      # relative ones become None.…, which nothing allows


def complaints(module: str, source: str) -> list[str]:
    """Each import of a module that goes against an arrow."""
    here = layer(module)
    if here is None:
        return [f"{module} is not on the drawing: place it in docs/design.md and here"]
    return [f"{module} imports {other}" for other in imported(source) if not allowed(module, here, other)]


def allowed(module: str, here: str, other: str) -> bool:
    package = other.partition(".")[0]
    if package in ("mappings", "adapter"):
        there = layer(other)
        return there in ARROWS[here] or (there == here and (here != "mappings.resources" or other == module))
    if package in sys.stdlib_module_names:
        return here not in CLOSED or not any(f"{other}.".startswith(f"{name}.") for name in OUTSIDE)
    return package in THIRD_PARTY.get(here, ())


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("mappings", "adapter"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_go_one_way(module: str, path: Path) -> None:
    assert complaints(module, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("module", "line"), [
    ("mappings.patient", "import msgspec"),
    ("mappings.patient", "from adapter import wire"),
    ("mappings.patient", "from mappings.encounter import Stay"),
    ("mappings.patient", "from mappings import catalogue"),
    ("mappings.shape", "from mappings.patient import patient"),
    ("mappings.values", "import socket"),
    ("adapter.wire", "import os.path"),
    ("adapter.bundle", "def send():\n    import httpx"),
    ("adapter.bundle", "from adapter.delivery import client"),
    ("adapter.records.native", "from urllib.request import urlopen"),
    ("adapter.records.native", "import sqlite3"),
    ("adapter.records.rows.index", "from adapter.records.native import Format"),
    ("adapter.conformance.checker", "from adapter.bundle import collection"),
    ("adapter.conformance.checker", "from mappings.patient import patient"),
    ("adapter.conformance.checker", "import socket"),
    ("adapter.sandbox.store", "from adapter.bundle import transaction"),
    ("adapter.delivery.client", "from adapter.returns import pull"),
    ("adapter.returns.pull", "import typer"),
    ("adapter.cli", "import requests"),
    ("adapter.elsewhere", ""),
])
def test_a_wrong_arrow_is_seen(module: str, line: str) -> None:
    assert len(complaints(module, line)) == 1


@pytest.mark.parametrize(("module", "line"), [
    ("mappings.patient", "from dataclasses import dataclass\nfrom mappings.shape import Shape, f\nfrom mappings import systems"),
    ("mappings.bag", "from mappings.patient import Resident"),
    ("adapter.bundle", "from mappings.catalogue import SHAPES\nfrom adapter.wire import dumps\nimport uuid"),
    ("adapter.returns.pull", "import httpx\nfrom adapter.delivery.client import Client"),
    ("adapter.cli", "import typer\nfrom adapter import demo\nfrom adapter.returns import pull"),
])
def test_a_right_arrow_is_let_through(module: str, line: str) -> None:
    assert complaints(module, line) == []
