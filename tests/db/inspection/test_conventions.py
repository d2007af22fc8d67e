from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table

from gambrel.db import NAMING
from gambrel.db.inspection.conventions import convention_of, kind_of


def tables(rules):
    metadata = MetaData(naming_convention=rules)
    team = Table("team", metadata, Column("id", Integer, primary_key=True))
    hero = Table(
        "hero",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("team_id", ForeignKey("team.id"), index=True),
        Column("name", Integer, unique=True),
        CheckConstraint("name > 0", name="is_positive"),
        Index("by_name", "name"),
    )
    for table in (team, hero):
        for one in table.constraints:
            one.name = str(one.name) if one.name else None
    return [team, hero]


def test_names_that_our_models_give_are_known():
    convention = convention_of(tables(NAMING), "postgresql")

    assert convention.is_ours


def test_names_that_a_rule_gives_are_not_written_and_others_are():
    found = tables({"pk": "%(table_name)s_pkey", "fk": "%(table_name)s_%(column_0_N_name)s_fkey"})
    convention = convention_of(found, "postgresql")
    key = next(one for one in found[1].constraints if kind_of(one) == "fk")
    check = next(one for one in found[1].constraints if kind_of(one) == "ck")
    (index,) = (one for one in found[1].indexes if one.name == "by_name")

    assert not convention.is_ours
    assert convention.name_to_write(key) == ""
    assert convention.name_to_write(check) == "is_positive"
    assert convention.name_to_write(index) == "by_name"


def test_names_that_a_database_counts_are_not_written():
    found = tables({})
    key = next(one for one in found[1].constraints if kind_of(one) == "fk")
    key.name = "hero_ibfk_1"

    assert convention_of(found, "mysql").name_to_write(key) == ""
