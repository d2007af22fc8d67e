from gambrel.db.migrations.writing.width import width_of


def test_lines_are_as_long_as_the_formatter_of_the_project_has_them(tmp_path):
    folder = tmp_path / "app" / "migrations"
    file = tmp_path / "pyproject.toml"

    for text, wanted in (
        ("[tool.ruff]\nline-length = 100\n", 100),
        ("[tool.black]\nline-length = 79\n", 79),
        ("[project]\nname = 'x'\n", 88),
    ):
        file.write_text(text)
        assert width_of(folder) == wanted
