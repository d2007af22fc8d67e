"""The documentation page: one small HTML skeleton, one style sheet, a few script modules.

The script in `static/` reads the document and builds the page from it. Nothing here is inline and
nothing comes from elsewhere, so the page works offline and under the strictest policy.
"""

import hashlib
import html
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct, field

__all__ = ["ASSET_TYPES", "PageLinks", "asset_version", "assets", "content_policy", "render_page"]

_FOLDER = Path(__file__).parent / "static"

ASSET_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

# An origin and nothing that could begin another directive.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(?=/|$)")

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath "
    "fill='%23c0523f' d='m12 1 8 5 4 8h-2v9h-7v-7H9v7H2v-9H0l4-8z'/%3E%3C/svg%3E"
)

_PAGE = """<!doctype html>
<html lang="en" data-document="{document}" data-root="{root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
<script src="{assets}/theme.js"></script>
<link rel="stylesheet" href="{assets}/docs.css">
<script type="module" src="{assets}/docs.js"></script>
</head>
<body>
<a class="skip" href="#docs-main">Skip to content</a>
<header class="bar">
<button type="button" id="docs-menu" aria-expanded="false" aria-controls="docs-nav">Menu</button>
<a class="brand" href="#docs-main" aria-label="{title}">
<i class="mark" aria-hidden="true"></i><span>{title}</span></a>
<button type="button" id="docs-auth" hidden>Credentials</button>
<button type="button" id="docs-theme" aria-label="Change colours"></button>
</header>
<div class="layout">
<nav id="docs-nav" aria-label="Operations">
<div class="search">
<label class="hidden" for="docs-search">Search operations</label>
<input id="docs-search" type="search" placeholder="Search" autocomplete="off" spellcheck="false">
<kbd aria-hidden="true">/</kbd>
</div>
<ul id="docs-list">{others}</ul>
<p id="docs-none" class="hint" hidden>Nothing matches.</p>
</nav>
<main id="docs-main" tabindex="-1">
<h1>{title}</h1>
<p id="docs-status" role="status">Reading the document…</p>
<noscript><p>This page needs JavaScript. The document itself does not:
<a href="{document}">{document}</a></p></noscript>
</main>
</div>
<div id="docs-live" class="hidden" role="status" aria-live="polite"></div>
</body>
</html>
"""


class PageLinks(Struct, frozen=True):
    """Where a page and what it needs are served, as absolute paths below the app's root.

    `others` are the pages of the app's other documents by name, `sockets` is the AsyncAPI document
    where the app has WebSockets.
    """

    page: str
    document: str
    assets: str
    others: Mapping[str, str] = field(default_factory=dict)
    sockets: str = ""

    def relative(self, target: str) -> str:
        """Return `target` as seen from the page, so that an app may be mounted anywhere."""
        folder, name = posixpath.split(target)
        path = posixpath.join(posixpath.relpath(folder, posixpath.dirname(self.page)), name)
        return path.removeprefix("./") or "./"


def render_page(title: str, links: PageLinks) -> str:
    """Return the page of one document. Every text is escaped."""
    beside = {**links.others, **({"WebSockets (AsyncAPI)": links.sockets} if links.sockets else {})}
    others = "".join(
        f'<li><a href="{_escaped(links.relative(path))}"><span>{_escaped(name)}</span></a></li>'
        for name, path in beside.items()
    )
    return _PAGE.format(
        title=_escaped(title),
        document=_escaped(links.relative(links.document)),
        root=_escaped(links.relative("/")),
        assets=_escaped(f"{links.relative(links.assets)}/{asset_version()}"),
        icon=_escaped(_ICON),
        others=others,
    )


def content_policy(servers: Iterable[str] = ()) -> str:
    """Return the page's Content-Security-Policy; it may call its own origin and `servers`."""
    origins = []
    for server in servers:
        origin = _ORIGIN.match(server)
        if origin is not None:
            origins.append(origin[0])
    connect = " ".join(dict.fromkeys(["'self'", *origins]))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src {connect}; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


@cache
def assets() -> Mapping[str, bytes]:
    """Return the style sheet and the scripts by file name, read once."""
    files = sorted(path for path in _FOLDER.iterdir() if path.suffix in ASSET_TYPES)
    return {path.name: path.read_bytes() for path in files}


@cache
def asset_version() -> str:
    """Return a short name for the exact content of all assets; part of their address."""
    digest = hashlib.sha256()
    for name, content in assets().items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:12]


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
