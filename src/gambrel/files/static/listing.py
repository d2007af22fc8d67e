"""The page that lists a folder, where that was asked for."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from urllib.parse import quote

from gambrel.core.http.response import HTML
from gambrel.files.paths import Listed

__all__ = ["render_listing"]

_STYLE = """
:root{color-scheme:light dark;accent-color:light-dark(#9a3324,#f0a08c)}
body{margin:0;background:light-dark(#fdfcfa,#161513);color:light-dark(#24211c,#ebe6dc);
font:100%/1.6 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:1.5rem clamp(1rem,4vw,1.5rem) 3rem}
h1{font-size:clamp(1.375rem,4vw,1.75rem);line-height:1.2;letter-spacing:-.02em}
ul{margin:0;padding:0;list-style:none;border-top:1px solid light-dark(#e5e0d6,#37342f)}
li{display:flex;justify-content:space-between;gap:1rem;padding:.5rem 0;
border-bottom:1px solid light-dark(#e5e0d6,#37342f)}
a{color:light-dark(#9a3324,#f0a08c);text-underline-offset:.2em}
span{color:light-dark(#635d53,#a8a194);white-space:nowrap;font-variant-numeric:tabular-nums}
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
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
        size = "" if entry.is_folder else f" <span>{entry.size:,} bytes</span>"
        link = f"./{quote(entry.name)}{slash}"  # with a dot, or a colon might make a scheme of it
        rows.append(f'<li><a href="{link}">{escape(entry.name)}{slash}</a>{size}</li>')
    text = _PAGE.format(title=escape(title), rows="\n".join(rows), style=_STYLE)
    return HTML(text, 200, _HEADERS)
