from click.testing import CliRunner

from gambrel.cli.main import main
from tests.db.inspection.roundtrip import SCHEMAS, engine_of, run_sql


def invoke(*arguments):
    return CliRunner().invoke(main, ["db", *arguments])


def test_models_are_written_to_the_screen_or_to_a_file_that_is_not_there(tmp_path):
    url = f"sqlite:///{tmp_path}/library.db"
    run_sql(engine_of(url), (SCHEMAS / "sqlite.sql").read_text())
    file = tmp_path / "models.py"

    shown = invoke("inspect", url)
    first = invoke("inspect", url, "--output", str(file))
    second = invoke("inspect", url, "--output", str(file))
    nowhere = invoke("inspect", url, "--output", str(file / "models.py"))

    assert shown.exit_code == 0
    assert "class Person(Base):" in shown.output
    assert first.output == f"{file}: 10 tables, 1 views\n"
    assert file.read_text() == shown.output
    assert second.exit_code == 1
    assert "db.file-exists" in second.output
    assert "db.no-folder" in nowhere.output


TEAM = """
class Team(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Hero(Base):
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
"""


def test_the_models_of_an_app_are_drawn(heroes):
    app = heroes.change("class Hero(Base):\n", TEAM.lstrip())

    mermaid, dot = invoke("diagram", app), invoke("diagram", app, "--format", "dot")

    assert 'team o|--o{ hero : "team_id"' in mermaid.output
    assert '"hero" -> "team"' in dot.output
