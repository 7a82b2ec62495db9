"""docs/endpoints.md: what redbag.toml may say, printed from the settings themselves, and why a token is not given. Pure."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files

from adapter.delivery.endpoints.config import FILE
from adapter.delivery.endpoints.credentials import KINDS
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.reference import Setting, settings
from adapter.delivery.endpoints.refusals import TEXTS
from adapter.delivery.endpoints.settings import StoreSettings, variable
from adapter.docs.markdown import table

HEAD = """<!-- Printed from adapter/delivery/endpoints by `redbag docs`: change the settings, not this page. -->
# Endpoints

An endpoint is a server on the NHS's side. `redbag.toml` names each, says how it is reached, who we are there, how much it may be asked
and what it may be told; `[store]` says where deliveries wait for it ([delivery.md](delivery.md)).

    redbag endpoint example > redbag.toml     a file with everything in it, to be cut down
    redbag endpoint list                      what the file says; or everything that is wrong with it, each with its line
    redbag endpoint test acute                is it there, does it know us, what can it do, whose clock is right; sends no message
    redbag send home.ndjson --to acute        the name stands where the address of a server stands

It is looked for where the command is run; `--config FILE` or `REDBAG_CONFIG` name another one. Paths in it are relative to its own folder.

**Secrets never stand in it.** `env:NAME` is a variable of the environment, `file:PATH` what a file holds that not everybody on the machine
may read. No secret is ever printed, in no error either.

**It may change while a worker runs.** So may the files it names: keys, certificates, tokens. What changed is taken up at once, what is
under way is finished as it was begun; nothing waits or is lost for it. A file that is broken is told once, and the last good one stays in
force.

**TLS.** The server is asked for under its own name; nothing switches that off. The token endpoint is reached in the same way as the
server: the same proxy, the same authorities, the same certificate of ours.

**Tokens** are asked for when the first request needs one, once for all that wait, and kept until shortly before they end. Where a server
does not take one any more (401, or BaRS' 403 with `SEND_FORBIDDEN`), one fresh token is tried, and then its answer stands.
"""
CLOSING = """## Why no token is given

What is said of NHS England's platform, by what it says itself. Its own words are not repeated. What is *to be mended* stops everything to
this endpoint until it is; nothing is lost by that, and no delivery dies of it before it expires. What *may pass* is tried again.
"""
NHS = """NHS England, step by step: register an application for the environment and take its API key as `client_id`; make a key pair and
register the address of its key set, whose `kid` is `kid`; `algorithm` is RS512; `token_url` is that of the same environment. A new key is
published an hour before it is used, because the platform looks at the key set once an hour.

SMART Backend Services: `algorithm` RS384 or ES384, and a `scope`.
"""


def page() -> str:
    example = files("adapter").joinpath("examples", FILE).read_text(encoding="utf-8")
    name, *endpoint = settings(Endpoint)
    why = [(f"`{text}`", why.says, why.whose.value) for text, why in TEXTS]
    return "\n".join([
        HEAD, "## `[store]`", "", *_table(settings(StoreSettings)),
        f"The environment goes before the file: `{variable('database')}`, `{variable('cap_mb')}` and so on.", "",
        "## `[endpoint.NAME]`", "", f"NAME is {name.what[:1].lower()}{name.what[1:]}", "", *_table(endpoint),
        "## `[endpoint.NAME.auth]`", "", *(line for kind in KINDS for line in _kind(kind)), NHS,
        CLOSING, *table(("It says", "The token endpoint ...", "So"), why),
        "## Example", "", "```toml", example.rstrip(), "```"]).rstrip() + "\n"


def _kind(name: str) -> Iterator[str]:
    kind, *others = settings(KINDS[name])
    yield from (f"### `kind = \"{name}\"`", "", kind.what, "")
    if others:
        yield from _table(others)


def _table(found: Iterable[Setting]) -> Iterator[str]:
    rows = [(f"`{setting.name}`", setting.value, setting.left_out, setting.what) for setting in found]
    return table(("Setting", "Value", "Left out", "What it is"), rows)
