"""`gambrel check`: what is wrong with an app, and with `--deploy` what is unsafe about it."""

import inspect
import json
import sys
from collections import Counter
from collections.abc import Iterator

import click

from gambrel import App
from gambrel.cli.built import lifespans_of
from gambrel.cli.target import load_app
from gambrel.extend import Level, Problem

__all__ = ["command"]


@click.command("check")
@click.argument("target", default="app.py")
@click.option("--deploy", is_flag=True, help="Ask also for what a reachable address needs.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(target: str, deploy: bool, as_json: bool) -> None:
    """Check the app of TARGET (app.py): exit code 1 where there is an error.

    Ids of problems that are accepted go into the setting `silenced_checks`; errors stay.
    """
    app = load_app(target)
    problems = [*app.problems(deploy=deploy), *shapeless(app)]
    if as_json:
        click.echo(json.dumps([as_data(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(summary(problems))
    sys.exit(1 if any(problem.level is Level.ERROR for problem in problems) else 0)


def shapeless(app: App) -> Iterator[Problem]:
    """Yield lifespan entries that never yield: they keep the app from starting."""
    for entry in (declared.value for declared in lifespans_of(app)):
        if inspect.iscoroutinefunction(entry.open):
            what = f"{entry.name} opens something for the lifespan, and yields nothing"
            hint = "write `yield` where the app is to run; what follows is done when it stops"
            yield Problem("lifespan.shape", what, hint, entry.where)


def summary(problems: list[Problem]) -> str:
    """Return how many problems there are, in words."""
    counted = Counter(problem.level for problem in problems)
    counts = [(level, counted[level]) for level in (Level.ERROR, Level.WARNING, Level.INFO)]
    found = [f"{n} {level.name.lower()}{'s' if n > 1 else ''}" for level, n in counts if n]
    return ", ".join(found) or "no problems"


def as_data(problem: Problem) -> dict[str, str]:
    """Return a problem as data."""
    return {
        "id": problem.id,
        "level": problem.level.name.lower(),
        "message": problem.message,
        "hint": problem.hint,
        "where": problem.where,
    }
