from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import GambrelError
from gambrel.settings import sources
from gambrel.settings.sources import Found, Name

DEBUG = Name(("core", "debug"), ("GAMBREL_DEBUG", "GAMBREL_CORE__DEBUG"))
TITLE = Name(("blog", "title"), ("GAMBREL_BLOG__TITLE",))


def read_dotenv(folder: Path, text: str) -> dict[str, str]:
    (folder / ".env").write_text(text, "utf-8")
    variables = sources.from_dotenv(folder / ".env")
    return {name: value for name, (value, _) in variables.texts.items()}


def test_the_environment_gives_only_variables_with_our_prefix() -> None:
    found = sources.from_environment({"GAMBREL_DEBUG": "1", "PATH": "/bin"})

    assert found.texts == {"GAMBREL_DEBUG": ("1", "GAMBREL_DEBUG")}
    assert found.find(DEBUG) == Found("1", "GAMBREL_DEBUG", text=True)
    assert found.find(TITLE) is None


def test_the_first_variable_of_a_setting_wins() -> None:
    found = sources.from_environment({"GAMBREL_CORE__DEBUG": "0", "GAMBREL_DEBUG": "1"})

    assert found.find(DEBUG) == Found("1", "GAMBREL_DEBUG", text=True)


def test_the_files_of_a_secrets_folder_are_variables_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "gambrel_blog__title").write_text("Hello\n")
    (tmp_path / "postgres_password").write_text("x")
    (tmp_path / "gambrel_folder").mkdir()

    found = sources.from_secrets(tmp_path)

    assert found.find(TITLE) == Found("Hello", str(tmp_path / "gambrel_blog__title"), text=True)
    assert len(found.texts) == 1


def test_a_secrets_folder_need_not_be_there(tmp_path: Path) -> None:
    assert sources.from_secrets(tmp_path / "none").texts == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("GAMBREL_A=b", "b"),
        ("export GAMBREL_A = b c ", "b c"),
        ("GAMBREL_A=b # comment", "b"),
        ("GAMBREL_A=b#c", "b#c"),
        ("GAMBREL_A= # nothing", ""),
        ("GAMBREL_A=", ""),
        ("GAMBREL_A='b # c' # d", "b # c"),
        ("GAMBREL_A='b\\n'", "b\\n"),
        ('GAMBREL_A="b\\n\\"c\\" \\$"', 'b\n"c" $'),
        ("GAMBREL_A=b=c", "b=c"),
        ("GAMBREL_A=$HOME", "$HOME"),
    ],
)
def test_a_line_of_a_dotenv_file_is_read(tmp_path: Path, line: str, value: str) -> None:
    assert read_dotenv(tmp_path, f"# first\n\n{line}\nOTHER=1\n") == {"GAMBREL_A": value}


@pytest.mark.parametrize("line", ["GAMBREL_A", "1A=b", "GAMBREL_A='b", 'GAMBREL_A="b" c', "A B=c"])
def test_another_line_is_refused_with_its_place_and_without_its_text(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(GambrelError) as caught:
        read_dotenv(tmp_path, f"A=1\n{line}\n")

    assert caught.value.where == ".env:2"
    assert line not in str(caught.value)


def test_a_dotenv_value_knows_its_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nGAMBREL_DEBUG=1\n")

    found = sources.from_dotenv(tmp_path / ".env").find(DEBUG)

    assert found == Found("1", "GAMBREL_DEBUG at .env:2", text=True)


@given(st.text())
def test_any_dotenv_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    encodable = text.encode("utf-8", "ignore").decode()

    try:
        assert isinstance(read_dotenv(folder, encodable), dict)
    except GambrelError as error:
        assert error.code == "settings.dotenv"  # noqa: PT017 - both ends are right


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_a_double_quoted_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')

    read = read_dotenv(tmp_path_factory.mktemp("any"), f'GAMBREL_A="{quoted}"')

    assert read == {"GAMBREL_A": value}


TOML = """\
debug = true
max-body = 5

[blog]
# the title
title = "Hello"
paging.size = 3

[blog.feed]
url = "https://example.com"
"""


def test_a_toml_file_gives_values_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text(TOML)

    table = sources.from_toml(tmp_path, "gambrel.toml")

    assert table is not None
    assert table.find(DEBUG) == Found(True, "gambrel.toml:1")
    assert table.find(Name(("core", "max_body"), ())) == Found(5, "gambrel.toml:2")
    assert table.find(TITLE) == Found("Hello", "gambrel.toml:6")
    assert table.find(Name(("blog", "paging", "size"), ())) == Found(3, "gambrel.toml:7")
    assert table.find(Name(("blog", "feed", "url"), ())) == Found(
        "https://example.com", "gambrel.toml:10"
    )
    assert table.find(Name(("blog", "title", "deeper"), ())) is None


def test_core_settings_may_also_stand_under_their_own_name(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text("[core]\ndebug = true\n")

    table = sources.from_toml(tmp_path, "gambrel.toml")

    assert table is not None
    assert table.find(DEBUG) == Found(True, "gambrel.toml:2")


def test_pyproject_holds_settings_in_a_table_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.gambrel]\ndebug = true\n[tool.gambrel.blog]\ntitle = "T"\n'
    )

    table = sources.from_toml(tmp_path, "pyproject.toml")

    assert table is not None
    assert table.find(DEBUG) == Found(True, "pyproject.toml:4")
    assert table.find(TITLE) == Found("T", "pyproject.toml:6")


def test_a_file_without_settings_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')

    assert sources.from_toml(tmp_path, "pyproject.toml") is None
    assert sources.from_toml(tmp_path, "gambrel.toml") is None


def test_a_broken_toml_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text("debug = \n")

    with pytest.raises(GambrelError, match=r"gambrel.toml is not valid TOML"):
        sources.from_toml(tmp_path, "gambrel.toml")


def test_an_inline_table_is_placed_at_its_key(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text('x = 1\nblog = { title = "T" }\n')

    table = sources.from_toml(tmp_path, "gambrel.toml")

    assert table is not None
    assert table.find(TITLE) == Found("T", "gambrel.toml:2")


def test_arguments_are_placed_where_they_were_given() -> None:
    table = sources.Table({"debug": False, "blog": {"title": "T"}}, "app.py:3")

    assert table.find(DEBUG) == Found(False, "app.py:3")
    assert list(table.paths()) == [("debug",), ("blog",), ("blog", "title")]
