import pytest
from msgspec.structs import replace
from sqlalchemy import Column, Integer, Table

from gambrel import GambrelError
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.schemas import read_schema
from gambrel.db.migrations.scratch import migrated, schema_of_models, scratch


def test_a_database_is_made_and_dropped(bench):
    with scratch(bench.address) as address:
        assert address.for_threads.database != bench.address.for_threads.database
        with connected(address) as connection:
            connection.exec_driver_sql("CREATE TABLE a (b integer)")
            connection.commit()

    assert bench.within(read_schema) == {}
    if bench.address.kind != "sqlite":
        with pytest.raises(GambrelError), connected(address):
            pass


def test_models_and_migrations_make_the_same_of_the_same(bench):
    Table("hero", bench.metadata, Column("id", Integer, primary_key=True))
    bench.write(
        "0001_hero",
        'op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))',
    )

    with migrated(bench.project, bench.history) as connection:
        assert read_schema(connection) == schema_of_models(bench.project)
    assert bench.within(read_schema) == {}


@pytest.mark.service("postgres")
def test_a_user_who_may_not_make_databases_is_told_what_to_do(large):
    large.run("DROP ROLE IF EXISTS gambrel_poor", "CREATE ROLE gambrel_poor LOGIN")
    poor = replace(
        large.address, for_threads=large.address.for_threads.set(username="gambrel_poor")
    )

    with pytest.raises(GambrelError) as caught, scratch(poor):
        pass

    large.run("DROP ROLE gambrel_poor")
    assert caught.value.code == "db.scratch"
    assert "CREATEDB" in caught.value.hint


def test_schemas_that_models_name_are_looked_at(large):
    Table("hero", large.metadata, Column("id", Integer, primary_key=True), schema="other")

    assert ("other.hero", "column id") in schema_of_models(large.project)


test_schemas_that_models_name_are_looked_at = pytest.mark.service("postgres")(
    test_schemas_that_models_name_are_looked_at
)
