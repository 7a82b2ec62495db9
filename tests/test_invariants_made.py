"""What was made to keep or to break one invariant does so by our check too, also where there is no node to ask."""
from __future__ import annotations

import pytest

from adapter.conformance.fhirpath import Focus, compiled
from tests.real.fhirpath_inputs import Json, asked
from tests.real.fhirpath_made import KEPT_AND_BROKEN


def keeps(resource: Json, key: str) -> bool:
    said = [compiled(rule.expression, key)(Focus(each.value, each.type, each.extra, resource, resource))
            for each in asked(resource) for rule in each.constraints if rule.key == key]
    assert said, "asked of nothing"
    return all(said)


@pytest.mark.parametrize("key", sorted(KEPT_AND_BROKEN))
def test_it_is_kept_and_broken_by_what_is_made_so(key: str) -> None:
    kept, broken = ([keeps(resource, key) for resource in side] for side in KEPT_AND_BROKEN[key])
    assert (kept, broken) == ([True] * len(kept), [False] * len(broken))
