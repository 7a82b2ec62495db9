"""HL7's engine on profiles made for it (tests/judged): it says again what it is kept to have said.

REDBAG_JUDGE_AGAIN=new or 1 keeps what it says now.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.judged import verdicts
from tests.judged.cases import Case, cases
from tests.judged.profiles import packed
from tests.mutants.verdicts import content
from tests.real.conftest import _or_say
from tests.real.engine import Engine, asking
from tests.real.parts import missing, running


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """With the package of these profiles, and no UK Core."""
    _or_say(missing())
    package: Path = tmp_path_factory.mktemp("judged") / "judged-profiles.tgz"
    package.write_bytes(packed())
    with running("validator", package) as url, asking(url) as engine:
        yield engine


def test_what_it_said_it_says_again(engine: Engine) -> None:
    said: dict[str, tuple[Case, verdicts.Errors]] = {
        case.name: (case, engine.judge(content(case.resource), case.profiles).errors) for case in cases()}
    if os.environ.get("REDBAG_JUDGE_AGAIN"):
        verdicts.keep(engine.who()["engine"], said)
    assert engine.who()["engine"] == verdicts.judge()
    known = verdicts.kept()
    assert [name for name, (case, errors) in said.items() if known.get(verdicts.asked(case)) != errors] == []
