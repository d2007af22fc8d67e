"""The checks of the core: hosts, keys, debug and proxies, as safe as where the app is reached."""

from collections.abc import Iterator
from typing import Any

from gambrel.checks import Check, Level, Problem, audible
from gambrel.core.app.settings import CoreSettings, Settings
from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import parse_host

SECRET_BYTES = 32
_MAKE_KEY = 'set GAMBREL_SECRET_KEY="$(python -c "import secrets; print(secrets.token_hex())")"'
_KNOWN_SECRETS = ("changeme", "change-me", "secret", "insecure", "password", "example")


def is_loopback(host: str) -> bool:
    """Tell whether an address to bind to is reached from this machine only."""
    name = host.strip("[]")
    try:
        return parse_host(f"[{name}]" if ":" in name else name).is_loopback()
    except BadRequest:
        return False


def is_exposed(settings: CoreSettings, bind_host: str | None) -> bool:
    """Tell whether an app is to be strict: in production, or reachable, or bound to who knows."""
    local = bind_host is not None and is_loopback(bind_host)
    return settings.environment == "production" or not local


def require_safe(settings: CoreSettings, bind_host: str | None) -> list[Problem]:
    """Return what keeps an app from serving at an address (None: unknown), and what to warn of.

    On loopback in development, missing hosts and secret are made up for, with a warning.
    """
    exposed = is_exposed(settings, bind_host)
    missing = Level.ERROR if exposed else Level.WARNING
    problems = [*_debug(settings, exposed), *_hosts(settings, missing), *_keys(settings, missing)]
    return audible(problems, settings.silenced_checks)


def _debug(settings: CoreSettings, exposed: bool) -> Iterator[Problem]:
    if settings.debug and exposed:
        message = "debug is on, and the app is not on a loopback address in development"
        yield Problem("core.debug", message, "set GAMBREL_DEBUG=false, or bind to 127.0.0.1")


def _hosts(settings: CoreSettings, missing: Level) -> Iterator[Problem]:
    if not settings.hosts:
        message = "no hosts are set"
        if missing is not Level.ERROR:
            message += ", so only localhost, 127.0.0.1 and [::1] are answered for"
        hint = "set GAMBREL_HOSTS=example.com,www.example.com"
        yield Problem("core.hosts", message, hint, level=missing)
    if "*" in settings.hosts:
        message = "hosts has '*', so a forged Host ends up in links and mails"
        hint = "name the hosts in GAMBREL_HOSTS"
        yield Problem("core.any-host", message, hint, level=Level.WARNING)


def _keys(settings: CoreSettings, missing: Level) -> Iterator[Problem]:
    if not settings.secret_keys:
        message = "no secret key is set"
        if missing is not Level.ERROR:
            message += ", so one is made up and what it signs ends with the server"
        yield Problem("core.secret", message, _MAKE_KEY, level=missing)
    for number, key in enumerate(settings.secret_keys, 1):
        text = key.reveal()
        if len(set(text)) < 8 or any(known in text.lower() for known in _KNOWN_SECRETS):
            message = f"secret key {number} can be guessed"
            yield Problem("core.weak-secret", message, _MAKE_KEY, level=missing)


def check_keys(app: Any) -> Iterator[Problem]:
    """Refuse keys that `Signer` will refuse, wherever the app is served."""
    for number, key in enumerate(app.settings.core.secret_keys, 1):
        if len(key.reveal().encode()) < SECRET_BYTES:
            message = f"secret key {number} has fewer than {SECRET_BYTES} bytes"
            yield Problem("core.short-secret", message, _MAKE_KEY)


def check_safety(app: Any) -> list[Problem]:
    """Ask for what any reachable address needs."""
    return require_safe(app.settings.core, None)


def check_variables(app: Any) -> list[Problem]:
    """Warn of variables that look like settings and are none."""
    settings: Settings = app.settings
    return [
        Problem("core.unknown-variable", text, "`gambrel config` lists all", level=Level.WARNING)
        for text in settings.unknown
    ]


def check_proxies(app: Any) -> Iterator[Problem]:
    """Warn of believing forwarding headers from everybody; what is no network does not build."""
    for network in app.settings.core.trusted_proxies:
        if network.endswith(("/0", "/0.0.0.0")):
            message = f"{network} in trusted_proxies is everybody"
            hint = "give the networks of your proxies: 10.0.0.0/8"
            yield Problem("core.proxies", message, hint, level=Level.WARNING)


CORE_CHECKS = (
    Check(check_variables),
    Check(check_proxies),
    Check(check_keys),
    Check(check_safety, deploy=True),
)
