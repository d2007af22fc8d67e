"""Files of rows, kept by the battery `files` as apps have it."""

import asyncio
from io import BytesIO
from typing import Annotated, Any

import PIL.Image
import pytest
from msgspec import Meta, Struct
from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel import HTML, App, File, GambrelError, Redirect, Router, Upload
from gambrel.db import AsyncSession, Database, FileOf, Model, SyncSession, sweep
from gambrel.files import ImageRules, MediaFiles, MemoryStorage, Stored, StoredImage
from gambrel.forms import Forms, HTMLForm
from gambrel.markup import join
from gambrel.testing import Client

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
FACE = ImageRules(fit=(16, 16), output="webp")


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Person(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    scan: Mapped[Stored | None] = mapped_column(
        FileOf(Stored, max_size=1000, types=("image/png", "application/pdf"))
    )
    face: Mapped[StoredImage | None] = mapped_column(FileOf(StoredImage, image=FACE))
    album_id: Mapped[int | None] = mapped_column(ForeignKey("album.id"))


class Album(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[list[Person]] = relationship(cascade="all, delete-orphan")


class PersonForm(Struct):
    name: Annotated[str, Meta(min_length=1)]
    scan: Upload | None = None


router = Router()
Sent = Annotated[Upload, File()]


@router.post("/people/{name}")
async def create(name: str, scan: Sent, db: AsyncSession, fail: str = "") -> None:
    db.add(Person(name=name, scan=await db.store(Person.scan, scan)))
    if fail == "caught":
        async with db.begin_nested() as inner:
            await db.store(Person.scan, b"%PDF-")
            await inner.rollback()
    elif fail:
        await db.flush()
        raise LookupError


@router.post("/plain/people/{name}")
def create_plain(name: str, scan: Sent, db: SyncSession, fail: str = "") -> None:
    db.add(Person(name=name, scan=db.store(Person.scan, scan)))
    if fail:
        raise LookupError


@router.put("/people/{key:int}")
async def replace(key: int, scan: Sent, db: AsyncSession, fail: bool = False) -> None:
    person = await db.get_or_404(Person, key)
    person.scan = await db.store(Person.scan, scan)
    await db.flush()
    if fail:
        raise LookupError


@router.post("/swap")
async def swap(db: AsyncSession, between: bool = False) -> None:
    ann, bob = await db.get_or_404(Person, 1), await db.get_or_404(Person, 2)
    scan, ann.scan = ann.scan, None
    if between:
        await db.flush()
    bob.scan = scan


@router.post("/albums")
async def album(db: AsyncSession) -> None:
    db.add(Album(people=[await db.get_or_404(Person, 1)]))


@router.delete("/albums/people")
async def forget(db: AsyncSession) -> None:
    album = await db.one_or_404(select(Album).options(selectinload(Album.people)))
    album.people.clear()


@router.delete("/people/{key:int}")
async def delete(key: int, db: AsyncSession) -> None:
    await db.delete(await db.get_or_404(Person, key))


@router.delete("/plain/people/{key:int}")
def delete_plain(key: int, db: SyncSession) -> None:
    db.delete(db.get_or_404(Person, key))


@router.post("/faces/{key:int}")
async def face(key: int, face: Sent, db: AsyncSession) -> list[int]:
    person = await db.get_or_404(Person, key)
    person.face = await db.store(Person.face, face)
    return [person.face.width, person.face.height]


@router.post("/forgotten")
async def forgotten(db: AsyncSession) -> None:
    await db.store(Person.scan, PNG)


@router.route("/form", methods=["GET", "POST"])
async def form(form: HTMLForm[PersonForm], db: AsyncSession) -> HTML | Redirect:
    if await db.save(Person, form) is None:
        return HTML(join([form]), status=form.status)
    return Redirect("/", 303)


@router.post("/form/{key:int}")
def change(key: int, form: HTMLForm[PersonForm], db: SyncSession) -> HTML | Redirect:
    if db.save(db.get_or_404(Person, key), form) is None:
        return HTML(join([form]), status=form.status)
    return Redirect("/", 303)


@router.get("/people/{key:int}")
async def show(key: int, db: AsyncSession) -> Stored | None:
    return (await db.get_or_404(Person, key)).scan


def make_app(url: str, storage: MemoryStorage) -> App:
    media = MediaFiles(storage)
    database = Database(url, create=True, metadata=Base.metadata, files=media)
    app = App(extensions=[media, database, Forms()])
    app.include(router)
    return app


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def client(sqlite: str, storage: MemoryStorage) -> Any:
    with Client(make_app(sqlite, storage), raise_server_errors=False) as client:
        yield client


def sent(content: bytes = PNG, name: str = "scan") -> dict[str, Any]:
    return {name: ("me.png", content, "image/png")}


@pytest.mark.parametrize("path", ["/people/Ann", "/plain/people/Ann"])
def test_a_file_is_kept_with_its_row(client, storage, path):
    assert client.post(path, files=sent()).status_code == 204

    shown = client.get("/people/1").json()

    assert list(storage.files) == [shown["key"]]
    assert (shown["filename"], shown["size"]) == ("me.png", len(PNG))


def test_it_is_the_same_on_every_database(url, storage):
    with Client(make_app(url, storage)) as client:
        client.post("/people/Ann", files=sent())
        client.put("/people/1", files=sent(b"%PDF-1"))

        assert [client.get("/people/1").json()["key"]] == list(storage.files)
        client.delete("/people/1")
        assert storage.files == {}


@pytest.mark.parametrize("path", ["/people/Ann", "/plain/people/Ann"])
def test_what_is_undone_leaves_no_file(client, storage, path):
    assert client.post(f"{path}?fail=1", files=sent()).status_code == 500
    assert storage.files == {}

    client.post(path, files=sent())
    assert client.post(path, files=sent()).status_code == 409  # at the commit
    assert len(storage.files) == 1


def test_what_a_savepoint_has_undone_leaves_no_file(client, storage):
    client.post("/people/Ann?fail=caught", files=sent())

    assert list(storage.files.values()) == [PNG]


def test_a_file_that_no_row_was_written_for_is_dropped(client, storage):
    assert client.post("/forgotten").status_code == 204
    assert storage.files == {}


def test_a_file_that_is_replaced_is_dropped_after_the_commit(client, storage):
    client.post("/people/Ann", files=sent())
    first = set(storage.files)

    client.put("/people/1?fail=true", files=sent(b"%PDF-1"))
    assert set(storage.files) == first

    client.put("/people/1", files=sent(b"%PDF-1"))
    assert list(storage.files.values()) == [b"%PDF-1"]


@pytest.mark.parametrize("path", ["/people/1", "/plain/people/1"])
def test_a_file_goes_with_its_row(client, storage, path):
    client.post("/people/Ann", files=sent())
    client.delete(path)

    assert storage.files == {}


def test_the_file_of_an_orphan_goes_with_it(client, storage):
    client.post("/people/Ann", files=sent())
    client.post("/albums")
    assert client.delete("/albums/people").status_code == 204

    assert storage.files == {}


@pytest.mark.parametrize("between", [True, False])
def test_a_file_that_goes_from_row_to_row_stays(client, storage, between):
    client.post("/people/Ann", files=sent())
    client.post("/people/Bob", files=sent(b"%PDF-1"))
    assert client.post(f"/swap?between={between}").status_code == 204

    assert list(storage.files.values()) == [PNG]
    assert client.get("/people/2").json()["key"] in storage.files


@pytest.mark.parametrize(("content", "status"), [(b"text", 415), (PNG + bytes(1000), 413)])
def test_what_the_column_does_not_take_is_refused(client, storage, content, status):
    assert client.post("/people/Ann", files=sent(content)).status_code == status
    assert storage.files == {}


def test_a_picture_is_made_anew_and_knows_its_size(client, storage):
    drawn = BytesIO()
    PIL.Image.new("RGB", (64, 32)).save(drawn, "png")
    client.post("/people/Ann", files=sent())

    assert client.post("/faces/1", files=sent(drawn.getvalue(), "face")).json() == [16, 8]
    assert client.post("/faces/1", files=sent(b"none", "face")).status_code == 422
    assert len(storage.files) == 2


def test_a_file_of_a_form_is_kept_and_one_that_is_refused_is_told_of_its_field(client, storage):
    assert client.post("/form", data={"name": "Ann"}, files=sent()).status_code == 303
    refused = client.post("/form", data={"name": "Bob"}, files=sent(b"text"))
    taken = client.post("/form", data={"name": "Ann"}, files=sent())

    assert refused.status_code == 422
    assert "Send image/png or application/pdf." in refused.text
    assert "Name is taken already" in taken.text
    assert len(storage.files) == 1


def test_a_form_without_another_file_keeps_the_one_that_is_there(client, storage):
    client.post("/people/Ann", files=sent())
    kept = client.post("/form/1", data={"name": "Anna"}, files={"scan": ("", b"")})
    assert kept.status_code == 303
    assert client.get("/people/1").json()["size"] == len(PNG)

    client.post("/form/1", data={"name": "Anna"}, files=sent(b"%PDF-1"))
    assert list(storage.files.values()) == [b"%PDF-1"]


def test_files_that_no_row_names_are_swept(sqlite, storage):
    media = MediaFiles(storage)
    database = Database(sqlite, create=True, metadata=Base.metadata, files=media)
    app = App(extensions=[media, database])

    @app.post("/")
    async def all_of_it(db: AsyncSession) -> None:
        db.add(Person(name="Ann", scan=await db.store(Person.scan, PNG)))
        await storage.save(b"an orphan")

    @app.post("/sweep")
    async def swept() -> list[str]:
        late = asyncio.create_task(later())
        found = await sweep(database, grace=0.05)
        await late
        return found

    async def later() -> None:
        await asyncio.sleep(0.01)
        await storage.save(b"of a request under way")

    with Client(app) as client:
        client.post("/")
        orphan = next(key for key, content in storage.files.items() if content == b"an orphan")
        assert client.post("/sweep").json() == [orphan]
    assert sorted(storage.files.values()) == sorted([PNG, b"of a request under way"])


def test_a_script_keeps_files_as_well(sqlite, storage):
    media = MediaFiles(storage)
    database = Database(sqlite, create=True, metadata=Base.metadata, files=media)
    app = App(extensions=[media, database])
    app.build()

    async def make() -> None:
        async with database.running():
            await asyncio.to_thread(work)

    def work() -> None:
        with database.plain_session() as db:
            db.add(Person(name="Ann", scan=db.store(Person.scan, PNG)))
        with pytest.raises(LookupError):
            fail()

    def fail() -> None:
        with database.plain_session() as db:
            db.store(Person.scan, PNG)
            raise LookupError

    asyncio.run(make())

    assert len(storage.files) == 1


def test_a_database_without_files_says_so(sqlite):
    database = Database(sqlite, create=True, metadata=Base.metadata)

    async def main() -> None:
        async with database.running(), database.session() as db:
            with pytest.raises(GambrelError, match="keeps none"):
                await db.store(Person.scan, PNG)
            with pytest.raises(GambrelError, match=r"a file is given for Person\.name"):
                await db.store(Person.name, PNG)

    asyncio.run(main())
