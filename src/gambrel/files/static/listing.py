"""The page that lists a folder, where that was asked for."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from gambrel.core.http.response import HTML
from gambrel.files.paths import Listed

__all__ = ["render_listing"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<ul>
{rows}
</ul>
</main>
</body>
</html>
"""


def render_listing(title: str, entries: Iterable[Listed], *, is_top: bool) -> HTML:
    """Return the page of a folder: the folders in it first, then its files with their sizes."""
    rows = [] if is_top else ['<li><a href="../">the folder above</a></li>']
    for entry in sorted(entries, key=lambda one: (not one.is_folder, one.name)):
        slash = "/" if entry.is_folder else ""
        size = "" if entry.is_folder else f", {entry.size:,} bytes"
        link = f"./{quote(entry.name)}{slash}"  # with a dot, or a colon might make a scheme of it
        rows.append(f'<li><a href="{link}">{escape(entry.name)}{slash}</a>{size}</li>')
    text = _PAGE.format(title=escape(title), rows="\n".join(rows))
    return HTML(text, 200, {"cache-control": "no-cache"})
