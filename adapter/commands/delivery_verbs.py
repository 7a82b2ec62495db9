"""The verbs of durable delivery, as the command line has them: work, deliveries, keys, backup, restore, doctor."""
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.commands.ending import verb
from adapter.commands.exits import Exit
from adapter.commands.options import AsJson, ConfigFile, LayoutFile
from adapter.commands.talk import Talk

deliveries = typer.Typer(help="What was accepted, and what became of it; what is held, and how it goes on.", no_args_is_help=True,
                         rich_markup_mode=None)
keys = typer.Typer(help="The keys with which the store is encrypted.", no_args_is_help=True, rich_markup_mode=None)


class State(StrEnum):
    WAITING = "waiting"
    IN_FLIGHT = "in-flight"
    HELD = "held"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    DEAD = "dead"
    LOOK = "look"


Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER...", min=1, show_default=False, help="The numbers of deliveries.")]
Perhaps = Annotated[list[int] | None, typer.Argument(metavar="[NUMBER...]", min=1, show_default=False, help="The numbers of deliveries.")]
To = Annotated[str | None, typer.Option(metavar="NAME", help="Only at this endpoint.", show_default=False)]


# ---- working -------------------------------------------------------------------------------------------------------------------
@verb
def work(until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is due any more.")] = False,
         name: Annotated[str | None, typer.Option(metavar="NAME", show_default=False, help=(
             "What this worker is called, where several are at work; else the machine and a number."))] = None,
         config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Deliver what was accepted. In order for each resident, until it is there or a person is told why not; Ctrl-C stops it gently."""
    from adapter.commands import work

    return work.run(config, name, Talk(as_json), until_idle=until_idle)


# ---- looking, and deciding -----------------------------------------------------------------------------------------------------
@deliveries.command("list")
@verb
def list_(to: To = None, state: Annotated[State | None, typer.Option(show_default=False, help=(
            "Only those in this state; else all that wait, are held or dead. look: delivered, and for a person to look at."))] = None,
          older_than: Annotated[str | None, typer.Option(metavar="AGE", show_default=False, help=(
              "Only those accepted longer ago than this: 90s, 30m, 2h, 3d."))] = None,
          most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="So many of them, the newest first.")] = 50,
          config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """List deliveries, and count them. How many wait, are held or dead at each endpoint, and how long the disk will last."""
    from adapter.commands import deliveries

    return deliveries.list_(config, deliveries.Wanted.of(to, state and state.value, older_than, most), Talk(as_json))


@deliveries.command()
@verb
def show(number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", min=1, show_default=False, help=(
            "The number of a delivery: of everything about the same resident."))] = None,
         source: Annotated[str | None, typer.Option(metavar="URI", help="The namespace of your keys.", show_default=False)] = None,
         resident: Annotated[str | None, typer.Option(metavar="KEY", help="Whom, by your own key.", show_default=False)] = None,
         record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help=(
             "Whom, by her care record (with --layout: an export)."))] = None,
         layout: LayoutFile = None, to: To = None, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Tell what became of one resident's deliveries. Each attempt, when and how it ended, in a sentence."""
    from adapter.commands import deliveries
    from adapter.commands.timeline import Whom

    talk = Talk(as_json)
    return deliveries.show(config, Whom.of(number, source, resident, record, layout, talk), to, talk)


@deliveries.command()
@verb
def replay(numbers: Perhaps = None, to: To = None,
           every: Annotated[bool, typer.Option("--all", help="Whatever is dead and holds its lane.")] = False,
           config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Try dead deliveries again. As they were accepted, in their old place; what waits behind them waits on."""
    from adapter.commands import deliveries

    return deliveries.replay(config, numbers or [], to, every, Talk(as_json))


@deliveries.command()
@verb
def skip(numbers: Numbers, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Go on without dead deliveries. What waits behind them is sent; they stay in the store as what never arrived."""
    from adapter.commands import deliveries

    return deliveries.skip(config, numbers, Talk(as_json))


@deliveries.command()
@verb
def hold(numbers: Numbers, config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Send nothing more about whomever these deliveries are about. At their endpoint; what is accepted meanwhile waits."""
    from adapter.commands import deliveries

    return deliveries.hold(config, numbers, Talk(as_json))


@deliveries.command()
@verb
def release(numbers: Perhaps = None, to: To = None, every: Annotated[bool, typer.Option("--all", help="Whatever is held.")] = False,
            config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Go on with what was held by hand, or since a restore. Dead deliveries stay dead: replay or skip them."""
    from adapter.commands import deliveries

    return deliveries.release(config, numbers or [], to, every, Talk(as_json))


# ---- keys ----------------------------------------------------------------------------------------------------------------------
@keys.command()
@verb
def new(lost: Annotated[bool, typer.Option("--lost", help=(
            "The file of keys is gone, and there is no copy: make a new one, and give up what was sealed with the old keys."))] = False,
        config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Make a key. The first one, with its file, or one that takes over: what is accepted from now on is sealed with it."""
    from adapter.commands import keys

    return keys.new(config, Talk(as_json), is_lost=lost)


@keys.command("list")
@verb
def list_keys(config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """List the keys. Of each how many payloads need it, and which are missing; never the key itself."""
    from adapter.commands import keys

    return keys.list_(config, Talk(as_json))


@keys.command()
@verb
def reseal(config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Seal everything with the newest key. Afterwards no older one is needed, and it may leave the file."""
    from adapter.commands import keys

    return keys.reseal(config, Talk(as_json))


# ---- the store itself ----------------------------------------------------------------------------------------------------------
@verb
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="Where the copy is written; a new file.")],
           config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Copy the store into a file. While others are at work; the keys are not in it, keep a copy of their file elsewhere."""
    from adapter.commands import backup

    return backup.run(config, file, Talk(as_json))


@verb
def restore(file: Annotated[Path | None, typer.Argument(metavar="[FILE]", show_default=False, help=(
                "What `redbag backup` wrote; of PostgreSQL none: pg_restore has put it back already."))] = None,
            reconcile: Annotated[bool, typer.Option("--reconcile", help=(
                "Ask every endpoint what it has already; that is marked as delivered, and nothing is written there."))] = False,
            config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Bring back a store from its copy. Everything in it is held until `redbag deliveries release --all`."""
    from adapter.commands import backup

    return backup.restore(config, file, Talk(as_json), reconcile=reconcile)


@verb
def doctor(bundle: Annotated[Path | None, typer.Option(metavar="FILE.zip", show_default=False, help=(
            "Also write what support needs to know, without anything about a resident; a new file."))] = None,
           config: ConfigFile = None, as_json: AsJson = False) -> Exit:
    """Say how the store, its keys, the clock, the disk and the endpoints are. It ends with 4 where something does not go on until somebody
    does something; with 0 also where something is worth a look and goes on by itself."""
    from adapter.commands import doctor

    return doctor.run(config, bundle, Talk(as_json))
