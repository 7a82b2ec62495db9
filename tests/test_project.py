"""The locks say what pyproject.toml asks for, in every one the same, and what is imported is asked for."""
from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN: list[str] = PROJECT["project"]["dependencies"]
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
BY_OTHERS = {"starlette", "pydantic", "pydantic-core", "fhir-core"}      # fastapi's and fhir.resources' own vocabulary comes with them
CALLED = {"jwt": "pyjwt", "fhir": "fhir.resources"}      # what is asked for under another name than it is imported by


def locked(name: str) -> dict[str, set[str]]:
    """The versions that a lock has of each package (more than one where Pythons differ)."""
    text, versions = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8"), dict[str, set[str]]()
    for package, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE):
        versions.setdefault(package, set()).add(version)
    return versions


@pytest.mark.parametrize(("lock", "asked"), [
    ("run", RUN), ("dev", RUN + GROUPS["dev"]), ("build", GROUPS["build"]), ("real", GROUPS["real"])])
def test_a_lock_has_what_is_asked_for(lock: str, asked: list[str]) -> None:
    have = locked(lock)
    wanting = [line for line in asked if not (found := have.get(canonicalize_name(Requirement(line).name)))
               or not all(version in Requirement(line).specifier for version in found)]
    assert wanting == [], "run: make lock"


def test_tests_run_on_the_very_versions_that_users_get() -> None:
    run, dev = locked("run"), locked("dev")
    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


@pytest.mark.parametrize("lock", ["run", "dev", "build", "real"])
def test_every_file_is_locked_by_hash_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    requirements = re.split(r"\n(?=[\w.-]+==)", text)[1:]
    assert requirements
    assert all("--hash=sha256:" in requirement for requirement in requirements)
    assert "://" not in text


def test_what_is_imported_is_asked_for() -> None:
    extras = [line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines]
    asked = {canonicalize_name(Requirement(line).name) for line in RUN + extras}
    imported = {name for path in (ROOT / "adapter").rglob("*.py") for name in third_party(path.read_text(encoding="utf-8"))}
    assert {canonicalize_name(CALLED.get(name, name)) for name in imported} - asked <= BY_OTHERS


def third_party(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"adapter", "mappings"}
