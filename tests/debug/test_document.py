from gambrel.debug.document import describe
from gambrel.debug.report import build_report
from tests.debug.requests import request


def fail():
    try:
        raise KeyError("price")
    except KeyError as error:
        error.add_note("of the second item")
        raise ValueError("no order") from error


def described():
    try:
        fail()
    except ValueError as error:
        return describe(build_report(error, request(), "5f0d"))


def test_it_names_the_error_and_its_place():
    found = described()

    assert (found["error"], found["message"]) == ("ValueError", "no order")
    assert found["where"] == "tests/debug/test_document.py:11 in fail"


def test_the_trace_has_a_line_for_each_call_and_what_led_to_it():
    found = described()

    assert found["trace"][-1] == (
        'tests/debug/test_document.py:11 in fail: raise ValueError("no order") from error'
    )
    assert found["caused_by"] == ["KeyError: 'price' (tests/debug/test_document.py:8 in fail)"]


def test_what_there_is_nothing_to_say_of_is_left_out():
    assert set(described()) == {"error", "message", "where", "trace", "caused_by"}
