"""Compressed forms of a static file: made once, at leisure, and chosen by `Accept-Encoding`.

gzip is in the standard library; Brotli and Zstandard are used where they are installed.
"""

import gzip
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from gambrel.headers.preferences import best_encoding

__all__ = ["SUFFIXES", "choose_coding", "encoders", "pack", "shrinks"]

SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Codings, and how the files beside a file are called that hold it so encoded."""

SMALLEST = 1_024
"""Bytes below which compression gains nothing."""

_TEXTUAL = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/rss+xml",
        "application/atom+xml",
        "application/wasm",
        "application/xml",
        "application/xhtml+xml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/vnd.microsoft.icon",
        "image/x-icon",
    }
)


def shrinks(media_type: str) -> bool:
    """Tell whether files of a type are worth compressing."""
    return media_type.startswith("text/") or media_type in _TEXTUAL


@cache
def encoders() -> dict[str, Callable[[bytes], bytes]]:
    """Return the codings that can be had here, each with what encodes as small as it can."""
    found: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda content: gzip.compress(content, 9, mtime=0)
    }
    brotli = first_of("brotli")
    if brotli is not None:
        found["br"] = lambda content: bytes(brotli.compress(content, quality=11))
    zstd = first_of("compression.zstd", "backports.zstd")
    if zstd is not None:
        found["zstd"] = lambda content: bytes(zstd.compress(content, level=19))
    return found


def first_of(*names: str) -> Any:
    """Return the first of the modules that is installed, or None."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def pack(content: bytes, coding: str) -> bytes | None:
    """Return a content encoded, None where that saves less than a twentieth."""
    if len(content) < SMALLEST:
        return None
    packed = encoders()[coding](content)
    return packed if len(packed) < len(content) * 0.95 else None


@lru_cache(256)
def choose_coding(accept_encoding: str, offers: tuple[str, ...]) -> str:
    """Return the coding to send; `identity` where none of the others is wanted.

    Raises BadRequest for a header that is too long.
    """
    return best_encoding(accept_encoding, [*offers, "identity"]) or "identity"
