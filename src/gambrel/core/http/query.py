"""Query strings: fast parsing, the immutable multi-map `QueryParams`, and building.

`Request.query` and the compiled endpoints read with it. The rules are those of
`application/x-www-form-urlencoded` (WHATWG URL §5.1), with strict UTF-8; `;` separates nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

import msgspec

from gambrel.core.http.errors import BadRequest, Fault, Unprocessable

FIELD_LIMIT = 1_000

T = TypeVar("T")
D = TypeVar("D")


def parse_query(text: str) -> list[tuple[str, str]]:
    """Return the fields of a query string (without its `?`) in order.

    Raises:
        BadRequest: More than 1,000 fields, or escapes that are not UTF-8.
    """
    if text.count("&") >= FIELD_LIMIT:
        raise BadRequest(f"more than {FIELD_LIMIT} query fields")
    decode = _decode if "%" in text or "+" in text else None
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((name, value) if decode is None else (decode(name), decode(value)))
    return pairs


def parse_query_dict(text: str) -> dict[str, str | list[str]]:
    """Return the fields of a query string; a name given more than once has the list of its values.

    Raises:
        BadRequest: More than 1,000 fields, or escapes that are not UTF-8.
    """
    fields: dict[str, str | list[str]] = {}
    if len(text) < FIELD_LIMIT and "%" not in text and "+" not in text:
        # The common case, measured: no list of pairs, no test per field.
        parts = text.split("&")
        for part in parts:
            name, _, fields[name] = part.partition("=")
        if len(fields) == len(parts) and "" not in fields:
            return fields
        fields.clear()
    for name, value in parse_query(text):
        _append(fields, name, value)
    return fields


def _append(fields: dict[str, str | list[str]], name: str, value: str) -> None:
    existing = fields.get(name)
    if existing is None:
        fields[name] = value
    elif isinstance(existing, list):
        existing.append(value)
    else:
        fields[name] = [existing, value]


def _decode(text: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415 - start-up: escapes

    try:
        return unquote(text.replace("+", " "), errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("the query string is not UTF-8") from None


def build_query(fields: Mapping[str, object] | Iterable[tuple[str, object]]) -> str:
    """Return a query string; lists and tuples repeat their name, None is left out.

    Raises:
        ValueError: Text with a lone surrogate.
    """
    from urllib.parse import quote_plus  # noqa: PLC0415 - start-up: building URLs

    return "&".join(
        # To pyright, an iterable of pairs might be a mapping that has pairs for keys.
        f"{quote_plus(name)}={quote_plus(_text(one))}"  # pyright: ignore[reportCallIssue, reportArgumentType]
        for name, value in (fields.items() if isinstance(fields, Mapping) else fields)
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class QueryParams(Mapping[str, str]):
    """The fields of a query string: immutable; `[]` gives the first value, `get_all` every one.

    `get(name, default, type=int)` converts strictly, and refuses a name that is given twice.
    """

    __slots__ = ("_index", "_pairs")

    def __init__(self, source: str | Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(parse_query(source) if isinstance(source, str) else source)
        self._index: dict[str, str] = {}
        for name, value in self._pairs:
            self._index.setdefault(name, value)

    def __getitem__(self, name: str) -> str:
        return self._index[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, QueryParams):
            return self._pairs == other._pairs
        return NotImplemented

    def __str__(self) -> str:
        return build_query(self._pairs)

    def __repr__(self) -> str:
        return f"QueryParams({str(self)!r})"

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return every field in order, repeated names included."""
        return self._pairs

    def get_all(self, name: str) -> list[str]:
        """Return every value of `name`, in order."""
        return [value for key, value in self._pairs if key == name]

    # pyright misses an overload for a default that is no keyword: it is the second.
    @overload
    def get(self, name: str, default: None = None) -> str | None: ...
    @overload
    def get(self, name: str, default: D) -> str | D: ...
    @overload
    def get(self, name: str, default: None = None, *, type: Callable[..., T]) -> T | None: ...
    @overload
    def get(self, name: str, default: D, *, type: Callable[..., T]) -> T | D: ...
    def get(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        name: str,
        default: object = None,
        *,
        type: Any = str,  # noqa: A002 - reads as get("page", 1, type=int)
    ) -> object:
        """Return the value of `name` as `type`, or `default` when it is not given.

        `type` is anything a typed parameter may be (int, bool, UUID, date, an enum, …).

        Raises:
            Unprocessable: The value does not convert, or a typed name is given more than once.
        """
        if (text := self._index.get(name)) is None:
            return default
        if type is str:
            return text
        if len(self.get_all(name)) > 1:
            raise _unfit(name, "expected one value, got several", "duplicate")
        try:
            return convert_text(text, type)
        except (msgspec.ValidationError, ValueError) as error:
            raise _unfit(name, str(error), "type") from None

    def replace(self, **changes: object) -> "QueryParams":
        """Return a copy with fields set; None removes one. For links that keep the other fields."""
        kept = [(name, value) for name, value in self._pairs if name not in changes]
        return QueryParams(build_query([*kept, *changes.items()]))


def convert_text(text: str, wanted: Any) -> Any:
    """Return text as a value of type `wanted`: strictly, so that one value has one spelling.

    Integers are ASCII digits with an optional minus; numbers are finite.

    Raises:
        ValueError: The text does not fit (msgspec.ValidationError is one).
    """
    if wanted is int and not is_integer(text):
        raise ValueError("expected an integer")
    if wanted is float and not is_number(text):
        raise ValueError("expected a number")
    return msgspec.convert(text, wanted, strict=False)


def is_integer(text: str) -> bool:
    """Say whether text is a decimal integer without `+`, leading zeros, `_`, spaces or exponent."""
    digits = text[1:] if text[:1] == "-" else text
    plain = digits.isascii() and digits.isdigit() and len(digits) <= 19
    return plain and (digits[0] != "0" or text == "0")


def is_number(text: str) -> bool:
    """Say whether text is a finite decimal number: digits, one point, an exponent."""
    return (
        len(text) <= 64
        and text[-1:].isdigit()
        and text.isascii()
        and not text.strip("0123456789+-.eE")
    )


def _unfit(name: str, message: str, code: str) -> Unprocessable:
    return Unprocessable("invalid query", faults=[Fault("query", name, message, code, f"/{name}")])
