"""What all tests share: somebody at the desk; and how Hypothesis is used here: the same examples in every run, so that a red test is red
for everybody, and no clock decides.

To look for new ones: make test and then build/venv/bin/pytest --hypothesis-profile=default.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.at_the_desk import Desk

settings.register_profile("steady", derandomize=True, database=None, deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
settings.load_profile("steady")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    """With a hospital, and a network on the way there that may go wrong."""
    from tests.at_the_desk import desk  # only for those who ask: it brings the whole command line

    with desk(tmp_path) as here:
        yield here


@pytest.fixture
def quiet(tmp_path: Path) -> Desk:
    """Where nothing is sent."""
    from tests.at_the_desk import alone

    return alone(tmp_path)
