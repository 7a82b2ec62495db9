"""A trial on a SQLite file, before the sandbox hospital."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.durable.parts import proxy, sandbox
from tests.durable.trial import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with sandbox(tmp_path) as server, proxy(server, tmp_path) as proxied, \
            closing(Trial(tmp_path, str(tmp_path / "redbag.db"), server, proxied)) as made:
        yield made
