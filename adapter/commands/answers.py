"""docs/answers.md: what a server's answer means for a delivery, printed from the tables that decide it. Pure."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.delivery import answer
from adapter.delivery.dialects.bars import ANSWERS as BARS
from adapter.delivery.dialects.fhir import ANSWERS as FHIR
from adapter.delivery.dialects.no_answer import NO_ANSWER
from adapter.delivery.dialects.table import Rule, Wait
from adapter.docs.markdown import table

HEAD = """<!-- Printed from adapter/delivery/dialects by `redbag docs`: change the tables, not this page. -->
# What a server's answer means

For hospital integration teams: what is made of whatever your server says, or does not say. From top to bottom the first row that fits is
the one. Only what is listed here is looked at: the status, the codes of FHIR's own lists, the numbers of HAPI's messages, and whether NHS
England's platform says that a quota is used up. A server's own words are never repeated, for they may hold a patient's values.

- **sent** is a bundle of several entries, one resource (or a message), or nothing (a question). **of** the whole request, or one entry of a
  transaction's or a batch's answer; the gravest entry decides: not known, then for a person, then refused, then later.
- **token** is fresh where it was made for this request, or there is none to be had. **if-match**: did some entry name the version it
  expects? **echoed**: were X-Request-ID and X-Correlation-ID repeated? **ask** here: Content-Location says where to ask later.
- **status** 4xx is each that begins with 4; none, where an entry has none. **issue**, **severity** and **details** are those of the
  OperationOutcome (`details.coding.code`); **outcome** says whether there is one.
- What concerns **this endpoint** never makes a delivery dead, whatever else it means: it waits until that passes or is repaired.
- What may have been taken is sent again in a way that does no harm; what could not be sent twice without harm is for a person.
- `Retry-After` is followed wherever something is tried again, up to an hour at a time. Without it: by back-off with jitter, or as said.
"""
COLUMNS = ("When", "Means", "At once", "Concerns", "Says")


def page() -> str:
    parts = (("No answer", "In every dialect. The error's own sentence comes first.", NO_ANSWER),
             ("FHIR servers", "`dialect = \"fhir\"`: transactions, batches, single resources.", FHIR),
             ("BaRS", "`dialect = \"bars\"`: NHS England's Booking and Referral Standard, messages to `$process-message`.", BARS))
    body = [line for title, about, rules in parts for line in (f"## {title}", "", about, "", *table(COLUMNS, [_cells(r) for r in rules]))]
    return "\n".join([HEAD, *body]).rstrip() + "\n"


def _cells(rule: Rule) -> Sequence[str]:
    when = ", ".join(_sign(*word.split("=")) for word in rule.when.split())
    wait = "" if rule.wait is Wait.BACK_OFF else f" ({rule.wait.value})"
    return when or "anything else", rule.means.value + wait, rule.do.value, rule.whom.value, rule.says


def _sign(name: str, value: str) -> str:
    """`status=409|412` as "status 409 or 412"; of an error what it says of itself."""
    if name != "raised":
        return f"{name} {value.replace('|', ' or ')}"
    return " / ".join((getattr(answer, kind).__doc__ or "").partition(". ")[0].rstrip(".") for kind in value.split("|"))
