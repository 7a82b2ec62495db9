"""FHIR R4 XML <-> the plain dict that FHIR JSON is. Called through adapter/wire.py.

    <Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>        {"resourceType": "Patient", "active": True}

The reader's path: tables.py (what FHIR has, generated) -> reading.py, writing.py -> values.py, narrative.py, escapes.py, parsing.py.

What the two forms cannot say alike has one canonical form. A narrative: see narrative.py. A list of nothing but nulls beside _given is
left out. What only one can say is refused: in JSON empty lists, nulls of their own, unknown properties, characters that XML does not have;
in XML whatever FHIR does not have. Comments and xsi:schemaLocation are not content.

Source: FHIR R4 "XML Representation of Resources" and "JSON Representation of Resources".
"""
from adapter.fhir_xml.reading import disorder, read
from adapter.fhir_xml.writing import write

__all__ = ["disorder", "read", "write"]
