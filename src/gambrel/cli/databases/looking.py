"""`gambrel db show`, `check` and `sql`: what changes nothing."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from gambrel.cli.databases.projects import about, project_of

if TYPE_CHECKING:
    from gambrel.db.migrations.checking import Applied
    from gambrel.db.migrations.folders import Project

__all__ = ["check", "show", "sql"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_MARKS = {"applied": "[x]", "pending": "[ ]", "broken off": "[~]", "edited": "[!]"}


@click.command("show")
@about
@_JSON
def show(target: str, database: str, as_json: bool) -> None:
    """List the migrations of TARGET (app.py) in order, and which of them its database has."""
    from gambrel.db.migrations.checking import status

    found = status(project_of(target, database))
    if as_json:
        click.echo(json.dumps([as_data(one) for one in found], indent=2))
        return
    for one in found:
        click.echo(line(one))
    if not found:
        click.echo("there are no migrations")


@click.command("check")
@about
@click.option("--drift", "is_live", is_flag=True, help="Look at the database of the app, too.")
@click.option("--lint/--no-lint", default=None, help="Safe deployments; PostgreSQL's default.")
@_JSON
def check(target: str, database: str, is_live: bool, lint: bool | None, as_json: bool) -> None:
    """Fail where models and migrations of TARGET (app.py) differ, naming what each lacks.

    No database is asked but an empty one, which is made and dropped. Exit code 1 for any finding.
    """
    project = project_of(target, database)
    is_postgres = project.address.kind == "postgresql"
    found = findings(project, is_live=is_live, lint=is_postgres if lint is None else lint)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for one in found:
            click.echo(f"{one['kind']}: {one['text']}")
        click.echo(f"{len(found)} problems" if found else "no problems")
    sys.exit(1 if any(one["kind"] != "note" for one in found) else 0)


@click.command("sql")
@about
@click.option("--from", "since", default="", metavar="REVISION", help="What is there already.")
@click.option("--to", default="", metavar="REVISION", help="Go no further than this one.")
def sql(target: str, database: str, since: str, to: str) -> None:
    """Write the SQL of the migrations of TARGET (app.py), and run nothing."""
    from gambrel.db.migrations.preview import sql_of

    click.echo(sql_of(project_of(target, database), since, to), nl=False)


def findings(project: "Project", *, is_live: bool, lint: bool) -> list[dict[str, str]]:
    """Return all that is wrong, each with its kind."""
    from gambrel.db.migrations.checking import drift, missing, status, unsafe
    from gambrel.db.migrations.history import History

    found = [{"kind": "missing", "text": text} for text in missing(project)]
    if lint:
        later = [one for one in History(project).ordered if one.parents]
        found += [{"kind": "unsafe", "text": str(risk)} for risk in unsafe(later)]
    if is_live:
        found += [
            {"kind": one.state, "text": one.revision}
            for one in status(project)
            if one.state != "applied"
        ]
        told, strangers = drift(project)
        found += [{"kind": "drift", "text": text} for text in told]
        found += [{"kind": "note", "text": f"{one}: no model has it"} for one in strangers]
    return found


def line(one: "Applied") -> str:
    """Return a migration as a line."""
    when = f"  {one.applied_at:%Y-%m-%d %H:%M}" if one.applied_at else ""
    folder = "" if one.folder in {"app", ""} else f" ({one.folder})"
    phase = "  contract" if one.phase == "contract" else ""
    state = "" if one.state in {"applied", "pending"} else f"  {one.state}"
    return f"{_MARKS.get(one.state, '[?]')} {one.revision}{folder}{when}{phase}{state}"


def as_data(one: "Applied") -> dict[str, Any]:
    """Return a migration as JSON has it."""
    moment = one.applied_at.isoformat() + "Z" if one.applied_at else None
    return {
        "revision": one.revision,
        "folder": one.folder,
        "text": one.text,
        "state": one.state,
        "applied_at": moment,
        "phase": one.phase,
    }
