import threading

import pytest
from sqlalchemy import inspect

from gambrel import GambrelError
from gambrel.db.migrations.running import runner
from gambrel.db.migrations.running.records import Records
from gambrel.db.migrations.running.runner import is_current, migrate

HERO = 'op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))'
TEAM = 'op.create_table("team", sa.Column("id", sa.Integer(), primary_key=True))'


def tables(bench) -> set[str]:
    found = bench.within(lambda c: inspect(c).get_table_names())
    return set(found) & {"hero", "team", "other"}


def two(bench) -> None:
    bench.write("0001_hero", HERO, 'op.drop_table("hero")')
    bench.write("0002_team", TEAM, 'op.drop_table("team")')


def refused(code: str, work) -> GambrelError:
    with pytest.raises(GambrelError) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_up_applies_what_is_missing_and_down_undoes_it(bench):
    two(bench)

    assert bench.up("0001") == ["0001_hero"]
    assert bench.up() == ["0002_team"]
    assert bench.up() == []
    assert tables(bench) == {"hero", "team"}

    assert bench.down(["0001_hero"]) == ["0002_team"]
    assert tables(bench) == {"hero"}
    assert bench.down() == ["0001_hero"]
    assert tables(bench) == set()


def test_a_migration_that_fails_is_undone_and_can_be_corrected(bench):
    bench.write("0001_hero", f"{TEAM}\nop.execute('SELECT * FROM nowhere')\n{HERO}", None)

    error = refused("db.migration-failed", bench.up)
    assert "nowhere" in str(error)
    if bench.address.kind != "mariadb":  # which undoes no table
        assert tables(bench) == set()
    bench.last = None
    bench.write("0001_hero", f"{TEAM}\n{HERO}", None)

    assert bench.up() == ["0001_hero"]
    assert tables(bench) == {"hero", "team"}


def test_what_was_committed_before_a_failure_is_not_done_again(bench):
    up = f"{HERO}\nop.execute('INSERT INTO hero (id) VALUES (1)')\n{TEAM}\n"
    bench.write("0001_hero", f"{up}op.create_table('team', sa.Column('x', sa.Integer()))", None)
    refused("db.migration-failed", bench.up)
    bench.last = None
    bench.write("0001_hero", f"{up}op.create_table('other', sa.Column('x', sa.Integer()))", None)

    bench.up()

    assert tables(bench) == {"hero", "team", "other"}
    assert bench.rows("SELECT id FROM hero") == [(1,)]


@pytest.mark.service("mariadb")
def test_what_is_done_of_a_broken_one_must_not_be_edited(maria):
    maria.write("0001_hero", f"{HERO}\nop.execute('DROP TABLE nowhere')", None)
    refused("db.migration-failed", maria.up)
    maria.last = None
    maria.write("0001_hero", f"{TEAM}\nop.execute('DROP TABLE nowhere')", None)

    refused("db.migration-edited", maria.up)


@pytest.mark.service("mariadb")
def test_another_is_not_begun_before_a_broken_one_is_done(maria):
    two(maria)
    maria.up()
    maria.write("0003_other", f"op.drop_table('team')\n{HERO}", None)
    refused("db.migration-failed", maria.up)

    error = refused("db.migration-broken", lambda: maria.down(["0001_hero"]))

    assert "gambrel db up" in error.hint


def test_an_edited_migration_is_told_once_it_is_applied(small):
    two(small)
    small.up()
    path = small.folder / "0001_hero.py"
    path.write_text(path.read_text().replace('"hero"', '"heroes"'))

    error = refused("db.migration-edited", small.up)

    assert str(path) in error.where
    assert "gambrel db stamp app.py 0001_hero" in error.hint


def test_layout_and_comments_are_no_edit(small):
    two(small)
    small.up()
    path = small.folder / "0001_hero.py"
    path.write_text("# a comment\n" + path.read_text().replace('"', "'").replace("))", "),)"))

    assert small.up() == []


def test_a_stamp_takes_an_edit_for_done(small):
    two(small)
    small.up()
    path = small.folder / "0001_hero.py"
    path.write_text(path.read_text() + "\nNOTHING = 1\n")

    small.within(lambda c: runner.Runner(small.project, small.history, c).stamp("0001"))

    assert small.up() == []


def test_a_stamp_runs_nothing(small):
    two(small)
    small.within(lambda c: runner.Runner(small.project, small.history, c).stamp("0001"))

    assert small.up() == ["0002_team"]
    assert tables(small) == {"team"}


def test_a_database_that_is_newer_is_told_and_left_alone_at_start(small):
    two(small)
    small.up()
    (small.folder / "0002_team.py").unlink()

    migrate(small.project)

    error = refused("db.migration-newer", small.up)
    assert "0002_team" in str(error)


def test_what_has_no_downgrade_cannot_be_undone(small):
    small.write("0001_hero", HERO, None)
    small.up()

    error = refused("db.irreversible", small.down)

    assert "0001_hero" in str(error)


def test_two_that_come_last_are_told_with_their_names(small):
    two(small)
    small.write("0002_other", TEAM, before="0001_hero")

    error = refused("db.two-heads", small.up)

    assert "0002_team" in str(error)
    assert "gambrel db rebase app.py 0002_team" in error.hint


def test_what_contracts_waits_with_what_follows_it(small):
    two(small)
    small.write("0003_drop", 'op.drop_table("team")', TEAM, more='phase = "contract"\n')
    small.write("0004_other", "op.execute('CREATE TABLE other (x integer)')")

    assert small.up(expand=True) == ["0001_hero", "0002_team"]
    assert small.up() == ["0003_drop", "0004_other"]


def test_references_that_break_undo_a_migration_on_sqlite(small):
    small.write(
        "0001_two",
        f"""
        {TEAM}
        op.create_table("hero", sa.Column("team", sa.Integer(), sa.ForeignKey("team.id")))
        """,
        None,
    )
    small.write("0002_rows", "op.execute('INSERT INTO hero VALUES (7)')")
    small.up("0001")

    error = refused("db.migration-references", small.up)

    assert "hero" in str(error)
    assert small.rows("SELECT * FROM hero") == []


def test_a_rebuilt_table_keeps_the_rows_that_refer_to_it(bench):
    bench.write(
        "0001_two",
        f"""
        {TEAM}
        op.create_table(
            "hero",
            sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
            sa.Column("team", sa.Integer(), sa.ForeignKey("team.id", ondelete="CASCADE")),
        )
        op.execute("INSERT INTO team (id) VALUES (1)")
        op.execute("INSERT INTO hero VALUES (1, 1)")
        """,
    )
    bench.write(
        "0002_more",
        """
        with op.batch_alter_table("team") as batch:
            batch.add_column(sa.Column("name", sa.String(20), server_default="x", nullable=False))
            batch.create_check_constraint("ck_team_name", "name <> ''")
        """,
    )

    bench.up()

    assert bench.rows("SELECT id, team FROM hero") == [(1, 1)]
    assert bench.rows("SELECT name FROM team") == [("x",)]


def test_several_at_once_apply_each_migration_once(bench):
    two(bench)
    bench.write("0003_rows", "op.execute('INSERT INTO hero (id) VALUES (1)')")
    done: list[str] = []
    failed: list[BaseException] = []

    def start() -> None:
        try:
            migrate(bench.project, lambda revision, _: done.append(revision.id))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(done) == ["0001_hero", "0002_team", "0003_rows"]
    assert bench.rows("SELECT count(*) FROM hero") == [(1,)]


def test_a_start_with_nothing_to_do_takes_no_lock(small):
    two(small)
    migrate(small.project)

    assert small.within(lambda c: is_current(small.history, Records(c)))


@pytest.mark.service("postgres")
def test_a_table_that_is_locked_is_waited_for(large, monkeypatch):
    two(large)
    large.up("0001")
    large.write("0003_more", "op.add_column('hero', sa.Column('x', sa.Integer()))")
    monkeypatch.setattr(runner, "PATIENCE", 0.0)

    def locked(connection) -> None:
        connection.exec_driver_sql("LOCK TABLE hero IN ACCESS EXCLUSIVE MODE")
        error = refused("db.migration-blocked", large.up)
        assert "lock timeout" in str(error)

    large.within(locked)

    assert large.up() == ["0003_more"]
