"""The mutation corpus: resources with one fault each, and what HL7's own engine says of them.

Made from our fixtures, from published examples and from a few resources of further types by a generator that knows nothing of our
checker (tests/test_mutants.py sees to that). `corpus.mutants()` gives them; `verdicts` has the engine's answers, kept by content.
"""
