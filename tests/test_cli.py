"""The command line as a user meets it: what goes where, how it ends, and that it never says what a record says."""
from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapter import wire
from adapter.cli import app
from adapter.commands import exits, files, screen, send, talk
from adapter.commands.ending import outcome
from adapter.commands.exits import Exit, Stop

EXAMPLE = (Path(exits.__file__).parent.parent / "records" / "example.json").read_bytes()
CANARY = "Quetzalcoatl"
REDBAG = [sys.executable, "-c", "from adapter.cli import main; main()"]
ROOT = Path(__file__).resolve().parent.parent


def redbag(*args: str | Path, said: bytes | str = b"") -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args], input=said, prog_name="redbag")


def example(**changed: Any) -> dict[str, Any]:
    """The example, with some of its fields otherwise."""
    return wire.loads(EXAMPLE) | changed


def another(key: str, **changed: Any) -> dict[str, Any]:
    """Somebody else: the same, under another key and without an NHS number."""
    she = {k: v for k, v in example()["resident"].items() if not k.startswith("nhs_")}
    return example(resident={**she, "key": key}, **changed)


def ndjson(*each: Any) -> bytes:
    return b"".join(wire.dumps(record) + b"\n" for record in each)


def lines(result: Result, kind: str) -> list[dict[str, Any]]:
    return [said[kind] for said in map(json.loads, result.stdout.splitlines()) if kind in said]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three residents a line; the second says two things that cannot be."""
    path = tmp_path / "home.ndjson"
    wrong = another("b", as_of="yesterday", allergies=[{"code": "latex", "categories": ["pets"]}])
    path.write_bytes(ndjson(example(), wrong, another("c")))
    return path


# ---- help and completion -----------------------------------------------------------------------------------------------------
VERBS = ["demo", "check", "convert", "send", "pull", "mapping", "sandbox", "docs", "records schema", "records example",
         "ledger", "layout check", "layout draft", "layout schema", "layout write", "retract", "work", "backup", "restore", "doctor",
         "endpoint list", "endpoint test", "deliveries list", "deliveries show", "deliveries replay", "deliveries skip", "deliveries hold",
         "deliveries release", "keys new", "keys list", "keys reseal"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does(verb: str) -> None:
    result = redbag(*verb.split(), "--help")
    assert result.exit_code == Exit.DONE
    assert result.stdout.startswith(f"Usage: redbag {verb}")


def test_help_lists_every_verb_and_every_exit_code() -> None:
    said = redbag("--help").stdout
    assert all(re.search(rf"^  {verb.split()[0]} ", said, re.MULTILINE) for verb in VERBS)
    assert all(re.search(rf"^ *{code.value}  {re.escape(exits.MEANS[code])}$", said, re.MULTILINE) for code in Exit)


def test_nothing_heavy_is_imported_for_help() -> None:
    code = "import sys, adapter.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert not {"msgspec", "httpx", "fastapi", "starlette", "uvicorn", "rich", "mappings.shape", "adapter.wire"} & set(loaded)


def test_the_shell_completes_resources() -> None:
    asked = {"_REDBAG_COMPLETE": "complete_bash", "COMP_WORDS": "redbag mapping Imm", "COMP_CWORD": "2"}
    code = "import sys; sys.argv = ['redbag']; from adapter.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **asked}, check=False)
    assert done.stdout.split() == ["Immunization"]


# ---- check -------------------------------------------------------------------------------------------------------------------
def test_check_tells_all_faults_and_lets_the_others_through(home: Path) -> None:
    result = redbag("check", home)
    assert result.exit_code == Exit.PARTIAL
    refusals = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert [line.partition(": error: ")[2].partition(":")[0] for line in refusals] == [
        "as_of", "allergies[0].code", "allergies[0].categories[0]"]
    assert refusals[0].startswith(f"{home}:2:")
    assert result.stderr.splitlines()[-1] == "Checked: 3 residents, 1 refused, 3 errors, 8 warnings."


def test_check_for_programs(home: Path) -> None:
    result = redbag("check", home, "--json")
    assert result.stderr == ""
    problem = next(p for p in lines(result, "problem") if p["level"] == "refusal")
    assert (problem["file"], problem["record"], problem["line"], problem["path"]) == (str(home), 2, 2, "as_of")
    end, = lines(result, "result")
    assert {name: end[name] for name in ("exit", "residents", "refused", "warnings")} == {
        "exit": 1, "residents": 3, "refused": 1, "warnings": 8}


def test_what_a_record_says_against_itself_is_told_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    stay = {**example()["stays"][0], "period": {"start": "2025-02", "end": "2025-01"}}
    she = {**example()["resident"], "nhs_number": "9990000019"}
    path.write_bytes(wire.dumps(example(resident=she, stays=[stay])))
    result = redbag("check", path, "--json")
    assert {p["path"] for p in lines(result, "problem") if p["level"] == "refusal"} == {"resident.nhs_number", "stays[0].period.end"}
    assert result.exit_code == Exit.NOTHING


@pytest.mark.parametrize(("said", "exit", "sentence"), [
    (b"", Exit.NOTHING, "standard input: error: holds no care record and no FHIR; `redbag records example` shows a record [empty]"),
    (b"{", Exit.NOTHING, "ends here, in the middle of a record"),
    (b"\xff\xfe{\x00}\x00", Exit.NOTHING, "save it as UTF-8"),
    (b'{"source": 1, "source": 2}', Exit.NOTHING, "this name stands twice"),
    (b'{"a": NaN}', Exit.NOTHING, "NaN and Infinity are not JSON"),
    (b"[" * 100 + b"]" * 100, Exit.NOTHING, "deep"),
    (b"%PDF-1.7", Exit.NOTHING, "is no JSON: neither FHIR nor care records"),
    (EXAMPLE, Exit.DONE, "Checked: 1 resident, 4 warnings."),
], ids=["nothing", "half", "utf-16", "twice", "nan", "deep", "pdf", "example"])
def test_bad_input_is_a_sentence(said: bytes, exit: Exit, sentence: str) -> None:
    result = redbag("check", "-", said=said)
    assert result.exit_code == exit
    assert sentence in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("name", "says"), [("nowhere.json", "cannot be read"), (".", "Nothing to check: no file that ends in ")])
def test_a_file_that_cannot_be_read(name: str, says: str, tmp_path: Path) -> None:
    result = redbag("check", tmp_path / name)
    assert result.exit_code == Exit.NOTHING
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


# ---- convert -----------------------------------------------------------------------------------------------------------------
def test_convert_writes_bundles_and_says_partial(home: Path) -> None:
    result = redbag("convert", home)
    bundles = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(b["resourceType"], b["type"]) for b in bundles] == [("Bundle", "transaction")] * 2
    assert result.exit_code == Exit.PARTIAL
    assert f"{home}:2:" in result.stderr
    assert result.stderr.endswith("Converted: 3 residents, 1 refused, 8 warnings (`redbag check` shows them); 2 bundles.\n")


def test_a_pipe_gives_what_a_file_gives(home: Path) -> None:
    assert redbag("convert", "-", said=home.read_bytes()).stdout == redbag("convert", home).stdout


def test_a_collection() -> None:
    bundle = json.loads(redbag("convert", "-", "--as", "collection", said=EXAMPLE).stdout)
    assert bundle["type"] == "collection"
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds >= {"Patient", "MedicationStatement", "Encounter", "Immunization", "List"}


def test_each_into_a_file_named_after_its_place_and_her_id(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = redbag("convert", home, "-o", out, "--json")
    first, third = sorted(out.glob("*.json"))
    assert re.fullmatch(r"000001-[0-9a-f]{8}\.json", first.name)
    assert re.fullmatch(r"000003-[0-9a-f]{8}\.json", third.name)
    assert first.name[7:15] != third.name[7:15]
    assert lines(result, "result")[0]["bundles"] == 2
    assert first.read_text() == redbag("convert", "-", said=EXAMPLE).stdout


def test_a_folder_of_another_run_is_left_alone(home: Path, tmp_path: Path) -> None:
    assert redbag("convert", home, "-o", tmp_path / "out").exit_code == Exit.PARTIAL
    (tmp_path / "she.json").write_bytes(EXAMPLE)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").write_text("somebody's")
    for out, says in ((tmp_path / "out", "holds a run with another"), (tmp_path / "notes", "holds files that this run did not make")):
        before = sorted(out.iterdir())
        again = redbag("convert", tmp_path / "she.json", "-o", out)
        assert again.exit_code == Exit.USAGE
        assert says in again.stderr
        assert sorted(out.iterdir()) == before


def test_of_several_bundles_it_is_said_which_goes_first(tmp_path: Path) -> None:
    result = redbag("convert", "-", "-o", tmp_path, "--directory", "own", said=EXAMPLE)
    directory, hers = (json.loads(path.read_bytes()) for path in sorted(tmp_path.iterdir()))
    assert [path.name[15:] for path in sorted(tmp_path.iterdir())] == ["-1of2.json", "-2of2.json"]
    assert "Organization" in {entry["resource"]["resourceType"] for entry in directory["entry"]}
    assert "MedicationStatement" in {entry["resource"]["resourceType"] for entry in hers["entry"]}
    assert "1 resident in more than one: send a resident's bundles in order" in result.stderr


def test_what_turns_out_when_the_bundle_is_made_has_its_line_too(tmp_path: Path) -> None:
    path, twice = tmp_path / "pretty.json", example()["organizations"]
    path.write_bytes(wire.pretty(example(organizations=[*twice, {**twice[0], "key": "another"}])))
    result = redbag("convert", path, "--json")
    problem, = lines(result, "problem")
    assert (result.exit_code, problem["path"]) == (Exit.NOTHING, f"organizations[{len(twice)}]")
    row = path.read_text().splitlines()[problem["line"] - 1]
    assert (row.strip(), row.index("{") + 1) == ("{", problem["column"])


def test_for_programs_the_bundles_are_lines_too() -> None:
    result = redbag("convert", "-", "--json", said=EXAMPLE)
    assert [b["resourceType"] for b in lines(result, "bundle")] == ["Bundle"]


def test_a_policy_decides_how_the_patient_is_written() -> None:
    def patient(policy: str) -> list[dict[str, Any]]:
        bundle = json.loads(redbag("convert", "-", "--patient", policy, said=EXAMPLE).stdout)
        return [e["request"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"]

    assert patient("match") == []
    assert [p["method"] for p in patient("create-if-missing")] == ["POST"]
    assert [p["method"] for p in patient("upsert")] == ["PUT"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    result = redbag("convert", "-", "-o", tmp_path / "out", said=EXAMPLE)
    assert result.exit_code == Exit.NOTHING
    assert "cannot be written" in result.stderr


def test_whoever_reads_our_output_may_stop(tmp_path: Path) -> None:
    (tmp_path / "many.ndjson").write_bytes(ndjson(*(another(f"r{i}") for i in range(50))))
    command = [*REDBAG, "convert", tmp_path / "many.ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert run.wait(timeout=60) == Exit.DONE
        assert b"Traceback" not in run.stderr.read()


# ---- nothing half-written ----------------------------------------------------------------------------------------------------
def test_what_stood_there_stays_until_the_new_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        stopped_while_writing(path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    files.write(path, b"new")
    assert path.read_bytes() == b"new"


def stopped_while_writing(path: Path) -> None:
    with files.writing(path) as file:
        file.write(b"ne")
        raise KeyboardInterrupt


# ---- no value of a patient ---------------------------------------------------------------------------------------------------
def test_no_sentence_holds_a_value(tmp_path: Path) -> None:
    """The canary stands in every text and every name of the record, one at a time: whatever is said about it, it is not repeated."""
    path = tmp_path / "home.ndjson"
    path.write_bytes(ndjson(*with_canaries(example())))
    for verb in (("check",), ("check", "--json"), ("convert", "-o", tmp_path / "out", "--json")):
        result = redbag(verb[0], path, *verb[1:])
        assert result.exit_code in (Exit.PARTIAL, Exit.NOTHING)
        assert CANARY.casefold() not in result.output.casefold()


def with_canaries(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield {**value, CANARY: value}
        for key, inner in value.items():
            yield from ({**value, key: each} for each in with_canaries(inner))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from ([*value[:i], each, *value[i + 1:]] for each in with_canaries(inner))
    else:
        yield CANARY if len(str(value)) % 2 else f"{CANARY}\n"


def test_a_bug_is_told_by_its_place_and_not_by_its_message() -> None:
    def broken() -> Exit:
        raise KeyError(CANARY)

    code, says = outcome(broken)
    assert code is Exit.BUG
    assert "KeyError in test_cli.py, line " in says
    assert CANARY not in says


@pytest.mark.parametrize(("raised", "code"), [(Stop(Exit.PERSON, "who?"), Exit.PERSON), (KeyboardInterrupt(), Exit.INTERRUPTED)])
def test_how_it_ends(raised: BaseException, code: Exit) -> None:
    def ending() -> Exit:
        raise raised

    assert outcome(ending)[0] is code


# ---- mapping, records, docs ------------------------------------------------------------------------------------------------------
def test_mapping_of_one_resource_and_of_all() -> None:
    assert "| `batch` | `lotNumber` | text |" in redbag("mapping", "immunization").stdout
    assert len(redbag("mapping").stdout.splitlines()) == 13
    fields = lines(redbag("mapping", "Immunization", "--json"), "field")
    assert {"records": ["Given"], "field": "batch", "path": "lotNumber", "carries": "text", "required": False} in fields


def test_a_mapping_that_is_not_there() -> None:
    result = redbag("mapping", CANARY)
    assert result.exit_code == Exit.USAGE
    assert "The resources are: Patient, " in result.stderr


def test_the_example_is_as_the_schema_and_the_check_have_it() -> None:
    said = redbag("records", "example").stdout
    assert redbag("check", "-", said=said).exit_code == Exit.DONE
    assert json.loads(redbag("records", "schema").stdout)["title"] == "CareRecord"


def test_docs_are_written_and_checked(tmp_path: Path) -> None:
    assert redbag("docs", "--check", "-o", tmp_path / "nowhere").exit_code == Exit.USAGE
    assert redbag("docs", "--check", "-o", tmp_path).exit_code == Exit.NOTHING
    assert redbag("docs", "-o", tmp_path).exit_code == Exit.DONE
    assert redbag("docs", "--check", "-o", tmp_path).exit_code == Exit.DONE
    assert sorted(p.stem for p in tmp_path.iterdir()) == [
        "answers", "cli", "endpoints", "guide", "mappings", "packages", "required", "rules", "synth"]


@pytest.mark.parametrize("module", [exits, talk, screen, send], ids=lambda m: m.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
