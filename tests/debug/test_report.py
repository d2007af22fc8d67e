import linecache
import sys
import textwrap

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.debug.report import build_report, is_own, short_path
from tests.debug.requests import request


class Handler:
    pattern = "/orders/{id}"
    where = "app.py:3"

    @staticmethod
    def handler():
        """Stands for a handler."""


class Endpoint:
    route = Handler


def report(function, *arguments, **options):
    try:
        function(*arguments)
    except BaseException as error:
        return build_report(error, request(**options))
    raise AssertionError("nothing was raised")


def divide(first, second):
    password = "hunter2!"  # noqa: F841 - it must not be shown
    return first / second


def wrapped():
    try:
        divide(1, 0)
    except ZeroDivisionError as error:
        raise RuntimeError("cannot divide hunter2!") from error


def handled():
    try:
        divide(1, 0)
    except ZeroDivisionError:
        raise KeyError("other")  # noqa: B904 - the context is the point


def forever(depth):
    return forever(depth + 1)


def frame(of):
    return of.error.frames[-1]


def test_of_an_error_of_ours_the_message_is_what_and_where():
    def mistake():
        raise GambrelError("app.frozen", "it is built", "app.py:3", "declare it before")

    told = report(mistake)

    assert told.error.message == "it is built (app.py:3)"
    assert told.code == "app.frozen"


def test_the_last_frame_has_its_source_and_the_part_that_failed():
    last = frame(report(divide, 1, 0))

    current = last.lines[last.line - last.start]
    assert last.function == "divide"
    assert current == "    return first / second"
    assert current[slice(*last.marked)] == "first / second"


def test_the_locals_of_user_code_are_shown_without_secrets():
    shown = dict(frame(report(divide, 1, 0)).locals)

    assert shown["first"] == "1"
    assert shown["second"] == "0"
    assert "hunter2!" not in shown["password"]


def test_the_locals_of_libraries_are_not_taken():
    last = frame(report(lambda: textwrap.dedent(5)))

    assert not last.own
    assert last.locals == ()


def test_a_marked_part_is_counted_in_characters(tmp_path):
    path = tmp_path / "umlaute.py"
    path.write_text('def f():\n    return "äöü" + 1 / 0\n', "utf-8")
    space = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), space)

    last = frame(report(space["f"]))

    assert last.lines[last.line - last.start][slice(*last.marked)] == "1 / 0"


def test_causes_come_first_and_say_how_they_led_on():
    chain = report(wrapped).chain

    assert [(link.type, link.relation) for link in chain] == [
        ("ZeroDivisionError", "was the cause of"),
        ("RuntimeError", ""),
    ]


def test_an_error_while_another_was_handled_is_told_apart():
    assert report(handled).chain[0].relation == "was being handled when this happened"


def test_a_secret_in_a_local_is_hidden_in_the_message_as_well():
    assert "hunter2!" not in report(wrapped).error.message


def test_the_errors_of_a_group_are_in_the_chain():
    def group():
        raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])

    chain = report(group).chain

    assert [link.message for link in chain][:2] == ["b", "a"]
    assert chain[-1].type == "ExceptionGroup"


def test_endless_recursion_is_cut_in_the_middle():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        error = report(forever, 0).error
    finally:
        sys.setrecursionlimit(limit)

    assert len(error.frames) == 40
    assert error.omitted > 100


def test_a_chain_that_bites_its_tail_ends():
    def circle():
        first, second = ValueError("a"), ValueError("b")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert len(report(circle).chain) == 2


def test_notes_and_the_failed_statement_are_kept():
    class DatabaseError(Exception):
        statement = "SELECT * FROM users WHERE token = 'hunter2!'"

    def fail():
        error = DatabaseError("no such table")
        error.add_note("while loading users")
        raise error

    error = report(fail).error

    assert error.notes == ("while loading users",)
    assert error.statement.startswith("SELECT * FROM users")
    assert "hunter2!" not in error.statement


def test_an_error_whose_message_fails_is_shown_all_the_same():
    class Broken(Exception):
        def __str__(self):
            raise ValueError("no")

    def fail():
        raise Broken

    assert report(fail).error.message == "<its message raised ValueError>"


def test_the_code_and_the_hint_of_a_framework_error_are_kept():
    def fail():
        raise GambrelError("app.frozen", "too late", "app.py:1", "declare it before")

    got = report(fail)

    assert (got.code, got.hint) == ("app.frozen", "declare it before")


def test_the_request_is_told_with_its_route_and_without_secrets():
    asked = request(
        "/orders/7",
        query="page=2&token=hunter2!",
        authorization="Bearer abcdefgh1234",
        cookie="session=0123456789; theme=dark",
    )
    asked.endpoint = Endpoint
    asked.params = {"id": "7"}

    facts = build_report(ValueError("session 0123456789, abcdefgh1234"), asked)

    assert (facts.request.method, facts.request.path) == ("GET", "/orders/7")
    assert facts.request.route == "/orders/{id}"
    assert facts.request.handler == "Handler.handler"
    assert facts.request.params == (("id", "7"),)
    assert dict(facts.request.query)["page"] == "2"
    for secret in ("hunter2!", "abcdefgh1234", "0123456789"):
        assert secret not in repr(facts)


def test_a_request_that_is_malformed_itself_is_told_as_far_as_it_goes():
    facts = build_report(ValueError("x"), request("/%ff", query="%ff")).request

    assert (facts.path, facts.query) == ("/%ff", ())


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "APP_SESSION"])
def test_a_directory_named_in_the_environment_is_no_secret(monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, str(tmp_path))

    made = report(lambda: open(tmp_path / "missing.txt"))  # noqa: PTH123, SIM115 - it fails

    assert f"{tmp_path}/missing.txt" in made.error.message


def test_a_working_directory_that_is_gone_is_no_secret(monkeypatch):
    monkeypatch.setenv("OLDPWD", "/gone/long-ago")

    made = report(lambda: {}["/gone/long-ago/x"])

    assert "/gone/long-ago" in made.error.message


def test_secrets_of_the_environment_are_hidden(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET_KEY", "0123456789abcdef")

    assert "0123456789abcdef" not in repr(build_report(ValueError("0123456789abcdef"), request()))


def test_code_without_a_file_has_no_source():
    def fail():
        exec(compile("1 / 0", "<nowhere>", "exec"), {})

    last = frame(report(fail))

    assert (last.lines, last.own) == ((), False)


def test_source_that_changed_on_disk_is_read_again(tmp_path):
    path = tmp_path / "changing.py"
    path.write_text("1 / 0\n")
    linecache.getlines(str(path))
    code = compile("\n\n1 / 0\n", str(path), "exec")
    path.write_text("# new\n# lines\n1 / 0\n")

    last = frame(report(exec, code, {}))

    assert last.lines[2] == "1 / 0"


@pytest.mark.parametrize(
    "file", [textwrap.__file__, pytest.__file__, linecache.__file__, "<string>"]
)
def test_libraries_are_not_the_users_own(file):
    assert not is_own(file)


def test_the_framework_is_not_the_users_own():
    assert not is_own(sys.modules["gambrel.debug.report"].__file__)
    assert is_own(__file__)


def test_paths_are_shown_from_where_they_mean_something(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short_path.cache_clear()

    assert short_path(str(tmp_path / "app.py")) == "app.py"
    assert short_path(textwrap.__file__) == "textwrap.py"
    assert short_path(sys.modules["gambrel.debug.report"].__file__) == "gambrel/debug/report.py"
    assert short_path("/elsewhere/app.py") == "/elsewhere/app.py"
    short_path.cache_clear()
