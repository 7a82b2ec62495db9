"""FHIR XML and JSON say the same: there and back over everything published that we have, over our own, and over whatever shapes write."""
from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.faults import Refused
from adapter.fhir_xml import narrative
from adapter.fhir_xml.escapes import NOT_XML
from adapter.fhir_xml.tables import FHIR
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from tests import foreign
from tests.engine.corpus import examples, writable
from tests.homes import bags
from tests.mutate import exactly, nodes
from tests.strategies import records_of

Json = Any
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def canonical(value: Json) -> Json:
    """The same, every narrative in its canonical form."""
    if isinstance(value, dict):
        return {key: narrative.canonical(said) if key == "div" else canonical(said) for key, said in value.items()}
    return [canonical(each) for each in value] if isinstance(value, list) else value


def comes_back(resource: Json) -> bool:
    return exactly(wire.loads_xml(wire.dumps_xml(resource)), canonical(resource))


# ---- laws -------------------------------------------------------------------------------------------------------------------------
NOT_FHIR = {"wrong-kind": 18, "empty-list": 6, "null": 2}  # published as tests of what is to be refused, or as templates


def test_everything_published_in_json_comes_back_from_xml() -> None:
    refused = Counter[str]()
    for kind in foreign.TYPES:
        for where, resource in foreign.resources(kind):
            try:
                assert comes_back(resource), where
            except Refused as bad:
                (fault,) = bad.found
                refused[fault.rule] += 1
                assert fault.path.startswith(f"{kind}."), where
    assert refused == NOT_FHIR


def test_our_own_resources_come_back_from_xml() -> None:
    found = [wire.loads(path.read_bytes()) for path in sorted(FIXTURES.rglob("*.fhir.json"))]
    assert found
    assert all(map(comes_back, found))


POLICIES = [Policy("upsert", directory="own"), Policy("create-if-missing"), Policy("match")]


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_our_bundles_come_back_from_xml(name: str, bag: CareRecord) -> None:
    assert comes_back(collection(bag))
    assert all(comes_back(part.bundle) for policy in POLICIES for part in transaction(bag, policy))


@pytest.mark.parametrize("kind", SHAPES)
def test_whatever_a_shape_writes_comes_back_from_xml(kind: str) -> None:
    @examples(60)
    @given(records_of(SHAPES[kind]))
    def law(record: Any) -> None:
        """It comes back; unless it holds a character that XML does not have, and then that is refused."""
        resource = writable(SHAPES[kind], record)
        if not any(isinstance(said, str) and NOT_XML.search(said) for _, said in nodes(resource)):
            assert comes_back(resource)
            return
        with pytest.raises(Refused, match="not-a-character"):
            wire.dumps_xml(resource)

    law()


OUT_OF_ORDER = "UKCore-Observation-Lab-Albumin-Example.xml"  # its elements, and HL7's validator says so


def test_everything_published_in_xml_comes_back_from_json() -> None:
    for name, document in foreign.documents():
        resource = wire.loads(wire.dumps(wire.loads_xml(document)))
        again = wire.dumps_xml(resource)
        assert (c14n(again) == c14n(document)) == (name != OUT_OF_ORDER), name
        assert exactly(wire.loads_xml(again), resource)


def test_xml_and_json_of_the_same_published_example_are_the_same() -> None:
    """The JSON was made of the XML by another program."""
    known = {where.removeprefix("uk-core/").removesuffix(".json"): resource
             for kind in foreign.TYPES for where, resource in foreign.resources(kind) if where.startswith("uk-core/")}
    found = {name.removesuffix(".xml"): wire.loads_xml(document) for name, document in foreign.documents()}
    both = [name for name in found if name in known and known[name]["resourceType"] == found[name]["resourceType"]]
    assert len(both) > 40
    assert [name for name in both if not exactly(found[name], canonical(known[name]))] == []


def c14n(document: bytes) -> bytes:
    """W3C's canonical form, by a program that we did not write, of what is content in FHIR."""
    root = etree.fromstring(document, etree.XMLParser(remove_comments=True, remove_pis=True))
    for element in root.iter(f"{{{FHIR}}}*"):
        element.attrib.pop("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", None)
        element.text = element.tail = None
        for div in element.findall("{http://www.w3.org/1999/xhtml}div"):
            div.tail = None
    etree.cleanup_namespaces(root)
    return bytes(etree.tostring(root, method="c14n"))


# ---- single cases -----------------------------------------------------------------------------------------------------------------
def patient(**more: Json) -> Json:
    return {"resourceType": "Patient", **more}


WHY = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
CASES = {
    "an id, an extension with its own id": (
        patient(id="a", extension=[{"id": "x", "url": "http://x.example/y", "valueBoolean": True}]),
        '<id value="a"/><extension id="x" url="http://x.example/y"><valueBoolean value="true"/></extension>'),
    "a list of one": (patient(name=[{"given": ["Ann"]}]), '<name><given value="Ann"/></name>'),
    "a value with something about it": (
        patient(birthDate="1941", _birthDate={"id": "b", "extension": [WHY]}),
        f'<birthDate value="1941" id="b"><extension url="{WHY["url"]}"><valueCode value="unknown"/></extension></birthDate>'),
    "something about what is not there": (
        patient(_birthDate={"extension": [WHY]}),
        f'<birthDate><extension url="{WHY["url"]}"><valueCode value="unknown"/></extension></birthDate>'),
    "lists side by side": (
        patient(name=[{"given": ["Ann", None, "Mary"], "_given": [None, {"id": "g"}, None]}]),
        '<name><given value="Ann"/><given id="g"/><given value="Mary"/></name>'),
    "only what is about a list": (patient(name=[{"_given": [{"id": "g"}, {"id": "h"}]}]), '<name><given id="g"/><given id="h"/></name>'),
    "a choice": (patient(deceasedBoolean=False), '<deceasedBoolean value="false"/>'),
    "a whole number": (patient(multipleBirthInteger=-2), '<multipleBirthInteger value="-2"/>'),
    "contained": (patient(contained=[patient(id="c"), {"resourceType": "Organization"}]),
                  '<contained><Patient><id value="c"/></Patient></contained><contained><Organization/></contained>'),
    "what XML must escape": (patient(language="a<b>&\"'\t\n\r\u0085\u2028 é\U0001f490"),
                             '<language value="a&lt;b&gt;&amp;&quot;\'&#9;&#10;&#13;\u0085\u2028 é\U0001f490"/>'),
    "spaces stay": (patient(language="  a  b "), '<language value="  a  b "/>'),
    "an empty text": (patient(language=""), '<language value=""/>'),
    "an object with nothing in it": (patient(name=[{}]), "<name/>"),
    "a property called resourceType": (
        {"resourceType": "ExampleScenario", "instance": [{"resourceId": "a", "resourceType": "Patient"}]},
        '<instance><resourceId value="a"/><resourceType value="Patient"/></instance>'),
    "a narrative": (patient(text={"status": "generated", "div": f"{DIV}a\nb<br/><p></p></div>"}),
                    f'<text><status value="generated"/>{DIV}a&#10;b<br/><p></p></div></text>'),
}


@pytest.mark.parametrize(("resource", "inside"), CASES.values(), ids=CASES)
def test_the_two_forms_of_a_case(resource: Json, inside: str) -> None:
    name = resource["resourceType"]
    document = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{FHIR}">{inside}</{name}>'
    assert wire.dumps_xml(resource).decode() == document
    assert exactly(wire.loads_xml(document.encode()), resource)


@pytest.mark.parametrize("digits", ["0.50", "-0.0", "1E+2", "0E-7", "100", "12345678901234567890.123456789", "1.0E-7"])
def test_numbers_keep_their_digits(digits: str) -> None:
    quantity = wire.loads(b'{"resourceType":"Observation","valueQuantity":{"value":%s}}' % digits.encode())
    assert f'<value value="{digits}"/>' in wire.dumps_xml(quantity).decode()
    assert comes_back(quantity)


def test_whatever_the_order_of_the_dict_elements_come_in_fhirs() -> None:
    members = {"id": "a", "active": True, "_active": {"id": "x"}, "name": [{"family": "Sample"}], "birthDate": "1941"}
    written = {wire.dumps_xml({**dict(each), "resourceType": "Patient"}) for each in permutations(members.items())}
    assert len(written) == 1


def test_a_document_is_one_line_whatever_it_says() -> None:
    note = patient(text={"status": "generated", "div": f'{DIV}<img alt="a\nb"/>\n</div>'}, name=[{"text": "a\r\nb"}])
    assert b"\n" not in wire.dumps_xml(note)
    assert comes_back(note)


def test_a_list_of_nulls_alone_has_the_form_without_it() -> None:
    said = patient(name=[{"given": [None], "_given": [{"id": "g"}]}])
    assert wire.loads_xml(wire.dumps_xml(said)) == patient(name=[{"_given": [{"id": "g"}]}])


READ_AS = {
    "another prefix": (f'<f:Patient xmlns:f="{FHIR}"><f:active value="true"/></f:Patient>', patient(active=True)),
    "a byte order mark": (f'\ufeff<Patient xmlns="{FHIR}"/>', patient()),
    "comments, instructions and where the schema is": (
        (f'<?xml-stylesheet href="x"?><!-- a --><Patient xmlns="{FHIR}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
         f'xsi:schemaLocation="{FHIR} x.xsd"><!-- b --><active value="true"/><?c d?></Patient>'), patient(active=True)),
    "elements in another order": (
        f'<Patient xmlns="{FHIR}"><name><given value="A"/><family value="S"/><given value="B"/></name><id value="a"/></Patient>',
        patient(name=[{"given": ["A", "B"], "family": "S"}], id="a")),
    "a sign of plus": (f'<Patient xmlns="{FHIR}"><multipleBirthInteger value="+2"/></Patient>', patient(multipleBirthInteger=2)),
    "characters by their numbers": (
        f'<Patient xmlns="{FHIR}"><language value="&#233;&#x1F490;&#10;"/></Patient>', patient(language="é\U0001f490\n")),
    "a line break in an attribute is a space, as XML has it": (
        f'<Patient xmlns="{FHIR}"><language value="a\nb"/></Patient>', patient(language="a b")),
}


@pytest.mark.parametrize(("document", "resource"), READ_AS.values(), ids=READ_AS)
def test_what_xml_can_say_in_more_than_one_way(document: str, resource: Json) -> None:
    assert exactly(wire.loads_xml(document.encode()), resource)


# ---- narratives -------------------------------------------------------------------------------------------------------------------
NARRATIVES = {
    "as it was": (f"{DIV}<p>a &amp; b</p>\n</div>", f"{DIV}<p>a &amp; b</p>\n</div>"),
    "quotes": ("<div xmlns='http://www.w3.org/1999/xhtml' class='x\"y'/>", f'{DIV[:-1]} class="x&quot;y"></div>'),
    "a prefix, a namespace nobody uses": (
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml" xmlns:x="urn:x" xml:lang="cy"><h:b/></h:div>',
        '<div xmlns="http://www.w3.org/1999/xhtml" xml:lang="cy"><b></b></div>'),
    "comments, CDATA, numbers of characters": (
        f"{DIV}<!-- a -->b<![CDATA[<c>]]>&#160;&#x1F490;</div>", f"{DIV}b&lt;c&gt;\u00a0\U0001f490</div>"),
    "what closes itself": (f"{DIV}<br></br><hr /><td /><img alt=\"a\nb\"/></div>", f'{DIV}<br/><hr/><td></td><img alt="a b"/></div>'),
}


@pytest.mark.parametrize(("said", "form"), NARRATIVES.values(), ids=NARRATIVES)
def test_the_canonical_form_of_a_narrative(said: str, form: str) -> None:
    assert narrative.canonical(said) == narrative.canonical(form) == form


LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]) | st.sampled_from("<>&\"'\n\r\t")
MARKUP = st.recursive(
    st.text(LETTERS, max_size=6).map(lambda text: escape(text, {"\r": "&#13;"})),
    lambda inner: st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["p", "td", "b"]), st.lists(inner, max_size=3).map("".join)),
    max_leaves=9)


@given(MARKUP)
def test_a_canonical_narrative_stays_as_it_is_and_means_the_same(markup: str) -> None:
    said = f"{DIV}{markup}</div>"
    form = narrative.canonical(said)
    assert narrative.canonical(form) == form
    assert etree.tostring(etree.fromstring(form), method="c14n") == etree.tostring(etree.fromstring(said), method="c14n")
    assert comes_back(patient(text={"status": "generated", "div": said}))
