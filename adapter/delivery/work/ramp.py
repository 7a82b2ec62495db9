"""How many deliveries may be under way to an endpoint at once: a server that comes back is not run over by what waited. Pure."""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Ramp:
    """One at first and after an outage, one more for every answer, up to `most`.

    >>> Ramp(3).limit, Ramp(3).answered().limit, Ramp(3).answered().answered().answered().limit, Ramp(3).answered().outage().limit
    (1, 2, 3, 1)
    """

    most: int
    limit: int = 1

    def answered(self) -> Self:
        return self if self.limit == self.most else replace(self, limit=min(self.most, self.limit + 1))

    def outage(self) -> Self:
        return replace(self, limit=1)
