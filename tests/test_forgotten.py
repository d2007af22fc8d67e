"""The table of what extensions give is that of the extensions themselves."""

from importlib import import_module
from inspect import isabstract
from typing import Protocol

import pytest
from msgspec import Struct
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession as AsyncSessionOfSQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SessionOfSQLAlchemy

from gambrel import App, GambrelError, Upload
from gambrel.client import HTTP, HTTPClient
from gambrel.db import AsyncSession, Database, Model
from gambrel.extend import TEMPLATE_FILTERS, TEMPLATE_GLOBALS
from gambrel.files import Media, MediaFiles, Static, StaticFiles
from gambrel.forgotten import (
    _FILTERS,
    _NAMES,
    _TYPES,
    hint_for_name,
    hint_for_type,
    hint_to_provide,
    is_of_type,
)
from gambrel.forms import Forms, HTMLForm, Steps
from gambrel.i18n import I18n
from gambrel.looks import Looks
from gambrel.sessions import Flash, Session, Sessions


class Order(Struct):
    name: str


def everything(tmp_path):
    extensions = [Forms(), Sessions(tokens=True), Looks(), StaticFiles(tmp_path), HTTP()]
    languages = I18n("en", folders=())
    return App(extensions=[*extensions, languages, Database("sqlite://"), MediaFiles(tmp_path)])


def test_every_name_and_filter_of_the_table_is_given_by_an_extension(tmp_path):
    declared = everything(tmp_path).build().app.declarations

    assert set(_NAMES) <= dict(declared.values(TEMPLATE_GLOBALS)).keys()
    assert set(_FILTERS) == dict(declared.values(TEMPLATE_FILTERS)).keys()


@pytest.mark.parametrize("name", _TYPES)
def test_every_type_and_extension_of_the_table_is_there(name):
    call, package = _TYPES[name]
    home = import_module(package)

    assert not isabstract(getattr(home, call.partition("(")[0]))
    if hasattr(home, name):
        assert hint_for_type(getattr(home, name)) == (
            f"App(extensions=[{call}]), after `from {package} import {call.partition('(')[0]}`"
        )


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (HTMLForm[Order], "Forms()"),
        (Steps[Order], "Forms()"),
        (Session, "Sessions()"),
        (Flash, "Sessions()"),
        (AsyncSession, "Database("),
        (HTTPClient, "HTTP()"),
        (Static, "StaticFiles()"),
        (Media, "MediaFiles()"),
        (AsyncSession | None, "Database("),
    ],
)
def test_an_app_without_the_extension_of_a_parameter_names_it(kind, call):
    app = App()

    async def handler(value):
        raise AssertionError(value)

    handler.__annotations__["value"] = kind
    app.post("/")(handler)
    with pytest.raises(GambrelError) as told:
        app.build()
    assert f"App(extensions=[{call}" in told.value.hint


class Hero(Model):
    metadata = MetaData()
    id: Mapped[int] = mapped_column(primary_key=True)


class Note:
    text: str


class Mailer(Protocol):
    server: str


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Hero, "`class HeroPublic(Struct)`"),
        (Upload, "`picture: Upload`"),
        (SessionOfSQLAlchemy, "`from gambrel.db import SyncSession`"),
        (AsyncSessionOfSQLAlchemy, "`from gambrel.db import AsyncSession`"),
        (Note, "`class Note(Struct)`"),
    ],
)
def test_what_no_client_sends_says_what_stands_in_for_it(kind, told):
    assert told in hint_for_type(kind)
    assert is_of_type(hint_for_type(kind))


def test_what_is_filled_by_others_is_left_to_them():
    assert hint_for_type(Mailer) == hint_for_type(list[int]) == ""
    assert not is_of_type(hint_to_provide("Mailer"))


def test_a_class_of_the_app_that_has_such_a_name_is_its_own():
    class Session:
        pass

    assert hint_for_type(Session) == hint_for_type(None) == hint_for_name("title") == ""
