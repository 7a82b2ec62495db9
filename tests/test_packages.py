"""A trust's own package: what it adds, and everything that is refused of one, by the name of the file in it."""
from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.conformance import Checker, Level
from adapter.conformance import package as packages
from adapter.conformance.definitions import Definitions
from adapter.conformance.making import MOST_LEFT_OUT
from adapter.conformance.package import read_package
from adapter.faults import Fault, Refused
from tests.packages import MANIFEST, TRUST, archive, element, package, profile

Json = Any
WARD = {
    "resourceType": "CodeSystem", "url": TRUST + "CodeSystem/ward", "content": "complete", "version": "2",
    "concept": [{"code": "W1", "display": "Ward 1"}],
}
WARDS = {"resourceType": "ValueSet", "url": TRUST + "ValueSet/ward", "compose": {"include": [{"system": WARD["url"]}]}}
STAY = profile(
    "Stay", "Encounter", element("Encounter.type", min=1, binding={"strength": "required", "valueSet": WARDS["url"] + "|2"}),
    version="1.2.0", base="https://fhir.hl7.org.uk/StructureDefinition/UKCore-Encounter",
)
LONG_STAY = profile("LongStay", "Encounter", element("Encounter.length", min=1), base=STAY["url"])


def known(path: Path) -> Definitions:
    return Definitions.of(packages=(path,))


def test_a_package_adds_its_profiles_value_sets_and_code_systems(tmp_path: Path) -> None:
    definitions = known(package(tmp_path, LONG_STAY, STAY, WARDS, WARD, {"resourceType": "SearchParameter"}))
    long_stay = definitions.profile(LONG_STAY["url"])
    wards = definitions.codes(WARDS["url"])
    assert long_stay is not None
    assert {child.name: child.least for child in long_stay.root.children}.items() >= {"type": 1, "length": 1}.items()
    assert wards is not None
    assert wards.codes == {WARD["url"]: frozenset({"W1"})}
    assert definitions.names[-1][:2] == ("example.trust#1.2.0", "1.2.0")


def test_a_package_says_nothing_of_resources_that_claim_none_of_its_profiles(tmp_path: Path) -> None:
    implied = known(package(tmp_path, STAY)).implied("Encounter")
    assert implied is not None
    assert implied.url == "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Encounter"


def test_what_a_later_package_says_of_the_same_url_wins_and_a_version_may_ask_for_the_other(tmp_path: Path) -> None:
    paths = []
    for version in ("1", "2"):
        (folder := tmp_path / version).mkdir()
        paths.append(package(folder, {**STAY, "version": version}))
    definitions = Definitions.of(packages=tuple(paths))
    found = [definitions.profile(STAY["url"] + asked) for asked in ("", "|1", "|2", "|3")]
    assert [each and each.version for each in found] == ["2", "1", "2", None]


def test_a_package_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    before = known(package(tmp_path, STAY))
    assert known(tmp_path / "trust.tgz") is before
    after = known(package(tmp_path, STAY, LONG_STAY))
    assert (before.profile(LONG_STAY["url"]), after.profile(LONG_STAY["url"]) is None) == (None, False)


def test_a_package_may_build_on_another(tmp_path: Path) -> None:
    (below := tmp_path / "below").mkdir()
    (above := tmp_path / "above").mkdir()
    definitions = Definitions.of(packages=(package(below, STAY), package(above, LONG_STAY)))
    found = definitions.profile(LONG_STAY["url"])
    assert found is not None
    assert found.base == STAY["url"]


def test_examples_and_what_is_no_definition_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "trust.tgz"
    path.write_bytes(archive({
        "package/package.json": json.dumps(MANIFEST).encode(), "package/example/broken.json": b"{", "package/.index.json": b"{",
        "package/README.md": b"Hello", "package/1.json": json.dumps(WARD).encode(),
        "package/2.json": b'{"resourceType":"ImplementationGuide"}',
    }))
    assert set(read_package(path).files) == {"1.json"}


def refusal(act: Callable[[], object]) -> Fault:
    with pytest.raises(Refused) as refused:
        act()
    (fault,) = refused.value.found
    return fault


def faults(folder: Path, *definitions: Json) -> list[Fault]:
    """What is left out of a package, or why it is refused."""
    try:
        return list(known(package(folder, *definitions)).left_out)
    except Refused as refused:
        return list(refused.found)


def with_snapshot(**more: Json) -> Json:
    return {**STAY, "snapshot": {"element": [element("Encounter", **more)]}}


def chain(length: int) -> list[Json]:
    return [profile(f"P{number}", "Patient", base=f"{TRUST}StructureDefinition/P{number + 1}") for number in range(length)]


@pytest.mark.parametrize(("definitions", "file", "says"), [
    ([LONG_STAY], "0.json", f"narrows {STAY['url']}, which is not there"),
    ([{**STAY, "baseDefinition": LONG_STAY["url"]}, LONG_STAY], "1.json", "is its own base"),
    ([{**STAY, "baseDefinition": STAY["url"]}], "0.json", "is its own base"),
    (chain(40), "32.json", "more than 32 profiles narrow one another"),
    ([STAY, STAY], "1.json", "a StructureDefinition has the same url as 0.json"),
    ([{**STAY, "url": None}], "0.json", "a StructureDefinition has no url"),
    ([{**STAY, "url": 7}], "0.json", "a StructureDefinition has no url"),
    ([{**STAY, "type": "Encownter"}], "0.json", "narrows Encownter, which is no type of FHIR R4"),
    ([{**STAY, "type": "Patient"}], "0.json", "is of the type Encounter"),
    ([{**STAY, "type": ["Encounter"]}], "0.json", "a StructureDefinition: Expected `str`, got `array` at `$.type`"),
    ([{**STAY, "differential": "all"}], "0.json", "got `str` at `$.differential`"),
    ([{**STAY, "snapshot": {"element": []}}], "0.json", "has no snapshot"),
    ([with_snapshot(slicing={"rules": "hacked"})], "0.json", "Invalid enum value … at `$.slicing.rules`"),
    ([with_snapshot(constraint=[{"key": "a", "severity": 1}])], "0.json", "at `$.constraint[0].severity`"),
    ([LONG_STAY | {"baseDefinition": "urn:\x1b[2J" + "x" * 999}], "0.json", "narrows urn:?[2Jxxx"),      # safe to be shown
    ([WARDS | {"compose": {"include": [{"valueSet": [WARDS["url"]]}]}}], "0.json", "contains itself"),
    ([WARDS | {"compose": {"include": "all"}}], "0.json", "a ValueSet: Expected `array`"),
    ([WARD | {"concept": [{}]}], "0.json", "a CodeSystem: Object missing required field `code`"),
])
def test_a_definition_that_hangs_together_badly_is_refused(definitions: list[Json], file: str, says: str, tmp_path: Path) -> None:
    found = faults(tmp_path, *definitions)
    assert {fault.rule for fault in found} == {"package-definition"}
    assert says in next(fault.says for fault in found if fault.file == file)
    assert max(len(fault.says) for fault in found) <= 400


BY_PLACE = {"rules": "open", "discriminator": [{"type": "position", "path": "$this"}]}      # of FHIR R5
POSITION = profile("Ordered", "Patient", element("Patient.name", slicing=BY_PLACE))
NARROWED = profile("Narrowed", "Patient", base=POSITION["url"])


def test_one_definition_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    definitions = known(package(tmp_path, NARROWED, POSITION, STAY, WARDS | {"compose": {"include": "all"}}, {**STAY, "url": 7}))
    assert [(fault.file, fault.says.partition(": ")[0]) for fault in definitions.left_out] == [
        ("4.json", "a StructureDefinition has no url"), ("0.json", "needs 1.json, which cannot be read"),
        ("1.json", f"an element of {POSITION['url']}"), ("3.json", "a ValueSet")]
    assert [each.url for each in definitions.brought("Encounter")] == [STAY["url"]]
    assert not definitions.brought("Patient")


def test_a_package_of_which_much_cannot_be_read_is_broken(tmp_path: Path) -> None:
    many = [{**POSITION, "url": f"{POSITION['url']}{number}"} for number in range(MOST_LEFT_OUT + 1)]
    assert len(known(package(tmp_path, STAY, *many[1:])).left_out) == MOST_LEFT_OUT
    assert refusal(lambda: known(package(tmp_path, STAY, *many))).rule == "package-definition"


@pytest.mark.parametrize(("name", "content", "rule"), [
    ("package/1.json", b"{", "not-json"),
    ("package/1.json", b"", "empty"),
    ("package/1.json", b'{"url":1,"url":2}', "duplicate-key"),
    ("package/1.json", b"\xff{}", "bad-utf-8"),
    ("package/1.json", b"[]", "not-an-object"),
    ("package/1.json", b'{"a":' * 100 + b"1" + b"}" * 100, "too-deep"),
    ("package/../../etc/1.json", b"{}", "package-path"),
    ("/package/1.json", b"{}", "package-path"),
    ("package\\1.json", b"{}", "package-path"),
])
def test_a_file_that_is_no_json_or_leads_elsewhere_is_refused_by_its_name(name: str, content: bytes, rule: str, tmp_path: Path) -> None:
    path = tmp_path / "trust.tgz"
    path.write_bytes(archive({"package/package.json": json.dumps(MANIFEST).encode(), name: content}))
    fault = refusal(lambda: read_package(path))
    assert (fault.rule, fault.file) == (rule, name)


@pytest.mark.parametrize(("manifest", "says"), [
    ({"version": "1", "fhirVersions": ["4.0.1"]}, "has no name"),
    ({**MANIFEST, "name": "a\x1b[31m"}, "has no name"),
    ({**MANIFEST, "version": {}}, "has no name, or no version"),
    ({**MANIFEST, "fhirVersions": ["5.0.0"]}, "not for FHIR R4"),
    ({**MANIFEST, "fhirVersions": "4.0.1"}, "not for FHIR R4"),
])
def test_a_manifest_that_is_not_for_us(manifest: Json, says: str, tmp_path: Path) -> None:
    fault = refusal(lambda: read_package(package(tmp_path, manifest=manifest)))
    assert (fault.rule, fault.file) == ("package-manifest", "package/package.json")
    assert says in fault.says


def link(kind: bytes) -> bytes:
    """An archive with an entry that is no file of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        member = tarfile.TarInfo("package/1.json")
        member.type, member.linkname = kind, "/etc/hostname"
        out.addfile(member)
    return gzip.compress(buffer.getvalue())


def claims_to_be_large() -> bytes:
    """An entry whose header says more than there is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        member = tarfile.TarInfo("package/1.json")
        member.size = packages.LARGEST.size + 1
        out.addfile(member, io.BytesIO(bytes(member.size)))
    return gzip.compress(buffer.getvalue())


@pytest.mark.parametrize(("content", "rule"), [
    (b"", "package-unreadable"),
    (b"not an archive", "package-unreadable"),
    (gzip.compress(b"not an archive"), "package-unreadable"),
    (archive({"package/package.json": b"{}"})[:-20], "package-unreadable"),
    (archive({"other/package.json": b"{}"}), "package-manifest"),
    (gzip.compress(bytes(packages.MOST_UNPACKED + 1), 1), "package-too-large"),
    (claims_to_be_large(), "package-too-large"),
    (link(tarfile.SYMTYPE), "package-path"),
    (link(tarfile.LNKTYPE), "package-path"),
    (link(tarfile.FIFOTYPE), "package-path"),
], ids=["empty", "text", "gzip of text", "cut off", "no manifest", "bomb", "large file", "symbolic link", "link", "pipe"])
def test_an_archive_that_is_none_or_too_much(content: bytes, rule: str, tmp_path: Path) -> None:
    path = tmp_path / "trust.tgz"
    path.write_bytes(content)
    assert refusal(lambda: read_package(path)).rule == rule


def test_a_package_with_too_many_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trust.tgz"
    entry = tarfile.TarInfo("package/1.txt").tobuf()      # of no content: a header and nothing else
    path.write_bytes(gzip.compress(entry * (packages.MOST_FILES + 1) + bytes(1024)))
    assert refusal(lambda: read_package(path)).rule == "package-too-large"


# ---- work that ends ------------------------------------------------------------------------------------------------------------------
def wards(count: int) -> Json:
    return {**WARD, "concept": [{"code": f"W{number}"} for number in range(count)]}


def value_set(*include: Json, **more: Json) -> Json:
    return {**WARDS, "compose": {"include": list(include), **more}}


def only(**filter_: str) -> Json:
    return {"system": WARD["url"], "filter": [{"property": "code", **filter_}]}


SYSTEMS = [{"system": f"https://trust.example.org/{number}", "concept": [{"code": "a"}]} for number in range(3000)]


@pytest.mark.parametrize(("definitions", "codes"), [
    ([wards(500), value_set(only(op="regex", value="(W*)*(W*)*(W*)*!"))], 0),
    ([wards(2000), value_set(only(op="in", value="W1," * 20_000))], 1),
    ([value_set(*SYSTEMS)], 3000), ([value_set(*SYSTEMS[:10], exclude=SYSTEMS)], 0),
], ids=["an expression that goes back", "a long list, for every code", "many systems", "many systems taken out"])
def test_what_would_take_long_is_soon_read(definitions: list[Json], codes: int, tmp_path: Path) -> None:
    found = known(package(tmp_path, *definitions)).codes(WARDS["url"])
    assert found is not None
    assert sum(map(len, found.codes.values())) == codes


@pytest.mark.parametrize(("definitions", "says"), [
    ([wards(2000), value_set(*[{"system": WARD["url"]}] * 5001)], "over and over again"),
    ([wards(2000), value_set({"system": WARD["url"], "filter": [{"property": "code", "op": "exists", "value": "true"}] * 5000})],
     "over and over again"),
    ([profile("P", "Patient", {"id": f"Patient{'.a:x' * 40}.q", "path": f"Patient{'.a' * 15}.z"})], "its base does not have"),
], ids=["a system again and again", "filters of a system", "an id that can be read in many ways"])
def test_what_would_take_for_ever_is_refused(definitions: list[Json], says: str, tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, *definitions)
    assert says in fault.says


def asking(expression: str) -> Json:
    return profile("Resident", "Patient", element("Patient", constraint=[
        {"key": "res-1", "severity": "error", "human": "A resident is right", "expression": expression}]))


RESIDENT = {"resourceType": "Patient", "name": [{"family": "a" * 1000, "given": ["b"] * 20} for _ in range(100)]}


@pytest.mark.parametrize("expression", [
    "descendants().all(%resource.descendants().all(%resource.descendants().exists()))",
    "descendants().select(%resource).isDistinct()",
])
def test_an_invariant_that_would_take_for_ever_is_told_and_the_rest_is_not_looked_at(expression: str, tmp_path: Path) -> None:
    checker = Checker(known(package(tmp_path, asking(expression))))
    (costly,) = [found for found in checker.findings(RESIDENT) if found.level is Level.ERROR]
    assert (costly.rule, costly.path) == ("too-costly", "Patient")
    assert "res-1" in costly.says


@pytest.mark.parametrize(("expression", "not_checked"), [
    ("name.family.matches('(a+)+(a+)+$')", 0), ("name.family.matches('(?=a)b')", 1), ("name.family.replaceMatches('(a+)+', '') = ''", 1),
])
def test_what_cannot_be_asked_in_bounded_work_is_counted(expression: str, not_checked: int, tmp_path: Path) -> None:
    resident = asking(expression)
    checker = Checker(known(package(tmp_path, resident)))
    assert checker.not_checked([resident["url"]])["invariant that cannot be evaluated"] == not_checked
    assert [found.rule for found in checker.findings({**RESIDENT, "name": RESIDENT["name"][:1]}) if found.level is Level.ERROR] == []
