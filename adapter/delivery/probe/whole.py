"""The last question: does a whole record of ours go in as we propose to send it, and is it there as it was?"""
from __future__ import annotations

from dataclasses import replace

from adapter.bundle import Part, Policy, transaction
from adapter.delivery.comparing import differences
from adapter.delivery.loads import Sending
from adapter.delivery.probe.asking import Asker
from adapter.delivery.probe.person import Person, tagged
from adapter.delivery.probe.question import Came, Question, either
from adapter.delivery.sent import Options, Sent, told
from adapter.delivery.writing import write

POLICY = Policy("upsert")


def whole(sending: Sending) -> Question:
    async def ask(asker: Asker, person: Person) -> Came:
        parts = [_tagged(part, person) for part in transaction(person.record(), POLICY)]
        asker.made |= {row.target: None for part in parts for row in part.rows if row.target}
        sent = [await _sent(asker, parts, sending) for _ in range(2)]
        became = [[row.became for row in each.rows] for each in sent]
        good = bool(became[0]) and set(became[0]) <= {"created", "updated"} and set(became[1]) == {"unchanged"}  # some say 200 for 201
        came = "; then ".join(_counted(each) for each in sent)
        return either(good, came, f"`sending = \"{sending}\"` works", "look at what is said above: it does not work so, or not twice")

    return Question("whole", "Does a whole record of ours go in, and is the same found unchanged?",
                    f"a resident with a row of every kind, sent twice as \"{sending}\"", ask)


async def _sent(asker: Asker, parts: list[Part], sending: Sending) -> Sent:
    options = Options(sending=sending, seconds=60.0)

    async def once() -> tuple[Sent, bool]:
        return await write(asker.client, parts, await differences(asker.client, parts), (), options)

    return await told(asker.client, once, options.seconds)


def _tagged(part: Part, person: Person) -> Part:
    entries = [{**entry, "resource": tagged(entry["resource"], person.run)} for entry in part.bundle["entry"]]
    return replace(part, bundle={**part.bundle, "entry": entries})


def _counted(sent: Sent) -> str:
    became = [row.became for row in sent.rows]
    counts = ", ".join(f"{became.count(what)} {what}" for what in dict.fromkeys(became))
    return counts or (sent.sentences[0] if sent.sentences else sent.verdict.value)
