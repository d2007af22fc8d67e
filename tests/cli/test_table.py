from gambrel.cli.table import show_table


def test_columns_are_as_wide_as_their_widest_cell(capsys):
    show_table(("path", "name"), [("/", "home"), ("/users", "users")])

    assert capsys.readouterr().out == "path    name\n/       home\n/users  users\n"


def test_a_column_without_content_is_left_out(capsys):
    show_table(("path", "tags"), [("/", ""), ("/users", "")])

    assert capsys.readouterr().out == "path\n/\n/users\n"


def test_no_rows_leave_nothing_but_an_empty_heading(capsys):
    show_table(("path",), [])

    assert capsys.readouterr().out == "\n"
