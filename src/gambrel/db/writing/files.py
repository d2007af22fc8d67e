"""Files of rows: a column that says where a file is, and a file that lives as long as the column.

    photo: Mapped[Stored | None] = mapped_column(FileOf(Stored, types=("image/png",)))

A file is saved before the commit of the row that names it, and dropped where that is undone; one
that is replaced, or whose row is deleted, is dropped after the commit. What keeps files is any
object that is a `FileStore`, such as `gambrel.files.Media`.
"""

import asyncio
import logging
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import UOWTransaction

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import GambrelError, HTTPError, UnsupportedMediaType
from gambrel.db.columns import JSONOf
from gambrel.db.queries.rows import fields_of
from gambrel.db.writing.flushes import written

__all__ = [
    "FileOf",
    "FileStore",
    "HasFiles",
    "clear",
    "doom",
    "store",
    "store_sent",
    "sweep",
    "wait_for",
]

KEPT, DOOMED = "gambrel.files.kept", "gambrel.files.doomed"
MAX_SIZE = 20 << 20
_log = logging.getLogger("gambrel.db")


class FileStore(Protocol):
    """What keeps files; what it returns for one has a `key` and a `content_type`."""

    storage: Any

    async def save(self, content: Any, *, filename: str = "", max_size: int | None = None) -> Any:
        """Keep a content."""
        ...

    async def save_image(self, content: Any, rules: Any = None, *, filename: str = "") -> Any:
        """Keep a picture made anew."""
        ...

    async def delete(self, stored: Any) -> None:
        """Drop a file, if there is one."""
        ...


class HasFiles(Protocol):
    """An extension that keeps files, once it is installed: `MediaFiles`."""

    media: Any


class FileOf(JSONOf):
    """A column for a file, as the struct that says where it is: `FileOf(Stored)`.

    `max_size` is in bytes, `types` are the media types that are taken, all where it is empty. With
    `image`, rules such as `ImageRules(fit=(256, 256))`, it is a picture that is made anew.
    """

    cache_ok = True

    def __init__(
        self,
        kind: Any,
        *,
        max_size: int = MAX_SIZE,
        types: tuple[str, ...] = (),
        image: Any = None,
    ) -> None:
        super().__init__(kind)
        self.max_size = max_size
        self.types = types
        self.image = image


async def store(session: Any, column: Any, content: Any, filename: str = "") -> Any:
    """Keep a content for a column, and return what the column takes.

    Raises ContentTooLarge, UnsupportedMediaType, Unprocessable for what is no picture, StorageFull,
    and GambrelError for a column that is none of a file, or a database without files.
    """
    kind = column.type
    if not isinstance(kind, FileOf):
        what = f"a file is given for {column}, which has {kind!r}"
        raise GambrelError("db.file", what, "", "`mapped_column(FileOf(Stored))`")
    files = files_of(session)
    if kind.image is not None:
        stored = await files.save_image(content, kind.image, filename=filename)
    else:
        stored = await files.save(content, filename=filename, max_size=kind.max_size)
    if kind.types and stored.content_type not in kind.types:
        await files.delete(stored)
        raise UnsupportedMediaType(f"Send {' or '.join(kind.types)}.")
    transaction = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(KEPT, []).append((transaction, stored))
    return stored


def files_of(session: Any) -> FileStore:
    """Return what keeps the files of a session. Raises GambrelError where nothing does."""
    if session.files is None:
        what = "a file is given to a database that keeps none"
        hint = "`media = MediaFiles()`, `App(extensions=[media, Database(..., files=media)])`"
        raise GambrelError("db.file", what, "", hint)
    found: FileStore = session.files
    return found


async def store_sent(session: Any, target: Any, form: Any) -> dict[str, Any] | None:
    """Keep the files of a form, and return what their columns take; None where one is refused."""
    model = target if isinstance(target, type) else type(target)
    columns, found = file_columns(model), {}
    if form.value is None or not columns:
        return {}
    for name in fields_of(type(form.value)):
        sent = getattr(form.value, name)
        if name in columns and isinstance(sent, Upload):
            try:
                found[name] = await store(session, getattr(model, name), sent)
            except HTTPError as error:
                if error.status not in {413, 415, 422}:
                    raise
                doom(session, found.values())
                form.refuse(name, error.detail, error.code)
                return None
        elif name in columns and sent is None and not isinstance(target, type):
            found[name] = getattr(target, name)  # nobody has chosen another one
    return found


def doom(session: Any, dropped: Any) -> None:
    """Have files dropped when the unit of work ends, committed or not."""
    keys = {one.key for one in dropped if one is not None}
    if not keys:
        return
    kept = session.info.get(KEPT, [])
    session.info[KEPT] = [pair for pair in kept if pair[1].key not in keys]
    session.info.setdefault(DOOMED, []).extend(one for _, one in kept if one.key in keys)


@lru_cache(maxsize=1024)
def file_columns(model: Any) -> dict[str, FileOf]:
    """Return the types of the columns of a model that are of files, by attribute."""
    props = inspect(model).column_attrs
    found = {prop.key: prop.columns[0].type for prop in props}
    return {name: kind for name, kind in found.items() if isinstance(kind, FileOf)}


def columns_for(row: Any) -> dict[str, FileOf]:
    """Return the columns of files of a row."""
    model: Any = type(row)
    return file_columns(model)


def drop_replaced(session: Any, context: UOWTransaction) -> None:
    """Have files dropped after the commit that no column names any more; hears of flushes.

    One that goes from row to row stays: the later of both holds.
    """
    named = []
    for row, action in written(session, context):
        for name in columns_for(row):
            old, new = replaced(row, name)
            for stored in [*old, new] if action == "delete" else old:
                session.after_commit(hand_over, session, stored)
            if action != "delete" and new is not None:
                named.append(new)
    for stored in named:
        session.after_commit(take_back, session, stored)


def replaced(row: Any, name: str) -> tuple[list[Any], Any]:
    """Return the files that a column has named, and the one that it names."""
    new = inspect(row).dict.get(name)
    old = inspect(row).attrs[name].history.deleted
    return [one for one in old if one is not None and one.key != getattr(new, "key", None)], new


def hand_over(session: Any, stored: Any) -> None:
    """Let a file be dropped by whoever ends the unit of work."""
    if stored is not None:
        session.info.setdefault(DOOMED, []).append(stored)


def take_back(session: Any, stored: Any) -> None:
    """Let a file stay that a row names by now."""
    doomed = session.info.get(DOOMED)
    if doomed:
        session.info[DOOMED] = [one for one in doomed if one.key != stored.key]


def keep_committed(session: Any) -> None:
    """Let what was committed stay; hears of commits, those of savepoints too."""
    if session.get_nested_transaction() is None:
        session.info.pop(KEPT, None)


async def clear(session: Any) -> None:
    """Drop the files of what was undone or replaced: called when a unit of work has ended."""
    kept = [stored for _, stored in session.info.pop(KEPT, ())]
    for stored in [*session.info.pop(DOOMED, ()), *kept]:
        try:
            await files_of(session).delete(stored)
        except Exception:
            _log.exception("a file could not be dropped: %s", stored.key)


def wait_for(session: Any, work: Any) -> Any:
    """Return what a coroutine returns, from a thread: on the loop of the app, if there is one."""
    if session.loop is None:
        return asyncio.run(work)
    return asyncio.run_coroutine_threadsafe(work, session.loop).result()


async def sweep(database: Any, grace: float = 60.0) -> list[str]:
    """Drop the files that no row names, and return their keys.

    Those of a process that was killed, say. Files are looked at twice, `grace` seconds apart, so
    that one of a request that is under way stays; let it be more than requests may take.
    """
    files: FileStore = database.files.media
    known = {key async for key in files.storage.walk()}
    await asyncio.sleep(grace)
    async with database.session(read_only=True) as db:
        for table in database.metadata.tables.values():
            for column in table.columns:
                if isinstance(column.type, FileOf):
                    rows = await db.stream_scalars(select(column).where(column.is_not(None)))
                    async for stored in rows:
                        known.discard(stored.key)
    for key in known:
        await files.storage.delete(key)
    return sorted(known)


def listen(kind: Any) -> None:
    """Have the sessions of a class look after files."""
    event.listen(kind, "after_flush", drop_replaced)
    event.listen(kind, "after_commit", keep_committed)
