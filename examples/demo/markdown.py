"""Our documentation as pages: as much of Markdown as it uses, and no more."""

import re
from collections.abc import Iterator

from demo.sources import python
from gambrel.markup import Markup, element, join

__all__ = ["render_markdown", "title_of"]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
ITEM = re.compile(r"^(?:[-*]|\d+\.) ", re.MULTILINE)
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<label>(?:[^\[\]]|\[[^\]]*\])+)\]\((?P<url>[^)\s]+)\)"
    r"|<(?P<link>https?://[^>]+)>"
    r"|\*\*(?P<strong>.+?)\*\*|(?<![\w*])[*_](?P<em>[^*_\s](?:[^*_]*[^*_\s])?)[*_](?![\w*])",
    re.DOTALL,
)


def title_of(text: str) -> str:
    """Return the first heading, without marks."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].replace("`", "") if found else ""


def render_markdown(text: str) -> Markup:
    """Return a page of our documentation as HTML."""
    return join(blocks(text))


def blocks(text: str) -> Iterator[Markup | str]:
    """Yield the blocks of a text: those between fences, and the fences."""
    done = 0
    for fence in FENCE.finditer(text):
        yield from plain(text[done : fence.start()])
        shown = python(fence[2]) if fence[1] == "python" else fence[2]
        yield element("pre", element("code", shown), tabindex="0", role="group", aria_label="Code")
        done = fence.end()
    yield from plain(text[done:])


def plain(text: str) -> Iterator[Markup]:
    """Yield headings, lists, tables and paragraphs."""
    for block in re.split(r"\n\s*\n", COMMENT.sub("", text)):
        block = block.strip("\n")
        while (line := block.partition("\n")[0]).startswith("#"):
            yield heading(line)
            block = block.partition("\n")[2]
        if not block.strip():
            continue
        if block.startswith("|"):
            yield table(block)
        elif block.startswith(">"):
            quoted = re.sub(r"^> ?", "", block, flags=re.MULTILINE)
            yield element("blockquote", element("p", inline(quoted)))
        elif ITEM.match(block):
            yield listed(block)
        else:
            yield from paragraph(block)


def paragraph(block: str) -> Iterator[Markup]:
    """Yield a paragraph, and the list or the table that follows it without a blank line."""
    lines = block.split("\n")
    begins = [at for at, line in enumerate(lines) if at and re.match(r"[-*] |\|", line)]
    end = begins[0] if begins else len(lines)
    yield element("p", inline("\n".join(lines[:end])))
    if end < len(lines):
        yield from plain("\n".join(lines[end:]))


def heading(line: str) -> Markup:
    """Return a heading, with the fragment that links use."""
    marks, _, title = line.partition(" ")
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
    anchor = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
    return element(f"h{len(marks)}", inline(title), id=anchor)


def listed(block: str) -> Markup:
    """Return a list of one level."""
    kind = "ol" if block[0].isdigit() else "ul"
    items = [item for item in ITEM.split(block) if item.strip()]
    lines = [re.sub(r"\n\s+", "\n", item) for item in items]
    return element(kind, *(element("li", inline(line)) for line in lines))


def table(block: str) -> Markup:
    """Return a table, which scrolls by itself where it is wide."""
    rows = [cells(line) for line in block.splitlines()]
    head = element("tr", *(element("th", inline(cell), scope="col") for cell in rows[0]))
    body = [element("tr", *(element("td", inline(cell)) for cell in row)) for row in rows[2:]]
    whole = element("table", element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", role="group", aria_label="Table", tabindex="0")


def cells(line: str) -> list[str]:
    """Return the cells of a line; a bar behind a backslash is none between cells."""
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def inline(text: str) -> Markup:
    """Return text with code, links and emphasis."""
    return join(inner(text.strip()))


def inner(text: str) -> Iterator[Markup | str]:
    done = 0
    for found in INLINE.finditer(text):
        yield text[done : found.start()]
        done = found.end()
        if found["code"]:
            yield element("code", found["code"])
        elif found["label"]:
            yield element("a", inline(found["label"]), href=found["url"])
        elif found["link"]:
            yield element("a", found["link"], href=found["link"])
        elif found["strong"]:
            yield element("strong", inline(found["strong"]))
        else:
            yield element("em", inline(found["em"] or ""))
    yield text[done:]
