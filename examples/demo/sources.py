"""Files of this repository as pages: Python in colours, everything else as it is."""

import io
import keyword
import tokenize
from collections.abc import Iterator

from gambrel.markup import Markup, element, join

__all__ = ["coloured", "python"]

KINDS = {
    tokenize.STRING: "text",
    tokenize.COMMENT: "note",
    tokenize.NUMBER: "number",
    getattr(tokenize, "FSTRING_START", -1): "text",
    getattr(tokenize, "FSTRING_MIDDLE", -1): "text",
    getattr(tokenize, "FSTRING_END", -1): "text",
}


def coloured(name: str, text: str) -> Markup:
    """Return a file as an element; its words have classes where it is Python."""
    content = python(text) if name.endswith(".py") else text
    label = f"Source of {name}"
    code = element("code", content)
    return element("pre", code, class_="source", role="group", aria_label=label, tabindex="0")


def python(text: str) -> Markup | str:
    """Return Python with its words in elements; as it is, where it is none."""
    try:
        return join(pieces(text))
    except (tokenize.TokenError, SyntaxError):
        return text


def pieces(text: str) -> Iterator[Markup | str]:
    """Yield the text in order, and what has a kind in an element."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    done, before = 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[min(token.end[0] - 1, len(lines))] + token.end[1]
        kind = kind_of(token, before)
        before = token.string if token.type in {tokenize.NAME, tokenize.OP} else before
        if kind and end > done:
            yield text[done:start]
            yield element("span", text[start:end], class_=f"code-{kind}")
            done = end
    yield text[done:]


def kind_of(token: tokenize.TokenInfo, before: str) -> str:
    """Return what a token is, for a reader."""
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "word"
        return "name" if before in {"def", "class", "@"} else ""
    return KINDS.get(token.type, "")
