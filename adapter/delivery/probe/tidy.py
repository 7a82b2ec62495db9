"""What was made for a probe is removed, and looked for. Nothing is removed that does not carry the identifier of this run."""
from __future__ import annotations

from dataclasses import dataclass, field

from adapter.delivery.answer import Answer, ClientError
from adapter.delivery.probe.asking import Asker, said
from adapter.delivery.probe.person import Person, kinds
from adapter.delivery.probe.reading import answered, found
from adapter.delivery.probe.row import How, Row

REQUESTS, SECONDS = 400, 120.0
ROUNDS = 4  # what is referred to goes when what refers to it has gone
GONE = (404, 410)
QUESTION = "Is everything removed that was made?"
ASKED = "DELETE of each, GET of each, and a search of each type for the identifier of this run"


@dataclass
class Tidy:
    asker: Asker
    person: Person
    removed: int = 0
    why: str = ""
    remain: list[str] = field(default_factory=list)

    async def row(self) -> Row:
        """Raises nothing that a server can cause. `came` names the address of whatever may still be there."""
        self.asker.begin(REQUESTS, SECONDS)
        left = [*dict.fromkeys([*reversed(self.asker.made), *await self._searched()])]
        for _ in range(ROUNDS):
            left = [target for target in left if not await self._is_gone(target)]
            if not left:
                left = await self._searched()
            if not left:
                break
        self.remain = left
        if left:
            where = ", ".join(f"{self.asker.client.base}{target}" for target in left)
            came = f"{self.removed} removed; these may still be there ({self.why or 'refused'}): {where}"
            return Row("removed", QUESTION, ASKED, came, "ask its owner to remove them", How.NO)
        return Row("removed", QUESTION, ASKED, f"{self.removed} removed, and all are gone", "of ours only its history tells", How.YES)

    async def _is_gone(self, target: str) -> bool:
        there = await answered(self.asker, target)
        if isinstance(there, Answer) and there.status in GONE:
            return True
        if isinstance(there, ClientError) or not there.ok or not there.resource:
            self.why = said(there)  # it is not known whose that is
            return False
        if not self.person.carries(there.resource):
            return True  # somebody else's: a server led us to it, and it is left alone
        try:
            answer = await self.asker.delete(target)
        except ClientError as error:
            self.why = said(error)
            return False
        if not answer.ok:
            self.why = said(answer)
            return False
        self.removed += 1
        after = await answered(self.asker, target)
        return isinstance(after, Answer) and after.status in GONE

    async def _searched(self) -> list[str]:
        """Also what a write made that was not heard of. The last kinds refer to the first, and go first."""
        every = list[str]()
        for kind in reversed(list(kinds())):
            page = await answered(self.asker, kind, [("identifier", self.person.everything), ("_count", "100")])
            resources = found(page, kind) if isinstance(page, Answer) and page.ok else []
            every += [f"{kind}/{each.get('id')}" for each in resources if self.person.carries(each)]
        return every
