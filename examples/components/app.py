"""A reading list of components: every part of the page is also an answer of its own."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gambrel import App, Form, NotFound, Redirect, Request
from gambrel.files import StaticFiles
from gambrel.middleware import CrossOriginProtection
from gambrel.templates import Template, Templates

Show = Literal["all", "open", "read"]
Text = Annotated[str, Meta(min_length=1, max_length=80)]


class Book(Struct):
    id: int
    title: str
    author: str
    is_read: bool = False


class NewBook(Struct):
    title: Text
    author: Text


class Page(Struct):
    """What `index.html` shows; `gambrel check` compares the names."""

    books: list[Book]
    show: str
    left: int


class Shelf:
    """The books, in memory: they end with the app."""

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.add(NewBook("A Pattern Language", "Christopher Alexander"))
        self.add(NewBook("The Timeless Way of Building", "Christopher Alexander"))
        self.add(NewBook("How Buildings Learn", "Stewart Brand"))
        self.books[3].is_read = True

    def add(self, book: NewBook) -> Book:
        added = Book(len(self.books) + 1, book.title, book.author)
        self.books[added.id] = added
        return added

    def turn(self, id: int) -> Book:
        if id not in self.books:
            raise NotFound
        self.books[id].is_read = not self.books[id].is_read
        return self.books[id]

    def page(self, show: str) -> Page:
        wanted = {"all": (True, False), "open": (False,), "read": (True,)}[show]
        books = [book for book in self.books.values() if book.is_read in wanted]
        return Page(books, show, sum(not book.is_read for book in self.books.values()))


app = App(extensions=[Templates(), StaticFiles(), CrossOriginProtection()])
app.provide(Shelf, Shelf, scope="app")


def is_part(request: Request) -> bool:
    """Whether the script asks for a part of the page."""
    return "x-part" in request.headers


@app.get("/")
async def index(request: Request, shelf: Shelf, show: Show = "all") -> Template:
    return Template("index.html", shelf.page(show), block="list" if is_part(request) else "")


@app.post("/books")
async def add(
    request: Request, shelf: Shelf, book: Annotated[NewBook, Form()]
) -> Template | Redirect:
    shelf.add(book)
    if not is_part(request):
        return Redirect(request.url_for("index"))
    return Template("index.html", shelf.page("all"), 201, block="list")


@app.post("/books/{id:int}/turn")
async def turn(request: Request, shelf: Shelf, id: int) -> Template | Redirect:
    book = shelf.turn(id)
    if not is_part(request):
        return Redirect(request.url_for("index"))
    return Template("components/book.html", {"book": book})


@app.on_error(404)
async def missing(request: Request, error: NotFound) -> Template:
    return Template("404.html", status=404)
