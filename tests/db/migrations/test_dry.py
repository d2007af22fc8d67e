from alembic.operations import ops

from gambrel.db.migrations.dry import look, makers_of_tables, types_of_columns
from gambrel.db.migrations.folders import MigrationFolder


def test_operations_are_collected_and_nothing_is_run(small):
    small.write(
        "0001_a",
        """
        op.create_table("hero", sa.Column("id", sa.Integer()))
        with op.batch_alter_table("hero") as batch:
            batch.add_column(sa.Column("age", sa.Integer()))
        for row in connection().execute(sa.text("SELECT * FROM hero")):
            raise AssertionError
        for rows in batches("hero"):
            raise AssertionError
        assert op.get_bind().execute(table("hero").select()).first() is not None
        with op.get_context().autocommit_block():
            op.execute("VACUUM")
        """,
    )

    found = look(small.history.by_id["0001_a"])

    assert found.problem == ""
    assert [(type(one), outside) for one, outside in found.operations] == [
        (ops.CreateTableOp, False),
        (ops.AddColumnOp, False),
        (ops.ExecuteSQLOp, True),
    ]
    assert found.operations[1][0].table_name == "hero"
    assert small.address.file is not None
    assert not small.address.file.exists()


def test_what_ends_early_is_told_with_what_came_before(small):
    small.write("0001_a", "op.drop_table('a')\nraise ValueError('no rows')\nop.drop_table('b')")

    found = look(small.history.by_id["0001_a"])

    assert found.problem == "ValueError: no rows"
    assert len(found.operations) == 1


def test_the_types_that_columns_have_are_known(small):
    small.write(
        "0001_a",
        """
        op.create_table("hero", sa.Column("name", sa.String(20)), sa.Column("age", sa.Integer()))
        rename_column("hero", "name", "title")
        op.rename_table("hero", "champion")
        op.alter_column("champion", "age", type_=sa.BigInteger())
        """,
    )

    found = types_of_columns(small.history)

    assert repr(found["champion", "title"]) == "String(length=20)"
    assert repr(found["champion", "age"]) == "BigInteger()"


def test_who_has_made_a_table_is_known(small, tmp_path):
    place = tmp_path / "accounts"
    small.others = [MigrationFolder("accounts", place)]
    small.write(
        "accounts_0001",
        'op.create_table("person")\nop.rename_table("person", "user")',
        folder=place,
        before=None,
    )
    small.write("0001_a", 'op.create_table("hero")', before=None)

    assert makers_of_tables(small.history) == {
        "person": "accounts",
        "user": "accounts",
        "hero": "app",
    }
