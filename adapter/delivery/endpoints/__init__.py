"""The servers we deliver to: what redbag.toml says of each, who we are there, and a client that reaches it.

    config = load(find())                                    every fault of the file at once
    async with connect(config.endpoint("acute")) as client:
        await client.get("metadata")
"""
from __future__ import annotations

from adapter.delivery.endpoints.config import Config, Live, NotConfigured, find, load
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.quiet import Quiet
from adapter.delivery.endpoints.settings import StoreSettings

__all__ = ["Config", "Endpoint", "Live", "NotConfigured", "Quiet", "StoreSettings", "connect", "find", "load"]
