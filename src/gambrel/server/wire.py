"""Render the head of a response as HTTP/1.1 bytes (RFC 9112 §4, §5)."""

from collections.abc import Iterable

from gambrel.core.http.errors import bare_problem
from gambrel.core.http.response import Baked
from gambrel.core.http.status import has_body, phrase

__all__ = ["bake", "bake_bare", "render_head", "render_refusal"]

# What the server says itself; an application that sets it cannot know better.
FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def render_head(status: int, pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the status line and the fields, without the blank line that ends a head.

    Raises ValueError where a field holds a line break: a second look, behind that of the headers.
    """
    lines = [f"HTTP/1.1 {status} {phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head:
        raise ValueError("a header field of the response holds a line break or NUL")
    return head.encode("latin-1")


def bake(baked: Baked | None) -> bytes | None:
    """Render a baked head up to the value of `content-length`, and remember it.

    None where the status has no content and so no length (RFC 9110 §8.6).
    """
    if baked is None:
        return None
    if baked.wire is None and has_body(baked.status):
        baked.wire = render_head(baked.status, baked.pairs) + b"\r\ncontent-length: "
    return baked.wire


def bake_bare(baked: Baked) -> bytes | None:
    """Render a baked head whose status has no content, and remember it; None where it has."""
    if baked.bare is None and not has_body(baked.status):
        baked.bare = render_head(baked.status, baked.pairs)
    return baked.bare


def render_refusal(
    status: int, date: bytes, *fields: tuple[str, str], is_head: bool = False
) -> bytes:
    """Return the whole answer to a message that no app has seen, a bare problem: the last one."""
    body = bare_problem(status)
    pairs = [
        ("connection", "close"),
        ("content-type", "application/problem+json"),
        ("content-length", str(len(body))),
        *fields,
    ]
    return render_head(status, pairs) + date + (b"" if is_head else body)
