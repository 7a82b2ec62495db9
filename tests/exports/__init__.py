"""The exports of the three vendors, opened by their layouts, for the tests that are about them."""
