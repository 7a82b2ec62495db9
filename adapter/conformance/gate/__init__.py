"""The quick answer: a resource is right, or somebody has to look. Compiled from the same definitions that the explaining check reads.

    gate = Gate(definitions)
    gate.passes(bundle)          True: Checker would find no error. False: it might; ask it

Definitions become JSON Schema that runs in Rust over the dict as it is (jsonschema-rs); what a schema cannot say, or not quickly, small
functions of Python are asked. It is *sound*: where it says yes, there is no error. It is not complete, and need not be: whatever is rare
(narratives, elements with ids, an invariant that is not in its table) it leaves to the explaining check, which is right about everything
and takes a hundred times as long. It sees a dict and definitions, and knows nothing of shapes.

The reader's path: gate.py, then schema.py (what a definition says), texts.py (a value), invariants.py, places.py (extensions), quiet.py
(product rules), asking.py (Python's part).
"""
from adapter.conformance.gate.gate import Gate

__all__ = ["Gate"]
