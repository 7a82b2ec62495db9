"""The unit of work: one line of NDJSON, as a care record system would write it. A resident, a stay, eight medicines, three vaccinations.

Fictional people; NHS numbers are of the 999 range with a right check digit.
"""
from __future__ import annotations

import json
from typing import Any

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
DMD, SNOMED = "https://dmd.nhs.uk", "http://snomed.info/sct"
SOURCE = "https://records.bench.example"
HOME = {"system": ODS, "value": "VZ901", "type": "Organization", "display": "Ashgrove Example Care Home"}
MEDICINES = [
    ("325427002", "Prednisolone 5mg tablets", "ONE tablet in the morning with food", "oral"),
    ("319740004", "Amlodipine 5mg tablets", "ONE tablet each morning", "oral"),
    ("317919004", "Furosemide 40mg tablets", "TWO tablets in the morning", "oral"),
    ("322236009", "Paracetamol 500mg tablets", "ONE or TWO tablets up to four times a day", "oral"),
    ("318420003", "Bisoprolol 2.5mg tablets", "ONE tablet each morning", "oral"),
    ("320030001", "Simvastatin 40mg tablets", "ONE tablet at night", "oral"),
    ("321080004", "Omeprazole 20mg gastro-resistant capsules", "ONE capsule before breakfast", "oral"),
    ("329498007", "Colecalciferol 800unit capsules", "ONE capsule daily", "oral"),
]
VACCINES = [
    ("39566211000001103", "Influenza vaccine 2025/26", "822851000000102", "Seasonal influenza vaccination", "T4A011V", "2025-10-02"),
    ("39114911000001105", "COVID-19 vaccine", "1362591000000103", "COVID-19 booster vaccination", "AB1234", "2025-10-02"),
    ("42223111000001107", "RSV vaccine", "1303503001", "RSV vaccination", "RX77", "2025-09-18"),
]


def nhs_number(number: int) -> str:
    """The number'th NHS number of the test range."""
    first = f"999{number * 10 // 9:06d}"
    check = 11 - sum(int(d) * w for d, w in zip(first, range(10, 1, -1), strict=True)) % 11
    return nhs_number(number + 1) if check == 10 else f"{first}{check % 11}"


def record(number: int) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "as_of": "2025-11-02T09:15:00+00:00",
        "resident": {
            "key": f"resident-{number}", "nhs_number": nhs_number(number % 800_000), "nhs_number_status": "verified", "active": True,
            "family_name": "Teatime", "given_names": ["Marigold", "Ann"], "name_prefixes": ["Mrs"],
            "gender": "female", "birth_date": "1938-04-17", "ethnic_category": "white british",
            "telecom": [{"system": "phone", "value": "01632 960123", "use": "home"}],
            "addresses": [
                {"use": "home", "lines": ["Ashgrove Example Care Home", "1 Nowhere Road"], "city": "Anytown", "postcode": "ZZ1 1ZZ"}],
            "general_practitioners": [{"system": ODS, "value": "Z99901", "type": "Organization", "display": "Nowhere Road Surgery"}],
            "managing_organization": HOME,
        },
        "stays": [{
            "key": f"stay-{number}", "status": "in progress", "encounter_class": "inpatient", "period": {"start": "2025-11-01T22:05:00Z"},
            "reasons": [{"codings": [{"system": SNOMED, "code": "233604007", "display": "Pneumonia"}], "text": "Chest infection"}],
            "origin": HOME, "admission_method": "emergency department", "admission_source": "independent care home",
            "service_provider": {"system": ODS, "value": "RZZ9", "type": "Organization", "display": "Anytown Test Hospitals NHS Trust"},
        }],
        "medicines": [{
            "key": f"medicine-{number}-{i}", "status": "active",
            "drug": {"codings": [{"system": DMD, "code": code, "display": name}], "text": name},
            "taken": {"start": "2025-03-04"}, "date_asserted": "2025-11-02T09:15:00+00:00", "information_source": HOME,
            "doses": [{"text": dose, "route": route, "amount": {"value": "DECIMAL", "unit": "tablet"}}],
        } for i, (code, name, dose, route) in enumerate(MEDICINES)],
        "vaccinations": [{
            "key": f"vaccination-{number}-{i}", "given_on": day, "recorded": f"{day}T14:30:00+01:00", "primary_source": True,
            "vaccine": {"codings": [{"system": DMD, "code": code, "display": name}], "text": name},
            "procedure": {"codings": [{"system": SNOMED, "code": procedure, "display": term}]},
            "batch": batch, "expiry_date": "2026-06-30", "site": "left upper arm", "route": "intramuscular",
            "amount": {"value": "DECIMAL", "unit": "millilitre", "system": "http://unitsofmeasure.org", "code": "mL"},
        } for i, (code, name, procedure, term, batch, day) in enumerate(VACCINES)],
    }


def line(number: int) -> bytes:
    """The number'th resident; every amount is 0.50, whose zero must arrive."""
    return json.dumps(record(number), ensure_ascii=False, separators=(",", ":")).replace('"DECIMAL"', "0.50").encode()
