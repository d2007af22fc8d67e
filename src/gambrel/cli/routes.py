"""`gambrel routes`: the routes of the built app, why a URL leads where it does, generated code."""

import difflib
import json
import sys
from typing import Any
from urllib.parse import quote, urlsplit

import click

from gambrel import App, GambrelError, HTTPError
from gambrel.cli.built import handler_name, name_of, refused_host, short_place
from gambrel.cli.table import show_table
from gambrel.cli.target import file_of, load_app

__all__ = ["command"]

_COLUMNS = ("method", "path", "name", "handler", "where", "tags", "kind", "guards")


@click.command("routes")
@click.argument("words", nargs=-1, metavar="[TARGET] [match [METHOD] URL]")
@click.option("--source", metavar="NAME", help="Print the endpoint made for a route.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(words: tuple[str, ...], source: str | None, as_json: bool) -> None:
    """List the routes of the app of TARGET (app.py).

    `match /users/3` or `match POST https://example.com/users` tells which route takes a request,
    and why the others do not: exit code 1 where none does, or where the host is refused.
    """
    target, method, url = read_words(words)
    app = load_app(target)
    if source is not None:
        click.echo(source_of(app, source), nl=False)
    elif url:
        sys.exit(explain(app, method, url, as_json))
    elif as_json:
        click.echo(json.dumps([row_of(app, route) for route in app.routes], indent=2))
    else:
        show_table(_COLUMNS, [cells(row_of(app, route)) for route in app.routes])


def read_words(words: tuple[str, ...]) -> tuple[str, str, str]:
    """Return target, method and URL from what was typed; the last is empty for a listing."""
    is_named = bool(words) and (words[0] != "match" or file_of("match") is not None)
    target, *rest = words if is_named else ("app.py", *words)
    if not rest:
        return target, "", ""
    if rest[0] != "match" or len(rest) not in {2, 3}:
        raise click.UsageError("type `gambrel routes TARGET`, then nothing or `match [METHOD] URL`")
    url = rest[-1]
    method = rest[1].upper() if len(rest) == 3 else "GET"
    return target, method, url


# The listing ------------------------------------------------------------------------------------


def row_of(app: App, route: Any) -> dict[str, Any]:
    """Return what is shown of a route."""
    host = "" if route.host is None else route.host.text
    return {
        "method": list(route.methods),
        "path": host + route.pattern.text,
        "name": route.name,
        "handler": handler_name(route.handler),
        "where": short_place(route.where),
        "tags": list(route.options.tags),
        "kind": kind_of(route),
        "guards": guards_of(route),
    }


def cells(row: dict[str, Any]) -> list[str]:
    """Return a row as texts."""
    return [", ".join(row[name]) if isinstance(row[name], list) else row[name] for name in _COLUMNS]


def kind_of(route: Any) -> str:
    """Return how a handler runs: async, thread or inline; or what else the route is."""
    plan = getattr(route.endpoint, "plan", None)
    if plan is None:
        return str(route.kind)
    if plan.signature.is_async:
        return "async"
    return "inline" if plan.inline or plan.signature.is_generator else "thread"


def guards_of(route: Any) -> list[str]:
    """Return what stands before the handler: conditions, security, middleware, dependencies.

    And whether pages of other sites are let in.
    """
    options = route.options
    security = [
        name for way in options.security for name in ([way] if isinstance(way, str) else way)
    ]
    return [
        *map(repr, options.when),
        *map(str, security),
        *map(name_of, options.middleware),
        *map(name_of, options.dependencies),
        *(["any origin"] if options.extra.get("any_origin") else []),
    ]


# One URL ----------------------------------------------------------------------------------------


def explain(app: App, method: str, url: str, as_json: bool) -> int:
    """Write what happens to a request, and return 0 where a route takes it, else 1."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    host = parts.netloc.rpartition("@")[2] or None
    table = app.build().table
    try:
        steps = table.explain(method, path, host)
    except HTTPError as error:
        click.echo(f"{method} {path}: {error}", err=True)
        return 1
    found, params = table.match(method, path, host)
    is_refused = host is not None and not app.build().allowed_hosts.allows(host)
    if is_refused:
        click.echo(f"400 whatever the route: {refused_host(host or '')}", err=True)
    if as_json:
        click.echo(json.dumps(outcome(app, found, params, steps), indent=2, default=str))
    else:
        click.echo(f"{method} {host or ''}{path}: {verdict(app, found)}")
        for name, value in (params or {}).items():
            click.echo(f"  {name} = {value!r}")
        show_steps(app, steps)
    return 0 if answers(found) and not is_refused else 1


def answers(found: Any) -> bool:
    """Tell whether a match leads to a handler, perhaps under conditions."""
    return hasattr(found, "handler") or bool(getattr(found, "routes", None))


def verdict(app: App, found: Any) -> str:
    """Return in words what a match is."""
    if hasattr(found, "handler"):
        return f"{handler_name(found.handler)} ({short_place(found.where)})"
    if getattr(found, "routes", None):
        return "one of these, by the conditions that hold"
    reasons = [f"{found.status}"]
    reasons += [f"Allow: {', '.join(found.allow)}"] if found.allow else []
    reasons += [f"to {found.location}"] if found.location else []
    reasons += [found.detail] if found.detail else []
    return ", ".join(reasons)


def outcome(app: App, found: Any, params: Any, steps: list[Any]) -> dict[str, Any]:
    """Return what a match is, as data."""
    return {
        "matched": answers(found),
        "verdict": verdict(app, found),
        "params": params or {},
        "candidates": [
            {**row_of(app, step.route), "matched": step.matched, "why": step.why} for step in steps
        ],
    }


def show_steps(app: App, steps: list[Any]) -> None:
    """Write a table of the routes that were looked at."""
    rows = [
        (
            "yes" if step.matched else "no",
            ", ".join(step.route.methods),
            str(step.route.pattern),
            step.why,
            short_place(step.route.where),
        )
        for step in steps
    ]
    show_table(("matches", "method", "path", "why", "where"), rows)


# The generated endpoint -------------------------------------------------------------------------


def source_of(app: App, name: str) -> str:
    """Return the text of a route's endpoint; the route is named by name, handler or path."""
    for route in app.routes:
        handler = handler_name(route.handler)
        if name in {route.name, handler, handler.rpartition(".")[2], str(route.pattern)}:
            return f"# {', '.join(route.methods)} {route.pattern}, {short_place(route.where)}\n" + (
                written(app, route) or no_source(route)
            )
    known = sorted({route.name for route in app.routes if route.name})
    close = difflib.get_close_matches(name, known, 1)
    raise GambrelError(
        "cli.no-route",
        f"no route has the name {name!r}",
        "gambrel routes --source",
        f"did you mean {close[0]!r}?" if close else "`gambrel routes` lists their names",
    )


def written(app: App, route: Any) -> str:
    """Return the source of the endpoint that was generated for a route, `""` where none was."""
    plan = getattr(route.endpoint, "plan", None)
    if plan is None:
        return ""
    call, _ = app.build().call_of(plan)
    return str(getattr(call, "__source__", ""))


def no_source(route: Any) -> str:
    """Return why a route has no generated endpoint."""
    reason = "runs its plan step by step, for it has dependencies"
    if getattr(route.endpoint, "plan", None) is None:
        reason = f"is a {route.kind}"
    return f"# nothing is generated: the route {reason}\n"
