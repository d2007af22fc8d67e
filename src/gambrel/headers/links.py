"""`Link`: where else to look, for instance for the next page (RFC 8288)."""

from gambrel.core.http.fields.header_values import quote_string, render_parameters

__all__ = ["link"]


def link(target: str, rel: str, **parameters: str) -> str:
    """Return one value of `Link` (RFC 8288), for instance for the next page.

    Raises:
        ValueError: The target is not a quoted URL, or a parameter cannot be sent.
    """
    if not target.isascii() or not target.isprintable() or any(char in target for char in ' <>"'):
        raise ValueError(f"{target!r} is not a URL reference; quote it first")
    named = {name.rstrip("_"): text for name, text in parameters.items()}
    text = f"<{target}>; rel={quote_string(rel, always=True)}"
    return f"{text}; {render_parameters(named)}" if named else text
