"""`gambrel pipeline`: what every request of the built app passes, who declared it, and where."""

import click

from gambrel import App
from gambrel.cli.built import (
    entrances_of,
    error_handlers_of,
    extensions_of,
    handler_name,
    headers_of,
    lifespans_of,
    middleware_of,
    name_of,
    short_place,
)
from gambrel.cli.table import show_table
from gambrel.cli.target import load_app

__all__ = ["command"]


@click.command("pipeline")
@click.argument("target", default="app.py")
def command(target: str) -> None:
    """Show what every request of TARGET (app.py) passes, from the outside in.

    Entrances, middleware by band, the routes' own middleware, default response headers, error
    handlers, what is opened at start, and the extensions in their order.
    """
    app = load_app(target)
    app.build()
    show("Entrances, in order", ("asks", "by", "where"), entrances(app))
    show("Middleware, outermost first", ("band", "middleware", "by", "where"), middleware(app))
    show("Middleware of routes", ("route", "middleware", "where"), route_middleware(app))
    show("Response headers", ("header", "value", "by", "where"), headers(app))
    show("Error handlers", ("answers", "handler", "by", "where"), error_handlers(app))
    show("Lifespan, in order", ("opens", "yields", "by", "where"), lifespans(app))
    show("Extensions, in order", ("name", "type", "requires", "from"), extensions(app))


def show(title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Write one part: its title, and its table or that there is nothing."""
    click.secho(title if rows else f"{title}: none", bold=True)
    if rows:
        show_table(headings, rows)
    click.echo()


def entrances(app: App) -> list[tuple[str, ...]]:
    """Return who is asked as a request begins."""
    return [(handler_name(one.value), one.by, short_place(one.where)) for one in entrances_of(app)]


def middleware(app: App) -> list[tuple[str, ...]]:
    """Return the middleware of the app."""
    return [
        (one.value.band.name, handler_name(one.value.call), one.by, short_place(one.where))
        for one in middleware_of(app)
    ]


def route_middleware(app: App) -> list[tuple[str, ...]]:
    """Return the middleware of single routes and groups."""
    return [
        (
            f"{', '.join(route.methods)} {route.pattern}",
            ", ".join(map(name_of, route.options.middleware)),
            short_place(route.where),
        )
        for route in app.routes
        if route.options.middleware
    ]


def headers(app: App) -> list[tuple[str, ...]]:
    """Return the default response headers."""
    return [(*one.value, one.by, short_place(one.where)) for one in headers_of(app)]


def error_handlers(app: App) -> list[tuple[str, ...]]:
    """Return who answers which errors."""
    return [
        (
            getattr(one.value.match, "__qualname__", str(one.value.match)),
            handler_name(one.value.handle),
            one.by,
            short_place(one.where),
        )
        for one in error_handlers_of(app)
    ]


def lifespans(app: App) -> list[tuple[str, ...]]:
    """Return what is opened when the app starts."""
    return [
        (
            one.value.name,
            getattr(one.value.produces, "__qualname__", ""),
            one.by,
            short_place(one.where),
        )
        for one in lifespans_of(app)
    ]


def extensions(app: App) -> list[tuple[str, ...]]:
    """Return the extensions."""
    own = {id(extension) for extension in app.extensions}
    return [
        (
            one.name,
            f"{type(one).__module__}.{type(one).__qualname__}",
            ", ".join(one.requires),
            "extensions" if id(one) in own else "defaults",
        )
        for one in extensions_of(app)
    ]
