"""The rules that hold of every resource because it is FHIR: what each of their ids means. The checks are the explaining check's own."""
from __future__ import annotations

from typing import NamedTuple

R4 = "HL7 FHIR R4 4.0.1"


class Structural(NamedTuple):
    """`bad`: a small example in words or JSON. `level` in words, where it depends on what the definition says."""

    sentence: str
    level: str
    bad: str
    source: str


STRUCTURAL: dict[str, Structural] = {
    "fhir-unknown": Structural("Every element is one that FHIR or the profile has there.", "error",
                               '`{"resourceType": "Patient", "nhsNumber": "…"}`', f"{R4}, the page of the resource"),
    "fhir-min": Structural("What is required is there, as often as it is required.", "error",
                           "an Encounter without status", f"{R4}, ElementDefinition.min"),
    "fhir-max": Structural("Nothing is there more often than it may be.", "error",
                           "two NHS numbers, where the profile has one", f"{R4}, ElementDefinition.max"),
    "fhir-type": Structural("A value is of the type that its element has, and a list where the element may repeat.", "error",
                            '`{"name": {"family": "Fictional"}}`: name is a list', f"{R4}, JSON Representation"),
    "fhir-format": Structural("A date, number, code, id or URI is written as its type is, and exists.", "error",
                              '`"birthDate": "1941-02-30"`', f"{R4}, Data Types, Primitive Types"),
    "fhir-choice": Structural("Of a choice of types there is one.", "error",
                              '`"deceasedBoolean": true, "deceasedDateTime": "2026-01-02"`', f"{R4}, Formats, Choice of Data Types"),
    "fhir-fixed": Structural("What a profile fixes is exactly that.", "error",
                             "a category of vital signs with another system", f"{R4}, ElementDefinition.fixed[x]"),
    "fhir-pattern": Structural("What a profile gives as a pattern is there, whatever else is.", "error",
                               "an Observation of body weight without its LOINC code", f"{R4}, ElementDefinition.pattern[x]"),
    "fhir-slice": Structural("The elements of a sliced list are those, in that order and that often, that the slicing allows.", "error",
                             "a third component in a blood pressure", f"{R4}, Profiling, Slicing"),
    "fhir-extension": Structural("An extension is known, stands where it may, and holds what its definition says.",
                                 "error", "the extension AdmissionMethod on the Encounter itself", f"{R4}, Extensibility"),
    "fhir-modifier": Structural("An extension that changes the meaning of what it stands on is in modifierExtension, and no other is.",
                                "error", "a modifier extension in extension", f"{R4}, Extensibility, Modifier Extensions"),
    "fhir-binding": Structural("A code is one of the value set that is bound.",
                               "error where it is required, a warning where it is extensible, information where it is preferred",
                               '`"gender": "f"`', f"{R4}, Terminologies, Binding Strengths"),
    "fhir-code": Structural("A code of a code system that is known whole is one of its codes.", "error",
                            "the discharge method 2 of England, which is not in the list", f"{R4}, Coding.code"),
    "fhir-display": Structural("The display of such a code is the code system's own.", "error",
                               "the marital status M with the display Single", f"{R4}, Coding.display"),
    "fhir-target": Structural("A reference leads to a resource of a type that may stand there.", "error",
                              "an Immunization whose patient is a Practitioner", f"{R4}, Reference"),
    "fhir-reference": Structural("A reference within the Bundle, or to what is contained, leads to something.", "error",
                                 '`{"reference": "#gp"}` where nothing contained has the id gp', f"{R4}, Resource References"),
    "fhir-contained": Structural("A contained resource has an id of its own.", "error",
                                 "two contained resources with the id 1", f"{R4}, Contained Resources"),
    "fhir-profile": Structural("A profile that is claimed is known, and is one of this type.", "error",
                               "an Observation that claims UKCore-Patient", f"{R4}, Resource.meta.profile"),
    "fhir-bundle": Structural("A Bundle's entries are as its type wants them: fullUrl, id, links, and in a document all within reach.",
                              "error", "an entry of a collection without fullUrl", f"{R4}, Bundle"),
    "fhir-empty": Structural("What is there says something: no null, no empty text, list or object.", "error",
                             '`"telecom": []`', f"{R4}, JSON Representation"),
    "fhir-narrative": Structural("A narrative is a div of harmless XHTML.", "error",
                                 "a script in text.div", f"{R4}, Narrative"),
    "rb-record": Structural("What a record says against itself, before it becomes FHIR: it is told at the record's field.",
                            "error where it is wrong whatever was meant, else a warning",
                            "a stay that ends before it begins", "docs/mappings.md: each record's own checks"),
    "rb-unread": Structural("What stands in a resource and no field of a record holds: it is kept and written back, and not shown.",
                            "information", "an element that docs/mappings.md does not have", "docs/mappings.md"),
    "too-large": Structural("What is read is no larger than what is asked for.", "error", "a resource of 100 MB", "this program"),
    "too-many": Structural("A list has no more than 100,000 elements, and a resource no more than 1,000 errors: what is behind them is not "
                           "looked at.", "error", "a Bundle of a whole region's residents", "this program"),
    "too-deep": Structural("JSON and XML are nested 64 deep at most.", "error", "a thousand brackets in one another", "this program"),
    "bad-utf-8": Structural("Text is UTF-8.", "error", "a file that was saved as Windows-1252", "RFC 8259"),
    "second-opinion": Structural("The models of fhir.resources for R4B take it too (only where they are asked).", "warning",
                                 "a text where a model has a number", "fhir.resources, R4B, which is nearly R4"),
    "not-json": Structural("What is read is JSON.", "error", "a comma after the last element", "RFC 8259"),
    "not-xml": Structural("What is read as XML is well-formed.", "error", "an element that is never closed", "XML 1.0"),
    "not-an-object": Structural("A resource is a JSON object.", "error", '`"Patient"`', f"{R4}, JSON Representation"),
    "duplicate-key": Structural("No name stands twice in one JSON object: which of the two is meant cannot be known.", "error",
                                '`{"status": "active", "status": "stopped"}`', f"{R4}, JSON Representation"),
    "not-a-number": Structural("NaN and Infinity are no numbers of JSON.", "error", '`{"value": NaN}`', "RFC 8259"),
    "number-out-of-range": Structural("A number is one that can be held exactly.", "error", "1e999999", f"{R4}, Data Types, decimal"),
    "lone-surrogate": Structural("An escape of two halves has both.", "error", r'`"\ud800"`', "RFC 8259"),
    "doctype": Structural("XML has no document type declaration.", "error", "`<!DOCTYPE Patient>`", f"{R4}, XML Representation"),
}
