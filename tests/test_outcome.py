"""A server's answer to a bundle, as a verdict and as sentences: tables of answers that real servers give."""
from __future__ import annotations

import doctest
from typing import Any

import pytest

from adapter.bundle import Row
from adapter.delivery import address, fields, retry
from adapter.delivery.answer import (
    Ambiguous,
    Answer,
    AnsweredByAnother,
    BadAnswer,
    ConnectionRefused,
    CutOff,
    NoAnswer,
    NotFhir,
    NotLetIn,
    NoToken,
    PagingProblem,
    RedirectRefused,
    TlsFailed,
    Unreachable,
    Unwritable,
)
from adapter.delivery.dialects.decision import Means
from adapter.delivery.outcome import OF_VERDICT, Outcome, Verdict, judge, status_says, verdict_of, without_answer

CANARY = "Zephaniah-9990000018"
ROWS = (
    Row("resident", "Patient", "Patient/p"),
    Row("stays[0]", "Encounter", "Encounter/e"),
    Row("medicines[0]", "MedicationStatement", "MedicationStatement/m0"),
    Row("medicines[1]", "MedicationStatement", "MedicationStatement/m1"),
)


def said(*entries: Any, kind: str = "transaction-response", **more: Any) -> Outcome:
    return refused(200, {"resourceType": "Bundle", "type": kind, "entry": list(entries)}, **more)


def entry(status: Any = "200 OK", where: str | None = None, etag: str | None = None, **more: Any) -> dict[str, Any]:
    return {"response": {k: v for k, v in {"status": status, "location": where, "etag": etag, **more}.items() if v is not None}}


def issue(code: Any = "processing", severity: Any = "error", **more: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, **more}]}


def refused(status: int, resource: Any = None, **more: Any) -> Outcome:
    return judge(Answer(status, "POST https://h.example/fhir", "id", resource), ROWS, **more)


@pytest.mark.parametrize("module", [address, fields, retry])
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


# ---- answers of success --------------------------------------------------------------------------------------------------
def test_hapi_and_medplum_say_the_same_in_two_ways() -> None:
    hapi = said(entry("201 Created", "Patient/p/_history/1", "1"), entry("200 OK", "Encounter/e/_history/3", "3"),
                entry("200 OK", "MedicationStatement/m0/_history/1", "1"), entry("201 Created", "MedicationStatement/m1/_history/1", "1"))
    medplum = said(entry("201", "Patient/p", 'W/"1"'), entry("200", "https://h.example/fhir/Encounter/e", 'W/"3"'),
                   entry("200", "MedicationStatement/m0", 'W/"1"'), entry("201", "MedicationStatement/m1", 'W/"1"'))
    assert hapi == medplum
    assert hapi.verdict is Verdict.DELIVERED
    assert [(r.row.name, r.status, r.target, r.version) for r in hapi.rows] == [
        ("resident", 201, "Patient/p", "1"), ("stays[0]", 200, "Encounter/e", "3"),
        ("medicines[0]", 200, "MedicationStatement/m0", "1"), ("medicines[1]", 201, "MedicationStatement/m1", "1")]
    assert hapi.sentences == ()


def test_fewer_entries_than_sent_are_told_apart_by_where_they_went() -> None:
    found = said(entry("201", "MedicationStatement/m1/_history/1"), entry("200", "Patient/p/_history/2"),
                 entry("200", "Encounter/e/_history/1"))
    assert [r.status for r in found.rows] == [200, 200, None, 201]
    assert found.verdict is Verdict.UNKNOWN
    assert found.sentences == ("medicines[0]: the server does not say what became of it: look at the server",)


@pytest.mark.parametrize(("status", "verdict"), [
    ("422", Verdict.REFUSED), ("404 Not Found", Verdict.REFUSED), ("429", Verdict.LATER), ("500", Verdict.UNKNOWN), ("", Verdict.UNKNOWN),
    (None, Verdict.UNKNOWN), ("ok", Verdict.UNKNOWN), (7, Verdict.UNKNOWN), ("304", Verdict.UNKNOWN), ("²00", Verdict.UNKNOWN)])
def test_one_bad_status_inside_a_200_is_not_delivered(status: Any, verdict: Verdict) -> None:
    for kind in ("transaction-response", "batch-response"):
        found = said(entry(), entry(), entry(status), entry(), kind=kind)
        assert found.verdict is verdict
        assert len(found.sentences) == 1
        assert found.sentences[0].startswith("medicines[0]: ")


def test_the_gravest_row_decides() -> None:
    assert said(entry("429"), entry("422"), entry(), entry()).verdict is Verdict.REFUSED
    assert said(entry("429"), entry("422"), entry("500"), entry()).verdict is Verdict.UNKNOWN


def test_a_row_that_went_somewhere_else_is_said() -> None:
    found = said(entry("200", "Patient/p/_history/1"), entry("200", "Encounter/other/_history/1"), entry(), entry())
    assert found.sentences == ("stays[0]: the server answers for another resource than the one sent: look at the server",)


@pytest.mark.parametrize("resource", [
    None, {}, {"resourceType": "Bundle", "type": "searchset"}, issue(), {"resourceType": "Bundle", "type": "transaction"}])
def test_success_without_saying_what_became_of_it_is_unknown(resource: Any) -> None:
    found = refused(200, resource)
    assert found.verdict is Verdict.UNKNOWN
    assert "does not say what became" in found.sentences[0]


def test_a_warning_inside_an_entry_names_row_and_field() -> None:
    outcome_of_entry = issue("code-invalid", "warning", expression=["MedicationStatement.dosage[1].route"])
    found = said(entry(), entry(), entry(), entry("201", outcome=outcome_of_entry))
    assert found.verdict is Verdict.DELIVERED
    assert found.sentences == ("medicines[1], field doses[1].route: warning: a code is not known or not allowed [code-invalid]",)


# ---- refusals --------------------------------------------------------------------------------------------------------------
REFUSALS = {
    400: (Verdict.REFUSED, "stands before the server"), 401: (Verdict.REFUSED, "check the credentials"),
    403: (Verdict.REFUSED, "stands before the server"),
    404: (Verdict.REFUSED, "check the address"), 409: (Verdict.LATER, "send again"), 412: (Verdict.LATER, "a person must look"),
    413: (Verdict.REFUSED, "smaller parts"), 422: (Verdict.REFUSED, "rules refuse"), 429: (Verdict.LATER, "send again later"),
    418: (Verdict.REFUSED, "refuses"), 500: (Verdict.UNKNOWN, "may or may not"), 502: (Verdict.UNKNOWN, "may or may not"),
    503: (Verdict.LATER, "send again later"), 504: (Verdict.UNKNOWN, "may or may not"), 304: (Verdict.UNKNOWN, "look at the server"),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_status_says_what_it_means_and_what_to_do(status: int) -> None:
    verdict, says = REFUSALS[status]
    found = refused(status)
    assert found.verdict is verdict
    assert found.rows == ()
    assert len(found.sentences) == 1
    assert says in found.sentences[0]
    assert found.sentences[0].startswith(f"POST https://h.example/fhir: {status}: ")


def test_how_long_to_wait_is_handed_on() -> None:
    found = judge(Answer(429, "POST x", "id", None, None, 30.0), ROWS)
    assert found.retry_after == 30.0
    assert "(in 30 s)" in found.sentences[0]


PLACES = {  # what a server points at -> the record's row and field
    "Bundle.entry[2].resource.dosage[0].text": "medicines[0], field doses[0].text",
    "Bundle.entry[2].resource.ofType(MedicationStatement).dosage[0].text": "medicines[0], field doses[0].text",
    "Bundle.entry[3].resource.medication.ofType(CodeableConcept).coding[0].code": "medicines[1], field drug",
    "Bundle.entry[1].resource.period.start": "stays[0], field period",
    "Bundle.entry[0].resource.birthDate": "resident, field birth_date",
    "Bundle.entry[0]": "resident",
    "Bundle.entry[0].resource": "resident",
    "Bundle.entry[2].resource.unheardOf": "medicines[0]",
    "Bundle.entry[4].resource.birthDate": "the bundle",
    "Bundle.type": "the bundle",
    f"{CANARY}": "the bundle",
    "/f:Bundle/f:entry[2]": "the bundle",  # XPath counts from one: not trusted
}


@pytest.mark.parametrize("path", PLACES)
def test_where_the_server_points_becomes_row_and_field(path: str) -> None:
    for key in ("expression", "location"):
        found = refused(422, issue("value", **{key: [path]}))
        assert found.sentences[1] == f"{PLACES[path]}: error: a value is not allowed [value]"


HAPI_SAYS = {
    "HAPI-1094: Resource MedicationRequest/1 not found": "[processing, HAPI-1094]",
    "HAPI-0989: stale": "changed since we looked", "HAPI-0958: Multiple": "more than one resource matches",
    "HAPI-1821: [element=\"status\"]": "a code or a date is not one that FHIR allows",
    "HAPI-9999: new": "it could not be processed [processing, HAPI-9999]", "something else": "it could not be processed [processing]"}


@pytest.mark.parametrize("diagnostics", HAPI_SAYS)
def test_hapis_numbers_are_known_and_shown(diagnostics: str) -> None:
    assert HAPI_SAYS[diagnostics] in refused(400, issue(diagnostics=f"{diagnostics} {CANARY}")).sentences[1]


ODD_ISSUES: list[Any] = [
    {"issue": [{"severity": CANARY, "code": CANARY, "diagnostics": CANARY, "details": {"text": CANARY, "coding": [{"code": CANARY}]}}]},
    {"issue": [{"code": 404, "expression": [CANARY, 7, None], "location": [CANARY], "details": CANARY}]},
    {"issue": [{"code": ["value"]}, CANARY, None]}, {"issue": CANARY}, {"issue": {"code": CANARY}}, {}, {"text": {"div": CANARY}},
    {"issue": [{"severity": [], "code": {}, "expression": 5, "location": True, "diagnostics": CANARY}]},
    {"issue": [{"severity": "error", "code": "value", "expression": [f"Bundle.entry[{'9' * 5000}]", 7], "diagnostics": CANARY}]},
    {"issue": [{"severity": "error", "code": "value", "expression": CANARY, "diagnostics": f"HAPI-{CANARY}"}]},
]


@pytest.mark.parametrize("odd", ODD_ISSUES)
@pytest.mark.parametrize("status", [200, 422])
def test_the_servers_own_words_are_never_repeated_however_odd(odd: dict[str, Any], status: int) -> None:
    resource = {"resourceType": "OperationOutcome", **odd}
    found = [*refused(status, resource).sentences, *said(*[entry("422", outcome=resource)] * 4).sentences]
    assert not any(CANARY in s or "Zephaniah" in s for s in found)


def test_the_servers_own_words_are_shown_to_who_asks() -> None:
    resource = issue("value", details={"text": f"bad\n{CANARY}"}, diagnostics="HAPI-1821: x")
    assert refused(422, resource, show_server_text=True).sentences[1].endswith(f'; the server\'s words: "bad {CANARY} / HAPI-1821: x"')


ODD_ENTRIES: list[Any] = [None, 3, {}, {"response": None}, {"response": {"status": None, "location": 7, "etag": 7}},
                          {"response": {"status": {}, "outcome": 1}}]


@pytest.mark.parametrize("odd", ODD_ENTRIES)
def test_an_answer_of_any_shape_is_judged_and_never_breaks(odd: Any) -> None:
    for entries in ([odd], [odd] * 4, [odd] * 9):
        assert said(*entries).verdict is Verdict.UNKNOWN


# ---- one truth with the dialect's table --------------------------------------------------------------------------------------
def test_a_412_where_no_version_was_named_is_for_a_person() -> None:
    assert (refused(412, if_match=False).verdict, refused(412, if_match=False).clash) == (Verdict.PERSON, False)
    assert said(entry(), entry(), entry("412"), entry(), if_match=False).verdict is Verdict.PERSON


@pytest.mark.parametrize(("status", "resource", "clash"), [
    (409, None, True), (412, None, True), (409, issue(diagnostics="HAPI-0989: x"), True), (409, issue(diagnostics="HAPI-0550: x"), True),
    (412, issue(diagnostics="HAPI-0958: x"), False), (409, issue("duplicate"), False), (200, None, False), (500, None, False),
    (429, None, False), (422, None, False)])
def test_what_is_worth_comparing_again_at_once_is_known(status: int, resource: Any, clash: bool) -> None:
    assert refused(status, resource).clash is clash


VERDICTS = [
    (Means.DELIVERED, False, Verdict.DELIVERED), (Means.RETRY, False, Verdict.LATER), (Means.AMBIGUOUS, False, Verdict.UNKNOWN),
    (Means.DEAD, False, Verdict.REFUSED), (Means.PERSON, False, Verdict.PERSON), (Means.RETRY, True, Verdict.REFUSED),
    (Means.AMBIGUOUS, True, Verdict.UNKNOWN)]


@pytest.mark.parametrize(("means", "mend", "verdict"), VERDICTS)
def test_what_it_means_is_a_verdict_and_back(means: Means, mend: bool, verdict: Verdict) -> None:
    assert verdict_of(means, mend=mend) is verdict
    assert mend or OF_VERDICT[verdict] is means


@pytest.mark.parametrize(("error", "verdict", "for_all"), [
    (Unreachable(""), Verdict.LATER, False), (ConnectionRefused(""), Verdict.LATER, False), (TlsFailed(""), Verdict.REFUSED, True),
    (NotLetIn(""), Verdict.REFUSED, True), (NoToken(""), Verdict.LATER, False), (NotFhir(""), Verdict.REFUSED, True),
    (RedirectRefused(""), Verdict.REFUSED, True), (Ambiguous(""), Verdict.UNKNOWN, False), (AnsweredByAnother(""), Verdict.UNKNOWN, True),
    (NoAnswer(""), Verdict.LATER, False), (CutOff(""), Verdict.LATER, False), (BadAnswer(""), Verdict.REFUSED, False),
    (PagingProblem(""), Verdict.REFUSED, False), (Unwritable(""), Verdict.REFUSED, False)], ids=lambda e: type(e).__name__)
def test_without_an_answer_there_is_a_verdict_too(error: Any, verdict: Verdict, for_all: bool) -> None:
    assert without_answer(error) == (verdict, for_all)


READS = {401: (Verdict.REFUSED, True), 403: (Verdict.REFUSED, True), 404: (Verdict.REFUSED, True), 408: (Verdict.LATER, False),
         429: (Verdict.LATER, False), 500: (Verdict.LATER, False), 502: (Verdict.LATER, False), 503: (Verdict.LATER, False)}


@pytest.mark.parametrize("status", READS)
def test_a_read_that_was_refused_has_a_verdict_and_may_be_so_for_all(status: int) -> None:
    verdict, says, for_all = status_says(Answer(status, "GET https://h.example/fhir/Patient"))
    assert (verdict, for_all) == READS[status]
    assert says
