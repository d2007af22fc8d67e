from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.edges.scope import ADMITTED, Refusal, read_head, split_root
from gambrel.core.http.host import HostRules
from gambrel.core.http.url import decode_path
from tests.core.edges.server import scope_of

HOSTS = HostRules(["localhost", "127.0.0.1"])


def status_of(scope: dict[str, Any]) -> int:
    try:
        read_head(scope, HOSTS)
    except Refusal as refusal:
        return refusal.status
    return 200


def test_a_plain_scope_is_read():
    head = read_head(scope_of("/a%20b?c=d", "POST", headers=[(b"Content-Length", b"3")]), HOSTS)

    assert (head.method, head.path, head.query, head.length) == ("POST", "/a%20b", "c=d", 3)
    assert head.headers["content-length"] == "3"


def test_without_raw_path_it_is_rebuilt_and_decodes_to_the_same():
    head = read_head(scope_of("/", path="/a b/100%/é;x", raw_path=None), HOSTS)

    assert decode_path(head.path) == "/a b/100%/é;x"


def test_without_raw_path_what_was_not_utf_8_is_refused():
    assert status_of(scope_of("/", path="/a\ufffd", raw_path=None)) == 400


def test_a_query_in_the_raw_path_is_not_read_twice():
    head = read_head(scope_of("/x?a=1", raw_path=b"/x?a=1"), HOSTS)

    assert (head.path, head.query) == ("/x", "a=1")


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/api/x", "/api", ("/api", "/x")),
        ("/api", "/api", ("/api", "/")),
        ("/api/", "/api/", ("/api", "/")),
        ("/apix", "/api", ("", "/apix")),
        ("/x", "/api", ("", "/x")),
        ("/x", "", ("", "/x")),
        ("/%61pi/x", "/api", ("/%61pi", "/x")),
        ("/a%20b/x", "/a b", ("/a%20b", "/x")),
        ("/a%2Fb/x", "/a/b", ("/a%2Fb", "/x")),
        ("/%C3%A9/x", "/é", ("/%C3%A9", "/x")),
        ("/api/v1/x/y", "/api/v1", ("/api/v1", "/x/y")),
    ],
)
def test_the_root_path_is_split_off_at_a_boundary(path, root, expected):
    assert split_root(path, root) == expected


@given(st.text("/ab%é ", max_size=12), st.text("/ab%é ", max_size=12))
def test_a_quoted_root_is_found_in_front_of_any_path(root, rest):
    root = "/" + root.strip("/").replace("//", "/")
    path = quote(root, safe="/")

    before, after = split_root(f"{path}/{quote(rest)}", root)

    assert before + after == f"{path}/{quote(rest)}"
    assert decode_path(before) == root.rstrip("/")


def test_a_path_of_many_slashes_costs_little():
    assert split_root("/%61" * 2000, "/api/" + "x" * 50)[0] == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"transfer-encoding", b"chunked")], 200),
        ([(b"transfer-encoding", b"Chunked")], 200),
        ([(b"transfer-encoding", b"gzip, chunked")], 501),
        ([(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")], 501),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"3")], 400),
        ([(b"content-length", b"3"), (b"content-length", b"3")], 400),
        ([(b"content-length", b"3, 3")], 400),
        ([(b"content-length", "٣".encode())], 400),
        ([(b"content-length", b"+3")], 400),
        ([(b"content-length", b"9" * 20)], 400),
        ([(b"host", b"localhost")], 400),
        ([(b"expect", b"100-Continue")], 200),
        ([(b"expect", b"200-maybe")], 417),
        ([(b"x", b"a\x00b")], 400),
        ([(b"x", b"a\rb")], 400),
        ([(b"x", b"a\x7fb")], 400),
        ([(b"x", b"a\tb\xe9")], 200),
        ([(b"x", b"")] * 99, 200),
        ([(b"x", b"")] * 100, 431),
        ([(b"x", b"a" * 33_000)], 431),
    ],
)
def test_fields_are_held_to_what_http_allows(headers, status):
    assert status_of(scope_of("/", "POST", headers=headers)) == status


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "9"])
def test_versions_that_nobody_speaks_are_505(version):
    assert status_of(scope_of("/", http_version=version)) == 505


def test_chunks_in_http_1_0_are_refused():
    headers = [(b"transfer-encoding", b"chunked")]

    assert status_of(scope_of("/", "POST", headers=headers, http_version="1.0")) == 400


@pytest.mark.parametrize(("version", "length"), [("1.0", 0), ("1.1", 0), ("2", None), ("3", None)])
def test_a_body_needs_no_length_from_http_2_on(version, length):
    assert read_head(scope_of("/", "POST", http_version=version), HOSTS).length == length


def test_a_host_that_was_checked_before_is_not_checked_again():
    scope = scope_of("/", headers=[], extensions={ADMITTED: {}})
    scope["headers"] = [(b"host", b"elsewhere.example")]

    assert status_of(scope) == 200
    assert status_of({**scope, "extensions": None}) == 400


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("TRACE", "/", 405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("CONNECT", "/", 501, ""),
        ("get", "/", 501, ""),
        ("", "/", 501, ""),
        ("OPTIONS", "*", 204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("GET", "*", 400, ""),
        ("GET", "", 400, ""),
        ("GET", "/" + "a" * 9000, 414, ""),
    ],
)
def test_what_is_no_request_is_refused(method, target, status, allow):
    with pytest.raises(Refusal) as refusal:
        read_head(scope_of(target, method), HOSTS)

    assert (refusal.value.status, refusal.value.allow) == (status, allow)


@given(st.binary(max_size=60), st.binary(max_size=30), st.text(max_size=10))
def test_hostile_scopes_are_read_or_refused(raw, query, root):
    scope = scope_of("/", raw_path=raw, query_string=query, root_path=root)
    try:
        head = read_head(scope, HOSTS)
    except Refusal:
        return

    assert head.path.startswith("/")
    assert decode_path(head.path).startswith("/")
