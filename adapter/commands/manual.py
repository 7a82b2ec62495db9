"""`redbag docs`: docs/*.md printed from the code. `--check` says which are not current, for CI."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from adapter import docs
from adapter.commands import files
from adapter.commands.answers import page as answers
from adapter.commands.endpoints_page import page as endpoints
from adapter.commands.exits import MEANS, Exit, Stop
from adapter.commands.guide import page as guide
from adapter.commands.talk import Talk
from adapter.docs.markdown import table
from adapter.synth.page import page as synth

WIDTH = 100
HEAD = """<!-- Printed from the program by `redbag docs`: change the program, not this page. -->
# The command line

Standard output is data, standard error is talk: results can be piped on while a person reads what happened. Records and what changed at
the hospital are data; talk holds no value of a patient, unless asked for with `--show-values` or `--show-server-text`. Input is one care
record as a JSON object, a JSON list of them, or NDJSON: one a line. `-` reads from a pipe. With `--json` everything found goes to
standard output, one JSON object a line; the last one holds the `result`. Progress bars appear only on a terminal.

With `--layout` the input is a vendor's own export, a file, a folder or a zip ([layouts.md](layouts.md)). Every fault then names the file,
the row and the column. The closing sentence of every verb says what became of all values of the export, `redbag ledger` says it one column
after the other, and `convert -o DIR` leaves that in `DIR/ledger.csv`. A ledger is about the vendor's own files: names of columns and
reasons of the layout stand in it, values never do. Rows of residents who were refused are left in the vendor's own form, in `DIR/refused`
or where `--refused` says, to be corrected and sent again. A folder that is written to is new or empty, and neither in nor around what is
read; a conversion goes on in its own. A draft of a layout shows the codes of a column only where twelve or fewer short ones are shared by
twenty rows or more, or with `--show-values`.

Where a server is named, that is its address, or the name of an endpoint of `redbag.toml` ([endpoints.md](endpoints.md)). With
`--durable` things are accepted for such an endpoint, and delivered by `redbag work` ([delivery.md](delivery.md)).

`redbag --install-completion` sets up completion for your shell.

## Exit codes

The same for every verb.
"""


def run(folder: Path, check: bool, app: typer.Typer, talk: Talk) -> Exit:
    """Raises Stop when `check` finds a page that is not current, or no pages at all."""
    if check and not folder.is_dir():
        raise Stop(Exit.USAGE, f"There is no folder {folder} here to check: run this in the project's source, or name it with -o.")
    pages = {folder / name: text for name, text in printed(app).items()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and stale:
        raise Stop(Exit.NOTHING, f"Not current: {', '.join(map(str, stale))}. Run `redbag docs` and commit what it prints.")
    for path in () if check else stale:
        files.write(path, pages[path].encode())
    done = "are current" if check or not stale else "printed: " + ", ".join(map(str, stale))
    talk.result({"pages": [str(p) for p in pages], "written": [] if check else [str(p) for p in stale]}, f"Pages {done}.")
    return Exit.DONE


def printed(app: typer.Typer) -> dict[str, str]:
    """Every generated page by its name."""
    return {**docs.files(), "cli.md": manual(app), "synth.md": synth(), "answers.md": answers(), "endpoints.md": endpoints(),
            "guide.md": guide()}


def manual(app: typer.Typer) -> str:
    codes = [(str(code.value), f"`{code.name}`", MEANS[code]) for code in Exit]
    body = [*table(("Code", "Name", "Meaning"), codes), *_verbs(typer.main.get_command(app), "redbag")]
    return HEAD + "\n" + "\n".join(body).rstrip() + "\n"


def _verbs(command: Any, path: str, parent: Any = None) -> list[str]:
    """The help of every verb, as it prints it."""
    name = path.rpartition(" ")[2]
    settings = {"terminal_width": WIDTH, **command.context_settings}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    if inner := getattr(command, "commands", {}):
        return [line for name, verb in inner.items() for line in _verbs(verb, f"{path} {name}", context)]
    return [f"## {path}", "", "```text", *map(str.rstrip, command.get_help(context).splitlines()), "```", ""]
