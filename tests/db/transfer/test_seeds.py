import json

import pytest
from msgspec import Struct
from sqlalchemy import ForeignKey, MetaData, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gambrel import GambrelError
from gambrel.db import Choice, Database, JSONOf, Model
from gambrel.db.transfer.opening import address_of, engine_of
from gambrel.db.transfer.seeds import ensure, models_of, plant, seeds_in
from tests.db.transfer.world import Colour


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Team(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    colour: Mapped[Colour] = mapped_column(Choice(Colour), default=Colour.RED)


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int] = mapped_column(default=30)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship()


class Street(Struct, frozen=True):
    name: str
    house: int = 1


class Kind(Base):
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    street: Mapped[Street | None] = mapped_column(JSONOf(Street))
    houses: Mapped[list[Street]] = mapped_column(JSONOf(list[Street]), default=list)


class Log(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def session(url):
    engine = engine_of(address_of(Database(url)))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


def written(folder, name, text):
    file = folder / name
    file.write_text(text if isinstance(text, str) else json.dumps(text))
    return file


TEAMS = {
    "Team": [{"name": "Avengers", "colour": "dark blue"}],
    "Hero": [{"name": "Hulk", "age": "49", "team": "Avengers"}, {"name": "Loki", "team": None}],
}


def test_rows_are_there_once_however_often_they_are_planted(session, tmp_path):
    file = written(tmp_path, "teams.json", TEAMS)

    for _ in range(2):
        plant(session, Base.metadata, file)
        session.commit()

    hulk = session.scalars(select(Hero).filter_by(name="Hulk")).one()
    assert (hulk.age, hulk.team.name, hulk.team.colour) == (49, "Avengers", Colour.BLUE)
    assert session.scalar(select(func.count(Hero.id))) == 2


def test_a_row_that_is_there_is_changed_in_what_is_given_alone(session):
    ensure(session, Hero, name="Hulk", age=49)
    session.commit()

    hulk = ensure(session, Hero, name="Hulk", team=ensure(session, Team, name="Avengers"))
    session.commit()

    assert (hulk.age, hulk.team.name) == (49, "Avengers")


def test_json_is_of_its_type_and_planting_again_changes_nothing(session, tmp_path):
    street = {"name": "Ring"}
    row = {"code": "a", "street": street, "houses": [street]}
    file = written(tmp_path, "kinds.json", {"Kind": [row]})

    plant(session, Base.metadata, file)
    session.commit()
    plant(session, Base.metadata, file)

    kind = session.scalars(select(Kind)).one()
    assert (kind.street, kind.houses) == (Street("Ring", 1), [Street("Ring", 1)])
    assert not session.is_modified(kind)


def test_a_file_of_python_has_a_function(session, tmp_path):
    code = "def seed(db):\n    from tests.db.transfer.test_seeds import Team, ensure\n"
    file = written(tmp_path, "teams.py", f"{code}    ensure(db, Team, name='X-Men')\n")

    plant(session, Base.metadata, file)

    assert session.scalars(select(Team.name)).all() == ["X-Men"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"Nobody": []}, "there is no model 'Nobody'"),
        ({"Hero": [{"name": "Hulk", "power": 5}]}, "Hero has no 'power'"),
        ({"Hero": [{"age": 5}]}, "name is not given"),
        ({"Hero": [{"name": "Hulk", "team": "None"}]}, "there is no Team called None"),
        ({"Hero": [{"name": "Hulk", "age": "old"}]}, "Hero.age cannot be 'old'"),
        ({"Log": [{"id": 1}]}, "has no natural key"),
        ({"Kind": [{"code": "a", "houses": [{}]}]}, "Kind.houses cannot be"),
        ("[1", "this is no seed"),
    ],
)
def test_what_cannot_be_planted_is_told_with_its_file(session, tmp_path, content, told):
    file = written(tmp_path, "bad.json", content)

    with pytest.raises(GambrelError) as caught:
        plant(session, Base.metadata, file)

    assert told in str(caught.value)
    assert "bad.json" in str(caught.value)


def test_a_file_of_python_without_the_function_is_told(session, tmp_path):
    with pytest.raises(GambrelError, match="no function `seed`"):
        plant(session, Base.metadata, written(tmp_path, "empty.py", ""))


def test_seeds_go_by_their_names_or_as_they_are_named(tmp_path):
    for name in ("b.json", "a.py", "_c.py", "test_a.py", "readme.md"):
        (tmp_path / name).touch()

    assert [one.name for one in seeds_in(tmp_path)] == ["a.py", "b.json"]
    assert [one.name for one in seeds_in(tmp_path, ["b"])] == ["b.json"]
    with pytest.raises(GambrelError, match="no seed 'z'"):
        seeds_in(tmp_path, ["z"])
    with pytest.raises(GambrelError, match="there are no seeds"):
        seeds_in(tmp_path / "nowhere")


def test_models_are_those_of_the_tables_of_a_database():
    assert models_of(Base.metadata) == {"Hero": Hero, "Kind": Kind, "Log": Log, "Team": Team}
