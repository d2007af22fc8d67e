import sqlalchemy as sa
from alembic.operations import ops

from gambrel.db.migrations.scratch import migrated, schema_of_models
from gambrel.db.migrations.writing.comparing import compare, plain_default
from tests.db.migrations.writing.conftest import first


def changes(bench):
    project, history = bench.project, bench.history
    wanted = schema_of_models(project)
    with migrated(project, history) as connection:
        return compare(
            connection, project, bench.history, project.folders[-1], wanted, lambda table: "app", {}
        )


def test_what_is_there_already_is_no_change(bench, days):
    days(first)
    bench.write(
        "0001_all",
        """
        from tests.db.migrations.writing.conftest import first
        from gambrel.db import NAMING
        metadata = sa.MetaData(naming_convention=NAMING)
        first(metadata)
        metadata.create_all(op.get_bind())
        """,
    )

    found = changes(bench)

    assert [found.operations.ops, found.enums, found.keys, found.searches] == [[], [], [], []]


def test_conditions_are_compared(bench):
    def table(*conditions: sa.CheckConstraint) -> None:
        bench.metadata.clear()
        column = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
        sa.Table("hero", bench.metadata, column, *conditions)

    bench.write(
        "0001_hero",
        """
        op.create_table(
            "hero",
            sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
            sa.CheckConstraint("id > 0", name="ck_hero_same"),
            sa.CheckConstraint("id > 1", name="ck_hero_other"),
            sa.CheckConstraint("id > 2", name="ck_hero_gone"),
        )
        """,
    )
    table(
        sa.CheckConstraint("id > 0", name="same"),
        sa.CheckConstraint("id > 9", name="other"),
        sa.CheckConstraint("id > 3", name="new"),
    )

    (found,) = changes(bench).operations.ops

    told = [(type(one), one.constraint_name) for one in found.ops]
    assert sorted(told, key=str) == sorted(
        [
            (ops.DropConstraintOp, "ck_hero_gone"),
            (ops.DropConstraintOp, "ck_hero_other"),
            (ops.CreateCheckConstraintOp, "ck_hero_new"),
            (ops.CreateCheckConstraintOp, "ck_hero_other"),
        ],
        key=str,
    )
    kinds = [type(one) for one in found.ops]
    assert kinds == sorted(kinds, key=lambda kind: kind is ops.CreateCheckConstraintOp)


def test_defaults_are_told_without_the_types_of_postgresql():
    def plain(code: str) -> str:
        return str(plain_default(sa.DefaultClause(sa.text(code))).arg)

    assert plain("'it''s'::character varying") == "'it''s'"
    assert plain("'0'::numeric(10, 2)") == "'0'"
    assert plain("now()") == "now()"
    assert plain_default(None) is None
