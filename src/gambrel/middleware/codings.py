"""Content codings: gzip from the standard library; zstd and Brotli where they are installed.

Compression asks for encoders here; no request is known. An encoder serves one body.
"""

import zlib
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any, Protocol

__all__ = ["Encoder", "find_codings"]


class Encoder(Protocol):
    """Compresses one body, piece by piece."""

    def push(self, data: bytes) -> bytes:
        """Take a piece; return all that a receiver needs to read it now."""
        ...

    def finish(self, data: bytes = b"") -> bytes:
        """Take the last piece; return the rest of the body."""
        ...


MakeEncoder = Callable[[], Encoder]


class Gzip:
    """gzip (RFC 1952)."""

    def __init__(self) -> None:
        self._coder = zlib.compressobj(5, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def push(self, data: bytes) -> bytes:
        """Compress, and flush."""
        return self._coder.compress(data) + self._coder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self, data: bytes = b"") -> bytes:
        """Compress, and end."""
        return self._coder.compress(data) + self._coder.flush()


class Brotli:
    """Brotli (RFC 7932), by the package `brotli`."""

    def __init__(self, library: Any) -> None:
        self._coder = library.Compressor(quality=4)

    def push(self, data: bytes) -> bytes:
        """Compress, and flush."""
        head: bytes = self._coder.process(data)
        return head + bytes(self._coder.flush())

    def finish(self, data: bytes = b"") -> bytes:
        """Compress, and end."""
        head: bytes = self._coder.process(data)
        return head + bytes(self._coder.finish())


class Zstandard:
    """Zstandard (RFC 8878), of Python 3.14 or the package `backports.zstd`."""

    def __init__(self, library: Any) -> None:
        self._coder = library.ZstdCompressor(level=3)
        self._flush = self._coder.FLUSH_BLOCK
        self._end = self._coder.FLUSH_FRAME

    def push(self, data: bytes) -> bytes:
        """Compress, and flush."""
        return bytes(self._coder.compress(data, self._flush))

    def finish(self, data: bytes = b"") -> bytes:
        """Compress, and end."""
        return bytes(self._coder.compress(data, self._end))


def find_codings(names: Iterable[str]) -> dict[str, MakeEncoder]:
    """Return those of the named codings that can be had here, in the order given."""
    zstd = _first_of("compression.zstd", "backports.zstd")
    brotli = _first_of("brotli")
    makers: dict[str, MakeEncoder] = {"gzip": Gzip}
    if zstd is not None:
        makers["zstd"] = partial(Zstandard, zstd)
    if brotli is not None:
        makers["br"] = partial(Brotli, brotli)
    return {name: makers[name] for name in names if name in makers}


def _first_of(*names: str) -> Any:
    """Return the first of the modules that is installed, or None."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None
