"""Render the head of a response as HTTP/1.1 bytes (RFC 9112 §4, §5)."""

from collections.abc import Iterable

from gambrel.core.http.response import Baked
from gambrel.core.http.status import phrase

__all__ = ["bake", "render_head"]


def render_head(status: int, pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the status line and the fields, without the blank line that ends a head."""
    lines = [f"HTTP/1.1 {status} {phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    return "\r\n".join(lines).encode("latin-1")


def bake(baked: Baked) -> bytes:
    """Render a baked head up to the value of `content-length`, and remember it."""
    if baked.status in {204, 304}:
        baked.wire = render_head(baked.status, baked.pairs)
    else:
        baked.wire = render_head(baked.status, baked.pairs) + b"\r\ncontent-length: "
    return baked.wire
