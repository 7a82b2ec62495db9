"""Care records as Bundles, and Bundles as care records."""
from adapter.bundle.identity import Id, Names
from adapter.bundle.policy import Part, Policy, Row
from adapter.bundle.reading import Item, Returned, Unreadable, read
from adapter.bundle.sending import collection, transaction
from adapter.bundle.shared import Shared, ours, shared

__all__ = ["Id", "Item", "Names", "Part", "Policy", "Returned", "Row", "Shared", "Unreadable", "collection", "ours", "read", "shared",
           "transaction"]
