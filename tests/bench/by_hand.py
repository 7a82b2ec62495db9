"""(a) The same by hand: dicts, `json` and `uuid`, as one would write it for this one layout and nothing else.

It checks nothing: an unknown field is dropped, a wrong type travels, a key said twice wins. Numbers keep their digits by a marker around
their text, the cheapest way with `json`. Its answer is equal to ours (tests/bench/__main__.py insists).
"""
from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

UKCORE, CODES = "https://fhir.hl7.org.uk/StructureDefinition/", "https://fhir.hl7.org.uk/CodeSystem/"
SNOMED, NHS = "http://snomed.info/sct", "https://fhir.nhs.uk/Id/nhs-number"
VERIFICATION = {"verified": ("01", "Number present and verified")}
ETHNICITY = {"white british": ("A", "White - British")}
STATUS = {"in progress": "in-progress", "planned": "planned", "finished": "finished"}
CLASS = {"inpatient": ("IMP", "inpatient encounter"), "emergency": ("EMER", "emergency")}
ADMITTED = {"emergency department": (
    "21", "Emergency Admission: Emergency Care Department or dental casualty department of the Health Care Provider")}
CAME_FROM = {"independent care home": ("85", "Non-NHS (other than Local Authority) run Care Home")}
ROUTE = {"oral": ("26643006", "Oral"), "intramuscular": ("78421000", "Intramuscular")}
SITE = {"left upper arm": ("368208006", "Left upper arm structure")}
LISTS = {"medicines": ("933361000000108", "Medications and medical devices"), "vaccinations": ("1102181000000102", "Immunisations")}


def convert(line: bytes) -> bytes:
    made = bundle(json.loads(line, parse_float=lambda text: f"\0{text}\0"))
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"\\u0000', "").replace('\\u0000"', "").encode()


def bundle(bag: dict[str, Any]) -> dict[str, Any]:
    made = Bundle(bag["source"], bag["resident"]["key"])
    made.patient(bag["resident"])
    for stay in bag.get("stays", ()):
        made.encounter(stay)
    medicines = [made.medication(m) for m in bag["medicines"]]
    vaccinations = [made.vaccination(v) for v in bag["vaccinations"]]
    made.listing("medicines", bag["as_of"], medicines)
    made.listing("vaccinations", bag["as_of"], vaccinations)
    return {"resourceType": "Bundle", "type": "transaction", "timestamp": bag["as_of"], "entry": made.entries}


class Bundle:
    def __init__(self, source: str, resident: str) -> None:
        self.source, self.resident, self.space = source, resident, uuid.uuid5(uuid.NAMESPACE_URL, source)
        self.entries: list[dict[str, Any]] = []
        self.urn = f"urn:uuid:{self.id('Patient', resident)}"

    def id(self, kind: str, key: str) -> str:
        return str(uuid.uuid5(self.space, f"{len(self.resident)}:{self.resident}/{kind}/{key}"))

    def start(self, kind: str, key: str) -> dict[str, Any]:
        return {"resourceType": kind, "id": self.id(kind, key), "meta": {"profile": [f"{UKCORE}UKCore-{kind}"]},
                "identifier": [{"system": f"{self.source}/Id/{kind}", "value": key if kind == "Patient" else f"{self.resident}/{key}"}]}

    def put(self, resource: dict[str, Any]) -> str:
        urn, url = f"urn:uuid:{resource['id']}", f"{resource['resourceType']}/{resource['id']}"
        self.entries.append({"fullUrl": urn, "resource": resource, "request": {"method": "PUT", "url": url}})
        return urn

    def patient(self, row: dict[str, Any]) -> None:
        out = self.start("Patient", row["key"])
        del out["id"]
        out["extension"] = [{"url": f"{UKCORE}Extension-UKCore-EthnicCategory", "valueCodeableConcept": said(
            f"{CODES}UKCore-EthnicCategoryEngland", *ETHNICITY[row["ethnic_category"]])}]
        out["identifier"].append({
            "system": NHS, "value": row["nhs_number"],
            "extension": [{"url": f"{UKCORE}Extension-UKCore-NHSNumberVerificationStatus", "valueCodeableConcept": said(
                f"{CODES}UKCore-NHSNumberVerificationStatusEngland", *VERIFICATION[row["nhs_number_status"]])}]})
        out["active"] = row["active"]
        out["name"] = [{"use": "official", "family": row["family_name"], "given": row["given_names"], "prefix": row["name_prefixes"]}]
        out["telecom"] = [{"system": t["system"], "value": t["value"], "use": t["use"]} for t in row["telecom"]]
        out["gender"], out["birthDate"] = row["gender"], row["birth_date"]
        out["address"] = [{"use": a["use"], "line": a["lines"], "city": a["city"], "postalCode": a["postcode"]} for a in row["addresses"]]
        out["generalPractitioner"] = [logical(gp) for gp in row["general_practitioners"]]
        out["managingOrganization"] = logical(row["managing_organization"])
        request = {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={NHS}|{quote(row['nhs_number'], safe='')}"}
        self.entries.append({"fullUrl": self.urn, "resource": out, "request": request})

    def encounter(self, row: dict[str, Any]) -> None:
        out = self.start("Encounter", row["key"])
        code, display = CLASS[row["encounter_class"]]
        out["status"] = STATUS[row["status"]]
        out["class"] = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code, "display": display}
        out["subject"], out["period"] = {"reference": self.urn}, dict(row["period"])
        out["reasonCode"] = [concept(r) for r in row["reasons"]]
        out["hospitalization"] = {
            "extension": [{"url": f"{UKCORE}Extension-UKCore-AdmissionMethod", "valueCodeableConcept": said(
                f"{CODES}UKCore-AdmissionMethodEngland", *ADMITTED[row["admission_method"]])}],
            "origin": logical(row["origin"]),
            "admitSource": said(f"{CODES}UKCore-SourceOfAdmissionEngland", *CAME_FROM[row["admission_source"]])}
        out["serviceProvider"] = logical(row["service_provider"])
        self.put(out)

    def medication(self, row: dict[str, Any]) -> str:
        out = self.start("MedicationStatement", row["key"])
        out["status"], out["medicationCodeableConcept"] = row["status"], concept(row["drug"])
        out["subject"], out["effectivePeriod"] = {"reference": self.urn}, dict(row["taken"])
        out["dateAsserted"], out["informationSource"] = row["date_asserted"], logical(row["information_source"])
        out["dosage"] = [{
            "text": d["text"], "route": said(SNOMED, *ROUTE[d["route"]]), "doseAndRate": [{"doseQuantity": dict(d["amount"])}],
        } for d in row["doses"]]
        return self.put(out)

    def vaccination(self, row: dict[str, Any]) -> str:
        out = self.start("Immunization", row["key"])
        out["status"], out["vaccineCode"] = "completed", concept(row["vaccine"])
        out["extension"] = [{"url": f"{UKCORE}Extension-UKCore-VaccinationProcedure", "valueCodeableConcept": concept(row["procedure"])}]
        out["patient"], out["recorded"], out["primarySource"] = {"reference": self.urn}, row["recorded"], row["primary_source"]
        out["occurrenceDateTime"], out["lotNumber"], out["expirationDate"] = row["given_on"], row["batch"], row["expiry_date"]
        out["site"], out["route"] = said(SNOMED, *SITE[row["site"]]), said(SNOMED, *ROUTE[row["route"]])
        out["doseQuantity"] = dict(row["amount"])
        return self.put(out)

    def listing(self, name: str, as_of: str, items: list[str]) -> None:
        out = self.start("List", name)
        out["status"], out["mode"], out["code"] = "current", "snapshot", said(SNOMED, *LISTS[name])
        out["subject"], out["date"] = {"reference": self.urn}, as_of
        out["entry"] = [{"item": {"reference": urn}} for urn in items]
        self.put(out)


def concept(row: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"coding": [{"system": c["system"], "code": c["code"], "display": c["display"]} for c in row["codings"]]}
    if "text" in row:
        out["text"] = row["text"]
    return out


def said(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def logical(row: dict[str, Any]) -> dict[str, Any]:
    return {"type": row["type"], "identifier": {"system": row["system"], "value": row["value"]}, "display": row["display"]}
