import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.url import (
    URL,
    build_path,
    decode_path,
    parse_target,
    quote_segment,
    safe_redirect,
)
from tests.core.http.complexity import steep

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", URL("https", "example.com")),
        ("HTTPS://EXAMPLE.com./A?b#c", URL("https", "example.com", None, "/A", "b", "c")),
        ("http://a:8000/?x=/y?z", URL("http", "a", 8000, "/", "x=/y?z")),
        ("http://[::1]:1/", URL("http", "[::1]", 1)),
        ("http://a?b", URL("http", "a", None, "/", "b")),
        ("/a/b?c#d", URL(path="/a/b", query="c", fragment="d")),
        ("/a://b", URL(path="/a://b")),
        ("postgres://h/db", URL("postgres", "h", None, "/db")),
    ],
)
def test_a_url_is_split_into_its_parts(text: str, expected: URL) -> None:
    assert URL.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("//evil", "javascript:alert(1)", "data:text/html,x", "https:evil", "https:/evil"),
        *("http://u:p@good", "http://", "://a", "1a://b", "é://a", "http://a b/", "http://a/ b"),
        *("http://a/\n", "http://a/é", "a/b", "http://a:b/", "http://a/\\b", "http://a/<b>"),
        *("http://good\\@evil", "http://a/" + "x" * 9_000, "\x00//evil", " http://a"),
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        URL.parse(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"path": "a"}, {"path": "/a?b"}, {"path": "/a#b"}, {"path": "//evil"}, {"path": "/a b"},
        {"query": "a#b"}, {"query": "a\r\nb"}, {"fragment": "a b"}, {"scheme": "http"},
        {"host": "a"}, {"scheme": "http", "host": "A"}, {"scheme": "http", "host": "a@b"},
        {"scheme": "http", "host": "a", "port": 0}, {"scheme": "http", "host": "a:1"},
        {"scheme": "a b", "host": "a"}, {"port": 1}, {"scheme": "http", "host": "a", "path": "@b"},
    ],
)  # fmt: skip
def test_a_url_cannot_be_built_from_parts_that_would_spill(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"URL|host|path"):
        URL(**parts)  # type: ignore[arg-type]


@given(st.text() | st.text("htps:/.?#@[]%a1\\ ", max_size=30))
def test_any_text_is_a_url_that_renders_to_itself_or_a_bad_request(text: str) -> None:
    try:
        url = URL.parse(text)
    except BadRequest:
        return
    assert URL.parse(str(url)).authority == url.authority
    assert str(URL.parse(str(url))) == str(url)


def test_the_authority_leaves_the_usual_port_out() -> None:
    assert URL("https", "a", 443).origin == "https://a"
    assert URL("http", "a", 443).origin == "http://a:443"
    assert URL(path="/a").origin == ""


def test_replacing_makes_a_new_url() -> None:
    url = URL.parse("https://a/b?c#d")

    assert str(url.replace(path="/x", query="")) == "https://a/x#d"
    assert str(url) == "https://a/b?c#d"
    with pytest.raises(ValueError, match="quote it"):
        url.replace(query="a b")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("/a", "/a"), ("/%61dmin", "/admin"), ("/caf%C3%A9", "/café"), ("/a%2Fb", "/a/b"),
     ("/%2541", "/%41")],
)  # fmt: skip
def test_a_path_is_decoded_once(raw: str, expected: str) -> None:
    assert decode_path(raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["/%", "/%4", "/%zz", "/%4g", "/%uff0e", "/a%ff", "/%c0%ae", "/%ed%a0%80", "/a%00", "/a%0a",
     "/%7f", "/%1b", "/%+1", "/% 1"],
)  # fmt: skip
def test_a_path_that_cannot_be_decoded_strictly_is_refused(raw: str) -> None:  # T-C20-2
    with pytest.raises(BadRequest):
        decode_path(raw)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", ("/", "")),
        ("/a%20b?c=%zz", ("/a%20b", "c=%zz")),
        ("/a%ff", ("/a%ff", "")),
        ("/a?b?c", ("/a", "b?c")),
        ("//evil.com/..", ("//evil.com/..", "")),
        ("/[a]|{b}", ("/[a]|{b}", "")),
        ("http://good/x?y", ("/x", "y")),
        ("HTTP://GOOD:80", ("/", "")),
        ("http://good?y", ("/", "y")),
    ],
)
def test_a_target_is_split_once(target: str, expected: tuple[str, str]) -> None:
    assert parse_target(target, "GET", "good") == expected


def test_a_star_is_for_options_only() -> None:
    assert parse_target("*", "OPTIONS") == ("*", "")
    with pytest.raises(BadRequest):
        parse_target("*", "GET")


@pytest.mark.parametrize(
    "target",
    [
        *(
            "",
            "foo",
            "?a",
            "/a#b",
            "/a b",
            "/a\x00",
            "/a\r",
            "/a\x7f",
            "/é",
            "/a\\b",
            "/\\evil.com",
        ),
        *("/<script>", '/"', "/`", "http://evil/x", "http://good:81/"),
        *("http://good@evil/", "http://good:80@evil/", "ftp://good/", "good:443", "http://"),
        *("http:/good", "javascript:x", "http://good\\/x", "*/", "**"),
    ],
)
def test_any_other_target_is_refused(target: str) -> None:  # T-C05-1
    with pytest.raises(BadRequest):
        parse_target(target, "GET", "good")


def test_an_absolute_target_needs_a_host() -> None:
    with pytest.raises(BadRequest):
        parse_target("http://good/")


@given(st.text() | st.text("/%a4?#.\\ *", max_size=20).map(lambda text: "/" + text))
def test_any_target_is_taken_apart_or_refused(target: str) -> None:
    try:
        path, query = parse_target(target, "GET", "good")
    except BadRequest:
        return
    assert target in {path, f"{path}?{query}"}
    assert path.startswith("/")
    assert path.isascii()
    assert path.isprintable()


@given(st.lists(TEXT.filter(lambda text: text not in {"", ".", ".."}), min_size=1))
def test_built_paths_decode_to_their_segments(segments: list[str]) -> None:
    path = build_path(*segments)

    assert LOCAL.fullmatch(path)
    controls = any(char < " " or char == "\x7f" for text in segments for char in text)
    if not controls:
        assert [decode_path(part) for part in path.split("/")[1:]] == segments


def test_a_path_ends_in_a_slash_on_request() -> None:
    assert build_path("a b", 7, "") == "/a%20b/7/"
    assert build_path() == "/"


@pytest.mark.parametrize("segments", [("", "evil.com"), ("a", "", "b"), ("..",), ("a", ".")])
def test_segments_that_change_the_meaning_of_a_path_are_refused(segments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="path segment"):
        build_path(*segments)


def test_a_slash_in_a_segment_is_quoted() -> None:
    assert quote_segment("a/b?c#d%é") == "a%2Fb%3Fc%23d%25%C3%A9"


HOSTILE = [
    *("//evil", "///evil", "////evil", "/\\evil", "\\\\evil", "\\/evil", "/\t/evil", "/%09/evil"),
    *(" //evil", "\t//evil", "\x00//evil", "\x08javascript:alert(1)", "https:evil", "https:/evil"),
    *("http:999999999", "http://u:p@good@evil", "http://good.evil", "//good\\@evil", "evil"),
    *("javascript:alert(1)", "data:text/html,x", "/%5cevil", "/%5Cevil", "/.//evil", "/..//evil"),
    *("//evil/%2e%2e", "//[::1]", "http://evil#@good", "/\u2028/evil", "/\u2029", "%2f%2fevil"),
    *("/%2fevil", "/%2Fevil", "/a/..//evil", "/%2e//evil", "/%2e%2e//evil", "", "?next=/a", "#a"),
    *(
        "/\r\nSet-Cookie: a=b",
        "/\n/evil",
        "/a\x7f",
        "/\ud800",
        "/a%00",
        "/a%0d%0a",
        "/a%zz",
        "@evil",
    ),
    *("/\x85/evil", "/\xa0/evil", "/\u200b/evil", "/?a\\b", "/" + "a" * 9_000, "/a?b\r\nc"),
]


@pytest.mark.parametrize("target", HOSTILE)
def test_a_redirect_elsewhere_falls_back_to_the_default(target: str) -> None:  # T-C03-1
    assert safe_redirect(target, "/home") == "/home"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", "/"),
        ("/a/b?c=d&e=/f", "/a/b?c=d&e=/f"),
        ("/a?next=//evil", "/a?next=//evil"),
        ("/café?x=é y", "/caf%C3%A9?x=%C3%A9%20y"),
        ("/caf%C3%A9?x=%20", "/caf%C3%A9?x=%20"),
        ("/a#b", "/a"),
        ("/%252f%252fevil", "/%252f%252fevil"),
        ("/a//b", "/a//b"),
        ("/a?100%", "/a?100%"),
    ],
)
def test_a_local_redirect_is_built_again(target: str, expected: str) -> None:
    assert safe_redirect(target) == expected


@given(st.text() | st.text("/\\.%2fe5c?#@: \t\u2028", max_size=20).map(lambda text: "/" + text))
def test_any_redirect_stays_on_the_site(target: str) -> None:
    location = safe_redirect(target, "/home")

    assert LOCAL.fullmatch(location)
    assert safe_redirect(location, "") == location


def test_parsing_urls_is_linear() -> None:
    assert steep(URL.parse) == []
    assert steep(URL.parse, "http://a/") == []
    assert steep(decode_path) == []
    assert steep(safe_redirect, "/") == []
    assert steep(parse_target, "/") == []
