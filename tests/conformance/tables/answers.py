"""Responses: statuses, lengths, fields, files, streams and error pages."""

# ruff: noqa: E501 - a table: one case, one line
# fmt: off

from urllib.parse import quote

from tests.conformance.cases import Case, Look, body, both, header, json_of
from tests.conformance.wire import Answer, message

BIG = bytes(range(256)) * 2000

STATUSES = [
    Case("204 has no body", message("/status/204"), 204, body(b"")),
    Case("304 has no body", message("/status/304"), 304, body(b"")),
    Case("200 with a body", message("/status/200"), 200, both(body("body"), header("content-length", "4"))),
    Case("499 is a status", message("/status/499"), 499),
    Case("599 is a status", message("/status/599"), 599),
    *[Case(f"{status} is no status", message(f"/status/{status}"), 500) for status in (99, 199, 600, 1000, -1)],
    *[Case(f"{status} gets past nobody", message(f"/lies/{status}"), 500) for status in (600, 1000)],
    Case("a length is that of the body", message("/length?n=3"), 200, both(body("xxx"), header("content-length", "3"))),
    Case("a redirect", message("/redirect"), 303, both(header("location", "/ping"), body(b""))),
    Case("cookies are lines of their own", message("/cookies"), 200, lambda a: len(a.get_all("set-cookie")) == 2),
    Case("no server tells its version", message("/ping"), 200, lambda a: not any(char.isdigit() for char in a.get("server") or ""), differs={"hypercorn": 200}),
]

BAD = ("\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x1f", "\x7f", "\u2028", "\u0130", "\r\n\r\n<script>")
INJECTION = [
    *[Case(f"{bad!r} in a value", message(f"/inject?value=a{quote(bad)}b:%20c"), 500, header("x-injected", None)) for bad in BAD],
    *[Case(f"{bad!r} in a name", message(f"/inject?value=v&name=a{quote(bad)}b"), 500) for bad in ("\n", " ", ":", "\0", "é", "\x7f")],
    *[Case(f"{bad!r} past the check", message(f"/inject-late?value=a{quote(bad)}b"), 500, header("x-injected", None)) for bad in ("\r", "\n", "\r\nx: y", "\0")],
    Case("an empty name", message("/inject?value=v&name="), 500),
    Case("a plain value", message("/inject?value=a%20b"), 200, header("x-injected", "a b")),
]


def part_of(start: int, stop: int) -> Look:
    return both(body(BIG[start:stop]), header("content-range", f"bytes {start}-{stop - 1}/{len(BIG)}"))


FILES = [
    Case("a file", message("/file"), 200, both(body(b"0123456789" * 10), header("accept-ranges", "bytes"), header("content-type", "text/plain; charset=utf-8"))),
    Case("a large file", message("/big"), 200, both(body(BIG), header("content-length", str(len(BIG))))),
    Case("HEAD of a large file", message("/big", "HEAD"), 200, header("content-length", str(len(BIG))), "HEAD"),
    Case("a range", message("/big", headers=["Range: bytes=0-9"]), 206, part_of(0, 10)),
    Case("a large range", message("/big", headers=["Range: bytes=1000-400999"]), 206, part_of(1000, 401_000)),
    Case("a suffix range", message("/big", headers=["Range: bytes=-5"]), 206, part_of(len(BIG) - 5, len(BIG))),
    Case("two ranges", message("/file", headers=["Range: bytes=0-1,50-51"]), 206, lambda a: a.body.count(b"Content-Range") == 2),
    Case("a range beyond the end", message("/file", headers=["Range: bytes=200-300"]), 416, header("content-range", "bytes */100")),
    Case("a range that is none", message("/file", headers=["Range: bytes=x"]), 200),
    Case("too many ranges", message("/file", headers=["Range: bytes=" + ",".join(["0-"] * 500)]), 200, header("content-length", "100")),
    Case("If-None-Match: *", message("/file", headers=["If-None-Match: *"]), 304, header("content-type", None)),
    Case("If-Modified-Since", message("/file", headers=["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"]), 304),
    Case("If-Match", message("/file", headers=['If-Match: "other"']), 412),
    Case("If-Range of another version", message("/file", headers=['If-Range: "other"', "Range: bytes=0-1"]), 200),
    Case("a file below", message("/below/small.txt"), 200),
    *[
        Case(f"{path} is not there", message(f"/below/{path}"), 404)
        for path in ("../outside.txt", "%2e%2e/outside.txt", "..%2foutside.txt", ".hidden", "x", "", "/etc/passwd", "%2fetc%2fpasswd")
    ],
]

STREAMS = [
    Case("an async stream", message("/stream"), 200, both(body("0\n1\n2\n"), header("content-length", None))),
    Case("a plain generator", message("/steps"), 200, body("0\n1\n2\n")),
    Case("a long plain generator", message("/steps?n=5000"), 200, body("".join(f"{n}\n" for n in range(5000)))),
    Case("a stream with a length", message("/promise?promised=5&n=5"), 200, both(body("xxxxx"), header("content-length", "5"))),
    Case("a stream without pieces", message("/stream?n=0"), 200, body(b"")),
    Case("chunks up and down", message("/reverse", "POST", ["Transfer-Encoding: chunked"]) + b"3\r\nabc\r\n0\r\n\r\n", 200, body("[cba]")),
]

HTML = "Accept: text/html"


def is_page(answer: Answer) -> bool:
    return answer.get("content-type") == "text/html; charset=utf-8" and "<html" in answer.text


def is_problem(answer: Answer) -> bool:
    return (
        answer.get("content-type") == "application/problem+json"
        and answer.json["status"] == answer.status
    )


ERRORS = [
    *[Case(f"{status} as JSON", message(f"/fail/status/{status}"), status, is_problem) for status in (400, 401, 403, 404, 409, 410, 422, 429, 500, 501, 502, 503, 504)],
    *[Case(f"{status} as a page", message(f"/fail/status/{status}", headers=[HTML]), status, is_page) for status in (400, 404, 500, 503)],
    Case("404 as JSON", message("/nowhere"), 404, is_problem),
    Case("404 as a page", message("/nowhere", headers=[HTML]), 404, is_page),
    Case("a browser gets a page", message("/nowhere", headers=["Accept: text/html,application/xhtml+xml,*/*;q=0.8"]), 404, is_page),
    Case("an Accept that is none", message("/nowhere", headers=["Accept: ;;;q=x"]), 404, is_problem),
    Case("405 as JSON", message("/ping", "DELETE"), 405, is_problem),
    Case("errors are not cached", message("/nowhere"), 404, both(header("cache-control", "no-store"), header("vary", "accept"))),
    Case("503 says when to come back", message("/fail/service"), 503, header("retry-after", "7")),
    Case("401 before a large body", message("/refuse", "POST", body=b"x" * 500_000), 401),
    Case("a deadline", message("/late?note=deadline"), 503),
]

MOUNTS = [
    Case("a WSGI app", message("/wsgi/a%20b/c%2Fd", "POST", body=b"xyz"), 200, body("/wsgi/a b|/c/d|3")),
    Case("a WSGI app at its root", message("/wsgi/t/"), 200, body("/wsgi/t|/|0")),
    Case("a WSGI app that streams", message("/wsgi/t/stream"), 200, body("0\n1\n2\n3\n4\n")),
    Case("HEAD of a WSGI app", message("/wsgi/t/x", "HEAD"), 200, body(b""), "HEAD"),
    Case("a large body for WSGI", message("/wsgi/t/x", "POST", body=b"x" * 3_000_000), 200, body("/wsgi/t|/x|3000000")),
    Case("a body too large for WSGI", message("/wsgi/t/x", "POST", body=b"x" * 4_200_000), 413),
    Case("an ASGI app", message("/asgi/x/y", "PUT", body=b"xyz"), 200, body("/asgi|/asgi/x/y|3")),
    Case("a body too large for a mount", message("/asgi/x", "POST", body=b"x" * 1_100_000), 413),
    Case("a raw route", message("/raw/x%2Fy", "POST", body=b"xyz"), 200, body("|/raw/x/y|3")),
    Case("an app within", message("/inner/hi/a?b=c"), 200, json_of({"name": "a", "url": "http://localhost/inner/hi/a?b=c", "for": "/inner/hi/b"})),
    Case("the Host was checked outside", message("/inner/hi/a", host="example.com"), 200),
    Case("404 within", message("/inner/nowhere"), 404, is_problem),
    Case("a slash within", message("/inner/slash"), 308, header("location", "/inner/slash/")),
]
