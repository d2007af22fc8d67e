import os
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from gambrel import GambrelError
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import FolderLoader, Place
from tests.templates.test_names import HOSTILE


class Unasked(dict[str, str]):
    """A place that nobody may ask: what is refused by its name is not looked for."""

    def get(self, name: str, default: object = None) -> str:
        raise AssertionError(f"{name!r} was looked for")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates/parts").mkdir(parents=True)
    (tmp_path / "templates/index.html").write_text("index ü", "utf-8")
    (tmp_path / "templates/parts/row.html").write_text("row", "utf-8")
    (tmp_path / "templates/.hidden.html").write_text("hidden", "utf-8")
    (tmp_path / "secret.html").write_text("secret", "utf-8")
    return tmp_path / "templates"


def loader_of(*folders: Path | dict[str, str]) -> FolderLoader:
    return FolderLoader([Place(folder, "app") for folder in folders])


def text_of(loader: FolderLoader, name: str) -> str:
    return loader.get_source(TemplateEnvironment([], reload=False), name)[0]


def test_a_template_is_found_by_its_path_below_a_folder(folder):
    loader = loader_of(folder)

    assert text_of(loader, "index.html") == "index ü"
    assert text_of(loader, "parts/row.html") == "row"
    assert loader.list_templates() == ["index.html", "parts/row.html"]


@pytest.mark.parametrize("name", [*HOSTILE, "../secret.html", ".hidden.html"])
def test_a_hostile_name_is_not_found_and_no_place_is_asked(name, folder):
    for loader in (loader_of(folder), loader_of(Unasked())):
        with pytest.raises(TemplateNotFound):
            loader.get_source(TemplateEnvironment([], reload=False), name)


def test_a_link_out_of_the_folder_is_not_followed(folder):
    (folder / "out.html").symlink_to(folder.parent / "secret.html")
    (folder / "in.html").symlink_to(folder / "index.html")
    loader = loader_of(folder)

    with pytest.raises(TemplateNotFound):
        text_of(loader, "out.html")

    assert text_of(loader, "in.html") == "index ü"


def test_the_first_place_that_has_a_name_wins(folder):
    loader = loader_of({"index.html": "mine"}, folder)

    assert text_of(loader, "index.html") == "mine"
    assert text_of(loader, "parts/row.html") == "row"
    assert [str(place) for place in loader.owners()["index.html"]] == [
        "the texts of app",
        str(folder),
    ]


def test_what_is_missing_is_told_with_where_it_was_looked_for(folder):
    with pytest.raises(TemplateNotFound) as told:
        text_of(loader_of(folder), "idex.html")

    assert told.value.message == (
        f"there is no template 'idex.html' in {folder}; did you mean 'index.html'?"
    )


def test_a_changed_file_is_no_longer_current(folder):
    found = Place(folder, "app").find("index.html")
    assert found is not None
    is_current = found[2]
    assert is_current is not None
    assert is_current()

    os.utime(folder / "index.html", ns=(1, 1))

    assert not is_current()


def test_a_folder_that_is_not_there_is_told_by_its_whole_path(tmp_path):
    with pytest.raises(GambrelError) as told:
        Place.of("pages", "app", tmp_path)

    assert told.value.code == "templates.no-folder"
    assert str(tmp_path / "pages") in told.value.what


def test_a_folder_is_relative_to_who_names_it(folder):
    assert Place.of("templates", "app", folder.parent).folder == folder
    assert Place.of(folder, "app", Path("/elsewhere")).folder == folder
    assert Place.of({"a.html": "a"}, "app", Path("/elsewhere")).folder == {"a.html": "a"}
