from gambrel.db.migrations.schemas import Difference, differences, read_schema

HEROES = (
    "CREATE TABLE team (id integer PRIMARY KEY)",
    """CREATE TABLE hero (id integer PRIMARY KEY, age integer DEFAULT 7 NOT NULL, team_id integer,
    CONSTRAINT fk_team FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE SET NULL,
    CONSTRAINT ck_age CHECK (age > 0), CONSTRAINT uq_age UNIQUE (age))""",
    "CREATE INDEX ix_team ON hero (team_id)",
)


def test_everything_that_a_database_has_is_read(bench):
    bench.run(*HEROES)

    schema = bench.within(read_schema)

    assert "NOT NULL DEFAULT 7" in schema["hero", "column age"]
    assert schema["hero", "primary key"] == "(id)"
    assert schema["hero", "foreign key fk_team"].startswith("(team_id) -> team(id)")
    assert "SET NULL" in schema["hero", "foreign key fk_team"]
    assert schema["hero", "unique uq_age"] == "(age)"
    assert schema["hero", "index ix_team"].startswith("(team_id)")
    assert "age" in schema["hero", "check ck_age"]
    assert schema == bench.within(read_schema)


def test_tables_of_migrations_are_left_out(bench):
    bench.write("0001_none")
    bench.up()

    assert bench.within(read_schema) == {}


def test_each_change_makes_a_difference(bench):
    bench.run(*HEROES)
    first = bench.within(read_schema)

    for change in (
        "ALTER TABLE hero ADD COLUMN name varchar(20)",
        "CREATE INDEX ix_two ON hero (age, team_id)",
        "CREATE TABLE other (id integer PRIMARY KEY)",
    ):
        bench.run(change)
        later = bench.within(read_schema)
        assert len(differences(first, later)) == 1, change
        first = later


def test_of_a_table_that_one_lacks_only_that_is_told():
    wanted = {("a", "table"): "yes", ("a", "column x"): "INTEGER"}

    assert differences(wanted, {}) == [Difference(("a", "table"), "yes", None)]


def test_differences_are_told_in_words():
    def told(*given) -> str:
        return Difference(*given).told("the models", "the migrations")

    assert told(("hero", "table"), "yes", None) == ("hero: in the models, not in the migrations")
    assert told(("hero", "column age"), None, "INTEGER") == (
        "hero.age: in the migrations, not in the models"
    )
    assert told(("hero", "index ix"), "(a)", "(b)") == (
        "hero index ix: (a) in the models, (b) in the migrations"
    )
    assert told(("", "type mood"), "(a)", None).startswith("type mood: ")
