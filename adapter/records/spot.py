"""Where we are in a record while it is read, and all that was found wrong with it so far."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapter.scan import Steps
from mappings.faults import BadValue


class Wrong(NamedTuple):
    """A fault whose place in the text is not looked up yet."""

    rule: str
    says: str
    path: str
    steps: Steps


@dataclass(frozen=True)
class Spot:
    """`path` is for people, `steps` are the ordinals by which scan.py finds the place again; `wrong` is shared by all spots of a record."""

    path: str = ""
    steps: Steps = ()
    wrong: list[Wrong] = field(default_factory=list)

    def member(self, name: str, ordinal: int) -> Spot:
        return Spot(self._under(name), (*self.steps, ordinal), self.wrong)

    def element(self, index: int) -> Spot:
        return Spot(f"{self.path}[{index}]", (*self.steps, index), self.wrong)

    def no(self, rule: str, says: str) -> None:
        self.wrong.append(Wrong(rule, says, self.path, self.steps))

    def lacks(self, name: str, says: str) -> None:
        """A member that is not there: its path, and the place where it should be."""
        self.wrong.append(Wrong("missing", says, self._under(name), self.steps))

    def unknown(self, ordinal: int, says: str) -> None:
        """A member that should not be there: its place, and the path of what it is in, for its name is not ours to repeat."""
        self.wrong.append(Wrong("unknown-field", says, self.path, (*self.steps, ordinal)))

    def approved(self, check: Callable[[Any], Any] | None, value: Any) -> Any:
        """What a check makes of a value; a BadValue it raises is noted."""
        try:
            return check(value) if check else value
        except BadValue as bad:
            self.no("bad-value", str(bad))
            return None

    def _under(self, name: str) -> str:
        return f"{self.path}.{name}".lstrip(".")
