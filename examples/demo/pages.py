"""The pages of the platform: the first one, the sources of the examples, the documentation."""

from functools import cache
from pathlib import Path

from demo.markdown import render_markdown, title_of
from demo.parity import Parity, read_parity
from demo.sources import coloured
from demo.tour import TOUR, stop_of
from gambrel import App, NotFound, Redirect, Request, Router
from gambrel.templates import Template

__all__ = ["documents_below", "pages"]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SHOWN = {"docs", "examples", "src", "benchmarks", "changes"}
TEXTS = {".md", ".py", ".toml", ".html", ".css", ".js", ".po", ".txt"}
HELLO = """from gambrel import App

app = App()


@app.get("/hello/{name}")
async def hello(name: str, times: int = 1) -> list[str]:
    return [f"Hello, {name}!"] * times
"""

pages = Router()


@cache
def parity() -> Parity:
    return read_parity(ROOT / "docs" / "parity.md")


@pages.get("/", hidden=True)
async def index() -> Template:
    """Say in one screen what Gambrel is, and where to look."""
    values = {"tour": TOUR, "parity": parity(), "hello": coloured("app.py", HELLO)}
    return Template("index.html", values)


@pages.get("/source/{name}", hidden=True)
def source(name: str) -> Template:
    """Show an example: what it is, and its files."""
    stop = stop_of(name)
    if stop is None:
        raise NotFound
    folder = EXAMPLES / stop.example
    files = [file for file in sorted(folder.rglob("*")) if is_shown(file, folder)]
    files.sort(key=lambda file: (file.name != "app.py", file.suffix != ".py"))
    shown = [
        (file.relative_to(folder).as_posix(), coloured(file.name, file.read_text("utf-8")))
        for file in files
    ]
    return Template("source.html", {"stop": stop, "files": shown})


def is_shown(file: Path, folder: Path) -> bool:
    """Say whether a file is part of what a reader wants: no tests, nothing that was made."""
    parts = file.relative_to(folder).parts
    is_hidden = any(part.startswith((".", "__", "test_")) or part == "instance" for part in parts)
    return file.is_file() and file.suffix in TEXTS - {".md", ".po"} and not is_hidden


def documents_below(app: App, prefix: str) -> None:
    """Serve the texts of this repository, so that links between them hold."""

    @app.get(prefix, hidden=True)
    async def documentation(request: Request) -> Redirect:
        return Redirect(f"{request.root_path}{prefix}/docs/index.md")

    @app.get(prefix + "/{path:path}", hidden=True)
    def document(request: Request, path: str) -> Template | Redirect:
        file = text_at(path)
        if file is None:
            raise NotFound
        here = file.relative_to(ROOT).as_posix()
        if here != path:  # so that links relative to it hold
            return Redirect(request.url_for("document", path=here))
        if file.is_dir():
            names = [one.name for one in sorted(file.iterdir()) if text_at(f"{here}/{one.name}")]
            return Template("folder.html", {"title": here, "names": names, "start": file.name})
        text = file.read_text("utf-8")
        is_page = file.suffix == ".md"
        content = render_markdown(text) if is_page else coloured(file.name, text)
        title = title_of(text) if is_page else here
        return Template("document.html", {"title": title, "content": content, "is_page": is_page})


def text_at(path: str) -> Path | None:
    """Return a text of this repository that is for readers, or a folder of such; or None."""
    file = (ROOT / path).resolve()
    if not file.is_relative_to(ROOT):
        return None
    parts = file.relative_to(ROOT).parts
    is_hidden = any(part.startswith((".", "__")) for part in parts)
    if not parts or is_hidden or (len(parts) > 1 and parts[0] not in SHOWN):
        return None
    if file.is_dir():
        pages = (file / name for name in ("index.md", "README.md"))
        return next(filter(Path.is_file, pages), file if parts[0] in SHOWN else None)
    is_text = file.suffix in TEXTS or file.name == "LICENSE"
    return file if file.is_file() and is_text else None
