"""Forms over rows, by the battery `forms` as apps have it."""

import asyncio
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct, field
from sqlalchemy import ForeignKey, MetaData, UniqueConstraint, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel import HTML, App, NotFound, Redirect, Request
from gambrel.db import AsyncSession, Database, Model, SyncSession, Versioned
from gambrel.db.writing.keys import read_key
from gambrel.forms import Forms, HTMLForm
from gambrel.forms import field as shown
from gambrel.markup import join
from gambrel.testing import AsyncClient, Client

Title = Annotated[str, Meta(min_length=2, max_length=40)]


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Shelf(Base):
    room: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    is_open: Mapped[bool] = mapped_column(default=True)


class Author(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_hidden: Mapped[bool] = mapped_column(default=False)


class Book(Versioned, Base):
    __table_args__ = (UniqueConstraint("author_id", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[Title]
    isbn: Mapped[str | None] = mapped_column(unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()
    copies: Mapped[int] = mapped_column(default=1)
    code: Mapped[str | None] = mapped_column(unique=True)


async def authors(db: AsyncSession) -> list[Any]:
    visible = select(Author).where(Author.is_hidden.is_(False)).order_by(Author.name)
    return await db.choices(visible, Author.name)


async def shelves(db: AsyncSession) -> list[Any]:
    open_ones = select(Shelf).where(Shelf.is_open).order_by(Shelf.room)
    return await db.choices(open_ones, lambda shelf: f"{shelf.room} {shelf.number}")


class BookForm(Struct):
    title: Title
    author_id: Annotated[int, shown("Author", choices=authors)]
    isbn: str | None = field(default=None, name="ISBN")
    version: Annotated[int, shown(widget="hidden")] = 1


def plain_authors(db: SyncSession) -> list[Any]:
    return db.choices(select(Author), Author.name)


class PlainForm(BookForm):
    author_id: Annotated[int, shown("Author", choices=plain_authors)]


class BareForm(BookForm):
    author_id: int


class ShelfForm(Struct):
    shelf: Annotated[str, shown(choices=shelves)]


def make_app(url: str, **values: Any) -> App:
    app = App(extensions=[Database(url, create=True, metadata=Base.metadata), Forms()])

    @app.post("/rows")
    async def rows(db: AsyncSession) -> None:
        db.add_all([Author(id=1, name="Le Guin"), Author(id=2, name="X", is_hidden=True)])
        db.add_all([Shelf(room="a,b", number=7), Shelf(room="c", number=1, is_open=False)])
        await db.flush()
        db.add(Book(title="Tehanu", isbn="1", author_id=1, code="x"))

    @app.route("/new", methods=["GET", "POST"])
    async def create(form: HTMLForm[BookForm], db: AsyncSession) -> HTML | Redirect:
        book = await db.save(Book, form, **values)
        if book is None:
            return HTML(join([form]), status=form.status)
        return Redirect(f"/{book.id}", 303)

    @app.route("/{key:int}", methods=["GET", "POST"])
    async def change(key: int, form: HTMLForm[BookForm], db: AsyncSession) -> HTML | Redirect:
        book = await db.get_or_404(Book, key)
        form.fill(book)
        if await db.save(book, form) is None:
            return HTML(join([form, f"{book.title}, copies {book.copies}"]), status=form.status)
        return Redirect(f"/{key}", 303)

    @app.route("/plain/{key:int}", methods=["POST"])
    def plain(key: int, form: HTMLForm[PlainForm], db: SyncSession) -> HTML | Redirect:
        if db.save(db.get_or_404(Book, key), form) is None:
            return HTML(join([form]), status=form.status)
        return Redirect("/", 303)

    @app.route("/shelf", methods=["GET", "POST"])
    async def shelf(form: HTMLForm[ShelfForm], db: AsyncSession) -> HTML | str:
        if form.value is None:
            return HTML(join([form]), status=form.status)
        return (await db.get_or_404(Shelf, read_key(Shelf, form.value.shelf))).room

    return app


@pytest.fixture
def client(url: str) -> Any:
    with Client(make_app(url)) as client:
        client.post("/rows")
        yield client


def sent(**values: Any) -> dict[str, Any]:
    return {"title": "Malafrena", "author_id": "1", "ISBN": "", "version": "1", **values}


def test_a_row_is_made_of_a_form(client):
    answer = client.post("/new", data=sent(title="Malafrena"))

    assert (answer.status_code, answer.headers["location"]) == (303, "/2")
    assert 'value="Malafrena"' in client.get("/2").text


def test_choices_are_rows_and_only_those_that_a_visitor_may_see(client):
    page = client.get("/new").text
    hidden = client.post("/new", data=sent(author_id="2"))

    assert ">Le Guin</option>" in page
    assert 'value="2"' not in page
    assert hidden.status_code == 422
    assert "Author is none of the choices" in hidden.text


def test_a_choice_may_have_a_key_of_several_columns(client):
    assert '<option value="a%2Cb,7">a,b 7</option>' in client.get("/shelf").text
    assert client.post("/shelf", data={"shelf": "a%2Cb,7"}).text == "a,b"
    assert client.post("/shelf", data={"shelf": "c,1"}).status_code == 422


@pytest.mark.parametrize("path", ["/new", "/2", "/plain/2"])
def test_what_is_taken_is_a_fault_of_its_field_and_nothing_is_written(client, path):
    client.post("/new", data=sent(title="Malafrena", ISBN="2"))
    taken = client.post(path, data=sent(title="Voices", ISBN="1"))

    assert taken.status_code == 422
    assert "Isbn is taken already" in taken.text
    assert 'value="Voices"' in taken.text
    assert 'value="Malafrena"' in client.get("/2").text
    assert client.get("/3").status_code == 404


def test_of_several_columns_the_last_is_told(client):
    assert "Title is taken already" in client.post("/new", data=sent(title="Tehanu")).text


def test_the_rules_of_the_type_hold_before_anything_is_asked(client):
    assert "Title must have at least 2 characters" in client.post("/new", data=sent(title="A")).text


def test_who_has_seen_an_older_version_is_told_and_may_send_again(client):
    page = client.get("/1").text
    client.post("/1", data=sent(title="Tehanu II"))
    late = client.post("/1", data=sent(title="Tehanu III"))
    again = client.post("/1", data=sent(title="Tehanu III", version="2"))

    assert 'value="1" id="field-version"' in page
    assert late.status_code == 422
    assert "was changed by somebody else" in late.text
    assert 'value="2" id="field-version"' in late.text
    assert "Tehanu II, copies 1" in late.text
    assert again.status_code == 303
    assert "Tehanu III, copies" in client.get("/1").text


def test_of_two_that_write_at_once_one_is_told(url):
    app = make_app(url)
    both = asyncio.Barrier(2)

    @app.post("/slow/{title}")
    async def slow(
        title: str, request: Request, form: HTMLForm[BareForm], database: Database
    ) -> HTML:
        async with database.session(read_only=True) as reading:
            book = await reading.get_or_404(Book, 1)
        await both.wait()
        async with database.session() as db:
            db.add(book)
            saved = await db.save(book, form)
        return HTML(join([form if saved is None else "saved"]), status=form.status)

    async def main() -> list[Any]:
        async with AsyncClient(app) as client:
            await client.post("/rows")
            posts = [client.post(f"/slow/{t}", data=sent(title=t)) for t in ("One", "Two")]
            return list(await asyncio.gather(*posts))

    first, second = sorted(asyncio.run(main()), key=lambda answer: answer.status_code)

    assert (first.status_code, second.status_code) == (200, 422)
    assert "was changed by somebody else" in second.text


def test_what_the_form_knows_nothing_of_is_no_fault_of_it(sqlite):
    with Client(make_app(sqlite, code="x")) as client:
        client.post("/rows")
        assert client.post("/new", data=sent()).status_code == 409


class Fake:
    """A form of somebody else's."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.texts: dict[str, list[Any]] = {}
        self.faults: list[tuple[str, str, str]] = []

    def refuse(self, path: str, message: str, code: str = "custom") -> None:
        self.faults.append((path, message, code))


def save(url: str, *forms: Any) -> None:
    async def main() -> None:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            for form in forms:
                await db.save(Author, form)

    asyncio.run(main())


def test_any_form_will_do(sqlite):
    class AuthorForm(Struct):
        id: int
        name: str

    first, second = Fake(AuthorForm(1, "A")), Fake(AuthorForm(1, "B"))

    save(sqlite, first, Fake(None), second)

    assert (first.faults, second.faults) == ([], [("id", "is taken already", "unique")])


def test_a_row_that_somebody_has_deleted_meanwhile_is_not_found(url):
    class AuthorForm(Struct):
        name: str

    async def main() -> None:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            db.add(author := Author(id=1, name="A"))
            await db.flush()
            await db.execute(delete(Author.__table__))
            with pytest.raises(NotFound, match="not there any more"):
                await db.save(author, Fake(AuthorForm("B")))

    asyncio.run(main())


def test_what_postgres_would_check_at_the_end_is_told_of_the_form(postgres):
    class Late(Model):
        __abstract__ = True
        metadata = MetaData()

    class Seat(Late):
        __table_args__ = (UniqueConstraint("number", deferrable=True, initially="DEFERRED"),)

        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[int]

    class SeatForm(Struct):
        number: int

    form = Fake(SeatForm(1))

    async def main() -> None:
        database = Database(postgres, create=True, metadata=Late.metadata)
        async with database.running():
            async with database.session() as db:
                await db.save(Seat, Fake(SeatForm(1)))
                await db.save(Seat, Fake(SeatForm(2)))
                await db.save(Seat, form)
                for number in (2, 1):  # changed round, which is right only at the end
                    await db.execute(
                        update(Seat).where(Seat.id == 3 - number).values(number=number)
                    )
            with pytest.raises(IntegrityError):
                await spoil(database)

    async def spoil(database: Database) -> None:
        async with database.session() as db:
            await db.save(Seat, Fake(SeatForm(3)))
            await db.execute(update(Seat).values(number=7))

    asyncio.run(main())

    assert form.faults == [("number", "is taken already", "unique")]
