import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, Text, func, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from gambrel import GambrelError
from gambrel.db import Database, FullText, Listing, Model, UUIDKey
from gambrel.db.transfer.opening import address_of, engine_of


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Book(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    summary: Mapped[str | None] = mapped_column(Text)


class Keyed(UUIDKey, Base):
    name: Mapped[str]


BOOKS = FullText(Book.title, Book.summary)
ROWS = {
    "Dune": "A desert planet, and the spice that all want.",
    "Dune Messiah": "The hero of before rules.",
    "The Dispossessed": "An ambiguous utopia; a planet and its moon.",
    "Desert Solitaire": None,
    "Größe im Alltag": "Of Dune too, far behind: dune messiah is another.",
}


@pytest.fixture
def session(url):
    engine = engine_of(address_of(Database(url)))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Book(title=title, summary=text) for title, text in ROWS.items())
        session.commit()
        yield session


def found(session, text):
    return set(session.scalars(select(Book.title).where(BOOKS.matches(text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dune", {"Dune", "Dune Messiah", "Größe im Alltag"}),
        ("DUNE mess", {"Dune Messiah", "Größe im Alltag"}),
        ("plan", {"Dune", "The Dispossessed"}),
        ('"dune messiah"', {"Dune Messiah", "Größe im Alltag"}),
        ('"messiah dune"', set()),
        ("dune -spice", {"Dune Messiah", "Größe im Alltag"}),
        ("-dune -desert", {"The Dispossessed"}),
        ("größe", {"Größe im Alltag"}),
        ("the spice", {"Dune"}),
        ("of", {"Dune Messiah", "Größe im Alltag"}),
        ("nothing", set()),
        ("?!", set()),
        ("  ", {*ROWS}),
    ],
)
def test_words_phrases_and_beginnings_are_found(session, text, expected):
    assert found(session, text) == expected


def test_what_matches_best_comes_first(session):
    ranked = select(Book.title).where(BOOKS.matches("dune")).order_by(BOOKS.rank("dune").desc())

    titles = session.scalars(ranked).all()

    last = 0 if is_mariadb(session) else -1  # which counts words of all columns alike
    assert titles[last] == "Größe im Alltag"


def is_mariadb(session):
    return session.get_bind().dialect.name == "mysql"


def test_the_index_follows_what_is_written(session):
    book = session.scalars(select(Book).filter_by(title="Dune")).one()
    book.title, book.summary = "Arrakis", "sand"
    session.delete(session.scalars(select(Book).filter_by(title="Dune Messiah")).one())
    session.commit()

    assert found(session, "dune") == {"Größe im Alltag"}
    assert found(session, "arrakis sand") == {"Arrakis"}


HOSTILE = [
    "'",
    '"',
    '""',
    "' OR 1=1 --",
    '" OR "',
    "NEAR(a b)",
    "a* AND b",
    "title:dune",
    "(",
    ":*",
]
HOSTILE += ["& | !", "<->", "+-*~<>()@", "%", "\\", "\x00", "-", '-"', "{a b}", "^a", "a:b", "🙂"]


@pytest.mark.parametrize("text", HOSTILE)
def test_signs_of_a_language_of_searches_are_no_language(session, text):
    found(session, text)
    session.scalars(select(Book).order_by(BOOKS.rank(text))).all()


def test_any_text_is_safe(session):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def check(text):
        found(session, text)
        session.scalars(select(Book.id).order_by(BOOKS.rank(text))).all()

    check()


def test_a_listing_searches_by_it_best_first(session):
    listing = Listing(Book, order={"title": Book.title}, search=BOOKS)

    best = session.scalars(listing.select({"q": "dune"})).all()
    named = session.scalars(listing.select({"q": "dune", "order": "-title"})).all()

    assert best[0 if is_mariadb(session) else -1].title == "Größe im Alltag"
    assert [one.title for one in named] == ["Größe im Alltag", "Dune Messiah", "Dune"]


def test_what_cannot_be_searched_is_told():
    with pytest.raises(GambrelError, match="no key that is one number"):
        FullText(Keyed.name)
    with pytest.raises(GambrelError, match="one to four"):
        FullText(Book.title, Keyed.name)
    with pytest.raises(GambrelError, match="is no language"):
        FullText(Book.title, language="'; DROP")


@pytest.mark.service("postgres")
def test_on_postgresql_words_that_are_alike_are_found_by_their_trigrams(postgres):
    engine = engine_of(address_of(Database(postgres)))
    Base.metadata.create_all(engine)
    alike = func.similarity(Book.title, "Disposessed")
    with Session(engine) as session:
        session.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        session.add_all(Book(title=title, summary=summary) for title, summary in ROWS.items())

        asked = select(Book.title).where(alike > 0.3).order_by(alike.desc())

        assert session.scalars(asked).all() == ["The Dispossessed"]
        session.commit()
    engine.dispose()


def test_a_table_that_was_there_before_gets_its_index_with_the_rows_it_has(sqlite):
    engine = engine_of(address_of(Database(sqlite)))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR, summary TEXT)"
        )
        connection.exec_driver_sql("INSERT INTO book (title) VALUES ('Dune')")

    Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)

    with Session(engine) as session:
        session.add(Book(title="Dune Messiah"))
        session.commit()
        assert found(session, "dune") == {"Dune", "Dune Messiah"}


def test_an_index_goes_with_its_table_and_comes_again(url):
    engine = engine_of(address_of(Database(url)))
    for title in ("Dune", "Dune Messiah"):
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(Book(title=title))
            session.commit()
            assert found(session, "dune") == {title}
        Base.metadata.drop_all(engine)

    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_statement_with_a_search_can_be_written_down_and_paged(url):
    async def main() -> list[str]:
        database = Database(url, metadata=Base.metadata, create=True)
        async with database.running(), database.session() as db:
            db.add_all([Book(title="Dune"), Book(title="Dune Messiah")])
            await db.flush()
            await db.commit()
            asked = select(Book).where(BOOKS.matches("dune")).order_by(Book.id)
            assert "lower(book.title)" in str(asked.order_by(BOOKS.rank("dune")))
            page = await db.page(asked)
            return [book.title for book in page.items]

    assert asyncio.run(main()) == ["Dune", "Dune Messiah"]
