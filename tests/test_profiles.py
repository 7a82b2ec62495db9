"""A receiver asks more than UK Core: its own package, or the drafts. Told as a story for each way in which something goes out to it."""
from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapter import wire
from adapter.commands.exits import Exit
from adapter.delivery.accepting import bundle_item, items
from adapter.delivery.dialects.decision import Means
from adapter.delivery.endpoints import Live, load
from adapter.delivery.outcome import Verdict
from adapter.delivery.profiles import DRAFTS, R4, STU2, UK_CORE, Profiles
from adapter.delivery.proving import NotProven, rule_named
from mappings.systems import UKCORE
from tests.at_the_desk import SEND, Desk
from tests.hospital import BAG, MARY, Hospital, became
from tests.packages import element, package, profile
from tests.test_accepting import LOGICAL, bundle, put
from tests.test_carry import UPSERT, Ward
from tests.test_cli import another, ndjson, redbag
from tests.test_endpoints import BASIC, faults, written
from tests.test_worker_sandbox import Sending

WHY = {"key": "trust-1", "severity": "error", "human": "It says who says so.", "expression": "contained.exists()"}
MEDICINE, PERSON = (profile(f"Our{kind}", kind, element(kind, constraint=[WHY])) for kind in ("MedicationStatement", "Patient"))
OTHERS = profile("OurPatient", "Patient", element("Patient.photo", max="0"))
BUNDLE = bundle(put())


@pytest.fixture
def trust(tmp_path: Path) -> Profiles:
    return Profiles.of((), (package(tmp_path, MEDICINE, PERSON),))


def rules(sentences: Any) -> set[str]:
    return {str(sentence).rpartition(" ")[2] for sentence in sentences}


# ---- what they are ---------------------------------------------------------------------------------------------------------------
def test_without_a_word_it_is_uk_core_as_published() -> None:
    assert Profiles.of() is Profiles.of((STU2,)) is UK_CORE
    assert [name for name, _, _ in UK_CORE.checker.definitions.names] == [R4, STU2]
    assert [name for name, _, _ in Profiles.of((R4, DRAFTS)).checker.definitions.names] == [R4, DRAFTS]
    with pytest.raises(KeyError):
        Profiles.of(("nowhere",))


def test_what_cannot_be_read_of_a_package_is_told_where_things_are_sent_by_it(tmp_path: Path) -> None:
    positions = element("Patient.name", slicing={"rules": "open", "discriminator": [{"type": "position", "path": "$this"}]})      # of R5
    trust = package(tmp_path, MEDICINE, profile("Ordered", "Patient", positions))
    told = redbag("convert", "-", "--package", trust, said=ndjson(BAG))
    assert "warning: an element of" in told.stderr
    assert "nothing is held against it" in told.stderr
    file = written(tmp_path, f'{BASIC}packages = ["{trust.name}"]\n')
    assert "without 1 definition that cannot be read" in redbag("endpoint", "list", "--config", file).output


def test_records_claim_nothing() -> None:
    """They are no FHIR: what is asked of it changes nothing."""
    asked = [redbag("convert", "-", "--as", "records", *sets, said=ndjson(BAG)) for sets in ([], ["--set", DRAFTS])]
    assert [each.exit_code for each in asked] == [Exit.DONE, Exit.DONE]
    assert asked[0].stdout_bytes == asked[1].stdout_bytes


def test_what_a_package_said_when_it_was_named_holds_whatever_becomes_of_its_file(tmp_path: Path, trust: Profiles) -> None:
    before, again = trust.checker, pickle.loads(pickle.dumps(trust))  # noqa: S301
    assert (again, again.checker) == (trust, before)
    package(tmp_path, OTHERS)
    other = Profiles.of((), trust.packages)
    assert (other == trust, trust.checker is before) == (False, True)
    assert [each.checker.definitions.profile(MEDICINE["url"]) is None for each in (trust, other)] == [False, True]
    trust.packages[0].unlink()
    assert trust.checker is before


@pytest.mark.parametrize(("resource", "claims"), [
    ({"resourceType": "Flag"}, [UKCORE + "UKCore-Flag"]),
    ({"resourceType": "Flag", "meta": {"profile": [UKCORE + "UKCore-Flag"]}}, [UKCORE + "UKCore-Flag"]),
    ({"resourceType": "Flag", "meta": {"profile": ["https://h.example/P"]}}, ["https://h.example/P", UKCORE + "UKCore-Flag"]),
    ({"resourceType": "Patient"}, None),  # that is published
    ({"resourceType": "Basic"}, None),
])
def test_what_only_the_drafts_have_a_profile_for_claims_it_where_they_are_asked_for(resource: Any, claims: list[str] | None) -> None:
    whole = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": resource}]}
    assert Profiles.of((DRAFTS,)).claimed(resource).get("meta", {}).get("profile") == claims
    made = Profiles.of((DRAFTS,)).claimed(whole)
    assert made["meta"] == {"profile": [UKCORE + "UKCore-Bundle"]}
    assert made["entry"][0]["resource"].get("meta", {}).get("profile") == claims
    assert UK_CORE.claimed(whole) is whole


# ---- send, and retract -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sending", ["transaction", "batch", "single"])
def test_what_the_trust_refuses_is_not_sent(sending: Any, trust: Profiles) -> None:
    hospital = Hospital()
    sent = hospital.send(sending=sending, profiles=trust)
    assert (sent.verdict, rules(sent.sentences)) == (Verdict.REFUSED, {"[trust-1]"})
    assert (set(became(sent).values()), hospital.posts(), hospital.writes()) == ({"not sent"}, 0, 0)
    assert hospital.send(sending=sending).verdict is Verdict.DELIVERED


def test_a_rule_of_the_trust_can_be_tolerated_by_its_name(trust: Profiles) -> None:
    assert rule_named("trust-1", trust) == "trust-1"
    with pytest.raises(ValueError, match="names no rule there is"):
        rule_named("trust-1")
    assert Hospital().send(profiles=trust, tolerate=("trust-1",)).verdict is Verdict.DELIVERED


def test_what_was_sent_before_the_trust_asked_is_taken_back_all_the_same(trust: Profiles) -> None:
    hospital = Hospital()
    hospital.send()
    sent = hospital.retract(profiles=trust)
    assert (sent.verdict, "ended" in became(sent).values()) == (Verdict.DELIVERED, True)


@pytest.mark.parametrize(("set_", "claims"), [(STU2, None), (DRAFTS, [UKCORE + "UKCore-Bundle"])])
def test_the_drafts_are_claimed_at_who_asks_for_them_and_nowhere_else(set_: str, claims: list[str] | None) -> None:
    hospital = Hospital()
    assert hospital.send(profiles=Profiles.of((set_,))).verdict is Verdict.DELIVERED
    posted, = [wire.loads(request.content) for request in hospital.wire if request.method == "POST"]
    assert posted.get("meta", {}).get("profile") == claims
    assert {url for entry in posted["entry"] for url in entry["resource"]["meta"]["profile"]} <= {
        f"{UKCORE}UKCore-{entry['resource']['resourceType']}" for entry in posted["entry"]}
    assert hospital.send(profiles=UK_CORE).sentences == ()  # the same again, whoever asks
    assert hospital.posts() == 0


# ---- durable ---------------------------------------------------------------------------------------------------------------------
def test_what_the_trust_refuses_is_not_accepted(trust: Profiles) -> None:
    for accept in (lambda endpoint: items(BAG, endpoint), lambda endpoint: bundle_item(BUNDLE, endpoint)):
        assert accept(LOGICAL)
        with pytest.raises(NotProven) as bad:
            accept(LOGICAL.asking(trust))
        assert rules(bad.value.found) == {"[trust-1]"}


def test_what_was_accepted_before_the_trust_asked_is_not_carried(trust: Profiles) -> None:
    for payload in (items(BAG, UPSERT)[-1].payload, bundle_item(BUNDLE, UPSERT).payload):
        ward = Ward(UPSERT.asking(trust))
        decision, _ = ward.takes(payload)
        assert (decision.means, rules(each for each in decision.says if "error" in each)) == (Means.DEAD, {"[trust-1]"})
        assert (ward.posts(), ward.writes()) == (0, 0)


def test_a_worker_goes_by_the_package_as_it_is_now(tmp_path: Path) -> None:
    with Sending(tmp_path) as home:
        package(tmp_path, OTHERS)
        home.options["packages"] = (str(tmp_path / "trust.tgz"),)
        assert home.wants(BAG) == ["accepted"]
        assert home.sends().delivered == 1
        other = replace(BAG, resident=replace(MARY, key="r2", nhs_number="9990000026", family_name="Otherwise"))
        assert home.wants(other) == ["accepted"]
        package(tmp_path, OTHERS, MEDICINE)
        home.changes()
        assert (home.sends().dead, len(home.sandbox.has("Patient"))) == (1, 1)


def test_send_durable_tells_it_at_the_record(quiet: Desk) -> None:
    package(quiet.folder, MEDICINE)
    quiet.configure('packages = ["trust.tgz"]')
    quiet.residents(another("a"))
    result = quiet.run(SEND)
    assert (result.exit_code, "[trust-1]" in result.stderr, "0 accepted" in result.stderr) == (Exit.NOTHING, True, True), result.stderr
    quiet.configure('packages = ["trust.tgz"]', 'tolerate = ["trust-1"]')
    assert "let through" in quiet.run(SEND).stderr
    assert quiet.run(f"{SEND} --package trust.tgz --set {DRAFTS}").stderr.startswith("--set or --package: not with --durable")


@pytest.mark.parametrize(("configured", "said"), [('packages = ["trust.tgz"]', ""), ("", "--package trust.tgz")])
def test_send_to_an_endpoint_tells_it_before_anybody_is_asked(quiet: Desk, configured: str, said: str) -> None:
    package(quiet.folder, MEDICINE)
    quiet.configure(configured)
    quiet.residents(another("a"))
    result = quiet.run(f"send home.ndjson --to st-brigids {said}")
    assert (result.exit_code, "[trust-1]" in result.stderr, "; 0 delivered" in result.stderr) == (Exit.NOTHING, True, True), result.stderr


# ---- redbag.toml -----------------------------------------------------------------------------------------------------------------
def test_a_package_that_cannot_be_read_is_a_fault_of_the_file(tmp_path: Path) -> None:
    package(tmp_path, MEDICINE)
    (tmp_path / "none.tgz").write_bytes(b"none")
    assert load(written(tmp_path, BASIC + 'packages = ["trust.tgz"]\n'), {}).endpoint("a").profiles.hashes
    for said, says in (
            ('["trust.tgz", "gone.tgz"]', f"the file {tmp_path / 'gone.tgz'}, where a FHIR package is expected, cannot be read ("),
            ('["trust.tgz", "none.tgz"]', f"the file {tmp_path / 'none.tgz'} is no package to prove by: none.tgz: "),
            ('"trust.tgz"', "expected a list, in [ ]")):
        fault, = faults(tmp_path, BASIC + f"packages = {said}\n")
        assert fault.startswith(f"3: endpoint.a.packages: {says}"), fault
    fault, = faults(tmp_path, BASIC + 'definitions = "ukcore"\n')
    assert fault.startswith(f"3: endpoint.a.definitions: expected one of: {STU2}, {DRAFTS}")


def test_endpoint_list_tells_by_what_is_proven(quiet: Desk) -> None:
    package(quiet.folder, MEDICINE)
    quiet.configure('packages = ["trust.tgz"]')
    assert f"proven by {STU2}, trust.tgz" in quiet.well("endpoint list")
    quiet.configure()
    assert "proven by" not in quiet.well("endpoint list")


def test_a_package_that_breaks_is_told_and_the_last_good_one_stays(tmp_path: Path) -> None:
    path, told = package(tmp_path, MEDICINE), list[str]()
    live = Live(load(written(tmp_path, BASIC + 'packages = ["trust.tgz"]\n'), {}), told.append, {})
    before = live().endpoint("a")
    path.write_bytes(b"none")
    assert live().endpoint("a") is before
    assert "is no package to prove by" in told[0]
    with pytest.raises(NotProven):
        items(BAG, before.model_copy(update={"patient": "create-if-missing"}))
    package(tmp_path, OTHERS)
    assert live().endpoint("a") != before
    assert items(BAG, live().endpoint("a"))


def test_a_large_file_is_known_to_have_changed_without_being_read(tmp_path: Path) -> None:
    path, told = package(tmp_path, MEDICINE, {"resourceType": "Basic", "x": Random(1).randbytes(1_200_000).hex()}), list[str]()  # noqa: S311
    assert path.stat().st_size > 1 << 20
    live = Live(load(written(tmp_path, BASIC + 'packages = ["trust.tgz"]\n'), {}), told.append, {})
    live()
    assert told == []
    package(tmp_path, OTHERS)
    live()
    assert told == [f"{tmp_path / 'redbag.toml'} was read again."]


# ---- convert, and send to an address -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["transaction", "collection"])
def test_convert_refuses_what_the_trust_refuses(kind: str, tmp_path: Path) -> None:
    (file := tmp_path / "home.ndjson").write_bytes(ndjson(another("a")))
    trust = package(tmp_path, MEDICINE)
    convert = ("convert", file, "--as", kind, "--package", trust)
    for more in ((), ("-o", tmp_path / "out", "--jobs", "2")):
        refused = redbag(*convert, *more)
        assert (refused.exit_code, "[trust-1]" in refused.stderr) == (Exit.NOTHING, True), refused.stderr
    assert redbag(*convert, "--tolerate", "trust-1").exit_code == Exit.DONE
    assert "names no rule there is" in redbag("convert", file, "--tolerate", "trust-1").stderr


def test_a_folder_is_not_gone_on_with_by_another_package(tmp_path: Path) -> None:
    (file := tmp_path / "home.ndjson").write_bytes(ndjson(another("a")))
    convert = ("convert", file, "-o", tmp_path / "out", "--package", package(tmp_path, OTHERS))
    assert [redbag(*convert).exit_code, redbag(*convert).exit_code] == [Exit.DONE] * 2
    package(tmp_path, MEDICINE)
    assert "--package" in redbag(*convert).stderr


def test_convert_by_the_drafts_claims_them(tmp_path: Path) -> None:
    (file := tmp_path / "home.ndjson").write_bytes(ndjson(another("a")))
    for more, claims in (((), None), (("--set", DRAFTS), [UKCORE + "UKCore-Bundle"])):
        made, = [wire.loads(line.encode()) for line in redbag("convert", file, *more).stdout.splitlines()]
        assert made.get("meta", {}).get("profile") == claims


@pytest.mark.parametrize("verb", ["convert x", "send x --to https://h.example", "retract --to https://h.example --source a --resident b"])
def test_what_is_not_there_is_told_before_anything_else(verb: str) -> None:
    for more, exit_, says in ((("--set", "ukcore"), Exit.USAGE, "--set: there is no such set of definitions; there are "),
                              (("--package", "gone.tgz"), Exit.NOTHING, "--package: gone.tgz cannot be read (")):
        result = redbag(*verb.split(), *more)
        assert (result.exit_code, says in result.stderr) == (exit_, True), result.stderr
