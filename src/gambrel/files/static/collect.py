"""Collect static files into one folder, as production serves them.

Each file is there by its plain name and by one that tells its content, both compressed as well;
references between them are rewritten. Run before a deployment, by `gambrel static collect`.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct, field

from gambrel.core.http.errors import GambrelError
from gambrel.files.response import guess_media_type
from gambrel.files.static.codings import SUFFIXES, encoders, pack, shrinks
from gambrel.files.static.folders import Folders
from gambrel.files.static.hashed import digest_of, hashed_name, integrity_of
from gambrel.files.static.manifest import Collected, Manifest, save_manifest, write_whole
from gambrel.files.static.references import find_references, rewrite

__all__ = ["Outcome", "collect"]

_REWRITTEN = 4 << 20
"""Bytes of the largest text that is searched for references."""


class Source(Struct):
    """A file to be collected: its content, the names it refers to, and its new name."""

    content: bytes
    modified: float
    text: str | None = None
    uses: tuple[str, ...] = ()
    new: str = ""


class Outcome(Struct):
    """What was done: the files, and references that lead nowhere, as `(file, reference)`."""

    manifest: Manifest
    missing: list[tuple[str, str]] = field(default_factory=list)


def collect(folders: Folders, target: Path, prefix: str = "/static") -> Outcome:
    """Write all files of `folders` to `target`, and the manifest. What is there else stays there.

    A reference that leads nowhere is told of and left as it is: style sheets of others have them.

    Raises:
        GambrelError: `target` holds a folder that is collected, or lies in one.
        OSError: It cannot be written.
    """
    refuse_overlap(folders, target)
    names = {name for name, _ in folders.walk()}
    sources = {n: read_source(folders, n) for n in sorted(names) if not is_packed(n, names)}
    outcome = Outcome(Manifest({}))
    for name, source in sources.items():
        if source.text is not None:
            found = list(find_references(name, source.text, prefix))
            source.uses = tuple(used for _, used in found if used in sources)
            if name.endswith(".css"):
                outcome.missing += [(name, text) for text, used in found if used not in sources]
    for group in groups({name: source.uses for name, source in sources.items()}):
        rename(group, sources, prefix)
    for name, source in sources.items():
        write(target / name, source)
        write(target / source.new, source)
        entry = Collected(source.new, integrity_of(source.content))
        outcome.manifest.files[name] = entry
    save_manifest(target, outcome.manifest)
    return outcome


def refuse_overlap(folders: Folders, target: Path) -> None:
    """Raise GambrelError where collecting would collect what it has written."""
    inside = target.resolve()
    for folder in folders.folders:
        source = Path(folder.path).resolve()
        if inside.is_relative_to(source) or source.is_relative_to(inside):
            raise GambrelError(
                "files.collect-target",
                f"{str(target)!r} cannot take the static files of {str(source)!r}",
                "gambrel static collect",
                "name a folder of its own: build/static",
            )


def is_packed(name: str, names: set[str]) -> bool:
    """Tell whether a file is the compressed form of another: these are made anew."""
    return any(name.endswith(s) and name.removesuffix(s) in names for s in SUFFIXES.values())


def read_source(folders: Folders, name: str) -> Source:
    """Read a file, and its text where it may refer to others."""
    descriptor, _ = folders.open(name)
    with os.fdopen(descriptor, "rb") as file:
        content = file.read()
        source = Source(content, os.fstat(descriptor).st_mtime)
    if name.endswith((".css", ".js", ".mjs")) and len(content) <= _REWRITTEN:
        try:
            source.text = content.decode()
        except UnicodeDecodeError:
            source.text = None
    return source


def groups(uses: dict[str, Iterable[str]]) -> list[list[str]]:
    """Return the names in an order in which each comes after those it uses.

    Names that use each other in a circle come together (Tarjan's algorithm, without recursion).
    """
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for start in uses:
        work = [] if start in numbers else [(start, iter(uses[start]))]
        while work:
            name, rest = work[-1]
            if name not in numbers:
                numbers[name] = lowest[name] = len(numbers)
                stack.append(name)
            following = next((n for n in rest if n not in numbers), None)
            if following is not None:
                work.append((following, iter(uses[following])))
                continue
            work.pop()
            open_names = set(stack)
            lowest[name] = min([lowest[n] for n in (name, *uses[name]) if n in open_names])
            if lowest[name] == numbers[name]:
                cut = stack.index(name)
                found.append(stack[cut:])
                del stack[cut:]
    return found


def rename(group: list[str], sources: dict[str, Source], prefix: str) -> None:
    """Give the files of a group their new names, and put these where they are referred to.

    In a circle each name would have to be in the content that it tells: there it tells the
    contents of the whole circle.
    """
    inside = set(group)
    used = {name for one in group for name in (one, *sources[one].uses)}
    modified = max(sources[name].modified for name in used)  # with them, it has changed

    def renamed(name: str) -> str | None:
        return sources[name].new if name in sources and sources[name].new else None

    for name in group:
        source = sources[name]
        source.modified = modified
        apply(source, name, renamed, prefix)
    is_circle = len(group) > 1 or bool(inside.intersection(sources[group[0]].uses))
    together = b"\0".join(sources[name].content for name in sorted(group)) if is_circle else b""
    for name in group:
        told = name.encode() + b"\0" + together if is_circle else sources[name].content
        sources[name].new = hashed_name(name, digest_of(told))
    if is_circle:
        for name in group:
            apply(sources[name], name, renamed, prefix)


def apply(source: Source, name: str, renamed: Callable[[str], str | None], prefix: str) -> None:
    """Rewrite the references of a file to those that have their names by now."""
    if source.text is not None and source.uses:
        source.text = rewrite(name, source.text, renamed, prefix)
        source.content = source.text.encode()


def write(path: Path, source: Source) -> None:
    """Write a file and its compressed forms; forms it had before and has no more are removed."""
    write_whole(path, source.content, source.modified)
    for coding, suffix in SUFFIXES.items():
        beside = path.with_name(path.name + suffix)
        packed = None
        if coding in encoders() and shrinks(guess_media_type(path.name)):
            packed = pack(source.content, coding)
        if packed is None:
            beside.unlink(missing_ok=True)
        else:
            write_whole(beside, packed, source.modified)
