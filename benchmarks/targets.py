"""What is measured: every server's environment (packages) and start command.

Peers run one worker, access log off, at their documented fastest settings, and with every
safety default left on. Called by setup (environments) and by server (commands).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

HOME = Path(__file__).resolve().parent
APPS = HOME / "apps"
DATABASE_APPS = APPS / "database"
VENVS = HOME / ".venvs"
RESULTS = HOME / "results"

# One environment per framework: no peer's version pins hold another one back. The packages named
# here are the ones whose versions are reported.
UVICORN = ("uvicorn", "uvloop", "httptools")
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "gambrel": ("gambrel", "uvloop", "httptools", "msgspec", "jinja2"),
    "blacksheep": ("blacksheep", "granian", "uvloop", "msgspec"),
    "django": ("django", "gunicorn", *UVICORN, "msgspec"),
    "django-bolt": ("django-bolt", "django", "uvloop", "msgspec"),
    "falcon": ("falcon", "granian", "uvloop", "msgspec"),
    "fastapi": ("fastapi", "starlette", "pydantic", *UVICORN, "jinja2", "itsdangerous"),
    "flask": ("flask", "gunicorn", "msgspec"),
    "granian": ("granian", "uvloop", "msgspec"),
    "litestar": ("litestar", "granian", *UVICORN, "msgspec", "jinja2", "cryptography"),
    "robyn": ("robyn", "uvloop", "msgspec"),
    "sanic": ("sanic", "uvloop", "httptools", "msgspec", "jinja2", "itsdangerous"),
    "socketify": ("socketify", "msgspec"),
    "starlette": ("starlette", *UVICORN, "msgspec", "jinja2", "itsdangerous"),
    "uvicorn": (*UVICORN, "websockets", "wsproto"),
    # With a database: SQLAlchemy or Django's ORM, and the drivers.
    "gambrel-db": (
        "gambrel",
        "uvloop",
        "httptools",
        "msgspec",
        "jinja2",
        "sqlalchemy",
        "psycopg",
        "aiosqlite",
    ),
    "django-db": ("django", "gunicorn", "granian", "uvloop", "psycopg", "psycopg-binary"),
    "django-bolt-db": ("django-bolt", "django", "psycopg", "psycopg-binary"),
    "fastapi-db": (
        "fastapi",
        *UVICORN,
        "jinja2",
        "sqlalchemy",
        "greenlet",
        "asyncpg",
        "psycopg",
        "psycopg-binary",
        "aiosqlite",
    ),
    "flask-db": ("flask", "gunicorn", "sqlalchemy", "psycopg", "psycopg-binary"),
}
# Gambrel itself is installed from this repository.
SOURCES = {
    "gambrel": ("--editable", f"{HOME.parent}[tracing]", "jinja2"),
    "gambrel-db": ("--editable", f"{HOME.parent}[postgres]", "jinja2"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One server: `command[0]` is found in the environment's bin folder; `{port}` is filled in.

    It runs in `folder`, and is up when `probe` answers 200.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: Path = APPS
    probe: str = "/plaintext"


def _gambrel(mode: str) -> Target:
    app = "gambrel_app.py" if mode == "async" else "gambrel_sync_app.py"
    command = ("gambrel", "run", app, "--port", "{port}")
    return Target(f"gambrel-{mode}", "gambrel", command, {"BENCH_MODE": mode})


def _granian(name: str, app: str, interface: str) -> Target:
    options = "--host 127.0.0.1 --port {port} --workers 1 --loop uvloop --http 1 --no-ws"
    threads = ("--blocking-threads", "1") if interface == "wsgi" else ()
    command = ("granian", "--interface", interface, *options.split(), *threads, app)
    environment = "granian" if name.startswith("raw") else name.split("-")[0]
    return Target(name, environment, command)


def _uvicorn(name: str, app: str) -> Target:
    options = "--host 127.0.0.1 --port {port} --loop uvloop --http httptools --no-access-log"
    command = ("uvicorn", *options.split(), "--log-level", "error", app)
    return Target(name, name.split("-")[0], command, {"BENCH_MODE": "async"})


def _gunicorn(name: str, app: str) -> Target:
    # gunicorn's default worker has no keep-alive: threads are its best case here.
    options = "--workers 1 --worker-class gthread --threads 8 --bind 127.0.0.1:{port}"
    return Target(name, name.split("-")[0], ("gunicorn", *options.split(), app))


def _script(name: str, *arguments: str) -> Target:
    return Target(name, name, ("python", f"{name.replace('-', '_')}_app.py", *arguments))


_BOLT = ("runbolt", "--host", "127.0.0.1", "--port", "{port}")
TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        _gambrel("async"),
        _gambrel("pool"),
        _gambrel("inline"),
        _gambrel("middleware"),
        _script("django-bolt", *_BOLT),
        _script("socketify"),
        _script("robyn", "--processes", "1", "--workers", "1", "--log-level", "ERROR"),
        _script("sanic"),
        Target("raw-own", "gambrel", ("python", "raw_own_app.py")),
        _granian("raw-granian-rsgi", "raw_app:app", "rsgi"),
        _granian("blacksheep-granian", "blacksheep_app:app", "asgi"),
        _granian("falcon-granian", "falcon_app:asgi", "asgi"),
        _granian("falcon-wsgi-granian", "falcon_app:wsgi", "wsgi"),
        _granian("litestar-granian", "litestar_app:app", "asgi"),
        _uvicorn("litestar-uvicorn", "litestar_app:app"),
        _uvicorn("starlette-uvicorn", "starlette_app:app"),
        _uvicorn("fastapi-uvicorn", "fastapi_app:app"),
        _gunicorn("flask-gunicorn", "flask_app:app"),
        _gunicorn("django-gunicorn", "django_app:wsgi"),
        _uvicorn("django-uvicorn", "django_app:asgi"),
    )
}


def _uvicorn_socket(kind: str) -> Target:
    found = _uvicorn(f"uvicorn-{kind}", "raw_socket_app:app")
    return replace(found, command=(*found.command, "--ws", kind, "--lifespan", "off"))


# The app that is measured with and without access log and metrics.
OBSERVED = Target(
    "gambrel-observed", "gambrel", ("gambrel", "run", "gambrel_observed_app.py", "--port", "{port}")
)
# Those that echo over WebSockets.
SOCKETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target(
            "gambrel-socket",
            "gambrel",
            ("gambrel", "run", "gambrel_socket_app.py", "--port", "{port}"),
            {"GAMBREL_SERVER__CONNECTIONS": "20000"},  # the crowd, and who speaks to it
        ),
        Target("raw-picows", "gambrel", ("python", "raw_picows_app.py")),
        _uvicorn_socket("websockets-sansio"),
        _uvicorn_socket("wsproto"),
        _uvicorn_socket("websockets"),
    )
}


def _with_database(name: str, command: Sequence[str], environment: str = "") -> Target:
    return Target(
        name, environment or f"{name.split('-')[0]}-db", tuple(command), {}, DATABASE_APPS
    )


def _serving(app: str) -> tuple[str, ...]:
    return ("gambrel", "run", app, "--port", "{port}")


# Those with an app in apps/database/; `{kind}` is the database.
DATABASES: Mapping[str, Target] = {
    target.name: target
    for target in (
        _with_database("gambrel-fast", _serving("gambrel_fast_app.py")),
        _with_database("gambrel-orm", _serving("gambrel_orm_app.py")),
        _with_database("by-hand", _serving("by_hand_{kind}_app.py"), "gambrel-db"),
        _with_database("fastapi-sqlalchemy", _uvicorn("fastapi", "fastapi_app:app").command),
        _with_database("flask-sqlalchemy", _gunicorn("flask", "flask_app:app").command),
        _with_database("django-granian", _granian("django", "django_app:wsgi", "wsgi").command),
        _with_database("django-gunicorn", _gunicorn("django", "django_app:wsgi").command),
        _with_database("django-bolt", _script("django-bolt", *_BOLT).command, "django-bolt-db"),
    )
}

# Those with an app in apps/page/: the frameworks that pages are made with.
PAGES = (
    "gambrel-pool",
    "gambrel-inline",
    "django-bolt",
    "sanic",
    "litestar-granian",
    "litestar-uvicorn",
    "starlette-uvicorn",
    "fastapi-uvicorn",
    "flask-gunicorn",
    "django-gunicorn",
    "django-uvicorn",
)


def select(names: list[str], known: Mapping[str, Target] = TARGETS) -> list[Target]:
    """The targets of these names or name prefixes, in the order asked; all when none is given.

    Raises `SystemExit` naming the choices when a name fits no target.
    """
    chosen: dict[str, Target] = {}
    for name in names or known:
        exact = known.get(name)
        found = [exact] if exact else [t for n, t in known.items() if n.startswith(name)]
        if not found:
            raise SystemExit(f"no target {name!r}; choose from: {', '.join(known)}")
        chosen.update((target.name, target) for target in found)
    return list(chosen.values())
