"""Header fields: `Headers` of a request (immutable) and `ResponseHeaders` (mutable).

The edges build `Headers` from what they received: the native server from the raw block of a
message, any other host from pairs. Nothing is split or decoded before somebody asks, and a
connection whose next request repeats its header block is given the same object again.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property, lru_cache
from typing import Any

__all__ = ["Headers", "ResponseHeaders"]


class Headers(Mapping[str, str]):
    """The header fields of a request; names are case-insensitive.

    `headers["x"]` is the combined value of all lines of that name, joined with `", "`
    (RFC 9110 §5.2; cookies with `"; "`, RFC 6265bis §5.8.2); `get_all` keeps them apart.
    Fields whose name holds an underscore are dropped: behind a proxy `X_Forwarded_For` would
    otherwise pass for `X-Forwarded-For`.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._block = b""
        self._lower = b""
        self._pairs: tuple[tuple[str, str], ...] | None = tuple(
            [(name.lower(), value) for name, value in pairs if "_" not in name]
        )

    @classmethod
    def from_block(cls, block: bytes, lower: bytes) -> "Headers":
        """Wrap a raw header block `\\r\\nName: value\\r\\n…\\r\\n` that a parser has accepted.

        `lower` is the same block in lower case; both edges of it must be there.
        """
        headers = cls.__new__(cls)
        headers._block = block  # noqa: SLF001 - its own kind
        headers._lower = lower  # noqa: SLF001
        headers._pairs = None  # noqa: SLF001
        return headers

    @classmethod
    def from_raw(cls, pairs: Iterable[tuple[bytes, bytes]]) -> "Headers":
        """Wrap the pairs of bytes that an ASGI server or a parser hands over."""
        headers = cls()
        headers._pairs = tuple(
            [  # in one pass: every request over ASGI comes this way
                (str(name, "latin-1").lower(), str(value, "latin-1").strip(" \t"))
                for name, value in pairs
                if b"_" not in name
            ]
        )
        return headers

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return every field in order, names in lower case."""
        if self._pairs is None:
            parted = (line.partition(":") for line in self._block.decode("latin-1").split("\r\n"))
            self._pairs = tuple(
                [
                    (name.lower(), value.strip(" \t"))
                    for name, colon, value in parted
                    if colon and "_" not in name
                ]
            )
        return self._pairs

    @cached_property
    def _index(self) -> dict[str, str]:
        index: dict[str, str] = {}
        for name, value in self.pairs():
            separator = "; " if name == "cookie" else ", "
            index[name] = f"{index[name]}{separator}{value}" if name in index else value
        return index

    def __getitem__(self, name: str) -> str:
        return self._index[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._index

    def get_all(self, name: str) -> list[str]:
        """Return the values of every line named `name`, in order."""
        wanted = name.lower()
        return [value for key, value in self.pairs() if key == wanted]

    def first(self, name: str) -> str | None:
        """Return the one value of `name` (lower case), or None; cheap on an unread block.

        A single look-up searches the raw block instead of splitting all of it; with several
        lines of that name it falls back to the combined value.
        """
        if self._pairs is not None:
            return self._index.get(name)
        lower, key = self._lower, _line_start(name)
        start = lower.find(key)
        if start < 0 or "_" in name:
            return None
        start += len(key)
        end = lower.find(b"\r\n", start)
        if lower.find(key, end) >= 0:
            return self._index.get(name)
        return str(self._block[start:end], "latin-1").strip(" \t")

    @cached_property
    def notes(self) -> dict[Any, Any]:
        """What somebody has found out about these fields, for the next request with the same."""
        return {}

    @cached_property
    def media_type(self) -> str:
        """The media type of the content in lower case without parameters, or `""`."""
        value = self.first("content-type")
        return "" if value is None else value.partition(";")[0].strip().lower()

    @cached_property
    def takes_json(self) -> bool:
        """Whether plain JSON satisfies `Accept` with no need to weigh alternatives."""
        accept = self.first("accept")
        if accept is None:
            return True
        found = False
        for item in () if "msgpack" in accept else accept.lower().split(","):
            name, _, rest = item.partition(";")
            if name.strip() in _JSON:
                if rest and (not rest.strip().startswith("q=") or not rest.strip("q= 0.")):
                    return False
                found = True
        return found

    def __repr__(self) -> str:
        return f"Headers({self.pairs()!r})"


_JSON = frozenset({"*/*", "application/*", "application/json"})
_line_start = lru_cache(256)(lambda name: f"\r\n{name}:".encode("latin-1"))
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def check_name(name: str) -> str:
    """Return `name` in lower case. Raises ValueError unless it is a token (RFC 9110 §5.6.2)."""
    if not name or not TOKEN.issuperset(name):
        raise ValueError(f"{name!r} is not a header name")
    return name.lower()


def check_value(name: str, value: str) -> str:
    """Return `value` without surrounding white space.

    Raises ValueError for CR, LF, NUL and other controls, and for text outside latin-1
    (RFC 9110 §5.5): nothing from a user can split a response.
    """
    if not isinstance(value, str):
        raise TypeError(f"header {name!r} takes a str, and got {type(value).__name__}")
    if value.isascii() and value.isprintable():
        return value.strip(" ")
    if any(
        (code < 0x20 and code != 0x09) or code == 0x7F or code > 0xFF for code in map(ord, value)
    ):
        raise ValueError(f"header {name!r}: {value[:40]!r} has a control or non-latin-1 character")
    return value.strip(" \t")


class ResponseHeaders(MutableMapping[str, str]):
    """The header fields of a response; names are case-insensitive, values are checked on write.

    `headers["x"] = "v"` replaces every line of that name; `add` appends one.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._pairs: list[tuple[str, str]] = []
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            # To pyright, an iterable of pairs might be a mapping that has pairs for keys.
            self.add(name, value)  # pyright: ignore[reportArgumentType]

    @classmethod
    def trusted(cls, pairs: Iterable[tuple[str, str]]) -> "ResponseHeaders":
        """Wrap pairs that were checked before (lower-case names)."""
        headers = cls.__new__(cls)
        headers._pairs = list(pairs)  # noqa: SLF001 - its own kind
        return headers

    def add(self, name: str, value: str) -> None:
        """Append a line. Raises ValueError for a bad name or value."""
        key = check_name(name)
        self._pairs.append((key, check_value(key, value)))

    def pairs(self) -> list[tuple[str, str]]:
        """Return every line in order, names in lower case."""
        return self._pairs

    def get_all(self, name: str) -> list[str]:
        """Return the values of every line named `name`, in order."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key == wanted]

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for key, value in self._pairs:
            if key == wanted:
                return value
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key == name.lower() for key, _ in self._pairs)

    def __setitem__(self, name: str, value: str) -> None:
        key = check_name(name)
        value = check_value(key, value)
        for position, (existing, _) in enumerate(self._pairs):
            if existing == key:
                rest = [pair for pair in self._pairs[position + 1 :] if pair[0] != key]
                self._pairs[position:] = [(key, value), *rest]
                return
        self._pairs.append((key, value))

    def __delitem__(self, name: str) -> None:
        wanted = name.lower()
        kept = [pair for pair in self._pairs if pair[0] != wanted]
        if len(kept) == len(self._pairs):
            raise KeyError(name)
        self._pairs = kept

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def __repr__(self) -> str:
        return f"ResponseHeaders({self._pairs!r})"
