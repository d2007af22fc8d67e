"""Queries, header fields, cookies, framing and bodies of requests."""

# ruff: noqa: E501 - a table: one case, one line
# fmt: off

import msgspec

from tests.conformance.cases import Case, body, both, header, json_of, refused
from tests.conformance.wire import chunked, message

JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
PARTS = "Content-Type: multipart/form-data; boundary=b"

QUERIES = [
    Case("parameters", message("/query?a=1&b=2"), 200, json_of([["a", "1"], ["b", "2"]])),
    Case("plus and %20 are spaces", message("/query?a=1+2%203"), 200, json_of([["a", "1 2 3"]])),
    Case("an escaped plus is a plus", message("/query?a=1%2B2"), 200, json_of([["a", "1+2"]])),
    Case("semicolons separate nothing", message("/query?a=1;b=2"), 200, json_of([["a", "1;b=2"]])),
    Case("a query with question marks", message("/query?a=?b"), 200, json_of([["a", "?b"]])),
    Case("the query is as sent", message("/echo?A=%41&&=x&b"), 200, json_of("A=%41&&=x&b", "query")),
    Case("lists", message("/tags?tag=a&tag=b"), 200, json_of(["a", "b"])),
    Case("a scalar given twice", message("/scalar?n=1&n=2"), 422),
    Case("a query that is not UTF-8", message("/query?a=%ff"), 400),
    Case("an unknown query parameter", message("/scalar?n=1&x=2"), 200),
    *[
        Case(f"{text} is no int", message(f"/scalar?n={text}"), 422)
        for text in ("1_000", "%D9%A1%D9%A2%D9%A3", "%2B1", "+1", "1e3", "0x7f", "1.0", "", "010", "1%0a", "nan")
    ],
    *[
        Case(f"{text} is no int in a path", message(f"/number/{text}"), 422)
        for text in ("1_000", "%D9%A1", "%2B1", "1e3", "010", "1.2")
    ],
    Case("-0 is an int", message("/scalar?n=-7"), 200, body("-7")),
]

FIELDS = [
    Case("names are case-insensitive", message("/header", headers=["X-ONE: 1"]), 200, body("1")),
    Case("a scalar header given twice", message("/header", headers=["X-One: 1", "X-One: 2"]), 422),
    Case("names reach the app in lower case", message("/echo", headers=["X-Mixed: Ab"]), 200, lambda a: ["x-mixed", "Ab"] in a.json["headers"]),
    Case("lines stay apart", message("/echo", headers=["X-A: 1", "X-A: 2"]), 200, lambda a: [v for n, v in a.json["headers"] if n == "x-a"] == ["1", "2"]),
    Case("white space around a value goes", message("/echo", headers=["X-A: \t v \t"]), 200, lambda a: ["x-a", "v"] in a.json["headers"]),
    Case("latin-1 in a value", message("/echo", headers=["X-A: \xe9"]), 200, lambda a: ["x-a", "é"] in a.json["headers"]),
    Case("an empty value", message("/echo", headers=["X-A:"]), 200, lambda a: ["x-a", ""] in a.json["headers"]),
    Case("a tab in a value", message("/echo", headers=["X-A: a\tb"]), 200, lambda a: ["x-a", "a\tb"] in a.json["headers"]),
    *[
        refused(f"{char!r} in a value", message("/ping", headers=[f"X-A: a{char}b"]))
        for char in ("\x00", "\x01", "\x0b", "\x0c", "\x1f", "\x7f", "\r")
    ],
    refused("a space before the colon", message("/ping", headers=["X-A : v"])),
    refused("a name with a space", message("/ping", headers=["X A: v"])),
    refused("a line without a colon", message("/ping", headers=["X-A"])),
    refused("a folded line", message("/ping", headers=["X-A: 1", " 2"]), hypercorn=200),
    refused("a bare newline", b"GET /ping HTTP/1.1\nHost: localhost\n\n", is_wire=True),
    refused("more than 100 fields", message("/ping", headers=["X-A: 1"] * 120), 431),
    refused("33 kB of fields", message("/ping", headers=[f"X-{n}: {'a' * 8000}" for n in range(5)]), 431),
    refused("one field of 500 kB", message("/ping", headers=[f"X-A: {'a' * 500_000}"]), 431),
    Case("90 fields", message("/ping", headers=["X-A: 1"] * 90), 200),
    Case("a field of 12 kB", message("/ping", headers=[f"X-A: {'a' * 12_000}"]), 200),
    Case("cookies", message("/echo", headers=["Cookie: a=1; b=2"]), 200, json_of({"a": "1", "b": "2"}, "cookies")),
    Case("the first cookie of a name wins", message("/echo", headers=["Cookie: a=1; a=2"]), 200, json_of({"a": "1"}, "cookies")),
    Case("cookies in two lines", message("/echo", headers=["Cookie: a=1", "Cookie: b=2"]), 200, json_of({"a": "1", "b": "2"}, "cookies")),
    Case("a broken cookie", message("/echo", headers=["Cookie: =; \"; a=1"]), 200, json_of("1", "cookies", "a")),
    refused("an unknown expectation", message("/echo", "POST", ["Expect: 200-maybe"], b"x"), 417),
]

FRAMING = [
    Case("a length", message("/echo", "POST", body=b"12345"), 200, json_of(5, "size")),
    Case("no body at all", message("/echo", "POST"), 200, json_of(0, "size")),
    Case("chunks", message("/echo", "POST", ["Transfer-Encoding: chunked"]) + chunked(b"abc", b"de"), 200, json_of(5, "size")),
    Case("a chunk with an extension", message("/echo", "POST", ["Transfer-Encoding: chunked"]) + b"3;x=y\r\nabc\r\n0\r\n\r\n", 200, json_of(3, "size")),
    Case("trailers are dropped", message("/echo", "POST", ["Transfer-Encoding: chunked", "Trailer: X-T"]) + b"3\r\nabc\r\n0\r\nX-T: 1\r\nAuthorization: x\r\n\r\n", 200, lambda a: "x-t" not in [n for n, _ in a.json["headers"]], differs={"uvicorn": 200}),
    Case("a GET with a body", message("/echo", "GET", body=b"abc"), 200, json_of(3, "size")),
    refused("length and chunks", message("/echo", "POST", ["Transfer-Encoding: chunked"], b"0\r\n\r\n"), granian=200),
    refused("two lengths", message("/echo", "POST", ["Content-Length: 4"], b"abc")),
    refused("a list of lengths", message("/echo", "POST", ["Content-Length: 3, 3"]) + b"abc", hypercorn=200),
    *[
        refused(f"the length {length!r}", message("/echo", "POST", [f"Content-Length: {length}"]) + b"abc")
        for length in ("+3", "-1", "0x3", "1_0", "3 3", "", "99999999999999999999")
    ],
    *[
        refused(f"the coding {coding!r}", message("/echo", "POST", [f"Transfer-Encoding: {coding}"]) + chunked(b"abc"), (400, 501))
        for coding in ("xchunked", "gzip, chunked", "chunked, identity", "identity")
    ],
    refused("chunked twice", message("/echo", "POST", ["Transfer-Encoding: chunked"] * 2) + chunked(b"abc"), (400, 501)),
    refused("chunks in HTTP/1.0", message("/echo", "POST", ["Transfer-Encoding: chunked"], version="1.0") + chunked(b"abc")),
    refused("HTTP/0.9", b"GET /ping\r\n\r\n", is_wire=True),
    refused("HTTP/2.0 in words", message("/ping", version="2.0"), 505, granian=400),
    *[
        Case(f"the chunk size {size!r}", message("/echo", "POST", ["Transfer-Encoding: chunked"]) + size + b"\r\nabc\r\n0\r\n\r\n", 400)
        for size in (b"0x3", b"+3", b"-3", b"3_", b"", b"z")
    ],
    Case("a chunk size of 68 bits", message("/echo", "POST", ["Transfer-Encoding: chunked"]) + b"F" * 17 + b"\r\n", 400, is_wire=True),
]


def parts(*lines: str) -> bytes:
    return "\r\n".join(["--b", *lines, "--b--", ""]).encode()


FIELD = ('Content-Disposition: form-data; name="note"', "", "hello")
FILE = ('Content-Disposition: form-data; name="file"; filename="a.txt"', "Content-Type: text/plain", "", "content")

BODIES = [
    Case("JSON", message("/order", "POST", [JSON], b'{"item":"nail"}'), 200, json_of("nail", "item")),
    Case("JSON with a charset", message("/order", "POST", [JSON + "; charset=utf-8"], b'{"item":"nail"}'), 200),
    Case("a suffix of JSON", message("/order", "POST", ["Content-Type: application/x+json"], b'{"item":"nail"}'), 200),
    Case("JSON in a thread", message("/thread-body", "POST", [JSON], b'{"item":"nail"}'), 200, body("nail")),
    Case("chunked JSON", message("/order", "POST", [JSON, "Transfer-Encoding: chunked"]) + chunked(b'{"item":', b'"nail"}'), 200, json_of("nail", "item")),
    Case("broken JSON", message("/order", "POST", [JSON], b'{"item":'), 400),
    Case("JSON that is not UTF-8", message("/order", "POST", [JSON], b'{"item":"\xff"}'), 400),
    Case("JSON with more behind it", message("/order", "POST", [JSON], b'{"item":"a"} x'), 400),
    Case("no JSON at all", message("/order", "POST", [JSON], b""), 400),
    Case("a fault in JSON", message("/order", "POST", [JSON], b'{"item":1,"quantity":"x"}'), 422, lambda a: len(a.json["errors"]) == 2),
    *[
        Case(f"{text} is not JSON", message("/order", "POST", [JSON], b'{"item":"a","price":%b}' % text.encode()), 400)
        for text in ("NaN", "Infinity", "-Infinity", "1e", "01", ".5", "0x1")
    ],
    Case("a number beyond a float", message("/order", "POST", [JSON], b'{"item":"a","price":1e999}'), 422),
    Case("200,000 levels of JSON", message("/any", "POST", [JSON], b"[" * 200_000), 400),
    Case("200,000 levels of a type", message("/deep", "POST", [JSON], b'{"inner":' * 100_000 + b"{}" + b"}" * 100_000), 400),
    Case("another content type", message("/order", "POST", ["Content-Type: text/plain"], b'{"item":"a"}'), 415),
    Case("a content type that only begins like JSON", message("/order", "POST", ["Content-Type: application/jsonx"], b'{"item":"a"}'), 415),
    Case("msgpack", message("/order", "POST", ["Content-Type: application/msgpack"], msgspec.msgpack.encode({"item": "nail"})), 200, json_of("nail", "item")),
    Case("broken msgpack", message("/order", "POST", ["Content-Type: application/msgpack"], b"\xc1"), 400),
    Case("msgpack as an answer", message("/order", "POST", [JSON, "Accept: application/msgpack"], b'{"item":"nail"}'), 200, both(header("content-type", "application/msgpack"), lambda a: msgspec.msgpack.decode(a.body)["item"] == "nail")),
    Case("a form", message("/form", "POST", [FORM], b"a=1&b=%20+&a=2"), 200, json_of([["a", "1"], ["b", "  "], ["a", "2"]])),
    Case("semicolons separate nothing in a form", message("/form", "POST", [FORM], b"a=1;b=2"), 200, json_of([["a", "1;b=2"]])),
    Case("a form that is not UTF-8", message("/form", "POST", [FORM], b"a=%ff"), 400),
    Case("sources are never mixed", message("/sources/p?name=q", "POST", [FORM, "Cookie: name=c"], b"name=f"), 200, json_of({"path": "p", "query": "q", "form": "f"})),
    Case("an upload", message("/upload", "POST", [PARTS], parts(*FIELD, "--b", *FILE)), 200, json_of({"name": "a.txt", "size": 7, "note": "hello"})),
    Case("filename* is ignored", message("/upload", "POST", [PARTS], parts(FILE[0] + "; filename*=utf-8''evil", *FILE[1:])), 200, json_of("a.txt", "name")),
    Case("a path in a file name", message("/upload", "POST", [PARTS], parts(FILE[0].replace("a.txt", "../../etc/passwd"), *FILE[1:])), 200, json_of("passwd", "name")),
    Case("a multipart body that is cut off", message("/upload", "POST", [PARTS], parts(*FILE)[:-10]), 400),
    Case("a multipart body without a boundary", message("/upload", "POST", ["Content-Type: multipart/form-data"], parts(*FILE)), 400),
    Case("an upload that is missing", message("/upload", "POST", [PARTS], parts(*FIELD)), 422),
    Case("a body as large as allowed", message("/small", "POST", body=b"x" * 1000), 200, body("1000")),
    Case("a body too large", message("/small", "POST", body=b"x" * 1001), 413),
    Case("chunks too large", message("/small", "POST", ["Transfer-Encoding: chunked"]) + chunked(*[b"x" * 100] * 11), 413),
    Case("a streamed body too large", message("/pieces", "POST", body=b"x" * 1001), 413),
    Case("streamed chunks too large", message("/pieces", "POST", ["Transfer-Encoding: chunked"]) + chunked(*[b"x" * 100] * 11), 413),
    Case("a megabyte", message("/echo", "POST", body=b"x" * (1 << 20)), 200, json_of(1 << 20, "size")),
    Case("more than a megabyte", message("/echo", "POST", body=b"x" * (1 << 20) + b"y"), 413),
    Case("a body nobody reads", message("/ignore", "POST", body=b"x" * 5000), 200, body("ignored")),
    Case("a large body nobody reads", message("/ignore", "POST", body=b"x" * 500_000), 200, body("ignored")),
]
