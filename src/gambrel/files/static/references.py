"""References from one static file to another: in style sheets, in modules, and to source maps.

Collecting renames files by their content; `rewrite` puts the new names where the old ones stood.
Only what is plain is found: a name that a script puts together is its own affair.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import quote, unquote

__all__ = ["find_references", "rewrite"]

_CSS = r"""
    /\*\#[ ]sourceMappingURL=(?P<map>[^\s*]+)
  | /\*.*?\*/
  | \burl\(\s*(?:"(?P<url1>[^"\n]*)"|'(?P<url2>[^'\n]*)'|(?P<url3>[^\s"'()]*))\s*\)
  | @import\s*(?:"(?P<import1>[^"\n]*)"|'(?P<import2>[^'\n]*)')
"""
_JS = r"""
    //\#[ ]sourceMappingURL=(?P<map>\S+)
  | \b(?:from|import)\s*\(?\s*(?:"(?P<name1>[.]{0,2}/[^"\\\n]+)"|'(?P<name2>[.]{0,2}/[^'\\\n]+)')
"""
_BY_SUFFIX = {".css": _CSS, ".js": _JS, ".mjs": _JS}


@cache
def pattern_for(suffix: str) -> re.Pattern[str] | None:
    """Return what finds references in files of a suffix, None where there are none."""
    text = _BY_SUFFIX.get(suffix)
    return None if text is None else re.compile(text, re.VERBOSE | re.DOTALL)


def find_references(name: str, text: str, prefix: str = "/static") -> Iterator[tuple[str, str]]:
    """Yield every reference in the file `name` as it stands there, with the name it leads to.

    References to other sites, to data and to paths that are not below `prefix` are left out.
    """
    pattern = pattern_for(posixpath.splitext(name)[1].lower())
    for match in () if pattern is None else pattern.finditer(text):
        found = match.lastgroup and match[match.lastgroup]
        target = resolve(name, found, prefix) if found else None
        if found and target is not None:
            yield found, target


def resolve(name: str, reference: str, prefix: str) -> str | None:
    """Return the name of the file that a reference leads to from `name`; None for no such file."""
    path = unquote(re.split(r"[?#]", reference, maxsplit=1)[0])
    if not path or ":" in path or path.startswith("//") or path.endswith("/"):
        return None
    if path.startswith("/"):
        start = f"{prefix.rstrip('/')}/"
        return posixpath.normpath(path.removeprefix(start)) if path.startswith(start) else None
    found = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return None if found.startswith("..") else found


def rewrite(name: str, text: str, renamed: Callable[[str], str | None], prefix: str) -> str:
    """Return the text of a file with its references renamed; `renamed(name)` gives the new name.

    Only the last part of a path is replaced: a file is renamed where it is.
    """
    pattern = pattern_for(posixpath.splitext(name)[1].lower())
    if pattern is None:
        return text

    def replace(match: re.Match[str]) -> str:
        group = match.lastgroup
        found = match[group] if group else ""
        target = resolve(name, found, prefix) if found else None
        new = None if target is None else renamed(target)
        if new is None or group is None:
            return match[0]
        path, rest = re.fullmatch(r"([^?#]*)(.*)", found, re.DOTALL).groups()  # type: ignore[union-attr]  # matches all
        folder, slash, _ = path.rpartition("/")
        start = match.start(group) - match.start()
        file = quote(posixpath.basename(new))
        return f"{match[0][:start]}{folder}{slash}{file}{rest}{match[0][start + len(found) :]}"

    return pattern.sub(replace, text)
