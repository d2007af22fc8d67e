from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gambrel.checks import Level, Problem, run_checks
from gambrel.core.app.checks import (
    CORE_CHECKS,
    is_loopback,
    require_safe,
)
from gambrel.core.app.settings import CoreSettings, Settings
from gambrel.settings import Secret

KEY = Secret("0123456789abcdef0123456789abcdef")
GOOD: dict[str, Any] = {"hosts": ["example.com"], "secret_keys": [KEY]}


def levels(problems: Iterable[Problem]) -> dict[str, Level]:
    return {problem.id: problem.level for problem in problems}


def make_app(root: Path, environ: dict[str, str] | None = None, **arguments: Any) -> Any:
    settings = Settings(root, environ or {})
    settings.give(arguments, "app.py:1")
    settings.load()
    return SimpleNamespace(settings=settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost"])
def test_an_address_only_this_machine_reaches_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "example.com", "unix:/run/x"])
def test_any_other_address_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_development_on_loopback_starts_with_warnings() -> None:
    problems = require_safe(CoreSettings(debug=True), "127.0.0.1")

    assert levels(problems) == {"core.hosts": Level.WARNING, "core.secret": Level.WARNING}


@pytest.mark.parametrize("host", ["0.0.0.0", None])
def test_anywhere_else_hosts_and_secret_are_required_and_debug_is_refused(host: str | None) -> None:
    problems = require_safe(CoreSettings(debug=True), host)

    assert levels(problems) == {
        "core.debug": Level.ERROR,
        "core.hosts": Level.ERROR,
        "core.secret": Level.ERROR,
    }
    assert all(problem.hint for problem in problems)


def test_production_is_strict_on_loopback_too() -> None:
    problems = require_safe(CoreSettings(environment="production", debug=True), "127.0.0.1")

    assert {problem.level for problem in problems} == {Level.ERROR}


def test_hosts_and_a_good_secret_are_enough() -> None:
    assert require_safe(CoreSettings(**GOOD), "0.0.0.0") == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("ab" * 20, "can be guessed"),
        ("django-insecure-0123456789abcdefghij", "can be guessed"),
    ],
)
def test_a_weak_secret_is_refused_and_not_shown(key: str, reason: str) -> None:
    settings = CoreSettings(hosts=["example.com"], secret_keys=[KEY, Secret(key)])

    [problem] = require_safe(settings, "0.0.0.0")

    assert problem.id == "core.weak-secret"
    assert problem.message.startswith("secret key 2 ")
    assert reason in problem.message
    assert key not in str(problem)


def test_every_host_is_a_warning() -> None:
    settings = CoreSettings(hosts=["*"], secret_keys=[KEY])

    assert levels(require_safe(settings, "0.0.0.0")) == {"core.any-host": Level.WARNING}


def test_a_warning_can_be_silenced_and_an_error_cannot() -> None:
    settings = CoreSettings(hosts=["*"], silenced_checks=["core.any-host", "core.secret"])

    assert levels(require_safe(settings, "0.0.0.0")) == {"core.secret": Level.ERROR}


def test_a_check_before_deployment_asks_for_what_any_address_needs(tmp_path: Path) -> None:
    found = run_checks(CORE_CHECKS, make_app(tmp_path), deploy=True)

    assert levels(found) == {"core.hosts": Level.ERROR, "core.secret": Level.ERROR}
    assert run_checks(CORE_CHECKS, make_app(tmp_path)) == []


def test_a_variable_that_is_no_setting_is_a_warning(tmp_path: Path) -> None:
    found = run_checks(CORE_CHECKS, make_app(tmp_path, {"GAMBREL_DEBGU": "1"}))

    assert levels(found) == {"core.unknown-variable": Level.WARNING}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("10.0.0.0/8", {}),
        ("0.0.0.0/0", {"core.proxies": Level.WARNING}),
        ("::/0", {"core.proxies": Level.WARNING}),
        ("unix", {}),
    ],
)
def test_trusted_proxies_are_networks_and_not_everybody(
    tmp_path: Path, network: str, expected: dict[str, Level]
) -> None:
    found = run_checks(CORE_CHECKS, make_app(tmp_path, trusted_proxies=[network]))

    assert levels(found) == expected


def test_a_key_that_no_signer_takes_is_an_error_wherever_the_app_is_served(tmp_path: Path) -> None:
    app = make_app(tmp_path, secret_keys=[KEY, Secret("0123456789abcdef")])

    [problem] = run_checks(CORE_CHECKS, app, start=True)

    assert (problem.id, problem.level) == ("core.short-secret", Level.ERROR)
    assert problem.message == "secret key 2 has fewer than 32 bytes"
    assert "0123456789abcdef" not in str(problem)
