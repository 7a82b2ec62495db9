"""Patient/7/$everything: the patient, all that refers to her as patient or subject, and what those refer to.

Paged like a search: she and what refers to her are the matches, what those refer to comes along with each page.
Source: FHIR R4 "Patient", operation $everything; of its parameters only _count is understood.
"""

from __future__ import annotations

from adapter.sandbox.call import Answer, Call, Context
from adapter.sandbox.interactions import present
from adapter.sandbox.outcome import Refusal
from adapter.sandbox.pages import Link, Snapshot
from adapter.sandbox.parameters import references
from adapter.sandbox.search import first_page, following_page, parse

ABOUT_HER = tuple(references("*", "patient") + references("*", "subject"))
ANYTHING = Link(tuple(references("*")), "")


def everything(context: Context, call: Call) -> Answer:
    if any(key == "_page" for key, _ in call.parameters):
        return following_page(context, call.path, call.parameters)
    if any(key != "_count" for key, _ in call.parameters):
        raise Refusal(400, "not-supported", "$everything takes _count here and nothing else")
    patient = present(context.tx.current("Patient", call.id))
    count = parse(context, "Patient", call.parameters).count
    numbers = (patient.number, *sorted(context.tx.referring((patient.number,), ABOUT_HER, "Patient")))
    return first_page(context, Snapshot(call.path, numbers, max(1, count), include=(ANYTHING,)), f"{context.base}/{call.path}")
