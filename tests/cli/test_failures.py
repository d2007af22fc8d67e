import contextlib

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import DeclarativeBase

from gambrel import GambrelError
from gambrel.cli.failures import describe, place_of, tell, user_trace
from gambrel.cli.target import attempt


def boom() -> None:
    raise ValueError("no such shelf\nsecond line")


def caught(action=boom) -> GambrelError:
    try:
        attempt("shop.py", action)
    except GambrelError as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_name_of_another_framework_is_told_in_our_words(capsys):
    error = GambrelError("settings.invalid", "there is no setting 'title'", "app.py:1", "look")

    assert tell(error)

    assert "hint: Write `App(extensions=[OpenAPI(...)])`" in capsys.readouterr().err


def test_no_trace_tells_the_password_of_an_address():
    def connect() -> None:
        raise ConnectionError("no server at " + "postgresql://anna:" + "s3cret@db/shop")

    trace = user_trace(caught(connect).__cause__)

    told = trace.splitlines()[-1]
    assert told == "ConnectionError: no server at postgresql://anna:[hidden]@db/shop"


def test_an_error_is_described_on_one_line():
    assert describe(ValueError("no such shelf\nsecond line")) == "ValueError: no such shelf"
    assert describe(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_the_trace_of_the_cause_is_told_before_the_three_lines(capsys):
    told = tell(caught())

    lines = capsys.readouterr().err
    assert told
    assert lines.index("ValueError: no such shelf") < lines.index("gambrel: [cli.import-failed]")


def test_the_trace_has_only_frames_of_the_user():
    trace = user_trace(caught().__cause__)

    assert "test_failures.py" in trace
    assert "gambrel/cli/target.py" not in trace


def test_frames_of_the_framework_are_left_out_of_causes_and_groups_too():
    def chained() -> None:
        try:
            attempt("inner.py", boom)
        except GambrelError as error:
            raise ExceptionGroup("several", [error]) from error

    trace = user_trace(caught(chained).__cause__)

    assert "several" in trace
    assert "gambrel/cli" not in trace


def test_what_calls_the_users_code_for_us_says_nothing_to_them():
    @contextlib.contextmanager
    def opened():
        boom()
        yield

    trace = user_trace(caught(lambda: opened().__enter__()).__cause__)

    assert "in opened" in trace
    assert "contextlib.py" not in trace


class Loop(DeclarativeBase):
    pass


def without_a_key() -> None:
    type("Row", (Loop,), {"__tablename__": "row"})


def test_what_packages_do_below_the_line_of_the_user_says_nothing_to_them():
    error = caught(without_a_key)

    trace = user_trace(error.__cause__)
    assert "in without_a_key" in trace
    assert "could not assemble any primary key" in trace
    assert "site-packages" not in trace
    line = without_a_key.__code__.co_firstlineno + 1
    assert error.where == f"tests/cli/test_failures.py:{line}"


def test_where_nothing_is_of_the_user_frames_of_packages_are_shown():
    with pytest.raises(NoInspectionAvailable) as caught:
        inspect(object)
    error = caught.value
    error.__traceback__ = error.__traceback__.tb_next

    assert "site-packages" in user_trace(error)
    assert "site-packages" in place_of(error.__traceback__)


def test_a_password_in_what_failed_is_not_shown(capsys):
    error = GambrelError(
        "app.start", "it failed", "app.py:3", "look at postgresql://a:b4dluck@db/x"
    )
    error.__cause__ = OSError("cannot reach postgresql://anna:hunter22@db/shop")

    tell(error)

    told = capsys.readouterr().err
    assert "postgresql://anna:[hidden]@db/shop" in told
    assert "hunter22" not in told
    assert "b4dluck" not in told


def test_the_commonest_mistakes_have_their_hint_here_too(capsys):
    tell(caught(lambda: "x" | None))

    assert "hint: One side of `|` is a value, not a type." in capsys.readouterr().err


def test_an_error_that_is_not_ours_is_left_alone(capsys):
    assert not tell(ValueError("x"))
    assert capsys.readouterr().err == ""


def test_the_place_is_the_innermost_line_of_the_user():
    error = caught().__cause__

    assert (
        place_of(error.__traceback__)
        == f"tests/cli/test_failures.py:{boom.__code__.co_firstlineno + 1}"
    )


def test_there_is_no_place_without_a_frame_of_the_user():
    assert place_of(None) == ""
