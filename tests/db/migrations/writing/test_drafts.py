import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, Table

from gambrel.db.migrations.scratch import migrated, schema_of_models
from gambrel.db.migrations.writing.drafts import Question, draft_of, values_of

TABLES = """
op.create_table(
    "hero",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(20), nullable=True),
    sa.Column("age", sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint("id", name="pk_hero"),
)
"""


def table(small, name: str, *columns: sa.Column) -> None:
    small.metadata = MetaData()
    Table(name, small.metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)


def drafted(small, decide):
    project, history = small.project, small.history
    wanted = schema_of_models(project)
    with migrated(project, history) as connection:
        return draft_of(connection, project, history, project.folders[-1], wanted, decide)


def test_what_was_renamed_is_asked_with_the_likeliest_first(small):
    small.write("0001_hero", TABLES)
    table(
        small,
        "hero",
        sa.Column("nickname", sa.String(20)),
        sa.Column("years", sa.Integer),
        sa.Column("names", sa.Integer),  # of another type
    )
    asked: list[Question] = []

    def decide(question: Question) -> str:
        asked.append(question)
        return {"name": "nickname", "age": "years"}[question.name]

    draft = drafted(small, decide)

    assert {one.full for one in asked} == {"hero.age", "hero.name"}
    assert next(one for one in asked if one.name == "name").choices[0] == "nickname"
    assert sum("rename_column" in line for line in draft.up) == 2
    assert "drop_column" not in "\n".join(draft.up)
    taken = {"name": "nickname", "age": "years"}[asked[0].name]
    assert taken not in asked[1].choices


def test_a_table_that_was_renamed_is_asked(small):
    small.write("0001_hero", TABLES)
    table(small, "champion", sa.Column("name", sa.String(20)), sa.Column("age", sa.Integer))

    draft = drafted(small, lambda question: "champion")

    assert draft.up == ['    op.rename_table("hero", "champion")']
    assert draft.down == ['    op.rename_table("champion", "hero")']


def test_a_table_that_is_like_none_is_not_asked(small):
    small.write("0001_hero", TABLES)
    small.metadata = MetaData()
    Table("weather", small.metadata, sa.Column("day", sa.Integer, primary_key=True))

    def decide(question: Question) -> str:
        raise AssertionError(question)

    assert "hero" in drafted(small, decide).drops


def test_indexes_of_tables_in_use_are_made_beside_their_use(small):
    small.write("0001_hero", TABLES)
    table(
        small,
        "hero",
        sa.Column("name", sa.String(20), index=True),
        sa.Column("age", sa.Integer),
    )

    draft = drafted(small, lambda question: "")

    assert draft.up == ['    create_index_concurrently("ix_hero_name", "hero", ["name"])']
    assert draft.down == ['    drop_index_concurrently("ix_hero_name", "hero")']


@pytest.mark.parametrize(
    ("listed", "values"),
    [("(a, b)", ["a", "b"]), ("(a)", ["a"]), ('["a, b", "(c)"]', ["a, b", "(c)"])],
)
def test_values_are_taken_apart(listed, values):
    assert values_of(listed) == values


def test_what_a_table_says_to_programs_is_in_no_file(small):
    table(small, "hero", sa.Column("name", sa.String(20), info={"personal": object()}))
    small.metadata.tables["hero"].info["about"] = object()

    assert "info" not in drafted(small, None).up[0]
