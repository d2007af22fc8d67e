"""What the name of a template says: whether it may be one, what it makes, and what is escaped.

Nothing here reads a file: a name that could lead out of its folder is refused before.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["is_escaped", "is_name", "media_type_of", "nearest"]

MEDIA_TYPES = {
    "css": "text/css",
    "csv": "text/csv",
    "js": "text/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "txt": "text/plain",
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "svg": "image/svg+xml",
    "xhtml": "application/xhtml+xml",
    "xml": "application/xml",
}
PLAIN = {"css", "csv", "js", "json", "md", "txt"}
"""Where `&lt;` would be wrong. Whatever is in none of the two tables is a page, and escaped."""
ENDINGS = ("jinja", "jinja2", "j2")
LONGEST = 200


def is_name(name: str) -> bool:
    """Whether a name may be one of a template: parts joined by `/`, none hidden or leading out."""
    return len(name) <= LONGEST and all(map(is_part, name.split("/")))


def is_part(part: str) -> bool:
    """Whether a text may be a folder or a file: letters, digits, `_`, `-`, and dots inside."""
    if not part:
        return False
    letters = part.replace("-", "_").replace(".", "_")
    return f"x{letters}".isidentifier() and letters.isascii() and part[0] != "." and part[-1] != "."


def suffix_of(name: str) -> str:
    """Return the ending that says what a template makes: `xml` of `feed.xml.jinja`."""
    stem, dot, suffix = name.lower().rpartition(".")
    if suffix in ENDINGS and dot:
        suffix = stem.rpartition(".")[2] if "." in stem else ""
    return suffix if dot else ""


def media_type_of(name: str) -> str:
    """Return the media type of what a template makes; HTML unless its name says otherwise."""
    return MEDIA_TYPES.get(suffix_of(name), "text/html")


def is_escaped(name: str | None) -> bool:
    """Whether values are escaped in a template: everywhere but in plain texts."""
    return name is None or suffix_of(name) not in PLAIN


def nearest(wanted: str, names: Iterable[str]) -> str:
    """Return what may have been meant, as a question, or an empty text.

    Folders and endings are left out of the comparison.
    """
    by_stem = {stem_of(name): name for name in names}
    near = get_close_matches(stem_of(wanted), by_stem, 3, 0.6)
    return "did you mean " + " or ".join(repr(by_stem[stem]) for stem in near) + "?" if near else ""


def stem_of(name: str) -> str:
    """Return the name of a file without folder and endings."""
    return name.rpartition("/")[2].partition(".")[0]
