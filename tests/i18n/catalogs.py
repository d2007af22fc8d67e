"""Catalogs for tests, written into a folder."""

from pathlib import Path

HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural}\\n"

"""
TWO = "nplurals=2; plural=(n != 1);"
SIX = (
    "nplurals=6; plural=(n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2 : n % 100 >= 3 && n % 100 <= 10 ? 3"
    " : n % 100 >= 11 && n % 100 <= 99 ? 4 : 5);"
)
GERMAN = """
msgid "Hello %(name)s!"
msgstr "Hallo %(name)s!"

msgid "Late"
msgstr "Spät"

msgctxt "month"
msgid "May"
msgstr "Mai"

msgid "May"
msgstr "Darf"

msgid "%(num)s guest"
msgid_plural "%(num)s guests"
msgstr[0] "%(num)s Gast"
msgstr[1] "%(num)s Gäste"

msgctxt "hotel"
msgid "%(num)s star"
msgid_plural "%(num)s stars"
msgstr[0] "%(num)s Stern"
msgstr[1] "%(num)s Sterne"

msgid "Good <b>%(day)s</b>"
msgstr "Guten <b>%(day)s</b>"

msgid "Evil"
msgstr "<script>alert(1)</script>"

msgid "Broken %(name)s"
msgstr "Kaputt %(nmae)s"

#, fuzzy
msgid "Fuzzy"
msgstr "Ungenau"
"""
ARABIC = """
msgid "Late"
msgstr "متأخر"

msgid "%(num)s guest"
msgid_plural "%(num)s guests"
msgstr[0] "لا ضيوف"
msgstr[1] "ضيف واحد"
msgstr[2] "ضيفان"
msgstr[3] "%(num)s ضيوف"
msgstr[4] "%(num)s ضيفًا"
msgstr[5] "%(num)s ضيف"
"""


def write_catalog(folder: Path, name: str, body: str, plural: str = TWO) -> Path:
    """Write the catalog of a language, and return its file."""
    file = folder / name / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEAD.replace("{plural}", plural) + body, "utf-8")
    return file


def write_catalogs(folder: Path) -> Path:
    """Write German and Arabic, and return the folder."""
    write_catalog(folder, "de", GERMAN)
    write_catalog(folder, "ar", ARABIC, SIX)
    return folder
