import subprocess
import sys
from datetime import timedelta

from sqlalchemy.orm import Session

from gambrel.db import Database
from gambrel.db.factories import RowFactory
from gambrel.db.transfer.opening import address_of, engine_of
from tests.db.shop import Base as ShopBase
from tests.db.shop import Hero, Team
from tests.db.transfer.world import Address, Base, Colour, Everything


class EverythingFactory(RowFactory[Everything]):
    anything = None


class TeamFactory(RowFactory[Team]): ...


class HeroFactory(RowFactory[Hero]):
    age = 44


def test_values_are_made_up_for_a_column_of_each_type(sqlite):
    engine = engine_of(address_of(Database(sqlite)))
    Base.metadata.create_all(engine)
    EverythingFactory.seed_random(1)

    rows = EverythingFactory.batch(20)

    assert {type(one.colour) for one in rows} == {Colour}
    assert {type(one.address) for one in rows} <= {Address, type(None)}
    assert all(one.moment.tzinfo for one in rows)
    assert all(isinstance(one.pause, timedelta) for one in rows)
    with Session(engine) as session:
        session.add_all(rows)
        session.commit()
        assert all(one.id for one in rows)


def test_relations_are_given_and_attributes_hold_for_all(sqlite):
    engine = engine_of(address_of(Database(sqlite)))
    ShopBase.metadata.create_all(engine)

    hero = HeroFactory.build(name="Deadpond", team=TeamFactory.build(name="A"))

    with Session(engine) as session:
        session.add(hero)
        session.commit()
        assert (hero.age, hero.team.name, hero.team_id) == (44, "A", hero.team.id)


def test_without_the_library_it_is_told_what_to_install():
    code = "import sys; sys.modules['polyfactory'] = None\nimport gambrel.db.factories"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "db.no-factories" in done.stderr
    assert "pip install 'gambrel[factories]'" in done.stderr
