"""The page a browser gets for an error: neutral, accessible, without script or any input.

The error boundary calls `page_of`. It uses no template and no file of the app, which may be what
failed: its style is in it, and its policy allows that style and nothing else.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape

from gambrel.conversion.errors import Fault
from gambrel.wording import SPEAKER, Speaker, explain, say

_SENTENCES = {
    400: "The request could not be understood.",
    401: "You have to sign in to see this.",
    403: "You may not see or do this.",
    404: "There is nothing at this address.",
    405: "This address cannot be used in this way.",
    408: "The request took too long to arrive.",
    410: "What was here is gone.",
    413: "What you sent is too large.",
    422: "Something in what you sent has to be corrected.",
    429: "That was too often. Please wait a little.",
    503: "The service is not available right now. Please try again in a while.",
    504: "The answer took too long. Please try again in a while.",
}


_STYLE = """
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#fdfcfa,#161513);
color:light-dark(#24211c,#ebe6dc);font:100%/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{box-sizing:border-box;width:100%;max-width:34rem;padding:2rem clamp(1.25rem,5vw,2.5rem) 22vh}
svg{width:3rem;fill:none;stroke:light-dark(#9a3324,#f0a08c);stroke-width:3;stroke-linejoin:round}
h1{margin:.75rem 0 .5rem;font-size:clamp(1.75rem,6vw,2.5rem);line-height:1.15;letter-spacing:-.02em}
p{margin:0 0 1rem}ul{margin:0 0 1rem;padding:0;list-style:none;overflow-wrap:anywhere}
li{padding:.4rem 0;border-top:1px solid light-dark(#e5e0d6,#37342f)}
.quiet{color:light-dark(#635d53,#a8a194);font-size:.875rem}
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_ROOF = (
    '<svg viewBox="0 0 48 32" aria-hidden="true">'
    '<path d="M3 29 10 12 24 3l14 9 7 17M10 12h28M20 29V19h8v10"/></svg>'
)


def page_of(
    status: int, title: str, detail: str, faults: Iterable[Fault], incident: str
) -> tuple[bytes, dict[str, str]]:
    """Return the page, and the header fields that go with it."""
    page = render_page(status, title, detail, faults, incident)
    return page.encode(), {"content-security-policy": POLICY}


def render_page(
    status: int, title: str, detail: str = "", faults: Iterable[Fault] = (), incident: str = ""
) -> str:
    """Return an HTML document; every text in it is escaped."""
    otherwise = "The request failed." if status < 500 else "Something went wrong on our side."
    parts = [f"<p>{escape(say(detail or _SENTENCES.get(status, otherwise)))}</p>"]
    items = [f"<li>{escape(fault.path)}: {escape(explain(fault.message))}</li>" for fault in faults]
    title, speaker = say(title), SPEAKER.get()
    tag, direction = ("en", "ltr") if speaker is None else language_of(speaker)
    if items:
        parts.append(f"<ul>{''.join(items)}</ul>")
    told = (
        f"{escape(say('Incident:'))} <code>{escape(incident)}</code>"
        if incident
        else f"Error {status}"
    )
    parts.append(f'<p class="quiet">{told}</p>')
    return (
        f'<!doctype html><html lang="{tag}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{_ROOF}<h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )


def language_of(speaker: Speaker) -> tuple[str, str]:
    """Return the language of a page and its direction."""
    language = speaker.language
    return language.tag, language.direction
