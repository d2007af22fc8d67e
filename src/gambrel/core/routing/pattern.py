"""Patterns: `/users/{id:int}/files/{name}.{ext}` as segments of literals and parameters.

Routers make one per route (and per host); the table reads its segments, reverse building fills
them in. It knows converters and nothing of routes.
"""

import itertools
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import PLAIN, Converter, Converters

DOTS = frozenset({"", ".", ".."})
"""Segments that never are a value: RFC 3986 §5.2.4 removes them, so they would lie to someone."""

_PARAM = r"([^\W\d_]\w*)(?::(\w+)(?:\((.*)\))?)?"


class Param(Struct, frozen=True):
    """A parameter; `spec` is its converter as written, `int` or `any(a,b)`."""

    name: str
    spec: str = ""
    converter: Converter | None = None

    def __str__(self) -> str:
        return f"{{{self.name}:{self.spec}}}" if self.spec else f"{{{self.name}}}"

    @property
    def is_tail(self) -> bool:
        """Whether it takes several segments."""
        return self.converter is not None and self.converter.many

    def parse(self, text: str) -> Any:
        """Return the value of `text`, which stays text without a converter; raises ValueError."""
        if text in DOTS:
            raise ValueError(text)
        return text if self.converter is None else self.converter.parse(text)


class Segment(Struct, frozen=True, dict=True):
    """One part of a path: a literal, a parameter, or both mixed (`{name}.{ext}`)."""

    parts: tuple[str | Param, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    @cached_property
    def params(self) -> list[Param]:
        """The parameters, from left to right."""
        return [part for part in self.parts if isinstance(part, Param)]

    @cached_property
    def literal(self) -> str | None:
        """The text of a segment without parameters, else None."""
        return None if self.params else "".join(map(str, self.parts))

    @cached_property
    def kind(self) -> int:
        """0 for a literal, 1 with parameters, 2 for a tail: the order in which they are tried."""
        return 0 if self.literal is not None else 1 + any(param.is_tail for param in self.params)

    @cached_property
    def rank(self) -> int:
        """How narrow it is among its kind: mixed before whole, converters before plain ones."""
        ranks = [param.converter.rank if param.converter else PLAIN for param in self.params]
        return max(ranks, default=0) - (len(self.parts) > 1)


class Pattern:
    """A parsed pattern. `str(pattern)` is the template with the converters left out.

    `separator` is "/" for paths and "." for hosts. `constants` are parameters with a fixed value,
    such as the language of a localised path.

    Raises:
        GambrelError: the text is no pattern (`routing.pattern`).
    """

    def __init__(
        self,
        text: str,
        converters: Converters,
        *,
        separator: str = "/",
        constants: Mapping[str, str] | None = None,
        where: str = "",
    ) -> None:
        self.text = text
        self.converters = converters
        self.separator = separator
        self.constants = dict(constants or {})
        self.where = where
        self.segments = self._parse(converters)
        self._check()

    def __str__(self) -> str:
        return self.separator.join(
            "".join(p if isinstance(p, str) else f"{{{p.name}}}" for p in segment.parts)
            for segment in self.segments
        )

    @cached_property
    def params(self) -> list[Param]:
        """The parameters, from left to right."""
        return [param for segment in self.segments for param in segment.params]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all parameters, constants included."""
        return frozenset([param.name for param in self.params]) | self.constants.keys()

    @cached_property
    def kinds(self) -> list[int]:
        """The kind of each segment."""
        return [segment.kind for segment in self.segments]

    @cached_property
    def tail(self) -> int | None:
        """The position of the segment that takes many, or None."""
        return self.kinds.index(2) if 2 in self.kinds else None

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """What it matches, whatever the names: equal for patterns that cannot be told apart."""
        return tuple(
            tuple(p if isinstance(p, str) else (p.spec.removesuffix("str"),) for p in s.parts)
            for s in self.segments
        )

    @cached_property
    def precedence(self) -> tuple[object, ...]:
        """The sort key of matching: literals first from the left, then narrower converters."""
        return self.kinds, [segment.rank for segment in self.segments]

    def other_slash(self) -> "Pattern | None":
        """Return the pattern with its last slash added or left out, None where it has no other.

        For a tail, that is the path before it, with the tail empty.
        """
        last = self.segments[-1]
        fixed = dict(self.constants)
        text = f"{self.text}/" if last.parts else self.text[:-1]
        if last.kind == 2:
            text = self.text.removesuffix(f"/{last}")
            fixed[last.params[0].name] = ""
        return Pattern(text, self.converters, constants=fixed, where=self.where) if text else None

    def _parse(self, converters: Converters) -> tuple[Segment, ...]:
        found: list[list[str | Param]] = [[]]
        for position, piece in enumerate(self._pieces()):
            if position % 2:
                found[-1].append(self._param(piece, converters))
                continue
            first, *rest = piece.split(self.separator)
            found[-1] += filter(None, [first])
            found.extend([part] if part else [] for part in rest)
        return tuple(Segment(tuple(parts)) for parts in found)

    def _pieces(self) -> list[str]:
        """Return the text between braces and, at odd positions, within; braces may hold braces."""
        pieces, depth, start = [], 0, 0
        for position, character in enumerate(self.text):
            step = {"{": 1, "}": -1}.get(character, 0)
            if (depth, step) in {(0, 1), (1, -1)}:
                pieces.append(self.text[start:position])
                start = position + 1
            depth += step
            if not 0 <= depth <= 2:
                break
        if depth:
            raise self.problem("an unmatched brace", "write a parameter as {name}")
        return [*pieces, self.text[start:]]

    def _param(self, text: str, converters: Converters) -> Param:
        if text.isascii() and text.isalpha():
            return Param(text)
        match = re.fullmatch(_PARAM, text)
        if match is None:
            raise self.problem(f"no parameter in {{{text}}}", "write {name} or {name:int}")
        name, key, argument = match.groups()
        if key is None:
            return Param(name)
        converter = converters.get(key)
        if converter is None or (argument is None) != isinstance(converter, Converter):
            shown = [k + "(…)" * (not isinstance(c, Converter)) for k, c in converters.items()]
            raise self.problem(f"an unknown converter in {{{text}}}", f"known: {', '.join(shown)}")
        try:
            converter = converter if isinstance(converter, Converter) else converter(argument)
        except ValueError as error:
            hint = f"{error}; or write a custom converter"
            raise self.problem(f"no safe converter in {{{text}}}", hint) from None
        return Param(name, text.partition(":")[2], converter)

    def _check(self) -> None:
        """Refuse what could not be matched, or not in one way."""
        names = [*self.constants, *(param.name for param in self.params)]
        if len(set(names)) < len(names):
            raise self.problem("a parameter twice", "give each its own name")
        for left, right in itertools.chain(*(itertools.pairwise(s.parts) for s in self.segments)):
            if isinstance(left, Param) and isinstance(right, Param):
                raise self.problem(f"nothing between {left} and {right}", "write {a}-{b}")
        tails = [s for s in self.segments if s.kind == 2]
        if len(tails) > 1 or any(len(segment.parts) > 1 for segment in tails):
            raise self.problem("a second path, or one mixed with text", "use one {rest:path}")
        literals = [segment.literal for segment in self.segments]
        if self.separator == "/" and literals[0] != "":
            raise self.problem("no leading slash", f'write "/{self.text}"')
        if not DOTS.isdisjoint(literals[1:-1]) or literals[-1] in {".", ".."}:
            raise self.problem("an empty or dot segment", "leave it out")
        if set("?#%\\<>").intersection("".join(filter(None, literals))):
            braces = re.sub(r"<(?:(\w+):)?(\w+)>", r"{\2:\1}", self.text).replace(":}", "}")
            hint = "write {name}, a decoded path" if braces == self.text else f'write "{braces}"'
            raise self.problem("one of ? # % \\ < >", hint)

    def problem(self, what: str, hint: str) -> GambrelError:
        """Return the error that names this pattern and where it was declared."""
        return GambrelError("routing.pattern", f"{self.text!r} has {what}", self.where, hint)
