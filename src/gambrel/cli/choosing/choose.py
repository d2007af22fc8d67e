"""`gambrel choose`: which framework, in which shape, and what to try first."""

import datetime as dt
import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from gambrel import GambrelError
from gambrel.choosing import load_guide, parse_answers, read_stub, recommend, render_record
from gambrel.choosing.guide import NAME
from gambrel.cli.choosing.asking import ask_all, questions, read_answers
from gambrel.cli.choosing.telling import tell

__all__ = ["command"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("choose")
@click.argument("name", default="product")
@questions
@click.option("--answers", metavar="FILE", help="Answers in TOML or JSON; - is JSON on stdin.")
@click.option("--ask/--no-ask", default=None, help="Ask for the rest. [on in a terminal]")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, and ask nothing.")
@click.option("--record", type=FILE, help="Write the decision as Markdown into a new file.")
@click.option("--prototype", type=FILE, help="Write the stub to try first into a new file.")
def command(
    name: str,
    answers: str | None,
    ask: bool | None,
    as_json: bool,
    record: Path | None,
    prototype: Path | None,
    **options: list[str] | None,
) -> None:
    """Say which framework NAME should start with, in which shape, and why.

    What is not answered by an option or a file is asked in a terminal; elsewhere it is assumed,
    and told so. Lists have commas: --needs models,roles. The rules are a file of data, which
    says of each what it is based on.
    """
    if not re.fullmatch(NAME, name):
        what = f"{name!r} is not a name of small letters, digits and -, 40 at most"
        raise click.BadParameter(what, param_hint="NAME")
    guide = load_guide()
    given: dict[str, Any] = read_answers(answers) if answers else {}
    given |= {name: value for name, value in options.items() if value is not None}
    if sys.stdin.isatty() and not as_json if ask is None else ask:
        given = ask_all(guide, given)
    found = recommend(guide, parse_answers(guide, given, answers or "gambrel choose"), name)
    if record is not None:
        number = int((re.match(r"\d+", record.name) or ["1"])[0])
        write_new(record, render_record(guide, found, number, dt.datetime.now(dt.UTC).date()))
    if prototype is not None:
        write_new(prototype, read_stub(found.risk))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        tell(guide, found, str(prototype or ""))


def write_new(file: Path, text: str) -> None:
    """Write a file that was not there. Raises GambrelError where it is, or cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise GambrelError(
            "choose.file-exists",
            f"{file} is there already, and is not overwritten",
            "gambrel choose",
            "name another file, or remove this one",
        ) from error
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    click.echo(f"wrote {file}", err=True)
