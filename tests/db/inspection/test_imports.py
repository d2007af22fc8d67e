from gambrel.db.inspection.imports import Imports


def test_imports_are_in_the_order_of_formatters_and_names_of_the_module_are_left_to_it():
    imports = Imports({"date", "Text", "text"})

    names = [
        imports.name("sqlalchemy", "Text"),
        imports.name("sqlalchemy", "text"),
        imports.name("sqlalchemy", "String"),
        imports.name("sqlalchemy", "CHAR"),
        imports.name("datetime", "date"),
        imports.name("datetime", "datetime"),
        imports.name("gambrel.db", "Model"),
        imports.module("enum"),
    ]

    assert names[:5] == ["TextType", "sql_text", "String", "CHAR", "date_type"]
    assert imports.render(100) == [
        "import enum",
        "from datetime import date as date_type",
        "from datetime import datetime",
        "",
        "from sqlalchemy import CHAR, String",
        "from sqlalchemy import Text as TextType",
        "from sqlalchemy import text as sql_text",
        "",
        "from gambrel.db import Model",
    ]


def test_a_long_line_has_a_name_a_line():
    imports = Imports()
    for name in ("Integer", "String"):
        imports.name("sqlalchemy", name)

    assert imports.render(30) == [
        "from sqlalchemy import (",
        "    Integer,",
        "    String,",
        ")",
    ]
