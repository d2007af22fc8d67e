"""Files that visitors bring, with a progress bar, and links that hold for a while.

    gambrel run examples/uploads

Files and the list of them lie in the instance folder. No file is ever held in memory.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec

from gambrel import App, Form, FormLimits, Redirect, Request, stream_parts
from gambrel.files import Media, MediaFiles, StaticFiles, Stored
from gambrel.looks import Looks
from gambrel.middleware import CrossOriginProtection
from gambrel.templates import Template, Templates

GIGABYTE = 1_000_000_000
FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
# A body that a handler reads by itself is in the document as far as the handler says.
FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "additionalProperties": FILE}}
        },
    }
}


class Shelf:
    """What was uploaded, the newest first, kept in a file of JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[Stored] = []
        if path.exists():
            self.files = msgspec.json.decode(path.read_bytes(), type=list[Stored])

    async def add(self, stored: Stored) -> None:
        self.files.insert(0, stored)
        await asyncio.to_thread(self.save)

    async def take(self, key: str) -> Stored | None:
        found = next((stored for stored in self.files if stored.key == key), None)
        if found is not None:
            self.files.remove(found)
            await asyncio.to_thread(self.save)
        return found

    def save(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(self.files))
        part.replace(self.path)


def make_app(largest: int = GIGABYTE) -> App:
    """Return the app; `largest` is in bytes, for one file and for all of one form."""
    app = App(
        extensions=[
            Templates(),
            Looks(),
            StaticFiles(),
            MediaFiles(),
            CrossOriginProtection(),
        ]
    )

    @app.lifespan
    async def shelf(app: App) -> AsyncIterator[Shelf]:
        yield Shelf(app.settings.core.instance / "files.json")

    @app.get("/")
    async def index(shelf: Shelf, media: Media) -> Template:
        links = {stored.key: media.url(stored, attachment=False) for stored in shelf.files}
        return Template("index.html", {"files": shelf.files, "links": links})

    @app.post("/files", max_body=largest + 100_000, deadline=3_600, extra={"openapi": FILES})
    async def upload(request: Request, shelf: Shelf, media: Media) -> Redirect:
        """Send each part of the form to the storage while it arrives."""
        limits = FormLimits(file=largest, total=largest + 100_000)
        content_type = request.headers.get("content-type", "")
        async for part in stream_parts(request.stream(), content_type, limits):
            if part.filename:
                await shelf.add(await media.save(part))
        return Redirect("/")

    @app.post("/files/drop")
    async def drop(key: Annotated[str, Form()], shelf: Shelf, media: Media) -> Redirect:
        stored = await shelf.take(key)
        if stored is not None:
            await media.delete(stored)
        return Redirect("/")

    return app


app = make_app()
