import pytest
import sqlalchemy as sa

from gambrel.db.migrations.lint import RULES, is_wider, risks


def rules_of(small, up: str, more: str = "") -> list[str]:
    small.write("0002_later", up, more=more, before="0001_first")
    found = risks(small.history.by_id["0002_later"])
    assert all(one.fix == RULES[one.rule] for one in found)
    return [one.rule for one in found]


@pytest.fixture(autouse=True)
def first(small):
    small.write("0001_first", 'op.create_table("hero", sa.Column("id", sa.Integer()))')


def batch(code: str) -> str:
    return f'with op.batch_alter_table("hero") as batch:\n    batch.{code}'


UNSAFE = [
    ('op.create_index("ix", "hero", ["age"])', "index"),
    ('op.execute("CREATE INDEX ix ON hero (age)")', "index"),
    ('op.drop_index("ix", "hero")', "drop-index"),
    ('op.add_column("hero", sa.Column("age", sa.Integer(), nullable=False))', "not-null"),
    (batch('add_column(sa.Column("age", sa.Integer(), nullable=False))'), "not-null"),
    ('op.alter_column("hero", "age", nullable=False)', "set-not-null"),
    ('op.execute("ALTER TABLE hero ALTER COLUMN age SET NOT NULL")', "set-not-null"),
    (batch('alter_column("age", existing_type=sa.Integer(), type_=sa.BigInteger())'), "type"),
    ('op.execute("ALTER TABLE hero ALTER COLUMN age TYPE bigint")', "type"),
    ('op.rename_table("hero", "champion")', "rename"),
    ('rename_column("hero", "age", "years")', "rename"),
    (batch('alter_column("age", new_column_name="years")'), "rename"),
    (batch('drop_column("age")'), "drop"),
    ('op.drop_table("hero")', "drop"),
    ('op.create_foreign_key("fk", "hero", "team", ["team_id"], ["id"])', "foreign-key"),
    (batch('create_check_constraint("ck", "age > 0")'), "check"),
    ('op.create_unique_constraint("uq", "hero", ["age"])', "unique"),
    (
        """
        default = sa.text("gen_random_uuid()")
        op.add_column("hero", sa.Column("u", sa.Uuid(), server_default=default, nullable=False))
        """,
        "rewrite",
    ),
    ('op.add_column("hero", sa.Column("n", sa.Integer(), sa.Identity()))', "rewrite"),
    (
        'op.add_column("hero", sa.Column("n", sa.Integer()))\nop.execute("UPDATE hero SET n = 1")',
        "rows",
    ),
    ('replace_enum("mood", ["sad"], [])', "values"),
    ('op.execute("VACUUM FULL hero")', "lock"),
    ('raise ValueError("no rows")', "unread"),
]


@pytest.mark.parametrize(("up", "rule"), UNSAFE)
def test_what_hurts_is_told_with_what_to_do(small, up, rule):
    assert rule in rules_of(small, up)


@pytest.mark.parametrize(
    "up",
    [
        'op.add_column("hero", sa.Column("age", sa.Integer()))',
        'op.add_column("hero", sa.Column("age", sa.Integer(), server_default="0", nullable=False))',
        'op.add_column("hero", sa.Column("at", sa.DateTime(), server_default=sa.func.now()))',
        'create_index_concurrently("ix", "hero", ["age"])',
        'drop_index_concurrently("ix", "hero")',
        'set_not_null("hero", "age", sa.Integer())',
        'add_check("ck", "hero", "age > 0")',
        'add_foreign_key("fk", "hero", "team", ["team_id"], ["id"])',
        'backfill("hero", {"age": "1"})',
        'add_enum_values("mood", "glad")',
        'create_enum("mood", ["sad"])',
        'op.execute("UPDATE hero SET age = 1")',
        """
        op.create_table("team", sa.Column("id", sa.Integer()))
        op.create_index("ix", "team", ["id"])
        op.drop_column("team", "id")
        """,
    ],
)
def test_what_is_safe_is_let_through(small, up):
    assert rules_of(small, up) == []


def test_a_unique_constraint_is_made_without_a_long_lock(small):
    assert rules_of(small, 'add_unique("uq", "hero", ["age"])') == []


def test_what_is_accepted_in_the_file_is_not_told(small):
    assert rules_of(small, 'op.drop_table("hero")', 'accepted = ["drop"]\n') == []


def test_what_is_dropped_in_the_second_phase_is_not_told(small):
    up = batch('drop_column("age")')

    assert rules_of(small, up, 'phase = "contract"\n') == []
    assert rules_of(small, 'op.rename_table("a", "b")', 'phase = "contract"\n') == ["rename"]


def test_a_type_that_only_grows_is_safe():
    assert is_wider(sa.String(10), sa.String(20))
    assert is_wider(sa.String(10), sa.Text())
    assert not is_wider(sa.String(20), sa.String(10))
    assert not is_wider(sa.Integer(), sa.BigInteger())


def test_a_risk_is_told_in_three_lines(small):
    small.write("0002_later", 'op.drop_table("hero")', before="0001_first")
    (risk,) = risks(small.history.by_id["0002_later"])

    first, where, hint = str(risk).splitlines()
    assert first == "[drop] 0002_later: hero is dropped, while old code reads it"
    assert where.endswith("0002_later.py")
    assert "phase" in hint
