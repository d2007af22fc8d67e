"""`Session`: what is remembered of a visitor from one request to the next."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import msgspec

from gambrel.core.http.errors import GambrelError

__all__ = ["CSRF", "META", "Record", "Session"]

T = TypeVar("T")
Record = Mapping[str, bytes]
"""What is kept of a session: values as JSON by their names, and under `META` its times."""
META = ""
CSRF = "_csrf"
"""The name of what tokens against other sites are made of; each id of a session has its own."""


class Limited(Protocol):
    """What keeps sessions that must not be too long."""

    def has_room(self, session: Any) -> bool:
        """Whether it can keep a session as it is now."""
        ...


class Session(MutableMapping[str, Any]):
    """Values of one visitor by name, as JSON has them; `of(Cart)` keeps an object of a class.

    It is read when it is first used, and written when something has changed, lists and objects
    inside included. A visitor of whom nothing is known has none, and no cookie.
    """

    # Defaults on the class: most sessions are looked at, and not changed.
    _gone: Collection[str] = ()
    _live: dict[str, Any] = {}  # noqa: RUF012 - replaced before it is changed
    _made: dict[str, bytes] = {}  # noqa: RUF012 - replaced before it is changed
    _is_closed = is_touched = rotates = ends = False

    def __init__(
        self,
        record: Record | None = None,
        now: float | None = None,
        cookie: tuple[str, str] = ("", ""),
        find: Callable[[], tuple[Record | None, tuple[str, str]]] | None = None,
        unread: bool = False,
        keeper: Limited | None = None,
    ) -> None:
        self._find = find
        self._keeper = keeper
        self.unread = unread
        """Whether nobody knows what is in it, for its store does not answer."""
        self.cookie = cookie
        """Name and value of the cookie it came by; without a value, that it would have."""
        self._begin(record, now)

    def _begin(self, record: Record | None, now: float | None = None) -> None:
        self._is_known = record is not None
        self._kept: Record = record or {}
        times = times_of(record[META]) if record and META in record else None
        self._times = times or (now or time.time(),) * 2

    @property
    def created(self) -> float:
        """When it was begun, in seconds since 1970; now for a new one. To ask is to look at it."""
        self.touch()
        return self._times[0]

    @property
    def seen(self) -> float:
        """When it was last kept, in the same way: used, but for a twentieth of `idle`."""
        self.touch()
        return self._times[1]

    @property
    def is_known(self) -> bool:
        """Whether the visitor has come with it."""
        self.touch()
        return self._is_known

    @property
    def has_room(self) -> bool:
        """Whether all that is in it now can be kept: a cookie has room for some 4,000 bytes."""
        self.touch()
        return self._keeper is None or self._keeper.has_room(self)

    def touch(self) -> None:
        """Look at it: it is read now, if it was not, and the answer is for this visitor alone.

        Raises GambrelError where its handler has ended, and the head of the answer is made.
        """
        if self.is_touched:
            return
        if self._is_closed:
            raise too_late("read")
        self.is_touched = True
        if self._find is not None:
            record, self.cookie = self._find()
            self._begin(record, self._times[0])

    def close(self) -> None:
        """Take no more changes: they would be lost."""
        self._is_closed = True

    def __getitem__(self, name: str) -> Any:
        self.touch()
        if name not in self._live:
            if name in self._gone or name == META:
                raise KeyError(name)
            value = msgspec.json.decode(self._kept[name])
            if value.__class__ is not dict and value.__class__ is not list:
                return value  # which cannot change but by being set
            self._live = {**self._live, name: value}
        return self._live[name]

    def __setitem__(self, name: Any, value: Any) -> None:
        if name == META or not isinstance(name, str):
            raise TypeError(f"a value of a session has a name, and {name!r} is none")
        encode(name, value)
        self._change()
        self._live = {**self._live, name: value}

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._change()
        self._live = {key: value for key, value in self._live.items() if key != name}
        self._gone = {*self._gone, name}

    def _change(self) -> None:
        self.touch()
        if self._is_closed:
            raise too_late("changed")

    def __iter__(self) -> Iterator[str]:
        self.touch()
        hidden = {META, *self._gone, *self._live}
        kept = [name for name in self._kept if name not in hidden]
        return iter([*kept, *self._live])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        self.touch()
        is_kept = name in self._kept and name not in self._gone and name != META
        return name in self._live or is_kept

    def of(self, kind: Callable[..., T]) -> T:
        """Return the object of a class that is kept here; a new one where there is none.

        What changes in it is kept; a new one that stays as it was made is not. One that an older
        release has left in another shape is new.
        """
        name = self.name_of(kind)
        self.touch()
        if name not in self._live:
            found = self._decoded(name, kind) if name in self else None
            if found is None:
                found = kind()
                self._made = {**self._made, name: encode(name, found)}
            self._live = {**self._live, name: found}
        return self._live[name]  # type: ignore[no-any-return]  # of the kind that was asked for

    @staticmethod
    def name_of(kind: Any) -> str:
        """Return the name under which the object of a class is kept."""
        return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"

    def _decoded(self, name: str, kind: Any) -> Any:
        try:
            return msgspec.json.decode(self._kept[name], type=kind)
        except (msgspec.MsgspecError, KeyError):
            return None

    def rotate(self) -> None:
        """Go on under another id: at log-in and whenever somebody may do more than before."""
        self._change()
        self.rotates = True
        self.pop(CSRF, None)

    def end(self) -> None:
        """Forget everything, here and at the visitor's: at log-out.

        What is set after that is the beginning of another session.
        """
        self._change()
        self.ends, self._kept = True, {}
        self._live, self._gone, self._made = {}, (), {}

    def changes(self) -> tuple[dict[str, bytes], set[str]]:
        """Return what is to be kept anew, and the names of what is not to be kept any longer."""
        if not self._live and not self._gone:
            return {}, set()
        changed = {name: encode(name, value) for name, value in self._live.items()}
        before = {**self._made, **self._kept}
        changed = {name: raw for name, raw in changed.items() if raw != before.get(name)}
        return changed, {
            name for name in self._gone if name in self._kept and name not in self._live
        }

    def record(self, now: float) -> dict[str, bytes]:
        """Return everything that is to be kept."""
        changed, gone = self.changes()
        kept = {name: raw for name, raw in self._kept.items() if name not in gone}
        return {**kept, **changed, META: self.times(now)}

    def times(self, now: float) -> bytes:
        """Return when it was begun and seen, as it is kept."""
        return msgspec.json.encode((int(now if self.ends else self._times[0]), int(now)))

    def __repr__(self) -> str:
        return f"<Session, {'known' if self._is_known else 'new or not read'}>"


def encode(name: str, value: Any) -> bytes:
    """Return a value as JSON. Raises GambrelError for what JSON cannot have."""
    try:
        raw = msgspec.json.encode(value)
        if b"null" in raw and not is_finite(msgspec.to_builtins(value)):
            raise ValueError("no number")
        return raw
    except (TypeError, ValueError, RecursionError) as error:
        raise GambrelError(
            "sessions.value",
            f"session[{name!r}] is a {type(value).__name__} that JSON cannot have",
            "Session",
            "keep an id and load the rest, or a class of plain values with `session.of(Kind)`",
        ) from error


def is_finite(value: Any) -> bool:
    """Whether JSON has all numbers in a value: infinity and `nan` would be kept as null."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def too_late(how: str) -> GambrelError:
    """Return the error of a session that is used after its answer has begun."""
    what = f"a session was {how} when its handler had ended, and its answer was made"
    hint = "read and set what you need in the handler; for a page that waits, `session.touch()`"
    return GambrelError("sessions.too-late", what, "Session", hint)


@lru_cache(4_096)
def times_of(kept: bytes) -> tuple[float, float] | None:
    """Return when a session was begun and last seen, or None where that is not known."""
    try:
        return msgspec.json.decode(kept, type=tuple[float, float])
    except msgspec.MsgspecError:
        return None
