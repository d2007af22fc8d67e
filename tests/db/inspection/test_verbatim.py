from sqlalchemy import Column, MetaData, Table, create_engine

from gambrel.db import Verbatim


def test_a_column_is_made_of_the_type_that_is_named():
    table = Table("places", MetaData(), Column("at", Verbatim("point")))
    engine = create_engine("sqlite://")

    table.create(engine)

    with engine.connect() as connection:
        (sql,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master").one()
    assert "at point" in sql.replace('"', "")
    assert table.c.at.type.name == "point"
    engine.dispose()
