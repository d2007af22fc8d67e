"""Keep secrets out of what a developer is shown: by name, by shape and by value.

The report shows every value and every text through a `Redactor`; it decides nothing else.
"""

import dataclasses
import os
import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

__all__ = ["HIDDEN", "Redactor", "is_secret_name"]

HIDDEN = "•••"

_WORDS = frozenset(
    re.findall(
        r"\w+",
        """auth authorization bearer card cookie cookies credential credentials csrf cvc cvv dsn
        hash iban jwt nonce otp passphrase passwd password passwords pin pwd salt secret secrets
        session sessionid signature ssn token tokens totp xsrf""",
    )
)
_DIRECTORIES = ("PWD", "OLDPWD")  # of the shell: where it is, and no password
_PHRASES = ("apikey", "accesskey", "privatekey", "secretkey", "signingkey", "encryptionkey")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# Each hides its second group. People write passwords with `/`, `?` and `#` into URLs as they are:
# then all up to the first `@` is hidden, unless it begins like a port.
_URL = re.compile(
    r"(:(?:\\?/){2}[^:/?#@\[\s'\"]{0,200}:)"
    r"((?:[^/?#\s'\"]{1,2000}|(?!\d{1,5}[/?#])[^@\s'\"]{1,2000})(?=@))"
)
_SHAPES = (
    _URL,
    re.compile(r"(\$(?:argon2\w*|2[aby]|scrypt|pbkdf2[\w-]*)\$)([^\s'\"]+)"),
    re.compile(r"(\b(?:bearer|basic|digest)\s+)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE),
    re.compile(r"(\b)(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"),
)
_ASSIGNED = re.compile(
    r"""(?P<name>[\w-]{2,60})"""
    r"""(?P<between>["']?\s{0,4}(?::\s{0,4}[\w.\[\] |]{0,60}=|[:=])\s{0,4}b?)"""
    r"""(?P<quote>["'])(?P<value>(?:(?!(?P=quote)|\\).|\\.){1,2000})(?P=quote)"""
)
_PAIR = re.compile(r"(?P<name>[\w-]{2,60})=(?P<value>[^\s&;,'\"()\[\]{}]{1,2000})(?=[&,;\s'\"]|$)")


def is_secret_name(name: str) -> bool:
    """Tell whether a variable, key, header or setting of this name may hold a secret."""
    if name in _DIRECTORIES:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    joined = "".join(words)
    return not _WORDS.isdisjoint(words) or any(phrase in joined for phrase in _PHRASES)


def is_directory(value: str) -> bool:
    """Tell whether a text is the path of a directory here: every frame of a page may show it."""
    return os.path.isabs(value) and os.path.isdir(value)  # noqa: PTH112, PTH117 - any text is asked


class Redactor:
    """Shows values and texts without secrets.

    `values` are secrets known beforehand; they are hidden wherever they stand. Shorter ones than
    six characters are not looked for: they would hide half the page.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        for value in values:
            self.learn(value)

    def learn(self, value: object) -> None:
        """Hide a value, or every text in it, wherever it stands from now on."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str) and len(value) >= 6 and not is_directory(value):
            self._values.add(value)
        elif isinstance(value, Mapping):
            self.learn(list(value.values()))
        elif isinstance(value, list | tuple | set | frozenset):
            for item in list(value)[:100]:
                self.learn(item)

    def learn_named(self, value: object, depth: int = 4) -> None:
        """Learn what stands under the name of a secret, at any depth."""
        if isinstance(value, Mapping) and depth:
            for name, inner in list(value.items())[:1_000]:
                if isinstance(name, str) and is_secret_name(name):
                    self.learn(inner)
                else:
                    self.learn_named(inner, depth - 1)
        elif isinstance(value, list | tuple) and depth:
            for inner in value[:100]:
                self.learn_named(inner, depth - 1)

    def text(self, text: str) -> str:
        """Return a text with what looks like a secret, or is known as one, hidden."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        for shape in _SHAPES:
            text = shape.sub(rf"\1{HIDDEN}", text)
        return _PAIR.sub(_hide_pair, _ASSIGNED.sub(_hide_assigned, text))

    def code(self, line: str) -> str:
        """Return a line of source with its secrets hidden; `f(token=token)` is not one."""
        line = _ASSIGNED.sub(_hide_assigned, _URL.sub(rf"\1{HIDDEN}", line))
        for value in self._values:
            line = line.replace(value, HIDDEN)
        return line

    def shown(self, name: str, value: object) -> str:
        """Return a named value of a request; text without quotes around it."""
        if isinstance(value, str) and not is_secret_name(name):
            return self.text(value[:2_000])
        return self.value(name, value)

    def value(self, name: str, value: object) -> str:
        """Return the representation of a named value, short, and never raise."""
        try:
            plain = value is None or isinstance(value, bool) or _fields(value) is not None
            if is_secret_name(name) and not plain:
                return f"{HIDDEN} ({type(value).__name__})"
            return self.text(_Representation().repr(value))
        except Exception as error:
            return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def _hide_assigned(match: re.Match[str]) -> str:
    if not is_secret_name(match["name"]):
        return match[0]
    quote = match["quote"]
    return f"{match['name']}{match['between']}{quote}{HIDDEN}{quote}"


def _hide_pair(match: re.Match[str]) -> str:
    return f"{match['name']}={HIDDEN}" if is_secret_name(match["name"]) else match[0]


class _Representation(reprlib.Repr):
    """`repr()` with bounds, with hidden fields, and without trust in what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 20
        self.maxstring = self.maxother = 400
        self.maxlong = 80

    def repr1(self, x: Any, level: int) -> str:
        """Represent one value: by its own bounds, or by its fields."""
        builtin = type(x).__module__ == "builtins"
        return super().repr1(x, level) if builtin else self._own(x, level)

    def _own(self, x: Any, level: int) -> str:
        fields = _fields(x)
        if fields is None:
            return self.repr_instance(x, level)
        if level <= 0:
            return f"{type(x).__name__}(...)"
        shown = [f"{name}={self._item(name, value, level)}" for name, value in fields.items()]
        return f"{type(x).__name__}({', '.join(shown[:20])}{', ...' if len(shown) > 20 else ''})"

    def _item(self, name: object, value: object, level: int) -> str:
        if isinstance(name, str) and is_secret_name(name) and value is not None:
            return repr(HIDDEN)
        return self.repr1(value, level - 1)

    def repr_dict(self, x: Mapping[Any, Any], level: int) -> str:
        """Represent a dictionary; what stands under the name of a secret is hidden."""
        if level <= 0 and x:
            return "{...}"
        shown = [
            f"{self.repr1(name, level - 1)}: {self._item(name, value, level)}"
            for name, value in list(x.items())[: self.maxdict]
        ]
        return f"{{{', '.join([*shown, '...'] if len(x) > self.maxdict else shown)}}}"

    def repr_bytes(self, x: bytes, level: int) -> str:
        """Represent bytes like text: by their beginning."""
        return repr(x) if len(x) <= self.maxstring else f"{x[: self.maxstring]!r}..."

    def repr_str(self, x: str, level: int) -> str:
        """Represent text by its beginning: an end alone would hide how it starts."""
        return repr(x) if len(x) <= self.maxstring else f"{x[: self.maxstring]!r}..."


def _fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a struct-like value, so that no repr of its own tells too much."""
    names: Iterable[str] | None = None
    kind: Any = type(value)
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.repr]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif hasattr(kind, "model_fields"):
        names = kind.model_fields
    if names is None:
        return None
    return {name: getattr(value, name, None) for name in names}
