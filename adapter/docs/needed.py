"""docs/required.md: what must be there, who fills it, and what to do where it is not known. Pure.

Which elements FHIR requires is kept here by hand, because what to do without them is a decision; a test holds the list against FHIR's own.
Nothing clinical is ever filled in by us. Sources: HL7 FHIR R4, the pages of these resources; UK Core STU2 2.0.2, their profiles.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapter.docs.markdown import MADE, table
from adapter.docs.pages import Page, Row, page, part_page, parts
from mappings.bag import LISTED, Unlisted
from mappings.catalogue import SHAPES

INTRODUCTION = f"""{MADE}
# What is required, and where it comes from

FHIR requires some elements that a care home may not know. What fills them, in this order: a constant that is true of every such record;
FHIR's own word for not known, where the home says so; nothing, and then the record is refused with the field's name. Nothing clinical is
ever filled in by the adapter. A field of a list's element, such as `links[].type`, must be there only where the element is. `resident` is
left out in JSON: it is whoever the care record is about.
"""
THE_CARE_RECORD = {
    "source": "A URI that the sender owns, such as `https://home.example/records`: the namespace of its keys.",
    "as_of": "The time of the export, with its zone. Never the adapter's clock.",
    "resident": "Who she is. No field of it must be there but `key`."}
BRACKETS = re.compile(r"\[[^\]]*\]")
OF_THE_BAG = "Always known: whoever the care record is about. Leave `resident` out of the record."
NEVER = "Does not happen: it follows from the kind of record."
LEFT_OUT = "Leave that element of the list out, or the field."
FROM_THE_LIST = "Does not happen: the adapter makes the List from the list in the care record, or from what it says in place of one."
READ_ONLY = "Only read: the hospital said it, or the resource stays unread and is shown."

WHERE_NOT_KNOWN = {
    "Patient": {"communication.language": LEFT_OUT, "link.other": LEFT_OUT, "link.type": LEFT_OUT},
    "RelatedPerson": {"patient": OF_THE_BAG, "communication.language": LEFT_OUT},
    "Organization": {},
    "Location": {"position.longitude": LEFT_OUT, "position.latitude": LEFT_OUT},
    "Practitioner": {"qualification.code": LEFT_OUT},
    "PractitionerRole": {},
    "Encounter": {
        "status": "Say `unknown`, FHIR's own word.",
        "class": "Refused: inpatient, emergency or outpatient is for whoever reports the stay to say.",
        "diagnosis.condition": LEFT_OUT,
        "location.location": LEFT_OUT},
    "Condition": {"subject": READ_ONLY},
    "AllergyIntolerance": {
        "code": "Say in `text` what is known; without any words it is refused. No allergies at all is not a record: say `none known` or "
                "`not asked` in place of the list.",
        "patient": OF_THE_BAG,
        "reaction.manifestation": "Where only the severity is known, say so: `NI` (no information) of HL7's NullFlavor, as UK Core has it. "
                                  "Otherwise leave the reaction out."},
    "MedicationStatement": {
        "status": "Say `unknown`, FHIR's own word. That the medicine is on the home's list does not make it `active`.",
        "medication[x]": "Say in `text` what is written on the chart; without any words it is refused.",
        "subject": OF_THE_BAG},
    "MedicationRequest": {
        "status": READ_ONLY, "intent": READ_ONLY, "medication[x]": READ_ONLY, "subject": READ_ONLY, "substitution.allowed[x]": READ_ONLY},
    "Immunization": {
        "status": NEVER,
        "vaccineCode": "Say `unknown` or `not available`, UK Core's own words.",
        "patient": OF_THE_BAG,
        "occurrence[x]": 'Say it in words, such as {"words": "winter 2019"}; without any it is refused.',
        "performer.actor": LEFT_OUT,
        "protocolApplied.doseNumber[x]": "Say `Dose sequence not recorded`, the Immunisation API's own words."},
    "List": {"status": FROM_THE_LIST, "mode": FROM_THE_LIST, "entry.item": FROM_THE_LIST},
}


def required() -> str:
    body = [line for resource in SHAPES for line in _resource(page(resource))]
    keys = ("Every record in it has a `key`, the sender's own: without it nothing could be sent twice without doubling it. "
            f"{_listed(LISTED)} are lists that are whole, or say why there is none: {_listed(s.value for s in Unlisted)}.")
    start = ["## The care record", "", *table(("Must be there", "What it is"), [(f"`{f}`", what) for f, what in THE_CARE_RECORD.items()]),
             keys, ""]
    shared = [cells for name in sorted(parts()) if (cells := _record(name, part_page(name).rows))]
    types = ["## Data types", "", *table(("Record", "Fields that must be there"), shared)]
    return "\n".join([INTRODUCTION, *start, *body, *types]).rstrip() + "\n"


def _listed(names: Iterable[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}"


def _resource(p: Page) -> Iterator[str]:
    yield from (f"## {p.resource}", "")
    must = [cells for group in p.groups if (cells := _record(group.title, group.rows))]
    yield from table(("Record", "Fields that must be there"), must) if must else ("No field of the record must be there.", "")
    elements = WHERE_NOT_KNOWN[p.resource]
    if elements:
        yield from table(("FHIR requires", "Comes from", "Where it is not known"),
                         [(f"`{element}`", comes_from(p, element), what) for element, what in elements.items()])


def _record(title: str, rows: tuple[Row, ...]) -> tuple[str, str] | None:
    names = [f"`{row.field}`" for row in rows if row.required]
    return (title, ", ".join(names)) if names else None


def comes_from(p: Page, element: str) -> str:
    """The fields or the constants that stand at an element."""
    fields, constants = dict[str, None](), dict[str, None]()
    for group in p.groups:
        fields |= {f"`{row.field}`": None for row in expanded(group.rows) if at_element(row.path, element)}
        constants |= {f"`{c.value}` for {group.title}": None for c in group.constants if at_element(c.path, element)}
    return "; ".join([*(["the field " + " or ".join(fields)] if fields else []), *constants])


def expanded(rows: tuple[Row, ...]) -> Iterator[Row]:
    """With the fields of the shared parts in their place."""
    for row in rows:
        yield row
        if row.carries in parts():
            yield from (inner._replace(field=f"{row.field}.{inner.field}", path=f"{row.path}.{inner.path}")
                        for inner in part_page(row.carries).rows)


def at_element(path: str, element: str) -> bool:
    """Does this place fill the element? `x[x]` is filled by any of its types.

    >>> at_element("medicationCodeableConcept|medicationReference", "medication[x]"), at_element("reaction[].manifestation[]", "reaction")
    (True, False)
    """
    plain, wanted = BRACKETS.sub("", path), element.removesuffix("[x]")
    return plain.startswith(wanted) and plain[len(wanted):len(wanted) + 1].isupper() if element != wanted else plain == wanted


