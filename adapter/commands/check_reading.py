"""Rules that bytes, records and exports break before anybody can ask whether they are FHIR: what each of their ids means."""
from __future__ import annotations

READING = {
    # files
    "empty": "A file holds a care record or FHIR.",
    "not-read": "A file that is named can be read.",
    "not-fhir": "What a server answers is FHIR.",
    "unreadable": "A file of an export can be read.",
    "unwritable": "What is written has room, and a place where it may stand.",
    "no-place": "What is written in the form of an export has a place in that form.",
    "no-room": "There is room on the disk for the index of an export whose files are in another order than its residents.",
    "utf-16": "Text is UTF-8, or an 8-bit encoding that the layout names; UTF-16 (which Windows calls Unicode) is saved as UTF-8 first.",
    "encoding": "Every byte of an export is of the encoding that its layout names, or that its beginning shows.",
    "not-a-zip": "A zip is a whole zip.",
    "zip-damaged": "A zip is undamaged, and made by the usual method.",
    "zip-bomb": "A zip does not unpack to more than an export can be.",
    "file-twice": "No two files of an export have one name.",
    "misquoted": "In CSV a cell that begins with a quotation mark ends with one.",
    "uncountable": "The values of an export can be counted a second time.",
    # XML and JSON
    "dtd": "XML has no document type declaration: FHIR has none, and what it can do is dangerous.",
    "entity": "XML has no entities but its own five.",
    "not-a-character": "A text holds only characters that XML 1.0 has.",
    "not-in-xml": "A text of an XML export holds only characters that XML 1.0 has.",
    "control-character": "A text holds no control characters.",
    "duplicate-attribute": "An attribute stands once on an element.",
    "duplicate-element": "An element stands once where FHIR has it once.",
    "stray-text": "In FHIR XML a value stands in an attribute, value=\"…\", and no text between elements.",
    "unknown-attribute": "An attribute is one that FHIR has there.",
    "unknown-element": "An element is one that FHIR has there, in FHIR's namespace.",
    "unknown-property": "A member is one that FHIR has there.",
    "wrong-kind": "A member is an object, a list or a value, as FHIR has it there.",
    "wrong-value": "A value in FHIR XML is written as its type is.",
    "no-value": "An element of FHIR XML has a value, or says something about it.",
    "null": "A member that has no value is left out.",
    "uneven-lists": "A list of values, and the list of what is said about them (_…), are equally long.",
    "not-a-narrative": "A narrative is a div of XHTML, with what FHIR allows in it.",
    "not-a-resource": "A document is a resource of FHIR R4, in FHIR's namespace.",
    # native records
    "bad-value": "A value is written as its field is: `redbag records schema` has the forms.",
    "missing": "A required field is there.",
    "unknown-field": "A field is one of the record's.",
    "wrong-type": "A value is a text, a number, a list, an object, as its field is.",
    "not-a-word": "A word is one of the field's.",
    "empty-text": "A text that says nothing is left out.",
    "empty-list": "An empty list says nothing; whether there are none, or nobody asked, is said in words.",
    "says-nothing": "An object in which nothing is said is left out.",
    "too-small": "A number is as large as its field asks.",
    "two-in-one": "An object says one of the things that it can be, and not two.",
    "same-resident": "A resident is there once.",
    # a layout, and what it makes of a row
    "no-file": "Every file of a layout that is not optional is in the export.",
    "no-table": "An export of CSV has the tables that its layout names.",
    "no-residents": "The residents stand where the layout says.",
    "no-resident": "A row belongs to a resident.",
    "no-time": "An export says of what time it is, or --as-of does.",
    "twice": "A value stands once where the field takes one.",
    "not-in-table": "A code is in the layout's table of its field.",
    "not-a-date": "A date is of one of the forms that the layout names, and in the calendar.",
    "not-a-time": "A time is of one of the forms that the layout names, and in the calendar.",
    "missing-hour": "A time is not in the hour that the clock skips in March.",
    "doubled-hour": "A time in the hour that October shows twice says which of the two it is.",
    "no-block": "A row is taken by a block of the layout, or ignored by a rule.",
    "empty-row": "A row of medicines, allergies or vaccinations says something.",
    "no-such-row": "A key that is looked up is there.",
    "state-missing": "Where there are no rows, something says why.",
    "contradiction": "The state of a list agrees with its rows.",
    "function": "A function of the layout's module takes the value.",
    "orphaned": "Where the layout states that no row means none, no rows belong to nobody.",
    # what is told besides
    "rb-one-page": "Of a search at an address one page is checked; that there are more is said.",
    "package-definition": "A definition in a package is a whole and readable one.",
}


def text_of(rule: str) -> str | None:
    """None for a rule that is none of these."""
    return f"{rule} (error): {READING[rule]}" if rule in READING else None
