"""The page a browser gets for an error: neutral, accessible, without style, script or any input.

The error boundary calls `render_page`. It uses no template of the app, which may be what failed.
"""

from collections.abc import Iterable
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
    if incident:
        parts.append(f"<p>{escape(say('Incident:'))} <code>{escape(incident)}</code></p>")
    return (
        f'<!doctype html><html lang="{tag}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )


def language_of(speaker: Speaker) -> tuple[str, str]:
    """Return the language of a page and its direction."""
    language = speaker.language
    return language.tag, language.direction
