import json
import logging
import sys
from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext

from gambrel.observability.records import (
    CURRENT_REQUEST,
    JSONFormatter,
    TextFormatter,
    moment,
    printable,
    remember_request,
    render_json,
)
from gambrel.testing import make_request

HOSTILE = "a\nb\r\x1b[2J\u202e\u2028\u2029\x7f\x85\ud800\x00z"


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("shop", logging.WARNING, __file__, 7, message, arguments, None)
    made.created = 0.5
    made.__dict__.update(extra)
    return made


def failed_record() -> logging.LogRecord:
    try:
        raise LookupError("line one\nline two \x1b[31m token=abcdef123")
    except LookupError:
        made = record("failed")
        made.exc_info = sys.exc_info()
        return made


def hide(text: str) -> str:
    return text.replace("abcdef123", "[hidden]")


def is_harmless(line: str) -> bool:
    return all(" " <= char <= "~" for char in line)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.5, "1970-01-01T00:00:00.500Z"),
        (1_764_000_000.123, "2025-11-24T16:00:00.123Z"),
        (1_764_000_000.9999999, "2025-11-24T16:00:01.000Z"),
    ],
)
def test_a_moment_is_told_to_the_millisecond(seconds, shown):
    assert moment(seconds) == shown


def test_a_record_is_one_json_object():
    line = JSONFormatter().format(record("sold %s", "nails", order=7, rate=0.5, note="x"))

    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "warning",
        "logger": "shop",
        "message": "sold nails",
        "order": 7,
        "rate": 0.5,
        "note": "x",
    }


def test_nothing_in_a_record_can_break_or_disguise_its_line():
    line = JSONFormatter().format(record(HOSTILE, name_=HOSTILE, other={HOSTILE: HOSTILE}))

    assert is_harmless(line)
    assert json.loads(line)["message"] == HOSTILE


def test_a_line_for_people_cannot_be_broken_either():
    line = TextFormatter(is_coloured=False).format(record(HOSTILE))

    assert is_harmless(line)
    assert line.startswith("00:00:00.500 warning  a\\nb\\r\\x1b[2J\\u202e\\u2028")


def test_values_of_a_megabyte_are_cut():
    line = JSONFormatter().format(record("x" * 1_000_000, more="y" * 1_000_000))

    assert len(line) < 3_000
    assert "(1000000 characters)" in line
    assert len(TextFormatter(is_coloured=False).format(record("x" * 1_000_000))) < 2_000


def test_a_trace_is_told_without_secrets():
    values = json.loads(JSONFormatter(hide).format(failed_record()))
    text = TextFormatter(hide, is_coloured=False).format(failed_record())

    assert "LookupError: line one\nline two" in values["trace"]
    assert "token=[hidden]" in values["trace"]
    assert "    LookupError: line one\n" in text
    assert "abcdef123" not in text
    assert "\x1b" not in text


def test_a_deep_trace_is_cut_and_keeps_its_end():
    made = failed_record()
    made.stack_info = "frame\n" * 10_000 + "the end"

    trace = json.loads(JSONFormatter().format(made))["trace"]

    assert len(trace) < 35_000
    assert trace.endswith("the end")


def test_records_name_the_request_they_were_made_for():
    request = make_request()
    token = CURRENT_REQUEST.set(request)
    try:
        line = JSONFormatter().format(record("sold"))
        text = TextFormatter(is_coloured=False).format(record("sold"))
    finally:
        CURRENT_REQUEST.reset(token)

    assert json.loads(line)["request"] == request.id
    assert text.endswith(f"[{request.id}]")


def test_what_was_left_out_is_told():
    made = record("flood", suppressed=12)

    assert json.loads(JSONFormatter().format(made))["suppressed"] == 12
    assert "(and 12 more like it)" in TextFormatter(is_coloured=False).format(made)


@pytest.mark.parametrize(("is_coloured", "has_colour"), [(True, True), (False, False)])
def test_colours_are_for_terminals(is_coloured, has_colour):
    line = TextFormatter(is_coloured=is_coloured).format(record("sold"))

    assert ("\x1b[33m" in line) is has_colour


@given(st.text(max_size=200))
def test_printable_text_is_ascii_and_keeps_what_is_harmless(text):
    shown = printable(text)

    assert is_harmless(shown)
    if is_harmless(text):
        assert shown == text


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=50) | st.integers() | st.none()))
def test_an_object_is_one_line_that_reads_back(values):
    line = render_json(values)

    assert is_harmless(line)
    assert json.loads(line) == values


def test_the_request_is_known_to_logs_while_it_is_answered():
    request, context = make_request(), copy_context()

    context.run(remember_request, request)

    assert context[CURRENT_REQUEST] is request


def test_a_record_names_the_span_it_was_made_in():
    context = SpanContext(0xABC, 0xDEF, is_remote=False)
    record = logging.makeLogRecord({"msg": "hello"})

    with trace.use_span(NonRecordingSpan(context)):
        inside = json.loads(JSONFormatter().format(record))
    outside = json.loads(JSONFormatter().format(record))

    assert (inside["trace_id"], inside["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert outside.keys().isdisjoint({"trace_id", "span_id"})


def test_a_line_for_people_names_the_span_too():
    context = SpanContext(0xABC, 0xDEF, is_remote=False)

    with trace.use_span(NonRecordingSpan(context)):
        inside = TextFormatter(is_coloured=False).format(record("sold"))
    outside = TextFormatter(is_coloured=False).format(record("sold"))

    assert inside == f"{outside} trace_id={0xABC:032x} span_id={0xDEF:016x}"


def test_ids_that_the_caller_gives_are_not_taken_for_others():
    context = SpanContext(0xABC, 0xDEF, is_remote=False)
    made = record("sold", trace_id="of the\njob", span_id=7)

    with trace.use_span(NonRecordingSpan(context)):
        values = json.loads(JSONFormatter().format(made))
        text = TextFormatter(is_coloured=False).format(made)

    assert (values["trace_id"], values["span_id"]) == ("of the\njob", 7)
    assert text.endswith("sold trace_id=of the\\njob span_id=7")
