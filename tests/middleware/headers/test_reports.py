import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, TooManyRequests, UnsupportedMediaType
from gambrel.middleware.headers.reports import LEGACY, REPORTS, Collector, Violation, parse_reports
from gambrel.testing import make_request

OLD = {
    "csp-report": {
        "document-uri": "https://user:word@a.example/page?token=1#x",
        "violated-directive": "script-src-elem 'self'",
        "blocked-uri": "inline",
        "source-file": "https://a.example/app.js?v=1",
        "line-number": 7,
        "disposition": "report",
    }
}
NEW = [
    {"type": "deprecation", "body": {"id": "x"}},
    {
        "type": "csp-violation",
        "age": 1,
        "url": "https://a.example/page",
        "user_agent": "x",
        "body": {
            "documentURL": "https://a.example/page",
            "effectiveDirective": "img-src",
            "blockedURL": "https://evil.example/pixel.png?who=1",
            "disposition": "enforce",
            "statusCode": 200,
        },
    },
]


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def test_the_old_format_is_read_and_what_may_be_a_secret_left_out():
    [found] = parse_reports(body(OLD), LEGACY)

    told = (
        "script-src-elem would refuse inline on https://a.example/page, https://a.example/app.js:7"
    )
    assert str(found) == told


def test_the_new_format_is_read_and_other_reports_are_left_out():
    [found] = parse_reports(body(NEW), REPORTS)

    assert str(found) == "img-src refused https://evil.example/pixel.png on https://a.example/page"


def test_of_a_body_so_many_reports_are_read():
    assert len(parse_reports(body(NEW[1:] * 100), REPORTS)) == 20


@pytest.mark.parametrize(
    ("content", "kind", "error"),
    [
        (b"{}", "application/json", UnsupportedMediaType),
        (b"{}", "", UnsupportedMediaType),
        (b"", LEGACY, BadRequest),
        (b"{}", LEGACY, BadRequest),
        (b'{"csp-report": 1}', LEGACY, BadRequest),
        (b"\xff", REPORTS, BadRequest),
        (b"{}", REPORTS, BadRequest),
        (b'[{"type": "csp-violation", "body": {"lineNumber": "x"}}]', REPORTS, BadRequest),
    ],
)
def test_what_is_no_report_is_refused(content, kind, error):
    with pytest.raises(error):
        parse_reports(content, kind)


@given(st.text(max_size=3_000), st.text(max_size=3_000))
def test_whatever_a_report_says_is_a_part_of_one_short_line(page, blocked):
    sent = {
        "csp-report": {"document-uri": page, "violated-directive": blocked, "blocked-uri": blocked}
    }
    [found] = parse_reports(body(sent), LEGACY)

    assert str(found).isprintable()
    assert len(str(found)) < 1_000


@pytest.mark.parametrize("line", [-1, 0, 10**8, pytest.param(10**4_000, id="long")])
def test_a_line_that_no_file_has_is_left_out(line):
    sent = {"csp-report": {"document-uri": "https://a", "source-file": "b", "line-number": line}}
    [found] = parse_reports(body(sent), LEGACY)

    assert found.line == 0


def violations(count: int) -> list[Violation]:
    return [Violation("img-src", f"https://{n}.example", "https://a.example") for n in range(count)]


def test_the_same_is_told_once_an_hour(caplog):
    now = [0.0]
    collector = Collector(clock=lambda: now[0])
    collector.tell(violations(1) * 3)
    now[0] = 3_599
    collector.tell(violations(1))
    now[0] = 3_601
    collector.tell(violations(1))

    assert len(caplog.messages) == 2


def test_a_flood_is_ten_lines_a_minute_and_the_rest_is_counted(caplog):
    now = [0.0]
    collector = Collector(clock=lambda: now[0])
    collector.tell(violations(1_000))
    assert len(caplog.messages) == 10

    headers = {"content-type": REPORTS}
    with pytest.raises(TooManyRequests):
        asyncio.run(collector.collect(make_request("POST", headers=headers, body=body(NEW))))
    now[0] = 61
    asyncio.run(collector.collect(make_request("POST", headers=headers, body=body(NEW))))

    assert caplog.messages[-1].endswith("(991 more were not told)")


def test_little_is_remembered():
    collector = Collector(lines=10_000)
    collector.tell(violations(5_000))

    assert len(collector.told) == 1_000
