"""Every system and profile URL once. Source: UK Core implementation guide (STU2 2.0.2), HL7 FHIR R4, NHS England."""

UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/"
UKCORE_CODES = "https://fhir.hl7.org.uk/CodeSystem/"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
THO = "http://terminology.hl7.org/CodeSystem/"

SNOMED_CT = "http://snomed.info/sct"
DMD = "https://dmd.nhs.uk"
BCP47 = "urn:ietf:bcp:47"

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_ORGANISATION = "https://fhir.nhs.uk/Id/ods-organization-code"
ODS_SITE = "https://fhir.nhs.uk/Id/ods-site-code"
SDS_USER = "https://fhir.nhs.uk/Id/sds-user-id"
GMC_NUMBER = "https://fhir.hl7.org.uk/Id/gmc-number"
GMP_NUMBER = "https://fhir.hl7.org.uk/Id/gmp-number"
NMC_NUMBER = "https://fhir.hl7.org.uk/Id/nmc-number"
GPHC_NUMBER = "https://fhir.hl7.org.uk/Id/gphc-number"
HCPC_NUMBER = "https://fhir.hl7.org.uk/Id/hcpc-number"
# How the numbers of a register are written, as a pattern (ASCII) and in words. A warning only: registers have changed theirs before.
WRITTEN_AS = {
    GMC_NUMBER: (r"\d{7}|L\d{6}", "seven digits, or L and six digits"),
    NMC_NUMBER: (r"\d\d[A-Z]\d{4}[A-Z]", "two digits, a letter, four digits, a letter"),
    GPHC_NUMBER: (r"2\d{6}", "seven digits, the first a 2"),
    HCPC_NUMBER: (r"[A-Z]{2}\d{1,6}", "two letters and up to six digits"),
}

# The identifier every shape writes for our own key. `adapter/bundle.py` turns it into the sender's own namespace and back.
SOURCE_KEY = "urn:redbag:source-key"
