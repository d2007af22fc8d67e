import importlib
import re

import pytest

from gambrel.choosing import load_guide
from gambrel.cli.projects.batteries import BATTERIES, add, app_file, find, with_extra
from gambrel.cli.projects.new import make
from gambrel.cli.projects.shapes import SHAPES, Start
from gambrel.testing import Client
from tests.architecture.source import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("name", BATTERIES)
def test_a_battery_is_one_that_there_is(name):
    battery = find(name)

    assert hasattr(importlib.import_module(battery.home), battery.call.partition("(")[0])
    assert not battery.extra or re.search(rf"^{battery.extra} = \[", PYPROJECT, re.MULTILINE)


def test_a_service_with_every_battery_starts(folder, monkeypatch):
    files = make(Start("service", "shed"), tuple(BATTERIES))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    target = importlib.import_module("gambrel.cli.target")

    with Client(target.load_app(str(folder / "app.py"))) as client:
        assert client.get("/").json() == {"hello": "World"}
        assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("name", BATTERIES)
def test_twice_is_as_once(name):
    once = add(make(Start("service", "shed")), find(name), "app.py")

    assert add(once, find(name), "app.py") == once


def test_a_battery_brings_extra_pins_folder_and_settings():
    before = make(Start("api", "shed"))

    after = add(before, find("db"), "shed")

    assert 'Database("sqlite:///shed.db", migrate=True),' in after["shed/app.py"]
    assert 'dependencies = ["gambrel[db]~=' in after["pyproject.toml"]
    assert "sqlalchemy==" in after["requirements.txt"]
    assert "GAMBREL_DATABASE_URL=postgresql://localhost/shed\n" in after[".env.example"]
    assert "shed/migrations/README.md" in after
    assert {path for path in before if before[path] != after[path]} == {
        "shed/app.py",
        "pyproject.toml",
        "requirements.txt",
        "requirements-dev.txt",
        ".env.example",
    }


def test_pins_that_are_there_stay():
    before = make(Start("api", "shed"))
    before["requirements.txt"] = re.sub("msgspec==.*", "msgspec==0.20", before["requirements.txt"])

    assert "msgspec==0.20\n" in add(before, find("db"), "shed")["requirements.txt"]


def test_a_file_that_is_there_is_kept():
    before = make(Start("api", "shed")) | {"shed/static/site.css": "mine"}

    assert add(before, find("static"), "shed")["shed/static/site.css"] == "mine"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("gambrel", "gambrel[db]"),
        ("gambrel>=0.1", "gambrel[db]>=0.1"),
        ("gambrel[templates, client]~=0.1", "gambrel[client,db,templates]~=0.1"),
        ("gambrel[db]", "gambrel[db]"),
        ("gambrel-extras", "gambrel-extras"),
    ],
)
def test_an_extra_is_added_to_what_is_needed(before, after):
    text = '[project]\ndependencies = ["a", "{}"]  # why\n'

    assert with_extra(text.format(before), "db") == text.format(after)


def test_the_file_of_a_target():
    assert [app_file(target) for target in ("app.py", "shed", "a.py:b")] == [
        "app.py",
        "shed/app.py",
        "a.py",
    ]


def test_what_the_guide_recommends_can_be_begun():
    guide = load_guide()
    recommended = {name for rule in guide.rules for name in rule.batteries}

    assert recommended <= set(BATTERIES)
    assert set(guide.shapes) == set(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_guide_knows_which_batteries_a_shape_has(shape):
    start = Start(shape, "shed")
    app = make(start)[app_file(start.target)]

    has = {name for name, one in BATTERIES.items() if f"{one.call.partition('(')[0]}(" in app}

    assert has == set(load_guide().shapes[shape].batteries)
