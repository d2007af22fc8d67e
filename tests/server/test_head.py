"""What is no request is refused before any middleware runs, with the right status, and closes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.host import HostRules
from gambrel.server.admission import HostGate
from gambrel.server.head import Head, Refusal, find_head, read_head
from gambrel.server.limits import Limits
from tests.server.apps import echo_app
from tests.server.live import CLOSE, HOST, request, run, serving

GATE = HostGate(HostRules(["localhost"]))


def head(line: bytes = b"GET / HTTP/1.1", *headers: bytes) -> bytes:
    return b"\r\n".join([line, HOST[:-2], *headers, b"", b""])


def post(*headers: bytes) -> bytes:
    return head(b"POST /echo HTTP/1.1", *headers)


REFUSED = {
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "no host in 1.0": (400, b"GET / HTTP/1.0\r\n\r\n"),
    "two hosts": (400, head(b"GET / HTTP/1.1", b"Host: localhost")),
    "two hosts that differ": (400, head(b"GET / HTTP/1.1", b"host: evil.example")),
    "a foreign host": (400, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
    "an empty host": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "a host with a path": (400, b"GET / HTTP/1.1\r\nHost: localhost/b?c#d@e\r\n\r\n"),
    "a host with a space": (400, b"GET / HTTP/1.1\r\nHost: local host\r\n\r\n"),
    "a host with two ports": (400, b"GET / HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n"),
    "a host with a user": (400, b"GET / HTTP/1.1\r\nHost: user:p@localhost\r\n\r\n"),
    "a host with a NUL": (400, b"GET / HTTP/1.1\r\nHost: localhost\0\r\n\r\n"),
    "a forwarded host only": (400, b"GET / HTTP/1.1\r\nX-Forwarded-Host: localhost\r\n\r\n"),
    "an absolute target elsewhere": (400, head(b"GET http://evil.example/ HTTP/1.1")),
    "an absolute target with a user": (400, head(b"GET http://a@localhost/ HTTP/1.1")),
    "an absolute target without host": (400, head(b"GET http:///x HTTP/1.1")),
    "an absolute target of another scheme": (400, head(b"GET ftp://localhost/ HTTP/1.1")),
    "a relative target": (400, head(b"GET foo HTTP/1.1")),
    "no target": (400, head(b"GET  HTTP/1.1")),
    "a star without OPTIONS": (400, head(b"GET * HTTP/1.1")),
    "a star with a query": (400, head(b"OPTIONS *?a HTTP/1.1")),
    "a fragment": (400, head(b"GET /#top HTTP/1.1")),
    "raw UTF-8 in the target": (400, head("GET /ä HTTP/1.1".encode())),
    "a NUL in the target": (400, head(b"GET /\0 HTTP/1.1")),
    "a tab in the target": (400, head(b"GET /a\tb HTTP/1.1")),
    "DEL in the target": (400, head(b"GET /\x7f HTTP/1.1")),
    "a space in the target": (400, head(b"GET /a b HTTP/1.1")),
    "HTTP/0.9": (400, b"GET /\r\n"),
    "HTTP/1.2": (505, head(b"GET / HTTP/1.2")),
    "HTTP/2.0": (505, head(b"GET / HTTP/2.0")),
    "HTTP/3": (505, head(b"GET / HTTP/3")),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "RTSP": (400, head(b"DESCRIBE / RTSP/1.0")),
    "ICE": (400, head(b"SOURCE / ICE/1.0")),
    "a version with a space": (400, head(b"GET / HTTP/1.1 ")),
    "a lower-case version": (400, head(b"GET / http/1.1")),
    "an unknown method": (501, head(b"BREW / HTTP/1.1")),
    "a lower-case method": (501, head(b"get / HTTP/1.1")),
    "a method that is no token": (400, head(b"GE(T / HTTP/1.1")),
    "TRACE": (405, head(b"TRACE / HTTP/1.1")),
    "CONNECT": (501, head(b"CONNECT localhost:80 HTTP/1.1")),
    "CONNECT to a path": (501, head(b"CONNECT / HTTP/1.1")),
    "TLS on a plain port": (400, b"\x16\x03\x01\x02\x00\x01\x00"),
    "a leading space": (400, b" GET / HTTP/1.1\r\n"),
    "a leading line feed": (400, b"\nGET / HTTP/1.1\r\n"),
    "a bare line feed": (400, b"GET / HTTP/1.1\nHost: localhost\n\n"),
    "a bare carriage return": (400, head(b"GET / HTTP/1.1", b"X: a\rb")),
    "a folded header": (400, head(b"GET / HTTP/1.1", b"X: a", b" b")),
    "a NUL in a header": (400, head(b"GET / HTTP/1.1", b"X: a\0b")),
    "a vertical tab in a header": (400, head(b"GET / HTTP/1.1", b"X: a\x0bb")),
    "a header name with a space": (400, head(b"GET / HTTP/1.1", b"X : a")),
    "a header without a name": (400, head(b"GET / HTTP/1.1", b": a")),
    "a header without a colon": (400, head(b"GET / HTTP/1.1", b"X a")),
    "length and chunked": (
        400,
        post(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    ),
    "chunked and length": (
        400,
        post(b"Transfer-Encoding: chunked", b"Content-Length: 3") + b"0\r\n\r\n",
    ),
    "chunked in 1.0": (
        400,
        head(b"POST /echo HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    ),
    "gzip, chunked": (501, post(b"Transfer-Encoding: gzip, chunked")),
    "chunked, gzip": (400, post(b"Transfer-Encoding: chunked, gzip")),
    "chunked, chunked": (400, post(b"Transfer-Encoding: chunked, chunked")),
    "chunked twice": (400, post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")),
    "xchunked": (400, post(b"Transfer-Encoding: xchunked")),
    "identity": (400, post(b"Transfer-Encoding: identity")),
    "chunked with a parameter": (400, post(b"Transfer-Encoding: chunked;q=1")),
    "chunked after a vertical tab": (400, post(b"Transfer-Encoding: \x0bchunked")),
    "no transfer coding": (400, post(b"Transfer-Encoding:")),
    "two lengths": (400, post(b"Content-Length: 3", b"Content-Length: 4")),
    "the same length twice": (400, post(b"Content-Length: 3", b"Content-Length: 3")),
    "a list of lengths": (400, post(b"Content-Length: 3, 3")),
    "a length with a sign": (400, post(b"Content-Length: +3")),
    "a negative length": (400, post(b"Content-Length: -1")),
    "a hexadecimal length": (400, post(b"Content-Length: 0x3")),
    "a length with an underscore": (400, post(b"Content-Length: 1_0")),
    "a length beyond 64 bits": (400, post(b"Content-Length: 99999999999999999999999")),
    "an empty length": (400, post(b"Content-Length:")),
    "an unknown expectation": (417, post(b"Content-Length: 3", b"Expect: the-unexpected")),
    "a long request line": (414, head(b"GET /" + b"a" * 8192 + b" HTTP/1.1")),
    "a long request line without end": (414, b"GET /" + b"a" * 9000),
    "a long header line": (431, head(b"GET / HTTP/1.1", b"X: " + b"a" * 16_384)),
    "large headers": (431, head(b"GET / HTTP/1.1", *[b"X: " + b"a" * 8192] * 4)),
    "large headers without end": (431, head()[:-2] + (b"X: " + b"a" * 9000 + b"\r\n") * 4),
    "half a megabyte of headers": (431, head()[:-2] + b"X: " + b"a" * 500_000),
    "many headers": (431, head(b"GET / HTTP/1.1", *[b"X: a"] * 100)),
}

TAKEN = {
    "an absolute target": head(b"GET http://localhost/target HTTP/1.1"),
    "an absolute target in capitals": head(b"GET HTTP://LocalHost/target HTTP/1.1"),
    "a host with a port": b"GET / HTTP/1.1\r\nHost: localhost:8000\r\n\r\n",
    "a header with latin-1": head(b"GET / HTTP/1.1", b"X: \xe4"),
    "a header with a tab": head(b"GET / HTTP/1.1", b"X: a\tb"),
    "a header without a space": head(b"GET / HTTP/1.1", b"X:a"),
    "a length of three with white space": post(b"Content-Length: \t3 ") + b"abc",
    "CHUNKED": post(b"Transfer-Encoding: CHUNKED") + b"0\r\n\r\n",
    "the longest request line": head(b"GET /" + b"a" * (8192 - 14) + b" HTTP/1.1"),
    "the longest header line": head(b"GET / HTTP/1.1", b"X: " + b"a" * 16_381),
    "one hundred headers": head(b"GET / HTTP/1.1", *[b"X: a"] * 99),
    "empty lines before": b"\r\n\r\n" + head(),
    "GET with a body": head(b"GET / HTTP/1.1", b"Content-Length: 3") + b"abc",
    "an upgrade nobody offers": head(b"GET / HTTP/1.1", b"Connection: upgrade", b"Upgrade: h2c"),
    "an expectation in 1.0": head(b"GET / HTTP/1.0", b"Expect: the-unexpected"),
}


def read(raw: bytes) -> Head:
    return read_head(raw, GATE, Limits())


def talk_each(messages: dict[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    """Return what each message is answered on a connection of its own, and what the app saw."""

    async def main() -> tuple[dict[str, bytes], list[str]]:
        app, seen = echo_app()
        async with serving(app) as live:
            found = {}
            for name, message in messages.items():
                async with await live.connect() as client:
                    await client.send(message + request("GET", "/later", CLOSE))
                    found[name] = await client.rest()
            return found, seen.requests

    return run(main())


def test_what_is_no_request_is_refused_and_its_connection_closed():
    found, seen = talk_each({name: message for name, (_, message) in REFUSED.items()})

    statuses = {name: int(received[9:12]) for name, received in found.items()}
    assert statuses == {name: status for name, (status, _) in REFUSED.items()}
    for name, received in found.items():
        assert received.count(b"HTTP/1.1 ") == 1, name
        assert b"\r\nconnection: close\r\n" in received, name
        assert received.endswith(b'"status":%b}' % received[9:12]), name
    assert seen == []


def test_the_refusal_of_a_head_request_has_no_content():
    found, seen = talk_each({"no host": b"HEAD / HTTP/1.1\r\n\r\n"})

    assert b"\r\ncontent-length: 57\r\n" in found["no host"]
    assert found["no host"].endswith(b"\r\n\r\n")
    assert seen == []


def test_what_is_unusual_and_right_is_taken():
    found, seen = talk_each(TAKEN)

    refused = {
        name: said for name, said in found.items() if b"/1.1 40" in said or b"/1.1 5" in said
    }
    assert [name for name in refused if b" 404 " not in refused[name]] == []
    for name, received in found.items():
        expected = 1 if b"HTTP/1.0" in TAKEN[name] else 2
        assert received.count(b"HTTP/1.1 ") == expected, name
    assert len([one for one in seen if one != "GET /later"]) == len(TAKEN)


def test_405_to_trace_says_what_is_allowed():
    found, _ = talk_each({"TRACE": head(b"TRACE / HTTP/1.1")})

    assert b"\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" in found["TRACE"]


def test_options_for_the_whole_server_is_answered_by_it():
    found, seen = talk_each({"*": head(b"OPTIONS * HTTP/1.1")})

    assert found["*"].startswith(b"HTTP/1.1 204 ")
    assert seen == ["GET /later"]


def test_an_absolute_target_is_the_path_it_names():
    head = read_head(
        b"GET http://localhost/a/b?c=d HTTP/1.1\r\nHost: localhost\r\n\r\n", GATE, Limits()
    )

    assert (head.path, head.query) == ("/a/b", "c=d")


@pytest.mark.parametrize("target", [b"http://localhost", b"http://localhost?a=/b"])
def test_an_absolute_target_without_a_path_is_the_root(target):
    head = read(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert head.path == "/"


@pytest.mark.parametrize(
    ("line", "field", "stays"),
    [
        (b"HTTP/1.1", b"X: y", True),
        (b"HTTP/1.1", b"Connection: close", False),
        (b"HTTP/1.1", b"Connection: keep-alive, Close", False),
        (b"HTTP/1.1", b"Connection: keep-alive\r\nConnection: close", False),
        (b"HTTP/1.1", b"Connection: closely", True),
        (b"HTTP/1.0", b"X: y", False),
        (b"HTTP/1.0", b"Connection: Keep-Alive", True),
        (b"HTTP/1.0", b"Connection: keep-alive, close", False),
    ],
)
def test_the_connection_stays_as_the_client_says(line, field, stays):
    head = read_head(
        b"GET / " + line + b"\r\nHost: localhost\r\n" + field + b"\r\n\r\n", GATE, Limits()
    )

    assert head.keep_alive is stays


def test_names_with_underscores_never_reach_the_app():
    async def main() -> tuple[bytes, bytes]:
        app, _ = echo_app()
        async with serving(app) as live:
            spoofed = (
                b"X_Forwarded_For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nTE: x\r\nExpect:\r\n"
            )
            answer = await live.get("/headers", spoofed.replace(b"Expect:\r\n", b""))
            return answer.body

    body = run(main())

    assert b"5.6.7.8" in body
    assert b"1.2.3.4" not in body


@given(junk=st.binary(max_size=400), start=st.sampled_from([b"", b"GET / HTTP/1.1\r\n"]))
def test_whatever_arrives_is_incomplete_refused_or_read(junk, start):
    buffer = bytearray(start + junk)

    limits = Limits(request_line=100, header_line=200, header_block=300)
    with contextlib.suppress(Refusal):
        end = find_head(buffer, limits)
        if end:
            read_head(bytes(buffer[:end]), GATE, limits)

    assert buffer == start + junk
