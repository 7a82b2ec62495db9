"""What is not FHIR XML, or has no place in it, is refused: by rule, line and path, without a value, without a hang, whatever it is."""
from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter import fhir_xml, wire
from adapter.faults import Fault, Refused
from adapter.fhir_xml.tables import FHIR
from tests import foreign
from tests.engine.corpus import examples
from tests.fuzz import within
from tests.mutate import EVERY, mutated

Json = Any
T = TypeVar("T")
CANARY = "Quetzalcoatl"
HEAD = f'<Patient xmlns="{FHIR}">'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


def refused(body: bytes | str, limits: wire.Limits = wire.XML_LIMITS) -> Fault:
    with pytest.raises(Refused) as caught:
        wire.loads_xml(body.encode() if isinstance(body, str) else body, limits)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    (only,) = caught.value.found
    return only


# ---- reading ----------------------------------------------------------------------------------------------------------------------
NOT_FHIR = {
    "an element of nobody": (f"{HEAD}\n<name>\n<Quetzalcoatl/></name></Patient>", "unknown-element", 3, "Patient.name[0]"),
    "an element of another type": (f"{HEAD}<family value='x'/></Patient>", "unknown-element", 1, "Patient"),
    "no namespace": ("<Patient><active value='true'/></Patient>", "not-a-resource", 1, ""),
    "another namespace": (f"{HEAD}<active xmlns='urn:Quetzalcoatl' value='true'/></Patient>", "unknown-element", 1, "Patient"),
    "no resource": (f'<HumanName xmlns="{FHIR}"/>', "not-a-resource", 1, ""),
    "no resource that can be": (f'<DomainResource xmlns="{FHIR}"/>', "not-a-resource", 1, ""),
    "an attribute of nobody": (f"{HEAD}<active value='true' note='Quetzalcoatl'/></Patient>", "unknown-attribute", 1, "Patient.active"),
    "a value where elements are": (f"{HEAD}<name value='Quetzalcoatl'/></Patient>", "unknown-attribute", 1, "Patient.name[0]"),
    "a resource's id as an attribute": (f'<Patient xmlns="{FHIR}" id="a"/>', "unknown-attribute", 1, "Patient"),
    "nil": (f"{HEAD}<active xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/></Patient>", "unknown-attribute", 1,
            "Patient.active"),
    "text": (f"{HEAD}<name>\n\n<family>Quetzalcoatl</family></name></Patient>", "stray-text", 3, "Patient.name[0].family"),
    "text behind": (f"{HEAD}<active value='true'/>Quetzalcoatl</Patient>", "stray-text", 1, "Patient"),
    "text in what is no resource": (f'<tests xmlns="{FHIR}"><a>Quetzalcoatl</a></tests>', "stray-text", 1, ""),
    "text in what contains no resource": (f"{HEAD}<contained><tests><a>Quetzalcoatl</a></tests></contained></Patient>", "stray-text", 1,
                                          "Patient.contained[0]"),
    "twice what is once": (f"{HEAD}<active value='true'/>\n<active value='true'/></Patient>", "duplicate-element", 2, "Patient.active"),
    "twice, once with an id alone": (f"{HEAD}<active id='a'/><active value='true'/></Patient>", "duplicate-element", 1, "Patient.active"),
    "neither value nor extension": (f"{HEAD}<name><given value='x'/><given/></name></Patient>", "no-value", 1, "Patient.name[0].given[1]"),
    "not true": (f"{HEAD}<active value='Quetzalcoatl'/></Patient>", "wrong-value", 1, "Patient.active"),
    "true as one": (f"{HEAD}<active value='1'/></Patient>", "wrong-value", 1, "Patient.active"),
    "not whole": (f"{HEAD}<multipleBirthInteger value='1.0'/></Patient>", "wrong-value", 1, "Patient.multipleBirthInteger"),
    "a whole number without end": (f"{HEAD}<multipleBirthInteger value='{'9' * 5000}'/></Patient>", "wrong-value", 1,
                                   "Patient.multipleBirthInteger"),
    "not a number": (f'<Observation xmlns="{FHIR}"><valueQuantity><value value="NaN"/></valueQuantity></Observation>', "wrong-value", 1,
                     "Observation.valueQuantity.value"),
    "a number without end": (f'<Observation xmlns="{FHIR}"><valueQuantity><value value="1e{"9" * 30}"/></valueQuantity></Observation>',
                             "wrong-value", 1, "Observation.valueQuantity.value"),
    "contained nothing": (f"{HEAD}<contained/></Patient>", "not-a-resource", 1, "Patient.contained[0]"),
    "contained two": (f"{HEAD}<contained><Patient/><Patient/></contained></Patient>", "not-a-resource", 1, "Patient.contained[0]"),
    "inside what is contained": (f"{HEAD}<contained><Patient/></contained><contained><Patient>\n<x/></Patient></contained></Patient>",
                                 "unknown-element", 2, "Patient.contained[1]"),
    "inside a bundle": (
        f'<Bundle xmlns="{FHIR}"><entry/><entry><resource><Patient><active value=""/></Patient></resource></entry></Bundle>',
        "wrong-value", 1, "Bundle.entry[1].resource.active"),
    "inside an extension of a value": (f"{HEAD}<birthDate><extension url='x'><x/></extension></birthDate></Patient>", "unknown-element", 1,
                                       "Patient.birthDate.extension[0]"),
    "a div of FHIR's": (f"{HEAD}<text><div>Quetzalcoatl</div></text></Patient>", "stray-text", 1, "Patient.text"),
    "strange things in a div": (f"{HEAD}<text>{DIV}<svg xmlns='urn:x'/></div></text></Patient>", "not-a-narrative", 1, "Patient.text.div"),
    "a strange attribute in a div": (f"{HEAD}<text>{DIV}<b x:c='d' xmlns:x='urn:x'/></div></text></Patient>", "not-a-narrative", 1,
                                     "Patient.text.div"),
}
NOT_XML = {
    "nothing": ("", "empty", 1), "spaces": (" \n ", "empty", 2), "JSON": ('{"resourceType": "Patient"}', "empty", 1),
    "cut": (f"{HEAD}\n<name>", "not-xml", 2), "cut in a value": (f'{HEAD}<name id="Quetzalcoatl', "not-xml", 1),
    "closed by another": (f"{HEAD}\n<name>\n</Quetzalcoatl></Patient>", "not-xml", 3), "two": (f"{HEAD}</Patient>\n<a/>", "not-xml", 2),
    "twice an attribute": (f"{HEAD}<active value='true' value='true'/></Patient>", "duplicate-attribute", 1),
    "a prefix of nobody": ("<f:Patient/>", "not-xml", 1), "HTML": ("<!DOCTYPE html><html><br></html>", "dtd", 1),
    "a lone surrogate": (f"{HEAD}<language value='&#xD800;'/></Patient>", "not-a-character", 1),
    "a control character": (f"{HEAD}<language value='\x0b'/></Patient>", "not-a-character", 1),
    "bad UTF-8": (f"{HEAD}\n".encode() + b"\xff</Patient>", "bad-utf-8", 2),
    "UTF-16": (f"{HEAD}</Patient>".encode("utf-16"), "bad-utf-8", 1),
    "said to be latin": (f'<?xml version="1.0" encoding="ISO-8859-1"?>{HEAD}</Patient>', "bad-utf-8", 1),
    "an entity of HTML": (f"{HEAD}<text>\n{DIV}&nbsp;</div></text></Patient>", "entity", 2),
    "an entity in a value": (f"{HEAD}<language value='&Quetzalcoatl;'/></Patient>", "entity", 1),
}


@pytest.mark.parametrize(("document", "rule", "line", "path"), NOT_FHIR.values(), ids=NOT_FHIR)
def test_what_fhir_does_not_have_is_refused(document: str, rule: str, line: int, path: str) -> None:
    fault = refused(document)
    assert (fault.rule, fault.line, fault.path) == (rule, line, path), str(fault)


DISORDERED = {
    "in the resource": (f"{HEAD}<birthDate value='1938'/>\n<active value='true'/></Patient>", 2, "Patient.active"),
    "one of a list apart": (f"{HEAD}<name/><birthDate value='1938'/>\n\n<name/></Patient>", 3, "Patient.name[1]"),
    "within an element": (f"{HEAD}<name><given value='A'/><family value='B'/></name></Patient>", 1, "Patient.name[0].family"),
    "an extension of a value": ((f"{HEAD}<active value='true'><extension url='a'><valueString value='b'/><extension url='c'/></extension>"
                                "</active></Patient>"), 1, "Patient.active.extension[0].extension[0]"),
    "in what is contained": (f"{HEAD}<contained><Patient><active value='true'/><id value='a'/></Patient></contained></Patient>", 1,
                             "Patient.contained[0].id"),
    "in a bundle": ((f'<Bundle xmlns="{FHIR}"><entry><resource><Patient><active value="true"/>\n<id value="a"/></Patient></resource>'
                     "</entry></Bundle>"), 2, "Bundle.entry[0].resource.id"),
    "a bundle's own": (f'<Bundle xmlns="{FHIR}"><entry><resource><Patient/></resource></entry><type value="collection"/></Bundle>', 1,
                       "Bundle.type"),
}


@pytest.mark.parametrize(("document", "line", "path"), DISORDERED.values(), ids=DISORDERED)
def test_another_order_is_read_and_can_be_told(document: str, line: int, path: str) -> None:
    body = document.encode()
    assert wire.loads_xml(body)
    fault = fhir_xml.disorder(body)
    assert fault is not None
    assert (fault.rule, fault.line, fault.path) == ("out-of-order", line, path)


@pytest.mark.parametrize("document", [document for document, *_ in DISORDERED.values()], ids=DISORDERED)
def test_what_we_write_is_in_order(document: str) -> None:
    assert fhir_xml.disorder(wire.dumps_xml(wire.loads_xml(document.encode()))) is None


@pytest.mark.parametrize(("document", "rule", "line"), NOT_XML.values(), ids=NOT_XML)
def test_what_is_not_xml_is_refused(document: bytes | str, rule: str, line: int) -> None:
    fault = refused(document)
    assert (fault.rule, fault.line, fault.path) == (rule, line, ""), str(fault)


SAYS = {
    "UTF-16": ("<a/>".encode("utf-16"), "is UTF-16"), "UTF-16 without a mark": ("<a/>".encode("utf-16-be"), "is UTF-16"),
    "cut in a name": (f"{HEAD}\n<na", "the file is not whole"), "cut in a comment": (f"{HEAD}<!-- a", "the file is not whole"),
    "cut before its end": (f"{HEAD}\n\n", "the file is not whole"), "no quotes": (f"{HEAD}<name id=a/></Patient>", "is not well-formed"),
    "a space too many": (f"{HEAD}\n< name/>\n</Patient>", "is not well-formed"),
}


@pytest.mark.parametrize(("document", "says"), SAYS.values(), ids=SAYS)
def test_what_to_do_is_said(document: bytes | str, says: str) -> None:
    assert says in refused(document).says


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
HOSTILE = {
    "a file of ours": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + f"{HEAD}<language value='&x;'/></Patient>", "dtd"),
    "a billion laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>{HEAD}<language value="&l12;"/></Patient>', "dtd"),
    "a DTD from elsewhere": (f'<?xml version="1.0"?>\n<!-- <a> -->\n<!DOCTYPE a SYSTEM "http://x.example/a.dtd">{HEAD}</Patient>', "dtd"),
    "a DTD behind two marks": ("\ufeff\ufeff<!DOCTYPE a [<!ENTITY x 'y'>]>" + f"{HEAD}<language value='&x;'/></Patient>", "not-xml"),
    "nested without end": (HEAD + "<extension url='x'>" * 200_000, "too-large"),
    "nested deeper than JSON may be": (HEAD + "<extension url='x'>" * 40 + "</extension>" * 40 + "</Patient>", "too-deep"),
    "a div nested without end": (f"{HEAD}<text>{DIV}" + "<p>" * 200_000, "too-large"),
    "instructions without end": ("<?a?>" * 1_000_000, "empty"), "half instructions": ("<?" * 1_000_000, "not-xml"),
    "comments without end": ("<!-- " * 500_000, "not-xml"),
    "one value": (f"{HEAD}<language value='{'x' * 11_000_000}'/></Patient>", "not-xml or too-large"),  # as the release of libxml2 has it
    "many elements": ("<a>" + "<b/>" * 3_000_000 + "</a>", "not-a-resource"),
    "many attributes": ("<a " + " ".join(f"b{n}=''" for n in range(300_000)) + "/>", "not-a-resource"),
    "more than is read": (" " * (16 << 20) + f"{HEAD}</Patient>", "too-large"),
}


@pytest.mark.parametrize(("document", "rule"), HOSTILE.values(), ids=HOSTILE)
def test_what_would_hurt_is_refused_in_time(document: str, rule: str) -> None:
    with within(20):
        assert refused(document).rule in rule.split(" or ")


def test_depth_is_counted_as_in_json() -> None:
    document = f"{HEAD}<extension url='x'><extension url='y'><valueBoolean value='true'/></extension></extension></Patient>"
    assert wire.loads(wire.dumps(wire.loads_xml(document.encode(), wire.Limits(depth=5))), wire.Limits(depth=5))
    assert refused(document, wire.Limits(depth=4)).rule == "too-deep"
    lists = f"{HEAD}<name><given value='x'/></name></Patient>"
    assert wire.loads_xml(lists.encode(), wire.Limits(depth=4))
    assert refused(lists, wire.Limits(depth=3)).rule == "too-deep"


def test_the_lines_of_a_long_document_are_told() -> None:
    assert refused(f"{HEAD}{'<name/>' + chr(10)}" * 1 + "<name/>\n" * 100_000 + "<x/></Patient>").line == 100_002


# ---- writing ----------------------------------------------------------------------------------------------------------------------
def patient(**more: Json) -> Json:
    return {"resourceType": "Patient", **more}


UNSAYABLE = {
    "a property of nobody": (patient(name=[{}, {"Quetzalcoatl": 1}]), "unknown-property", "Patient.name[1]"),
    "about an object": (patient(_name=[{"id": "x"}]), "unknown-property", "Patient"),
    "about an attribute": (patient(extension=[{"url": "x", "_url": {"id": "x"}}]), "unknown-property", "Patient.extension[0]"),
    "two elements in one": (patient(_active={"extension": [], "valueBoolean": True}), "unknown-property", "Patient.active"),
    "an empty list": (patient(name=[]), "empty-list", "Patient.name"),
    "null": (patient(birthDate=None), "null", "Patient.birthDate"),
    "null in a list of objects": (patient(name=[None]), "wrong-kind", "Patient.name[0]"),
    "null in a list, and nothing about it": (patient(name=[{"given": ["x", None]}]), "no-value", "Patient.name[0].given[1]"),
    "nothing about nothing": (patient(_active={}), "no-value", "Patient.active"),
    "nothing about something": (patient(active=True, _active={}), "no-value", "Patient.active"),
    "lists of two lengths": (patient(name=[{"given": ["x"], "_given": [None, {"id": "x"}]}]), "uneven-lists", "Patient.name[0].given"),
    "no list": (patient(name={"family": "Quetzalcoatl"}), "wrong-kind", "Patient.name"),
    "no list of texts": (patient(name=[{"given": "Quetzalcoatl"}]), "wrong-kind", "Patient.name[0].given"),
    "an empty list of texts": (patient(name=[{"given": []}]), "empty-list", "Patient.name[0].given"),
    "a list too many": (patient(birthDate=["1941"]), "wrong-kind", "Patient.birthDate"),
    "text for true": (patient(active="true"), "wrong-kind", "Patient.active"),
    "one for true": (patient(active=1), "wrong-kind", "Patient.active"),
    "true for one": (patient(multipleBirthInteger=True), "wrong-kind", "Patient.multipleBirthInteger"),
    "text for an object": (patient(maritalStatus="Quetzalcoatl"), "wrong-kind", "Patient.maritalStatus"),
    "an attribute that is no text": (patient(extension=[{"url": 1}]), "wrong-kind", "Patient.extension[0].url"),
    "a float": ({"resourceType": "Observation", "valueQuantity": {"value": 0.5}}, "wrong-kind", "Observation.valueQuantity.value"),
    "no resource inside": (patient(contained=[{"id": "x"}]), "not-a-resource", "Patient.contained[0]"),
    "an abstract one": ({"resourceType": "Resource"}, "not-a-resource", ""), "no resource": ({}, "not-a-resource", ""),
    "a resourceType that is a list": ({"resourceType": ["Patient"]}, "not-a-resource", ""),
    "a character XML does not have": (patient(name=[{"given": ["x", "Quetzalcoatl\x0b"]}]), "not-a-character", "Patient.name[0].given[1]"),
    "half a character": (patient(language="\ud83d"), "not-a-character", "Patient.language"),
    "a character that is none": (patient(extension=[{"url": "x", "valueString": "\ufffe"}]), "not-a-character",
                                 "Patient.extension[0].valueString"),
    "no div": (patient(text={"div": "Quetzalcoatl"}), "not-a-narrative", "Patient.text.div"),
    "a div of another": (patient(text={"div": "<div>Quetzalcoatl</div>"}), "not-a-narrative", "Patient.text.div"),
    "no div, but XHTML": (patient(text={"div": DIV.replace("div", "p") + "</p>"}), "not-a-narrative", "Patient.text.div"),
    "a div with an entity": (patient(text={"div": f"{DIV}&nbsp;</div>"}), "not-a-narrative", "Patient.text.div"),
    "a div with a DTD": (patient(text={"div": f"<!DOCTYPE div [<!ENTITY x 'y'>]>{DIV}&x;</div>"}), "not-a-narrative", "Patient.text.div"),
    "a div that is no text": (patient(text={"div": 1}), "not-a-narrative", "Patient.text.div"),
}


@pytest.mark.parametrize(("resource", "rule", "path"), UNSAYABLE.values(), ids=UNSAYABLE)
def test_what_xml_cannot_say_is_refused(resource: Json, rule: str, path: str) -> None:
    with pytest.raises(Refused) as caught:
        wire.dumps_xml(resource)
    (fault,) = caught.value.found
    assert (fault.rule, fault.path) == (rule, path), str(fault)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_an_object_without_a_bottom_is_refused() -> None:
    bottomless = patient()
    bottomless["contained"] = [bottomless]
    with pytest.raises(Refused, match="too-deep"):
        wire.dumps_xml(bottomless)


# ---- whatever comes ---------------------------------------------------------------------------------------------------------------
DOCUMENTS = [document for _, document in foreign.documents()]
RESOURCES = [wire.loads_xml(document) for document in DOCUMENTS]
PIECES = [b"", b"<", b">", b"/", b"&", b'"', b"</", b"<!--", b"<?", b"<![CDATA[", b"<!DOCTYPE a>", b"&#0;", b"&a;", b"\x00", b"\xff",
          b"<div>", b' value="1"', b' xmlns="urn:x"', b"<contained>", b"<extension url='x'>"]
CRUELTIES = st.lists(st.tuples(st.sampled_from(EVERY), st.integers(0, 2**32)), min_size=1, max_size=3)
DAMAGE = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=3)


def damaged(document: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    body = bytearray(document)
    for place, length, piece in damage:
        start = place % (len(body) + 1)
        body[start:start + length] = piece
    return bytes(body)


@examples(400)
@given(st.builds(damaged, st.sampled_from(DOCUMENTS), DAMAGE) | st.binary(max_size=60))
def test_whatever_bytes_come_they_are_read_or_refused(body: bytes) -> None:
    resource = or_refused(wire.loads_xml, body)
    assert resource is None or wire.loads_xml(wire.dumps_xml(resource)) == resource


@examples(400)
@given(st.builds(mutated, st.sampled_from(RESOURCES), CRUELTIES))
def test_whatever_is_done_to_a_resource_it_is_written_so_that_it_comes_back_or_refused(resource: Json) -> None:
    document = or_refused(wire.dumps_xml, resource)
    assert document is None or wire.dumps_xml(wire.loads_xml(document)) == document


def or_refused(does: Callable[[Any], T], said: Any) -> T | None:
    """What it makes; None where it refuses, and says why."""
    try:
        return does(said)
    except Refused as refused:
        assert all(fault.rule and fault.says for fault in refused.found)  # noqa: PT017 - any other error is what fails here
        return None
