"""What `redbag check` is given by nobody in particular: 100,000 files damaged in every way, each known by a number.

    python -m tests.fuzz_check 4711             case 4711 again: the bytes, and what was said of them
    python -m tests.fuzz_check 0 1000000        so many cases (`make fuzz FUZZ=1000000`), shared among the processors

A case is a published or synthetic resource, bundle or record, as JSON, NDJSON or XML; then its structure is damaged, its bytes, or both.
Whatever it has become goes the way that every file goes under `redbag check`, into all five forms of report at once; what must hold then
is in `judge`. Small documents are taken more often than large ones, and most damage is told early: a case takes about a millisecond.
"""
from __future__ import annotations

import io
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

from adapter import wire
from adapter.commands.check import Asked, Session
from adapter.commands.check_against import Against, against
from adapter.commands.files import STDIN
from adapter.commands.talk import Kept
from adapter.conformance import Level
from adapter.conformance.report import Report, Summary, Told, Unit
from adapter.conformance.report.junit import Junit
from adapter.conformance.report.outcome import Outcome
from adapter.conformance.report.sarif import Sarif
from adapter.conformance.report.text import Json as JsonLines
from adapter.conformance.report.text import Text
from adapter.conformance.rules.explaining import explain
from tests import foreign
from tests.fuzz import CANARY, USUAL, as_bytes, damaged, within
from tests.mutants.bases import bases
from tests.mutate import EVERY, Json, Place, copied, held, mutated, nodes

WHOLE = frozenset({"empty"})      # what is said of a file as a whole has no place in it
SLOW = 2.0      # seconds that a case may take; PATIENCE (tests/fuzz.py) is when it is stopped
FREE = frozenset({"family", "given", "text", "value", "line", "city", "description", "comment", "title", "patientInstruction"})


# ---- what is damaged -----------------------------------------------------------------------------------------------------------------
class Base(NamedTuple):
    """`resource`: None of what is XML, and is damaged as bytes only."""

    name: str
    data: bytes
    resource: Json = None


@cache
def every_base() -> tuple[tuple[Base, ...], tuple[float, ...]]:
    """And how often each is taken, added up: the rarer, the larger it is."""
    found = [Base(name, as_bytes(secret), secret) for name, resource in bases().items() for secret in [with_secrets(resource)]]
    found += [Base(f"{base.name}.xml", wire.dumps_xml(bases()[base.name])) for base in found if len(base.data) < 3000]
    found += [Base(name, content) for name, content in foreign.documents() if len(content) < 6000]
    record = wire.loads((Path(wire.__file__).parent / "records" / "example.json").read_bytes())
    small = {name: record[name] for name in ("source", "as_of", "resident")}
    found += [Base("record", as_bytes(small), small)]
    return tuple(found), tuple(accumulate((0.15 if base.resource is None else 1) / (600 + len(base.data)) ** 1.7 for base in found))


def with_secrets(value: Json, key: str = "") -> Json:
    """A copy with the canary in every text that may be any text: nothing that is told may hold it."""
    if isinstance(value, dict):
        return {name: with_secrets(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_secrets(inner, key) for inner in value]
    return f"{CANARY} {len(value)}" if isinstance(value, str) and key in FREE else value


# ---- damage to its structure ---------------------------------------------------------------------------------------------------------
HOSTILE: tuple[str, ...] = (
    "a" * 2000, "1" * 2000, "." * 500, "-" * 500, "/" * 500, "a." * 500, "urn:oid:" + "1." * 500, "urn:uuid:" + "a" * 200,
    "http://" + "a/" * 500, "http://" + "A/" * 500, "_history/" * 100, "#" * 200, "#" + "a" * 200, "Patient/" * 100,
    "Patient?" + "a=b&" * 200, "?" * 100,
    "en" + "-abcde" * 200,
    "en-a-bb" * 50, "x-" + "a-" * 100, "(" * 300, "{" * 300, "mg/" * 100, "m" + "2" * 199, "((((((((m))))))))", "2024-02-30", "0000-01-01",
    "2024-13-01T25:61:61Z", "2024-01-01T00:00:00." + "9" * 500 + "Z", "AAAA" * 400 + "=", "=" * 100, "A" + "a1_" * 300,
    "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + "<p>" * 60, "<div xmlns=\"http://www.w3.org/1999/xhtml\">&lol;</div>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><div/>", "<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"#x\">x</a></div>",
    " " * 300, "\t\n", "\u200b", "\u0000", "\u001f", "\ud83d", "\u2028", "\ufeff", "\U0001f9d3" * 100, "e\u0301" * 100, "ﬁ" * 50, CANARY,
    f"http://{CANARY}.example/{CANARY}", f"urn:{CANARY}", f"http://fhir.hl7.org.uk/CodeSystem/UKCore-{CANARY}",
    f"#{CANARY}", f"{CANARY}/1", f"{CANARY}|1.0",
)
VALUES: tuple[Json, ...] = (
    10**400, -10**30, 10**18, 1.5e300, 5e-324, 2**31, 2**63, -(2**63) - 1, 0.1, True, False, None, [], {}, [[]], [{}], [None], {"": ""},
    [[[[]]]], {"resourceType": "Patient"}, {"resourceType": CANARY}, {"extension": [{"url": CANARY}]},
    {"reference": f"Patient/{CANARY}"}, {CANARY: CANARY},
    {"extension": []}, {"id": "a"}, {"coding": [{"code": CANARY, "system": f"http://{CANARY}"}]},
    {"contained": [{"resourceType": "Patient", "id": "a"}]},
)
Change = Callable[[Random, Json, list[tuple[Place, Json]]], None]


def put(out: Json, place: Place, value: Json) -> None:
    held(out, place[:-1])[place[-1]] = value


def objects(out: Json, places: list[tuple[Place, Json]]) -> list[dict[str, Json]]:
    return [value for _, value in [((), out), *places] if isinstance(value, dict)]


def hostile(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """A text that regular expressions and parsers dislike, where a text stood."""
    texts = [place for place, value in places if isinstance(value, str)] or [places[0][0]]
    put(out, rnd.choice(texts), rnd.choice(HOSTILE))


def odd(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    put(out, rnd.choice(places)[0], copied(rnd.choice(VALUES)))


def many(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """One thing twenty, or two hundred times."""
    place, value = rnd.choice(places)
    put(out, place, (value if isinstance(value, list) else [value]) * rnd.choice((20, 20, 20, 200 if len(places) < 60 else 20)))


def other_type(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    kinds = [each for each in objects(out, places) if "resourceType" in each] or [out]
    rnd.choice(kinds)["resourceType"] = rnd.choice((*KINDS, CANARY, "", None, "Resource", "DomainResource", "HumanName", "patient", [], {}))


def contain(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """Itself, within itself, two to twenty times; or a circle of references among what is contained."""
    whole = copied(out)
    if rnd.random() < 0.5:
        for _ in range(rnd.choice((2, 2, 4, 20))):
            whole = {"resourceType": out.get("resourceType", "Patient"), "id": "a", "contained": [whole]}
        out["contained"] = [whole]
    else:
        ring = range(rnd.choice((1, 2, 10)))
        out["contained"] = [{"resourceType": "Organization", "id": f"o{at}", "partOf": {"reference": f"#o{(at + 1) % len(ring)}"}}
                            for at in ring]


def bundle(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """Into a bundle, which may lead to itself, hold the same thing twice, and stand in a bundle."""
    whole = copied(out)
    out.clear()
    address = rnd.choice(("urn:uuid:a2a5f1a0-7a5a-4f3e-9d1b-0d5bb1d0a001", "http://a.example/Patient/1", "", "#",
                          f"urn:uuid:{CANARY}", CANARY))
    for _ in range(rnd.choice((1, 1, 1, 2, 8))):
        entry = {"fullUrl": address, "resource": whole, "request": {"method": rnd.choice(("PUT", "POST", CANARY)), "url": address}}
        whole = {"resourceType": "Bundle", "type": rnd.choice(BUNDLES), "entry": [entry] * rnd.choice((1, 1, 2))}
    out.update(whole)


def lead_to_itself(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    links = [value for value in objects(out, places) if "reference" in value] or objects(out, places)
    rnd.choice(links)["reference"] = rnd.choice(
        ("#", "#a", f"{out.get('resourceType')}/{out.get('id')}", "urn:uuid:a2a5f1a0-7a5a-4f3e-9d1b-0d5bb1d0a001", *HOSTILE))


def extend(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """Extensions known and unknown, a few or a hundred, beside each other or within each other."""
    urls = (*extensions(), CANARY, "", "url", "#", "http://a b")
    made: list[Json] = [{"url": rnd.choice(urls), rnd.choice(("valueString", "valueCode", "value", "extension", "url")): CANARY}
                        for _ in range(rnd.choice((1, 2, 5, 100 if len(places) < 60 else 5)))]
    for _ in range(rnd.choice((0, 0, 3, 70))):
        made = [{"url": rnd.choice(urls), "extension": made}]
    rnd.choice(objects(out, places))[rnd.choice(("extension", "extension", "modifierExtension", "_value", "_status"))] = made


def claim(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """A profile, of this type or another, or none."""
    out["meta"] = {"profile": rnd.choices((*profiles(), CANARY, "", None), k=rnd.choice((1, 1, 3)))}


def deepen(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """The same inside of itself, until it is deep, or too deep."""
    place, value = rnd.choice(places)
    key = place[-1] if isinstance(place[-1], str) else "extension"
    for _ in range(rnd.choice((2, 5, 60, 70))):
        value = {key: value} if rnd.random() < 0.5 else [value]
    put(out, place, value)


def everything(rnd: Random, out: Json, places: list[tuple[Place, Json]]) -> None:
    """Every element that a type of FHIR has, each with something."""
    value = rnd.choice((CANARY, 1, True, {}, [{}], [CANARY], {"text": CANARY}))
    rnd.choice(objects(out, places)).update(dict.fromkeys(rnd.choice(ELEMENTS), value))


KINDS = ("Patient", "Bundle", "List", "Observation", "Composition", "Parameters", "Binary", "Questionnaire", "StructureDefinition",
         "Immunization", "ValueSet", "CodeSystem", "MedicationRequest", "Encounter", "OperationOutcome", "AllergyIntolerance")
BUNDLES = ("transaction", "batch", "collection", "document", "message", "searchset", "history", CANARY)
ELEMENTS = (
    ("valueString", "valueBoolean", "valueCodeableConcept", "valueQuantity", "valueReference"), ("deceasedBoolean", "deceasedDateTime"),
    ("identifier", "status", "subject", "code", "extension", "contained", "id", "meta", "text", "language", "implicitRules"),
    ("entry", "link", "type", "total", "signature"), ("_id", "_status", "_resourceType", "_extension", "_gender"))
CHANGES: dict[str, Change] = {change.__name__: change for change in (
    hostile, odd, many, other_type, contain, bundle, lead_to_itself, extend, claim, deepen, everything)}
FREQUENT = ("hostile", "hostile", "hostile", "odd", "odd", "other_type", "lead_to_itself", "claim", "everything", "deepen", "extend",
            "many", "contain", "bundle")


@cache
def extensions() -> tuple[str, ...]:
    return tuple(url for url in known().checker.definitions.profiles() if "xtension" in url)[::7]


@cache
def profiles() -> tuple[str, ...]:
    return tuple(known().checker.definitions.profiles())[::5]


def changed(rnd: Random, resource: Json) -> Json:
    """One to three changes, of these and of those that tests/mutate.py has."""
    out = copied(resource)
    for _ in range(rnd.choice((1, 1, 2, 3))):
        if rnd.random() < 0.5:
            out = mutated(out, [(rnd.choice(EVERY), rnd.getrandbits(32))])
        elif places := [(place, value) for place, value in nodes(out) if place]:
            CHANGES[rnd.choice(FREQUENT)](rnd, out, places)
    return out


# ---- damage to its bytes --------------------------------------------------------------------------------------------------------------
ENCODED: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"\xef\xbb\xbf" + data, lambda data: b"\xef\xbb\xbf" * 2 + data,
    lambda data: data.decode("utf-8", "replace").encode("utf-16"),
    lambda data: data.decode("utf-8", "replace").encode("utf-16-be"), lambda data: data.decode("utf-8", "replace").encode("utf-32"),
    lambda data: data.decode("utf-8", "replace").encode("latin-1", "replace"), lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data + b"\n" + data, lambda data: data + data, lambda data: b"[" + data + b"]", lambda data: data + b"\x00" * 100,
    lambda data: b" " * 5000 + data, lambda data: data.replace(b'"', b"'"), lambda data: data.replace(b":", b"\\u003a"),
    lambda data: data.replace(b"{", b'{"resourceType":"Patient",', 3), lambda data: b"".join(data.split()),
    lambda data: b"PK\x03\x04" + data,
    lambda data: b"\x89PNG\r\n\x1a\n" + data, lambda data: data[:1] * 300 + data)


def broken(rnd: Random, data: bytes) -> bytes:
    if rnd.random() < 0.15:
        data = rnd.choice(ENCODED)(data)
    return damaged(data, [(rnd.choice(USUAL), rnd.getrandbits(32)) for _ in range(rnd.choice((1, 1, 1, 2, 4)))])


def case(seed: int) -> bytes:
    """Always the same for the same number."""
    rnd = Random(seed)      # noqa: S311 - not for secrets
    every, often = every_base()
    base, = rnd.choices(every, cum_weights=often)
    if base.resource is None or rnd.random() < 0.6:
        return broken(rnd, base.data)
    out = as_bytes(changed(rnd, base.resource))
    return broken(rnd, out) if rnd.random() < 0.1 else out


# ---- what must hold -------------------------------------------------------------------------------------------------------------------
class Known(Against):
    """What the definitions state and nobody evaluates depends on them alone, and takes longer to count than a case has time."""

    def not_checked(self) -> Counter[str]:
        return Counter()


@cache
def known() -> Known:
    return Known(against((), (), ()).checker)


@cache
def rule_text(rule: str) -> str | None:
    return explain(rule, known().checker.definitions)


@dataclass
class Every(Report):
    """All five forms at once; what was told, and the rules."""

    forms: tuple[Report, ...] = field(default_factory=lambda: (Text(), JsonLines(), Outcome(), Sarif("0", rule_text), Junit(Level.ERROR)))
    found: list[Told] = field(default_factory=list)

    def begin(self) -> Iterator[str]:
        yield from (line for form in self.forms for line in form.begin())

    def unit(self, unit: Unit) -> Iterator[str]:
        self.found.extend(unit.found)
        yield from (line for form in self.forms for line in form.unit(unit))

    def end(self, summary: Summary) -> Iterator[str]:
        yield from (line for form in self.forms for line in form.end(summary))


def told(data: bytes) -> tuple[list[Told], str]:
    """Everything that `redbag check` finds in a file of these bytes, and all that it says, in all its forms."""
    report, talk, before = Every(), Kept(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    try:
        Session(Asked((STDIN,), least=Level.INFORMATION), talk, report, replace(known(), met=set(), not_looked_up=Counter())).all()
    finally:
        sys.stdin = before
    return report.found, "\n".join(line if isinstance(line, str) else line.decode() for _, line in talk.said)


def judge(data: bytes) -> Counter[str]:
    """The rules that were told. Raises AssertionError where something is told that must not be, or not as it must."""
    found, said = told(data)
    sound(found, said)
    return Counter(each.finding.rule for each in found)


def sound(found: Iterable[Told], said: str) -> None:
    """Raises AssertionError."""
    for each in found:
        assert rule_text(each.finding.rule), f"no such rule: {each.finding.rule}"
        assert each.finding.says
        assert each.finding.path or each.line or each.field or each.record or each.finding.rule in WHOLE, f"no place: {each.finding.rule}"
    assert CANARY.casefold() not in said.casefold(), "a value is told"


# ---- many of them ---------------------------------------------------------------------------------------------------------------------
class Run(NamedTuple):
    """`faults`: the number of a case, and what is wrong with it. `slowest`: seconds, and the number of the case."""

    rules: Counter[str]
    faults: dict[int, str]
    slowest: tuple[float, int]


def run(seeds: Iterable[int]) -> Run:
    rules, faults, slowest = Counter[str](), dict[int, str](), (0.0, -1)
    for seed in seeds:
        began = time.perf_counter()
        try:
            with within():
                rules.update(judge(case(seed)))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is what is looked for
            faults[seed] = repr(fault)
        slowest = max(slowest, (time.perf_counter() - began, seed))
    return Run(rules, faults, slowest)


def everywhere(start: int, count: int, size: int = 5000) -> None:
    """On all processors; a line for each fault, and at the end how it went."""
    ranges = [range(at, min(at + size, start + count)) for at in range(start, start + count, size)]
    rules, faults, slowest, done = Counter[str](), 0, (0.0, -1), 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for each in pool.map(run, ranges):
            done, rules, slowest, faults = done + size, rules + each.rules, max(slowest, each.slowest), faults + len(each.faults)
            lines = [f"case {seed}: {fault}" for seed, fault in each.faults.items()]
            print(*lines, f"{min(done, count):,} of {count:,} cases, {faults} faults", sep="\n", flush=True)  # noqa: T201
    print(f"{len(rules)} rules told; the slowest case: {slowest[1]} in {slowest[0]:.2f} s")  # noqa: T201
    sys.exit(1 if faults else 0)


def one(seed: int) -> None:
    data = case(seed)
    print(data, f"{len(data):,} bytes", told(data)[1], sep="\n")  # noqa: T201
    judge(data)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    everywhere(*numbers) if len(numbers) == 2 else one(*numbers)
