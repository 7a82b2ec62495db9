"""What a worker tells while it is at work."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapter.delivery.dialects.decision import Decision
from adapter.delivery.store.model import Claimed


class News:
    """Nobody listens. Whoever does overrides these; they raise nothing. The same may be told twice. `now` in seconds since 1970."""

    def settled(self, claimed: Claimed, decision: Decision, where: Mapping[str, str]) -> None:
        """What an attempt came to, as it was written down. `where`: of its payload, the rows as the vendor has them."""

    def trouble(self, endpoint: str, says: Sequence[str], now: float) -> None:
        """It is left alone, for so many failures in a row or for so long that somebody should know."""

    def well(self, endpoint: str, now: float) -> None:
        """It is not left alone."""
