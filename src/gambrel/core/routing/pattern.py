"""Patterns: `/users/{id:int}/files/{name}.{ext}` as segments of literals and parameters.

Routers make one per route (and per host); the table reads its segments, reverse building fills
them in. It knows converters and nothing of routes.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import PLAIN, Converter, Converters

DOTS = frozenset({"", ".", ".."})
"""Segments that never are a value: RFC 3986 §5.2.4 removes them, so they would lie to someone."""

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Param:
    """A parameter; `spec` is its converter as written, `int` or `any(a,b)`."""

    name: str
    spec: str = ""
    converter: Converter | None = None

    def parse(self, text: str) -> Any:
        """Return the value of `text`, which stays text without a converter; raises ValueError."""
        if text in DOTS:
            raise ValueError(text)
        return text if self.converter is None else self.converter.parse(text)


Segment = tuple[str | Param, ...]
"""One part of a path: a literal, a parameter, or both mixed (`{name}.{ext}`)."""


class Pattern:
    """A parsed pattern. `str(pattern)` is the template with the converters left out.

    `separator` is "/" for paths and "." for hosts. `constants` are parameters with a fixed value,
    such as the language of a localised path.

    Raises:
        GambrelError: the text is no pattern (`routing.pattern`), or names a parameter twice.
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
        self.separator = separator
        self.constants = dict(constants or {})
        self.where = where
        self.segments = tuple(self._parse(part, converters) for part in self._split())
        self._check()

    def __str__(self) -> str:
        return self.separator.join(
            "".join(p if isinstance(p, str) else f"{{{p.name}}}" for p in segment)
            for segment in self.segments
        )

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    @cached_property
    def params(self) -> tuple[Param, ...]:
        """The parameters, from left to right."""
        return tuple(p for segment in self.segments for p in segment if isinstance(p, Param))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all parameters, constants included."""
        return frozenset([p.name for p in self.params]) | self.constants.keys()

    @cached_property
    def tail(self) -> int | None:
        """The position of the segment that takes many, or None."""
        for position, segment in enumerate(self.segments):
            if is_tail(segment):
                return position
        return None

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """What it matches, whatever the names: equal for patterns that cannot be told apart."""
        return tuple(
            tuple(p if isinstance(p, str) else (p.spec if p.spec != "str" else "",) for p in s)
            for s in self.segments
        )

    @cached_property
    def precedence(self) -> tuple[object, ...]:
        """The sort key of matching: literals first from the left, then narrower converters."""
        kinds = tuple(2 if is_tail(s) else int(literal(s) is None) for s in self.segments)
        return (*kinds, 1), tuple(rank(segment) for segment in self.segments)

    def other_slash(self) -> "Pattern | None":
        """Return the pattern with its last slash added or left out, None where it has no other.

        For a tail, that is the path before it, with the tail empty.
        """
        last = self.segments[-1]
        other = Pattern("/", {}, where=self.where)
        other.text, other.constants, other.segments = (
            self.text,
            self.constants,
            (*self.segments, ("",)),
        )
        if last == ("",) or is_tail(last):
            other.segments = self.segments[:-1]
        if is_tail(last):
            other.constants = {**self.constants, self.params[-1].name: ""}
        return other if len(other.segments) > 1 else None

    def _split(self) -> list[str]:
        """Split at separators that are outside braces."""
        parts, depth, current = [], 0, ""
        for character in self.text:
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth < 0:
                raise self.problem("an unmatched '}'", "write a parameter as {name}")
            if character == self.separator and depth == 0:
                parts.append(current)
                current = ""
            else:
                current += character
        if depth:
            raise self.problem("an unmatched '{'", "write a parameter as {name}")
        return [*parts, current]

    def _parse(self, part: str, converters: Converters) -> Segment:
        """Parse one segment into literals and parameters."""
        found: list[str | Param] = []
        start = depth = 0
        for position, character in enumerate(part):
            if character == "{":
                if depth == 0 and position > start:
                    found.append(part[start:position])
                if depth == 0:
                    start = position + 1
                depth += 1
            elif character == "}":
                depth -= 1
                if depth == 0:
                    found.append(self._param(part[start:position], converters))
                    start = position + 1
        if start < len(part) or not part:
            found.append(part[start:])
        return tuple(found)

    def _param(self, text: str, converters: Converters) -> Param:
        name, _, spec = text.partition(":")
        if not _NAME.fullmatch(name) or name.startswith("_"):
            raise self.problem(f"no parameter name: {{{text}}}", "write {name} or {name:int}")
        if not spec:
            return Param(name)
        key, bracket, argument = spec.partition("(")
        converter = converters.get(key)
        if converter is None or (bracket != "") == isinstance(converter, Converter):
            known = ", ".join(
                c if isinstance(converters[c], Converter) else f"{c}(…)" for c in converters
            )
            raise self.problem(f"an unknown converter: {{{text}}}", f"known here: {known}")
        if not isinstance(converter, Converter):
            if argument[-1:] != ")":
                raise self.problem(f"no closing bracket: {{{text}}}", f"write {spec})")
            try:
                converter = converter(argument[:-1])
            except GambrelError as error:
                raise GambrelError(error.code, error.what, self.where, error.hint) from None
        return Param(name, spec, converter)

    def _check(self) -> None:
        """Refuse what could not be matched, or not in one way."""
        names = [param.name for param in self.params]
        for name in {*names, *self.constants}:
            if names.count(name) + (name in self.constants) > 1:
                raise self.problem(f"the parameter {{{name}}} twice", "give each its own name")
        for segment in self.segments:
            for left, right in itertools.pairwise(segment):
                if isinstance(left, Param) and isinstance(right, Param):
                    hint = f"separate them: {{{left.name}}}-{{{right.name}}}"
                    raise self.problem("two parameters with nothing between them", hint)
        tails = [param for param in self.params if is_tail((param,))]
        if tails and (len(tails) > 1 or self.tail is None):
            raise self.problem("a second path, or one mixed with text", "use one {rest:path}")
        if self.separator == "/":
            self._check_path()

    def _check_path(self) -> None:
        if self.segments[0] != ("",):
            raise self.problem("no leading '/'", f'write "/{self.text}"')
        literals = [literal(segment) for segment in self.segments[1:]]
        if any(text in DOTS for text in literals[:-1]) or literals[-1] in {".", ".."}:
            raise self.problem("an empty or dot segment", "leave it out")
        bad = set("?#%\\") & set("".join(text or "" for text in literals))
        if bad:
            raise self.problem(f"{min(bad)!r} in it", "write it decoded, without query or fragment")

    def problem(self, what: str, hint: str) -> GambrelError:
        """Return the error that names this pattern and where it was declared."""
        return GambrelError("routing.pattern", f"{self.text!r} has {what}", self.where, hint)


def literal(segment: Segment) -> str | None:
    """Return the text of a segment without parameters, else None."""
    first = segment[0]
    return first if len(segment) == 1 and isinstance(first, str) else None


def is_tail(segment: Segment) -> bool:
    """Return whether the segment takes several parts of a path."""
    first = segment[0]
    return isinstance(first, Param) and first.converter is not None and first.converter.many


def rank(segment: Segment) -> int:
    """Return how narrow a segment is: literals, mixed, converters, plain parameters."""
    if literal(segment) is not None:
        return 0
    ranks = [p.converter.rank if p.converter else PLAIN for p in segment if isinstance(p, Param)]
    return max(ranks) - (len(segment) > 1)
