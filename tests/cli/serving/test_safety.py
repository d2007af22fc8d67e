import io
import logging
import sys

import pytest

from gambrel import App
from gambrel.cli.serving.safety import PlainFormatter, build_safely, hide_secrets, tell_problems
from gambrel.extend import Level, Problem

LONG = "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u"


def levels(problems: list[Problem]) -> dict[str, Level]:
    return {problem.id: problem.level for problem in problems}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_hosts_and_secret_are_made_up_for(folder, host):
    app = App()

    found = levels(build_safely(app, host))

    assert found == {"core.hosts": Level.WARNING, "core.secret": Level.WARNING}
    assert len(app.settings.core.secret_keys[0].reveal()) >= 32


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.com", None])
def test_anywhere_else_they_are_required(folder, host):
    found = levels(build_safely(App(), host))

    assert found == {"core.hosts": Level.ERROR, "core.secret": Level.ERROR}


def test_production_on_loopback_is_strict_too(folder):
    found = levels(build_safely(App(environment="production"), "127.0.0.1"))

    assert found["core.secret"] is Level.ERROR


def test_debug_is_refused_where_others_reach_it(folder):
    found = levels(build_safely(App(debug=True, hosts=["a.example"]), "0.0.0.0"))

    assert found["core.debug"] is Level.ERROR


@pytest.mark.parametrize("by", ["argument", "environment", "file"])
def test_a_secret_that_is_set_is_kept(folder, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("GAMBREL_SECRET_KEY", LONG)
    if by == "file":
        (folder / "gambrel.toml").write_text(f'secret_keys = ["{LONG}"]\n')
    app = App(secret_keys=[LONG]) if by == "argument" else App()

    found = levels(build_safely(app, "127.0.0.1"))

    assert [key.reveal() for key in app.settings.core.secret_keys] == [LONG]
    assert "core.secret" not in found


def test_an_app_that_was_built_before_is_checked_as_it_is(folder):
    app = App()
    app.build()

    assert levels(build_safely(app, "127.0.0.1"))["core.secret"] is Level.WARNING


def test_the_checks_of_the_app_are_asked_too(folder):
    app = App()
    app.check(lambda _app: [Problem("shop.empty", "nothing to sell")])

    assert "shop.empty" in levels(build_safely(app, "127.0.0.1"))


def test_errors_are_three_lines_and_keep_the_app_from_serving(capsys):
    served = tell_problems([Problem("shop.empty", "nothing to sell", "order", "app.py:3")])

    assert not served
    assert capsys.readouterr().err == (
        "gambrel: [shop.empty] error: nothing to sell\n  where: app.py:3\n  hint: order\n"
    )


def test_warnings_are_one_line_and_do_not(capsys):
    found = [
        Problem("shop.dusty", "shelves are dusty", level=Level.WARNING),
        Problem("shop.quiet", "few people", level=Level.WARNING),
        Problem("shop.open", "open till five", level=Level.INFO),
    ]

    assert tell_problems(found, quiet=["shop.quiet"])
    assert capsys.readouterr().err == "warning: shelves are dusty [shop.dusty]\n"


def test_warnings_are_told_in_full_to_who_develops(capsys):
    found = [Problem("shop.dusty", "shelves are dusty", "dust", "app.py:3", Level.WARNING)]

    assert tell_problems(found, in_full=True)
    assert capsys.readouterr().err == (
        "warning: shelves are dusty [shop.dusty]\n  where: app.py:3\n  hint: dust\n"
    )


def formatted(app: App, message: str) -> str:
    try:
        raise ConnectionError(message)
    except ConnectionError:
        told = sys.exc_info()
    record = logging.LogRecord("shop", logging.ERROR, __file__, 7, "failed", (), told)
    return PlainFormatter(app).format(record)


def test_a_password_in_the_text_of_an_error_is_hidden():
    text = formatted(App(defaults=()), "no postgresql://shop:hunter2@db/shop")

    assert text.startswith("failed\nTraceback ")
    assert text.endswith("ConnectionError: no postgresql://shop:[hidden]@db/shop")


def test_the_secrets_of_the_settings_are_hidden():
    app = App(defaults=(), secret_keys=["correct-horse-battery-staple-of-32"])
    app.build()

    assert "correct-horse" not in formatted(app, "of correct-horse-battery-staple-of-32")


def test_python_writes_by_itself_without_secrets(monkeypatch):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    monkeypatch.setattr(logging, "lastResort", handler)

    hide_secrets(App(defaults=()))
    handler.handle(logging.makeLogRecord({"msg": "at redis://:hunter2@cache"}))

    assert stream.getvalue() == "at redis://:[hidden]@cache\n"


def test_where_python_writes_nothing_by_itself_it_stays_so(monkeypatch):
    monkeypatch.setattr(logging, "lastResort", None)

    hide_secrets(App(defaults=()))

    assert logging.lastResort is None
