"""`[store]` of the endpoints' file: where what waits is kept. The environment goes before the file: REDBAG_DATABASE and so on. Only
REDBAG_KEYS is another thing: not the name of the file, but the keys themselves (adapter/delivery/store/seal.py)."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "REDBAG_"


class StoreSettings(BaseSettings):
    """Where what waits is kept, and who looks after it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, hide_input_in_errors=True)

    database: str = Field("redbag.db", min_length=1, repr=False, description=(
        "A file, or `postgresql://HOST/NAME` for workers on several machines; with a password it is `env:NAME` or `file:PATH`."))
    keys: str = Field("redbag.keys", min_length=1, repr=False, description=(
        "The file with the keys that what waits is encrypted with (`redbag keys new`). What REDBAG_KEYS holds goes before what it holds."))
    keep_days: float = Field(30, ge=0, le=36_500, allow_inf_nan=False, description=(
        "How long what was delivered is kept; that it was delivered stays known."))
    cap_mb: int | None = Field(None, ge=10, description=(
        "How large the database may become, in megabytes; beyond that nothing more is accepted. Left out: until the disk is nearly full."))
    lease_seconds: float = Field(30, ge=3, le=3600, allow_inf_nan=False, description=(
        "After how long without a sign of life a worker is taken for dead, and what it had in hand is given to another."))
    engine: Literal["loop", "dbos"] | None = Field(None, description=(
        "Who wakes the workers: our own loop, or DBOS. Left out: the loop with a file, DBOS with PostgreSQL."))

    @classmethod
    def settings_customise_sources(cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
                                   *others: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource,
                                   ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is made from values has these values: the environment is asked once, where the file is loaded."""
        return (init_settings,)


def of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says of the store, by the names of the settings."""
    source = EnvSettingsSource(StoreSettings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if name != variable("keys")}
    return source()


def variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
