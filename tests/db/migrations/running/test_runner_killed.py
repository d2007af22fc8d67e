"""Killed at any statement that changes something, before it or after it: `up` completes.

Each case takes every eighth of them, `KILLS=all` every one: minutes.
"""

import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, inspect

from gambrel.db.migrations.running.records import Records
from gambrel.db.migrations.running.steps import is_read
from gambrel.db.migrations.schemas import read_schema

EVERY = 1 if os.environ.get("KILLS") == "all" else 8
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.timeout(100 if EVERY > 1 else 900),
]

FIRST = """
op.create_table("team", sa.Column("id", sa.Integer(), primary_key=True))
op.execute("INSERT INTO team VALUES (1)")
op.create_table(
    "hero",
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(50)),
    sa.Column("age", sa.Integer()),
)
op.execute("INSERT INTO hero VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
op.execute("UPDATE hero SET age = age + 10")
"""
SECOND = """
op.execute("UPDATE hero SET age = age + 100")
with op.batch_alter_table("hero") as batch:
    batch.add_column(sa.Column("team_id", sa.Integer()))
    batch.alter_column("name", existing_type=sa.String(50), nullable=False)
    batch.create_foreign_key("fk_hero_team", "team", ["team_id"], ["id"])
op.execute("UPDATE hero SET team_id = 1, age = age + 1000")
rename_column("hero", "name", "title")
for rows in batches("hero", "title", size=1):
    for row in rows:
        op.execute(f"UPDATE hero SET title = '{row.title}{row.title}' WHERE id = {row.id}")
create_index_concurrently("ix_hero_age", "hero", ["age"])
op.execute("UPDATE hero SET age = age + 10000")
"""
BACK = """
op.drop_index("ix_hero_age", "hero")
rename_column("hero", "title", "name")
with op.batch_alter_table("hero") as batch:
    batch.drop_constraint("fk_hero_team", type_="foreignkey")
    batch.drop_column("team_id")
    batch.alter_column("name", existing_type=sa.String(50), nullable=True)
op.execute("UPDATE hero SET age = age - 11100, name = substr(name, 1, 1)")
"""
HEROES = [(1, "aa", 1, 11111), (2, "bb", 1, 11112), (3, "cc", 1, 11113)]


def killed(work: Callable[[], object], at: int, moment: str) -> bool:
    """Do something in another process, killed at one of its changes; return whether it was."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_connection, _cursor, statement, *_rest) -> None:
            nonlocal seen
            seen += not is_read(statement)
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, f"{moment}_cursor_execute", count)
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed in the other process"
    return False


def write(bench) -> None:
    bench.write("0001_first", FIRST, 'op.drop_table("hero")\nop.drop_table("team")')
    bench.write("0002_second", SECOND, BACK)


def clean(bench) -> None:
    """Begin with an empty database."""
    if bench.address.file is not None:
        for file in bench.address.file.parent.glob("test.db*"):
            file.unlink()
        return
    names = bench.within(lambda c: inspect(c).get_table_names())
    for name in sorted(names, key="team".__eq__):  # to which others refer
        bench.run(f"DROP TABLE {name}")


def state(bench) -> tuple[object, object, object]:
    """All that one can see of a database."""
    schema = bench.within(read_schema)
    rows = bench.rows("SELECT id, title, team_id, age FROM hero ORDER BY id")
    records = bench.within(lambda c: Records(c).all())
    return (
        schema,
        rows,
        {(r.revision, r.checksum, r.mark) for r in records.values() if r.applied_at},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "moment", "begin"),
    [
        ("small", "after", 1),
        pytest.param("large", "after", 2, marks=pytest.mark.service("postgres")),
        pytest.param("maria", "before", 3, marks=pytest.mark.service("mariadb")),
        pytest.param("maria", "after", 4, marks=pytest.mark.service("mariadb")),
    ],
)
def test_killed_at_any_statement_it_is_completed(kind, moment, begin, request):
    bench = request.getfixturevalue(kind)
    write(bench)
    bench.up()
    wanted = state(bench)
    assert wanted[1] == HEROES

    at = min(begin, EVERY)
    clean(bench)
    while killed(bench.up, at, moment):
        bench.up()
        assert state(bench) == wanted, f"killed {moment} change {at}"
        clean(bench)
        at += EVERY

    assert at > 15


@pytest.mark.slow
def test_killed_on_its_way_down_it_is_completed(bench):
    write(bench)
    bench.up("0001")
    wanted = bench.within(read_schema)
    rows = [(1, 11), (2, 12), (3, 13)]

    at = 1
    bench.up()
    while killed(lambda: bench.down(["0001_first"]), at, "after"):
        bench.down(["0001_first"])
        assert bench.within(read_schema) == wanted, f"killed after change {at}"
        assert bench.rows("SELECT id, age FROM hero ORDER BY id") == rows
        bench.up()
        at += EVERY

    assert at > 5
