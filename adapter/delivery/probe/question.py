"""A question that is asked by writing, as a row of a table; and what came of it."""
from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from adapter.delivery.answer import ClientError
from adapter.delivery.probe.asking import Asker, said
from adapter.delivery.probe.person import Person
from adapter.delivery.probe.row import How, Row


class Came(NamedTuple):
    came: str
    means: str
    how: How
    number: int | None = None


class Question(NamedTuple):
    """`name`, `question` and `asked` as a Row has them; `ask` may raise ClientError."""

    name: str
    question: str
    asked: str
    ask: Callable[[Asker, Person], Awaitable[Came]]

    async def row(self, asker: Asker, person: Person) -> Row:
        try:
            came = await self.ask(asker, person)
        except ClientError as error:
            came = Came(said(error), "it is not known", How.UNKNOWN)
        return Row(self.name, self.question, self.asked, *came)


def either(good: bool, came: str, yes: str, no: str, otherwise: How = How.NO) -> Came:
    return Came(came, yes if good else no, How.YES if good else otherwise)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def at(there: Any, *path: str | int) -> Any:
    """What stands there, whatever a server makes of it; None: nothing."""
    value = there
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
