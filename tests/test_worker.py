"""A worker at work, told as stories: a real store, a hospital on the loopback that answers by script."""
from __future__ import annotations

from pathlib import Path

from tests.at_work import Home


def test_everything_is_sent_in_the_order_of_each_resident(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept(*(f"{who} {number}" for number in range(5) for who in ("Mary", "Ida", "Tom")))
        summary = home.works()
        assert (summary.delivered, summary.dead, summary.waits) == (15, 0, None)
        assert home.lanes() == {who: [f"{who} {number}" for number in range(5)] for who in ("Mary", "Ida", "Tom")}
