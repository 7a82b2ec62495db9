"""Care records as Bundles, and Bundles as care records."""
from adapter.bundle.identity import Id, Names
from adapter.bundle.reading import Item, Returned, Unreadable, read
from adapter.bundle.sending import Part, Policy, Row, collection, transaction

__all__ = ["Id", "Item", "Names", "Part", "Policy", "Returned", "Row", "Unreadable", "collection", "read", "transaction"]
