"""UK Core conformance over plain dicts: fast where nothing is wrong, explained where something is."""
