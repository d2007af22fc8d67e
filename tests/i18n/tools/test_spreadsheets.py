import pytest
from babel.messages import Catalog

from gambrel import GambrelError
from gambrel.i18n.tools.spreadsheets import read_table, write_table


def catalog() -> Catalog:
    made = Catalog(locale="ar")
    made.add("Late", "متأخر")
    made.add("May", context="month")
    made.add(("%(num)s car", "%(num)s cars"), tuple("abcdef"))
    made.add("=1+1", "=2")
    made.add("Guess", "x", flags=["fuzzy"])
    return made


def texts(of: Catalog):
    return {(m.id, m.context): (m.string or "", m.fuzzy) for m in of if m.id}


def test_what_is_written_is_read_again(tmp_path):
    file = tmp_path / "ar.csv"
    write_table(file, catalog())
    other = catalog()
    for message in other:
        message.string = "" if isinstance(message.id, str) else ("",) * 6

    assert file.read_bytes().startswith(b"\xef\xbb\xbfcontext,message,plural,translation 1,")
    assert "'=1+1" in file.read_text("utf-8")
    assert read_table(file, other) == 4
    assert texts(other) == {
        **texts(catalog()),
        ("Guess", None): ("x", False),
    }
    assert read_table(file, other) == 0


def test_rows_without_a_translation_change_nothing(tmp_path):
    file = tmp_path / "ar.csv"
    file.write_text("context,message,plural,translation 1\n,Late,,\nmonth,May,,مايو\n\n", "utf-8")
    of = catalog()

    assert read_table(file, of) == 1
    assert of.get("Late").string == "متأخر"
    assert of.get("May", "month").string == "مايو"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n",
        b"context,message,plural\n,Unknown,,x\n",
        b"\xff\xfe",
        b'context,message,plural\n"',
    ],
)
def test_what_is_no_table_of_the_catalog_is_told(tmp_path, content):
    file = tmp_path / "ar.csv"
    file.write_bytes(content)

    if content.endswith(b'"'):
        assert read_table(file, catalog()) == 0
        return
    with pytest.raises(GambrelError) as told:
        read_table(file, catalog())
    assert (told.value.code, told.value.where) == ("i18n.table", str(file))


def test_a_table_that_is_not_there_is_told(tmp_path):
    with pytest.raises(GambrelError, match="a table cannot be read"):
        read_table(tmp_path / "none.csv", catalog())
