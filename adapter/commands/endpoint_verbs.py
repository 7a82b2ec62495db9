"""The verbs about endpoints, as the command line has them; their steps are in endpoint.py."""
from __future__ import annotations

from typing import Annotated

import typer

from adapter.commands.ending import verb
from adapter.commands.exits import Exit
from adapter.commands.options import AsJson, ConfigFile
from adapter.commands.talk import Talk

endpoints = typer.Typer(help="The servers we deliver to, as redbag.toml names them.", no_args_is_help=True, rich_markup_mode=None)


@endpoints.command(name="list")
@verb
def list_(config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """List the endpoints. Each with how it is reached; secrets are not shown."""
    from adapter.commands import endpoint

    return endpoint.list_(config, Talk(as_json))


@endpoints.command()
@verb
def example() -> Exit:
    """Print an example of redbag.toml. Everything it may say stands in it."""
    from adapter.commands import endpoint

    return endpoint.example(Talk())


@endpoints.command(name="test")
@verb
def try_(name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Which endpoint.")], config: ConfigFile = None,
         as_json: AsJson = False) -> Exit:
    """Try an endpoint without sending a message. Who we are there, what it says it is and can, how long it takes, whose clock is right."""
    from adapter.commands import endpoint

    return endpoint.try_(config, name, Talk(as_json))
