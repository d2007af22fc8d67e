import os

import pytest
from babel.messages.mofile import write_mo

from gambrel import GambrelError
from gambrel.i18n.catalogs import (
    OWN,
    Folder,
    Messages,
    find_files,
    key_of,
    load_messages,
    read_catalog,
)
from tests.i18n.catalogs import GERMAN, write_catalog


def loaded(*folders, names=("de",)):
    return load_messages([Folder(one, f"f{n}") for n, one in enumerate(folders)], names)


def test_texts_contexts_and_forms_are_read_and_fuzzy_ones_are_not(folder):
    messages, owners = loaded(folder)

    assert messages.texts["Late"] == "Spät"
    assert messages.texts[key_of("May", "month")] == "Mai"
    assert messages.texts["May"] == "Darf"
    forms, choose = messages.forms["%(num)s guest"]
    assert [forms[choose(number)] for number in (0, 1, 2)] == [forms[1], forms[0], forms[1]]
    assert "Fuzzy" not in messages.texts
    assert owners == {"f0"}


def test_what_comes_later_goes_before_and_keeps_its_own_rule_of_plurals(folder, tmp_path):
    other = tmp_path / "other"
    body = 'msgid "Late"\nmsgstr "Zu spät"\n'
    body += 'msgid "%(num)s car"\nmsgid_plural "%(num)s cars"\nmsgstr[0] "%(num)s Auto(s)"\n'
    write_catalog(other, "de", body, "nplurals=1; plural=0;")

    messages, _ = loaded(folder, other)

    assert messages.texts["Late"] == "Zu spät"
    assert messages.texts["May"] == "Darf"
    forms, choose = messages.forms["%(num)s car"]
    assert forms[choose(7)] == "%(num)s Auto(s)"
    forms, choose = messages.forms["%(num)s guest"]
    assert forms[choose(7)] == "%(num)s Gäste"


def test_a_country_goes_before_its_language(folder):
    write_catalog(folder, "de_AT", 'msgid "Late"\nmsgstr "Spät, gell"\n')

    messages, _ = loaded(folder, names=("de", "de_AT"))

    assert (messages.texts["Late"], messages.texts["May"]) == ("Spät, gell", "Darf")


def test_a_compiled_catalog_is_taken_unless_it_is_older(folder):
    po = folder / "de" / "LC_MESSAGES" / "messages.po"
    mo = po.with_suffix(".mo")
    with mo.open("wb") as stream:
        write_mo(stream, read_catalog(po))
    po.write_text(po.read_text("utf-8").replace("Spät", "Neu"), "utf-8")
    places = [Folder(folder, "app")]

    os.utime(po, (1_000, 1_000))
    assert [path.suffix for _, path in find_files(places, ["de"])] == [".mo"]
    assert loaded(folder)[0].texts["Late"] == "Spät"
    os.utime(mo, (900, 900))
    assert loaded(folder)[0].texts["Late"] == "Neu"
    po.unlink()
    assert loaded(folder)[0].texts["Late"] == "Spät"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("msgid a\n", 6),
        ('msgid "a"\nmsgstr "b"\nrubbish\n', 8),
        ('msgid "a"\nmsgstr "b\n', 7),
        ('msgid "a"\nmsgstr b\n', 7),
        ('msgid "a"\nmsgstr "b" c"\n', 7),
        ('msgid "a"\nmsgstr ""\n"b\n', 8),
        ('msgid "a"\nmsgstr "b\\"\n', 7),
    ],
)
def test_a_broken_catalog_is_told_with_file_and_line(tmp_path, body, line):
    file = write_catalog(tmp_path, "de", body)

    with pytest.raises(GambrelError, match="a catalog cannot be read") as told:
        loaded(tmp_path)
    assert told.value.where == f"{file}:{line}"
    assert told.value.code == "i18n.catalog"


@pytest.mark.parametrize("content", [b"", b"\xde\x12\x04\x95", b"rubbish" * 10])
def test_a_broken_compiled_catalog_is_told_too(tmp_path, content):
    file = write_catalog(tmp_path, "de", "").with_suffix(".mo")
    file.write_bytes(content)

    with pytest.raises(GambrelError) as told:
        read_catalog(file)
    assert told.value.where == str(file)


def test_bytes_that_are_no_utf8_are_told(tmp_path):
    file = write_catalog(tmp_path, "de", "")
    file.write_bytes(file.read_bytes() + 'msgid "a"\nmsgstr "ä"\n'.encode("latin-1"))

    with pytest.raises(GambrelError, match="a catalog cannot be read"):
        read_catalog(file)


@pytest.mark.parametrize("plural", ["nplurals=2; plural=(n != ", "nplurals=2; plural=import os"])
def test_a_rule_of_plurals_is_no_program(tmp_path, plural):
    write_catalog(tmp_path, "de", GERMAN, plural)

    with pytest.raises(GambrelError) as told:
        loaded(tmp_path)
    assert told.value.code == "i18n.catalog"


@pytest.mark.parametrize(
    "plural", ["nplurals=2; plural=(n !! 1);", "nplurals=2; plural=n;", "nplurals=2; plural=n%0;"]
)
def test_a_rule_of_plurals_that_cannot_be_used_is_told_with_its_line(tmp_path, plural):
    file = write_catalog(tmp_path, "de", "", plural)

    with pytest.raises(GambrelError, match="Plural-Forms") as told:
        read_catalog(file)
    assert told.value.where == f"{file}:4"


def test_quotes_that_are_written_out_are_no_end_of_a_text(tmp_path):
    write_catalog(tmp_path, "de", 'msgid "a"\nmsgstr "\\"b\\" \\\\"\n#~ msgid "x\n#~ msgstr "y\n')

    assert loaded(tmp_path)[0].texts["a"] == '"b" \\'


def test_our_own_texts_are_there_in_german_and_arabic():
    for name in ("de", "ar"):
        messages, _ = loaded(OWN, names=[name])
        assert messages.texts[key_of("Remove", "gambrel")]


def test_a_value_that_would_be_a_billion_wide_is_not_taken(tmp_path):
    write_catalog(tmp_path, "de", 'msgid "Hi %(name)s"\nmsgstr "%(name)999999999s"\n')

    assert loaded(tmp_path)[0].texts == {}


@pytest.mark.parametrize("name", ["messages.po", "messages.mo"])
def test_whatever_has_become_of_a_file_it_is_read_or_told(tmp_path, name):
    file = write_catalog(tmp_path, "de", GERMAN).with_name(name)
    if name.endswith(".mo"):
        with file.open("wb") as stream:
            write_mo(stream, read_catalog(file.with_suffix(".po")))
    whole, told = file.read_bytes(), 0
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    damaged += [
        whole[:place] + bytes([byte]) + whole[place + 1 :]
        for place in range(0, len(whole), 5)
        for byte in (0, 10, 34, 255)
    ]

    for content in damaged:
        file.write_bytes(content)
        try:
            Messages().add(read_catalog(file), str(file))
        except GambrelError:
            told += 1

    assert told > 20
