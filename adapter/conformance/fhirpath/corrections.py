"""Invariants that were published wrongly, and what is asked instead: HL7's own engine asks the same (FHIRPathExpressionFixer), so that
a receiver who runs it refuses what we refuse. By the published text, letter for letter: one that differs is left as it is.
"""
from __future__ import annotations

NAME = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
ELEMENT_PATH = (
    r"""path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}"""
    r"""(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')""")
PLAIN_PATH = r"path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')"
CORRECTIONS = {
    # cnl-0 and all that are like it: no name is no wrong name, and the whole name is meant
    NAME: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    # ref-1: a reference without an address, and # alone, which is the resource around it
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))":
        "reference.empty() or reference = '#' or reference.startsWith('#').not() or reference.substring(1) in %rootResource.contained.id",
    # bdl-8: an entry without an address
    "fullUrl.contains('/_history/').not()": "fullUrl.empty() or fullUrl.contains('/_history/').not()",
    # dom-6: of a contained resource no narrative is asked
    "text.`div`.exists()": "%rootResource != $this or text.`div`.exists()",
    # con-3: of a problem list only, and by its code (FHIR R4, Condition). HL7's engine asks nothing here: what it says instead always holds
    "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and "
    "code = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()":
        "clinicalStatus.exists() or verificationStatus.coding.where("
        "system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or "
        "category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-category' and code = 'problem-list-item').empty()",
    # tim-9: of each of several moments
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))":
        "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())",
    # ras-2: no probability is no wrong one
    "probability is decimal implies (probability as decimal) <= 100":
        "(probability.exists() and probability is decimal) implies (probability as decimal) <= 100",
    # que-7: of FHIR's boolean
    "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
    # opd-3: a parameter's type may be a resource
    "targetProfile.exists() implies (type = 'Reference' or type = 'canonical')":
        "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or "
        "type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))",
    # eld-19, eld-20: the whole path is meant
    ELEMENT_PATH: ELEMENT_PATH.replace("matches('", "matches('^").replace("')", "$')"),
    PLAIN_PATH: PLAIN_PATH.replace("matches('", "matches('^").replace("')", "$')"),
    # vs-1: of a moment only, not of a period
    "($this as dateTime).toString().length() >= 8": "$this is dateTime implies $this.toString().length() >= 10",
    # que-12: two conditions need to be joined already
    "enableWhen.count() > 2 implies enableBehavior.exists()": "enableWhen.count() >= 2 implies enableBehavior.exists()",
}


def corrected(expression: str, key: str) -> str:
    return "htmlChecks2()" if key == "txt-2" else CORRECTIONS.get(expression, expression)
