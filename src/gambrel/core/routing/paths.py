"""`Paths`: the compiled match structure for the paths of one host.

A path without parameters is one dictionary look-up. Any other is split once; patterns of the same
length whose literals stand in the same places share one dictionary, so a thousand routes cost what
ten do. Built by `table`, read on every request; knows routes only as opaque targets.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.url import decode_path
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.readers import Match, Reader, compile_reader, first_of

Leaves = dict[Any, dict[str, Reader]]
"""By the literals of a path: a reader per method, which tries the patterns in order."""

_UNRESERVED = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Entry(Struct, frozen=True):
    """One pattern and its target per method."""

    pattern: Pattern
    targets: dict[str, Any]
    empty_tail: bool = False


class Paths:
    """Compiled entries; `match` answers a request, `find_all` tells everything a path could be.

    `on_miss(method, raw_path, host)` answers where nothing matches.
    """

    __slots__ = ("_by_count", "_limit", "_long", "_on_miss", "_static")

    def __init__(
        self, entries: Iterable[Entry], on_miss: Callable[[str, str, str | None], Any]
    ) -> None:
        self._on_miss = on_miss
        self._static: dict[str, dict[str, Match]] = {}
        shapes: dict[object, tuple[Pattern, Leaves]] = {}
        for entry in sorted(entries, key=lambda entry: entry.pattern.precedence):
            pattern = entry.pattern
            if pattern.names:
                shape = (fixed_positions(pattern), len(pattern.segments), pattern.tail)
                add_entry(shapes.setdefault(shape, (pattern, {}))[1], entry)
                continue
            # A client sends "/caf%C3%A9"; what it spells otherwise is decoded first.
            path = str(pattern)
            for text in (path, quoted(path)):
                self._static[text] = {method: (t, None) for method, t in entry.targets.items()}
        lengths = [len(pattern.segments) for pattern, _ in shapes.values()]
        self._limit = max(lengths, default=0) + 1
        by_count = [shapes_of(shapes.values(), count) for count in range(self._limit + 1)]
        self._long = by_count.pop()
        self._by_count = by_count

    def match(self, method: str, raw_path: str, host: str | None = None) -> Match:
        """Return what `method` and the path as received (visible ASCII) lead to."""
        leaf = self._static.get(raw_path)
        if leaf is not None:
            found = leaf.get(method)
            if found is not None:
                return found
        parts = raw_path.split("/")
        if parts[0] or "%" in raw_path:
            return self._match_decoded(method, raw_path, host)
        count = len(parts)
        for key_of, leaves in self._by_count[count] if count < self._limit else self._long:
            readers = leaves.get(key_of(parts))
            if readers is not None:
                read = readers.get(method)
                found = None if read is None else read(parts)
                if found is not None:
                    return found
        return self._on_miss(method, raw_path, host)  # type: ignore[no-any-return]  # a callback

    def _match_decoded(self, method: str, raw_path: str, host: str | None) -> Match:
        try:
            found = self.find_all(decode_parts(raw_path), only=method)
        except BadRequest:
            found = {}
        return found.get(method) or self._on_miss(method, raw_path, host)

    def find_all(self, parts: list[str], only: str = "") -> dict[str, Match]:
        """Return the match per method for the decoded segments of a path."""
        found: dict[str, Match] = {}
        if not any("/" in part for part in parts):
            found.update(self._static.get("/".join(parts), {}))
        shapes = self._by_count[len(parts)] if len(parts) < self._limit else self._long
        for key_of, leaves in shapes:
            readers: dict[str, Reader] = leaves.get(key_of(parts), {})
            for method, read in readers.items():
                match = read(parts) if only in {"", method} and method not in found else None
                if match is not None:
                    found[method] = match
        return found


def quoted(path: str) -> str:
    """Return a literal path as clients send it."""
    if not path.strip(_UNRESERVED):
        return path
    from urllib.parse import quote  # noqa: PLC0415 - start-up: unusual paths

    return quote(path, safe="/!$&'()*+,;=:@~")


def add_entry(leaves: Leaves, entry: Entry) -> None:
    """Add a pattern with parameters to the leaf of its literals."""
    literals = [segment.literal or "" for segment in entry.pattern.segments]
    readers = leaves.setdefault(itemgetter(*fixed_positions(entry.pattern))(literals), {})
    for method, target in entry.targets.items():
        read = compile_reader(entry.pattern, target, empty_tail=entry.empty_tail)
        readers[method] = first_of(readers[method], read) if method in readers else read


def fixed_positions(pattern: Pattern) -> tuple[int, ...]:
    """Return where the literals stand, after a tail counted from the end.

    The empty text before the first slash stands in where there is no other.
    """
    size = len(pattern.segments)
    tail = size if pattern.tail is None else pattern.tail
    positions = [i for i in range(1, size) if pattern.kinds[i] == 0]
    return tuple(i - size if i > tail else i for i in positions) or (0,)


def shapes_of(
    shapes: Iterable[tuple[Pattern, Leaves]], count: int
) -> tuple[tuple[Callable[[list[str]], Any], Leaves], ...]:
    """Return how to look up a path of `count` segments, leftmost literals first."""
    found = []
    for pattern, leaves in shapes:
        kinds, tail = list(pattern.kinds), pattern.tail
        if tail is not None:
            kinds[tail : tail + 1] = [2] * (count - len(kinds) + 1)
        if len(kinds) == count and (tail is None or 2 in kinds):
            found.append((kinds, (itemgetter(*fixed_positions(pattern)), leaves)))
    return tuple(shape for _, shape in sorted(found, key=itemgetter(0)))


def decode_parts(raw_path: str) -> list[str]:
    """Split a path at its slashes, then percent-decode each part once.

    So `%2F` never splits. Raises BadRequest as `decode_path`, and without a leading slash.
    """
    parts = raw_path.split("/")
    if parts[0] or not raw_path:
        raise BadRequest("the path does not begin with a slash")
    return [decode_path(part) if "%" in part else part for part in parts]
