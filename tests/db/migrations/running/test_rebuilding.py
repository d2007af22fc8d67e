from sqlalchemy import inspect

FIRST = """
op.execute("CREATE TABLE hero (id INTEGER PRIMARY KEY, name TEXT)")
op.create_table("log", sa.Column("name", sa.Text()))
op.execute("CREATE VIEW names AS SELECT name FROM hero")
op.execute(
    "CREATE TRIGGER noting AFTER INSERT ON hero BEGIN INSERT INTO log VALUES (new.name); END"
)
"""
SECOND = """
with op.batch_alter_table("hero") as batch:
    batch.alter_column("name", existing_type=sa.Text(), nullable=False)
"""


def test_triggers_and_views_outlive_a_table_that_is_made_anew(small):
    small.write("0001_first", FIRST)
    small.write("0002_second", SECOND)
    small.up()
    small.run("INSERT INTO hero VALUES (1, 'Deadpond')")

    assert small.rows("SELECT name FROM log") == [("Deadpond",)]
    assert small.rows("SELECT name FROM names") == [("Deadpond",)]


def test_a_name_is_followed_by_what_refers_to_it_afterwards(small):
    small.write("0001_first", FIRST)
    small.write("0002_second", f'{SECOND}\nrename_table("hero", "champion")')
    small.up()

    assert small.within(lambda c: inspect(c).get_view_definition("names")).endswith('"champion"')
