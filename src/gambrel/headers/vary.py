"""`Vary`: the request headers that a response depends on (RFC 9110 §12.5.5)."""

from gambrel.core.http.fields.header_values import is_token
from gambrel.core.http.headers import ResponseHeaders

__all__ = ["add_vary", "merge_vary"]


def merge_vary(current: str, *names: str) -> str:
    """Return a `Vary` value with `names` added, in lower case, each once; `*` covers all.

    Raises:
        ValueError: A name is not a header name.
    """
    given = [name.strip(" \t").lower() for name in (*current.split(","), *names)]
    merged = list(dict.fromkeys(name for name in given if name))
    for name in merged:
        if not is_token(name):
            raise ValueError(f"{name!r} is not a header name")
    return "*" if "*" in merged else ", ".join(merged)


def add_vary(headers: ResponseHeaders, *names: str) -> None:
    """Add names to the `Vary` of a response, which becomes one line."""
    headers["vary"] = merge_vary(",".join(headers.get_all("vary")), *names)
