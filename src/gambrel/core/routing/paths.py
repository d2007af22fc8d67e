"""`Paths`: the compiled match structure for the paths of one host.

A path without parameters is one dictionary look-up. Any other is split once; patterns of the same
length whose literals stand in the same places share one dictionary, so a thousand routes cost what
ten do. Built by `table`, read on every request; knows routes only as opaque targets.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import quote

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.url import decode_path
from gambrel.core.routing.pattern import Pattern, is_tail, literal
from gambrel.core.routing.readers import Match, Reader, compile_reader, first_of

Options = dict[str, Reader]
"""Per method, the reader that tries the patterns in order."""

Shape = tuple[Callable[[list[str]], Any], dict[Any, Options]]
"""How to take the literals out of a split path, and what they lead to."""


class Entry(NamedTuple):
    """One pattern and its targets per method, in the order of precedence."""

    pattern: Pattern
    targets: dict[str, Any]
    empty_tail: bool = False


class Paths:
    """Compiled entries; `match` answers a request, `find_all` everything a path could be.

    `on_miss(method, raw_path, host)` answers where nothing matches.
    """

    __slots__ = ("_by_count", "_limit", "_long", "_on_miss", "_static")

    def __init__(
        self, entries: Iterable[Entry], on_miss: Callable[[str, str, str | None], Any]
    ) -> None:
        self._on_miss = on_miss
        self._static: dict[str, dict[str, Match]] = {}
        shaped: dict[tuple[object, ...], Shaped] = {}
        for entry in sorted(entries, key=lambda entry: entry.pattern.precedence):
            if entry.pattern.params or entry.pattern.constants:
                add_shaped(shaped, entry)
            else:
                self._add_static(entry)
        patterns = [pattern for pattern, _ in shaped.values()]
        self._limit = max((len(pattern.segments) for pattern in patterns), default=0) + 1
        self._by_count: list[tuple[Shape, ...]] = [
            shapes_of(shaped.values(), count) for count in range(self._limit)
        ]
        self._long = shapes_of(shaped.values(), self._limit)

    def _add_static(self, entry: Entry) -> None:
        text = str(entry.pattern)
        leaf: dict[str, Match] = {method: (t, None) for method, t in entry.targets.items()}
        # A client sends "/caf%C3%A9"; what is left in other spellings is decoded first.
        self._static[text] = self._static[quote(text, safe="/!$&'()*+,;=:@~")] = leaf

    def match(self, method: str, raw_path: str, host: str | None = None) -> Match:
        """Return what `method` and the path as received (printable ASCII) lead to."""
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
            options = leaves.get(key_of(parts))
            if options is not None:
                read = options.get(method)
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
            options: Options = leaves.get(key_of(parts), {})
            for method, read in options.items():
                match = read(parts) if only in {"", method} and method not in found else None
                if match is not None:
                    found[method] = match
        return found

    @property
    def methods(self) -> set[str]:
        """All methods of all entries."""
        shapes = [shape for shapes in (*self._by_count, self._long) for shape in shapes]
        leaves = [options for _, leaves in shapes for options in leaves.values()]
        return {method for leaf in [*self._static.values(), *leaves] for method in leaf}


Shaped = tuple[Pattern, dict[Any, Options]]


def add_shaped(shaped: dict[tuple[object, ...], Shaped], entry: Entry) -> None:
    """Add a pattern with parameters to the leaf of its literals."""
    pattern = entry.pattern
    shape = (fixed_positions(pattern), len(pattern.segments), pattern.tail)
    leaves = shaped.setdefault(shape, (pattern, {}))[1]
    literals = ["" if text is None else text for text in map(literal, pattern.segments)]
    options = leaves.setdefault(itemgetter(*fixed_positions(pattern))(literals), {})
    for method, target in entry.targets.items():
        read = compile_reader(pattern, target, empty_tail=entry.empty_tail)
        options[method] = first_of(options[method], read) if method in options else read


def fixed_positions(pattern: Pattern) -> tuple[int, ...]:
    """Return where the literals stand, after a tail counted from the end.

    The empty text before the first slash stands in where there is no other.
    """
    size = len(pattern.segments)
    positions = [i for i in range(1, size) if literal(pattern.segments[i]) is not None]
    tail = size if pattern.tail is None else pattern.tail
    return tuple(i - size if i > tail else i for i in positions) or (0,)


def shapes_of(shaped: Iterable[Shaped], count: int) -> tuple[Shape, ...]:
    """Return the shapes a path of `count` segments can have, leftmost literals first."""
    found = []
    for pattern, leaves in shaped:
        kinds = [2 if is_tail(s) else int(literal(s) is None) for s in pattern.segments]
        if pattern.tail is not None:
            kinds[pattern.tail : pattern.tail + 1] = [2] * (count - len(kinds) + 1)
        if len(kinds) == count:
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
