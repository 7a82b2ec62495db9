"""Nothing goes out unproven, told as tables and stories: one through each verb. Effects are counted at the server, and in the store."""
from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.commands.exits import Exit
from adapter.conformance import checker
from adapter.delivery.accepting import bundle_item, items
from adapter.delivery.dialects.decision import Means
from adapter.delivery.endpoints.config import load
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.outcome import Verdict
from adapter.delivery.proving import NO_ERROR, READING, NotProven, is_refused, proven, rule_named, unproven
from adapter.delivery.store.model import Payload
from adapter.faults import Refused
from mappings.bag import CareRecord
from mappings.systems import SNOMED_CT
from tests.at_the_desk import SEND, Desk
from tests.exports.vendors import EXAMPLES, EXPORTS
from tests.hospital import AMLODIPINE, BAG, CREATE, FUROSEMIDE, MARY, Hospital, became, medicine, with_dose
from tests.packages import element, package, profile
from tests.test_accepting import LOGICAL, UUID, bundle, put
from tests.test_carry import Ward
from tests.test_cli import REDBAG, another, lines, ndjson, redbag
from tests.test_endpoints import BASIC, faults, written
from tests.test_worker_sandbox import Sending

WRONG = "317972007"  # its check digit is another
UNREAL = medicine("m1", "Furosemide 40mg tablets", WRONG, "one each morning")
BAD = replace(BAG, medicines=(AMLODIPINE, UNREAL))
CODE = "MedicationStatement.medicationCodeableConcept.coding[0].code"
SAYS = "can be no code of SNOMED CT or dm+d: its check digit or its length is wrong"
FIX = "take the code from the terminology again; digits lost in a spreadsheet (only 15 are kept) are the usual cause"
ERROR = f"medicines[1]: error: {CODE}: {SAYS}; {FIX} [rb-sctid]"
TOLERATED = f"medicines[1]: warning: {CODE}: {SAYS}; it is tolerated, as was asked for [rb-sctid]"
TOLERATING = LOGICAL.model_copy(update={"tolerate": ("rb-sctid",)})


@pytest.fixture
def hospital_address() -> Iterator[str]:
    with subprocess.Popen([*REDBAG, "sandbox", "--port", "0"], stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr
        found = re.search(r"http://127\.0\.0\.1:\d+", run.stderr.readline())
        assert found
        yield found[0]
        run.terminate()


def said(found: Any) -> list[tuple[str, str, str, str]]:
    return [(each.row, each.finding.level.value, each.finding.path, each.finding.rule) for each in found]


# ---- the one function ------------------------------------------------------------------------------------------------------------
PATIENT = {"resourceType": "Patient", "id": UUID, "gender": "f"}
GENDER = ("a", "error", "Patient.gender", "fhir-binding")


def both(*genders: str, **more: Any) -> dict[str, Any]:
    entries = [{"fullUrl": f"https://h.example/Patient/{n}", "resource": {"resourceType": "Patient", "id": str(n), "gender": gender},
                "request": {"method": "PUT", "url": f"Patient/{n}"}} for n, gender in enumerate(genders)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries, **more}


@pytest.mark.parametrize(("resource", "tolerate", "there", "found"), [
    (both("female", "male"), (), (), []),
    (both("f", "male"), (), (), [GENDER]),
    (both("f", "m"), (), (), [GENDER, ("b", *GENDER[1:])]),
    (both("f", "m"), ("fhir-binding",), (), [("a", "warning", *GENDER[2:]), ("b", "warning", *GENDER[2:])]),
    (both("f", "m"), ("fhir-min",), (), [GENDER, ("b", *GENDER[1:])]),
    (both("f", "m"), (), (PATIENT, None), [("a", "warning", *GENDER[2:]), ("b", *GENDER[1:])]),
    (both("f", "m"), (), (None, {**PATIENT, "gender": "female"}), [GENDER, ("b", *GENDER[1:])]),
    (both("female", timestamp="today"), (), (), [("", "error", "Bundle.timestamp", "fhir-format")]),
    (PATIENT, (), (), [GENDER]),
    (PATIENT, (), (PATIENT,), [("a", "warning", *GENDER[2:])]),
    ({"resourceType": "Bundle", "type": "batch", "entry": [None]}, (), (), [("a", "error", "Bundle.entry[0]", "fhir-empty")]),
], ids=str)
def test_what_is_an_error_of_what(resource: Any, tolerate: tuple[str, ...], there: tuple[Any, ...], found: list[Any]) -> None:
    seen = unproven(resource, ["a", "b"], tolerate, there)
    assert said(seen) == found
    assert is_refused(seen) is any(level == "error" for _, level, *_ in found)
    if is_refused(unproven(resource, ["a", "b"])):
        with pytest.raises(NotProven):
            proven([(resource, ["a", "b"])])


def test_of_two_errors_of_one_kind_the_one_that_stands_there_excuses_one() -> None:
    once = {"resourceType": "Patient", "telecom": [{"system": "post", "value": "1"}]}
    twice = {**once, "telecom": [{"system": "phone", "value": "2"}, {"system": "post", "value": "1"}, {"system": "letter", "value": "3"}]}
    assert [level for _, level, *_ in said(unproven(twice, ["a"], (), [once]))] == ["warning", "error"]


def test_what_makes_no_value_known_is_the_whole_sentence() -> None:
    seen = "\n".join(map(str, unproven({**PATIENT, "birthDate": "Zzyzx", "gender": "Zzyzx"}, ["resident"])))
    assert seen.count("resident: error: Patient.") == 2
    assert "Zzyzx" not in seen


# ---- send ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sending", ["transaction", "batch", "single"])
@pytest.mark.parametrize("most", [500, 2])
def test_of_a_resident_with_one_bad_resource_nothing_is_written(sending: Any, most: int) -> None:
    """Also where it would have travelled in the last of many requests, and she is new to the server."""
    hospital = Hospital()
    sent = hospital.send(BAD, replace(CREATE, most=most), sending=sending)
    assert (sent.verdict, sent.sentences) == (Verdict.REFUSED, (ERROR,))
    assert (set(became(sent).values()), hospital.posts(), hospital.writes()) == ({"not sent"}, 0, 0)


def test_a_dry_run_says_that_it_would_be_refused() -> None:
    sent = Hospital().send(BAD, dry_run=True)
    assert sent.verdict is Verdict.REFUSED
    assert ERROR in sent.sentences
    assert set(became(sent).values()) == {"not sent"}


@pytest.mark.parametrize("sending", ["transaction", "batch", "single"])
def test_what_is_tolerated_by_name_is_sent_and_told_and_the_second_time_there_is_nothing_to_tell(sending: Any) -> None:
    hospital = Hospital()
    sent = hospital.send(BAD, sending=sending, tolerate=("rb-sctid",))
    assert (sent.verdict, sent.for_a_person, sent.sentences) == (Verdict.DELIVERED, False, (TOLERATED,))
    assert hospital.send(BAD, sending=sending).sentences == ()  # nothing is written
    assert hospital.posts() == 0


def test_what_the_hospital_wrote_goes_back_as_it_is_and_is_told() -> None:
    hospital = Hospital()
    hospital.send()
    theirs = hospital.medicine("Furosemide")
    hospital.edits(theirs, meta={**theirs["meta"], "security": [{"system": SNOMED_CT, "code": WRONG}]})
    sent = hospital.send(with_dose(BAG, "two each morning"))
    assert sent.verdict is Verdict.DELIVERED
    place = "medicines[0]: warning: MedicationStatement.meta.security[0].code"
    assert sent.sentences == (f"{place}: {SAYS}; it stands at the server so already, and goes back as it is [rb-sctid]",)
    assert hospital.medicine("Furosemide")["meta"]["security"][0]["code"] == WRONG
    worse = replace(with_dose(BAG, "three each morning"), medicines=(replace(UNREAL, doses=FUROSEMIDE.doses), AMLODIPINE))
    before = hospital.writes()
    assert hospital.send(worse).verdict is Verdict.REFUSED  # that error is ours
    assert hospital.writes() == before


def test_what_is_taken_back_is_taken_back_whatever_stands_there() -> None:
    hospital = Hospital()
    hospital.send(BAD, tolerate=("rb-sctid",))
    sent = hospital.retract()
    assert sent.verdict is Verdict.DELIVERED
    assert "ended" in set(became(sent).values())
    assert any("goes back as it is [rb-sctid]" in sentence for sentence in sent.sentences)


# ---- durable ---------------------------------------------------------------------------------------------------------------------
BUNDLE = bundle(put(gender="f"))


def test_what_is_unproven_is_not_accepted() -> None:
    with pytest.raises(NotProven) as bad:
        items(BAD, LOGICAL)
    assert [str(each) for each in bad.value.found] == [ERROR]
    assert items(BAD, TOLERATING)
    with pytest.raises(NotProven) as bad:
        bundle_item(BUNDLE, LOGICAL)
    assert said(bad.value.found) == [("entry[0]", *GENDER[1:])]
    with pytest.raises(NotProven):
        bundle_item(wire.dumps_xml(wire.loads(BUNDLE)), LOGICAL)


def test_a_message_may_claim_a_profile_of_its_standard_and_nothing_else_for_that() -> None:
    bars = Endpoint(name="b", url="https://b.example", dialect="bars", tolerate=("rb-sctid",))
    assert bars.tolerate == ("rb-sctid", "fhir-profile")
    assert LOGICAL.tolerate == ()


@pytest.mark.parametrize("payload", [
    items(BAD, TOLERATING)[-1].payload, bundle_item(BUNDLE, LOGICAL.model_copy(update={"tolerate": ("fhir-binding",)})).payload])
def test_what_was_accepted_is_proven_again_when_it_is_carried(payload: Payload) -> None:
    ward = Ward()
    decision, _ = ward.takes(payload)
    assert decision.means is Means.DEAD
    assert [sentence.rpartition(" ")[2] for sentence in decision.says if ": error: " in sentence] in (["[rb-sctid]"], ["[fhir-binding]"])
    assert (ward.posts(), ward.writes()) == (0, 0)


@pytest.mark.parametrize("body", [b"<", b"{}", b'{"resourceType": "Bundle", "type": "batch", "entry": {}}'])
def test_what_is_damaged_is_dead_and_no_fault_of_the_program(body: bytes) -> None:
    ward = Ward()
    assert ward.takes(Payload("bundle", body, {"media": "application/fhir+json", "entries": 1}))[0].means is Means.DEAD
    assert ward.posts() == 0


def test_a_worker_holds_the_lane_of_who_is_unproven_and_delivers_the_others(tmp_path: Path) -> None:
    other = replace(BAG, resident=replace(MARY, key="r2", nhs_number="9990000026", family_name="Otherwise"))
    with Sending(tmp_path) as home:
        home.options["tolerate"] = ("rb-sctid",)
        assert home.wants(BAD, other) == ["accepted", "accepted"]
        home.changes(tolerate=())
        summary = home.sends()
        assert (summary.delivered, summary.dead) == (1, 1)
        assert [each["name"][0]["family"] for each in home.sandbox.has("Patient")] == ["Otherwise"]
        (lane,) = home.store.people.stuck()
        assert lane.held == "dead"


def test_send_durable_refuses_before_it_stores(quiet: Desk) -> None:
    quiet.residents(another("a"), wrong(another("b")))
    result = quiet.run(SEND)
    assert result.exit_code == Exit.PARTIAL
    assert f": error: medicines[0].drug.codings[0].code ({CODE}): {SAYS}" in result.stderr
    assert "2 residents, 1 refused" in result.stderr
    assert "; 1 accepted." in result.stderr
    (quiet.folder / "bundle.json").write_bytes(BUNDLE)
    raw = quiet.run(SEND.replace("home.ndjson", "bundle.json"))
    assert (raw.exit_code, ": error: entry[0] (Patient.gender): " in raw.stderr) == (Exit.NOTHING, True)
    assert raw.stderr.endswith("bundle.json: 1 error; nothing was accepted.\n")
    assert quiet.asked("SELECT count(*) FROM delivery")[0][0] == 1


def test_send_durable_tells_what_it_tolerates_and_keeps_it_with_the_delivery(quiet: Desk) -> None:
    quiet.configure('tolerate = ["rb-sctid", "fhir-binding"]')
    quiet.residents(another("a"), wrong(another("b")))
    result = quiet.run(SEND)
    assert result.exit_code == Exit.DONE, result.stderr
    assert f": warning: medicines[0].drug.codings[0].code ({CODE}): {SAYS}; it is tolerated, as was asked for [rb-sctid]" in result.stderr
    assert "1 error let through; 2 accepted." in result.stderr
    assert f"  tolerated: medicines[0]: {CODE} [rb-sctid]\n" in quiet.well("deliveries show 2")
    assert "tolerated" not in quiet.well("deliveries show 1")
    (quiet.folder / "bundle.json").write_bytes(BUNDLE)
    assert ": warning: entry[0] (Patient.gender): " in quiet.run(SEND.replace("home.ndjson", "bundle.json")).stderr
    (told,) = lines(quiet.run("deliveries show 3 --json"), "lane")[0]["deliveries"][0]["history"]
    assert (told["outcome"], told["says"]) == ("tolerated", ["entry[0]: Patient.gender [fhir-binding]"])


def test_what_is_tolerated_is_told_at_the_vendors_row(quiet: Desk) -> None:
    quiet.configure('tolerate = ["rb-sctid"]')
    quiet.example("larkfield")
    changed = quiet.folder / "larkfield" / "MEDICATION.CSV"
    changed.write_bytes(changed.read_bytes().replace(b"317291008", b"317291009"))
    told = quiet.run("send larkfield --layout larkfield.toml --to st-brigids --durable").stderr
    assert f"MEDICATION.CSV:4: warning: DMD (medicines[2].drug.codings[0].code, {CODE}): {SAYS}" in told
    assert f"  tolerated: MEDICATION.CSV, line 4 (medicines[2]): {CODE} [rb-sctid]\n" in quiet.well("deliveries show 1")


# ---- convert ---------------------------------------------------------------------------------------------------------------------
def wrong(record: dict[str, Any]) -> dict[str, Any]:
    """With a code in her first medicine that there cannot be."""
    first, *others = record["medicines"]
    drug = {"codings": [{"system": "https://dmd.nhs.uk", "code": WRONG}], "text": "Furosemide 40mg tablets"}
    return {**record, "medicines": [{**first, "drug": drug}, *others]}


@pytest.mark.parametrize("kind", ["transaction", "collection"])
def test_convert_refuses_who_is_unproven_and_a_rule_that_is_named_lets_her_through(tmp_path: Path, kind: str) -> None:
    (file := tmp_path / "home.ndjson").write_bytes(ndjson(another("a"), wrong(another("b"))))
    refused = redbag("convert", file, "--as", kind)
    assert (refused.exit_code, len(refused.stdout.splitlines())) == (Exit.PARTIAL, 1)
    assert f"{file}:2:" in refused.stderr
    assert f": error: medicines[0].drug.codings[0].code ({CODE}): {SAYS}" in refused.stderr
    tolerated = redbag("convert", file, "--as", kind, "--tolerate", "rb-sctid", "--json")
    assert (tolerated.exit_code, len(lines(tolerated, "bundle"))) == (Exit.DONE, 2)
    before = lines(redbag("convert", file, "--as", kind, "--json"), "result")[0]
    result = lines(tolerated, "result")[0]
    assert (result["let_through"], result["warnings"]) == (1, before["warnings"])
    words = redbag("convert", file, "--as", kind, "--tolerate", "rb-sctid", "-o", tmp_path / "out", "--jobs", "2").stderr
    assert words.count(": warning: medicines[0].drug.codings[0].code (") == 1
    assert "it is tolerated, as was asked for [rb-sctid]" in words
    assert "1 error let through" in words
    assert redbag("convert", file, "--as", "records").exit_code == Exit.DONE  # that is no FHIR


def test_convert_tells_the_vendors_file_row_and_field_also_with_several_processes(tmp_path: Path) -> None:
    shutil.copytree(EXPORTS["larkfield"], export := tmp_path / "export")
    changed = export / "MEDICATION.CSV"
    changed.write_bytes(changed.read_bytes().replace(b"317291008", b"317291009"))
    layout = EXAMPLES / "layouts" / "larkfield.toml"
    told = [redbag("convert", export, "--layout", layout, "-o", tmp_path / f"out{jobs}", "--jobs", str(jobs)) for jobs in (1, 2)]
    for each in told:
        assert each.exit_code == Exit.PARTIAL, each.stderr
        assert "MEDICATION.CSV:3:" in each.stderr
        assert f" error: DMD (medicines[1].drug.codings[0].code, {CODE}): {SAYS}" in each.stderr
    assert [each.stderr.replace("out2", "out1") for each in told] == [told[0].stderr] * 2


# ---- send, to an address -----------------------------------------------------------------------------------------------------------
def test_send_tells_the_vendors_file_row_and_field_and_leaves_her_rows(tmp_path: Path, hospital_address: str) -> None:
    shutil.copytree(EXPORTS["larkfield"], export := tmp_path / "export")
    changed = export / "MEDICATION.CSV"
    changed.write_bytes(changed.read_bytes().replace(b"317291008", b"317291009"))
    send = ("send", export, "--layout", EXAMPLES / "layouts" / "larkfield.toml", "--to", hospital_address, "--patient", "create-if-missing")
    dry = redbag(*send, "--dry-run")
    for told in (dry, redbag(*send, "--refused", tmp_path / "again")):
        assert told.exit_code == Exit.PARTIAL, told.stderr
        assert told.stderr.count("/MEDICATION.CSV:3:") == 1
        assert told.stderr.count(f" error: DMD (medicines[1].drug.codings[0].code, {CODE}): {SAYS}") == 1
        assert told.stderr.count("[rb-sctid]") == 1
        assert "9 residents, 1 refused" in told.stderr
        assert "; 8 " in told.stderr
    assert list((tmp_path / "again").iterdir())
    tolerated = redbag(*send, "--tolerate", "rb-sctid")
    assert f" warning: DMD (medicines[1].drug.codings[0].code, {CODE}): {SAYS}" in tolerated.stderr
    assert "1 error let through" in tolerated.stderr


def test_send_and_retract_go_by_the_package_that_is_named(tmp_path: Path, hospital_address: str) -> None:
    ended = {"key": "trust-1", "severity": "error", "human": "Nothing is taken back.", "expression": "status != 'entered-in-error'"}
    began = {**ended, "key": "trust-2", "expression": "contained.exists()"}
    (file := tmp_path / "home.ndjson").write_bytes(ndjson(another("a")))
    trust = package(tmp_path, profile("Medicine", "MedicationStatement", element("MedicationStatement", constraint=[ended, began])))
    send = ("send", file, "--to", hospital_address, "--patient", "create-if-missing")
    refused = redbag(*send, "--package", trust)
    assert (refused.exit_code, "[trust-2]" in refused.stderr, "[trust-1]" in refused.stderr) == (Exit.NOTHING, True, False)
    assert redbag(*send, "--package", trust, "--tolerate", "trust-2").exit_code == Exit.DONE
    retract = ("retract", "--to", hospital_address, "--record", file)
    assert "[trust-1]" in redbag(*retract, "--package", trust).stderr
    assert redbag(*retract).exit_code == Exit.DONE


# ---- the names of rules ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rule", ["rb-sctid", "fhir-binding", "pat-1", "ele-1", "ukcore-imm-001"])
def test_what_an_error_has_in_brackets_can_be_named(rule: str) -> None:
    assert rule_named(rule) == rule


@pytest.mark.parametrize(("rule", "says"), [
    *((rule, READING) for rule in ("rb-record", "not-json", "too-many", "too-deep", "bad-utf-8", "duplicate-key")),
    *((rule, NO_ERROR) for rule in ("rb-blank", "dom-6", "ukcore-obs-lab-001", "rb-unread", "second-opinion")),
])
def test_what_can_be_no_error_of_what_is_sent_cannot_be_tolerated(tmp_path: Path, rule: str, says: str) -> None:
    says = says.format(rule)
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        rule_named(rule)
    (fault,) = faults(tmp_path, BASIC + f'tolerate = ["{rule}"]')
    assert fault.startswith(f"3: endpoint.a.tolerate: {says}")
    result = redbag("convert", "x", "--tolerate", rule)
    assert (result.exit_code, f"--tolerate {says}." in result.stderr) == (Exit.USAGE, True)


def test_a_rule_that_there_is_not_is_a_fault_of_the_file_that_names_near_ones(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, BASIC + 'tolerate = ["fhir-bindin"]')
    assert fault.startswith("3: endpoint.a.tolerate: names no rule there is: perhaps fhir-binding")
    assert load(written(tmp_path, BASIC + 'tolerate = ["pat-1"]'), {}).endpoint("a").tolerate == ("pat-1",)
    with pytest.raises(Refused):
        load(written(tmp_path, BASIC + 'tolerate = "pat-1"'), {})


@pytest.mark.parametrize(("verb", "says"), [
    ("convert x --tolerate rb-sctic", "--tolerate names no rule there is: perhaps rb-sctid"),
    ("send x --to https://h.example --tolerate fhir-mn", "--tolerate names no rule there is: perhaps fhir-m"),
    ("send x --to ward --durable --tolerate rb-sctid", "--tolerate: not with --durable"),
    ("retract --to ward --source a --resident b --tolerate zzz", "--tolerate names no rule there is; docs/rules.md lists them"),
])
def test_on_the_command_line(verb: str, says: str) -> None:
    result = redbag(*verb.split())
    assert result.exit_code == Exit.USAGE
    assert says in result.stderr


# ---- the check ---------------------------------------------------------------------------------------------------------------------
def test_warnings_in_any_number_hide_no_error() -> None:
    """Of a bundle of many a thousand warnings are told, and then nothing: the error behind them is known all the same."""
    many = [part.bundle["entry"][1:] for n in range(150) for part in transaction(_nobody(n), Policy("match"))]
    every = [{key: value for key, value in entry.items() if key != "request"} for entries in many for entry in entries]
    every.append({"fullUrl": f"urn:uuid:{UUID}", "resource": {"resourceType": "Patient", "gender": "f"}})
    assert not checker().clean({"resourceType": "Bundle", "type": "collection", "entry": every})


def _nobody(number: int) -> CareRecord:
    return replace(BAG, resident=replace(MARY, key=f"r{number}"))
