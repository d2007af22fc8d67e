import pytest

from gambrel.core.http.response import Baked
from gambrel.server.wire import bake, bake_bare, render_head, render_refusal


def test_a_head_is_a_status_line_and_fields():
    head = render_head(404, [("content-type", "text/plain"), ("x-a", "1")])

    assert head == b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nx-a: 1"


def test_an_unregistered_status_has_the_phrase_of_its_class():
    assert render_head(299, []) == b"HTTP/1.1 299 Success"


@pytest.mark.parametrize(
    "pair", [("x", "a\r\nb: c"), ("x", "a\nb"), ("x", "a\rb"), ("x\r\ny", "a"), ("x", "a\0")]
)
def test_a_line_break_in_a_field_is_refused(pair):
    with pytest.raises(ValueError, match="line break"):
        render_head(200, [pair])


def test_a_baked_head_is_rendered_once_up_to_its_length():
    baked = Baked(200, [("content-type", "text/plain")])

    first = bake(baked)

    assert first == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: "
    assert bake(baked) is first


def test_a_head_without_content_is_rendered_once_as_well():
    baked = Baked(304, [("etag", '"a"')])

    first = bake_bare(baked)

    assert first == b'HTTP/1.1 304 Not Modified\r\netag: "a"'
    assert bake_bare(baked) is first
    assert bake_bare(Baked(200, [])) is None


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_content_is_never_baked_with_a_length(status):
    assert bake(Baked(status, [])) is None


def test_a_refusal_is_a_bare_problem_and_the_last_answer():
    refusal = render_refusal(405, b"\r\ndate: x\r\n\r\n", ("allow", "GET"))

    assert refusal.startswith(b"HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n")
    assert b"\r\ncontent-length: 64\r\nallow: GET\r\ndate: x\r\n\r\n" in refusal
    assert refusal.endswith(b'{"type":"about:blank","title":"Method Not Allowed","status":405}')


def test_a_refusal_to_head_says_the_length_and_has_no_content():
    refusal = render_refusal(400, b"\r\ndate: x\r\n\r\n", is_head=True)

    assert b"\r\ncontent-length: 57\r\n" in refusal
    assert refusal.endswith(b"\r\n\r\n")
