import json

import pytest

NAMED = """
from gambrel import App
from gambrel.openapi import OpenAPI, Document

app = App(extensions=[OpenAPI(title="Shop", documents={"public": Document(title="Public")})])
"""


def test_the_document_is_indented_json(gambrel, shop):
    result = gambrel("openapi")

    document = json.loads(result.output)
    assert result.exit_code == 0
    assert set(document["paths"]) == {"/", "/users/{id}", "/users"}
    assert result.output.startswith('{\n  "openapi"')


def test_the_same_app_gives_the_same_bytes(gambrel, shop):
    assert gambrel("openapi").stdout_bytes == gambrel("openapi").stdout_bytes


def test_a_file_gets_what_the_terminal_would(gambrel, shop):
    shown = gambrel("openapi").stdout_bytes

    result = gambrel("openapi", "app.py", "--output", "api.json")

    assert (result.exit_code, result.output) == (0, "")
    assert (shop / "api.json").read_bytes() == shown


def test_a_named_document_is_chosen_by_its_name(gambrel, folder):
    (folder / "app.py").write_text(NAMED)

    assert json.loads(gambrel("openapi").output)["info"]["title"] == "Shop"
    assert (
        json.loads(gambrel("openapi", "--document", "public").output)["info"]["title"] == "Public"
    )


def test_a_name_that_no_document_has_is_told_with_those_there_are(gambrel, folder):
    (folder / "app.py").write_text(NAMED)

    result = gambrel("openapi", "--document", "privat")

    assert result.exit_code == 1
    assert "[cli.no-document]" in result.stderr
    assert "there is: public" in result.stderr


def test_an_app_without_the_extension_has_a_document_too(gambrel, folder):
    (folder / "app.py").write_text("from gambrel import App\n\napp = App(defaults=())\n")

    assert json.loads(gambrel("openapi").output)["paths"] == {}


def test_a_file_that_cannot_be_written_is_a_usage_error(gambrel, shop):
    assert gambrel("openapi", "--output", str(shop)).exit_code == 2


def test_an_app_is_held_to_another_document(gambrel, shop):
    old = json.loads(gambrel("openapi").output)
    (shop / "same.json").write_text(json.dumps(old))
    old["paths"]["/prices"] = {"get": {"responses": {"200": {"description": "all"}}}}
    (shop / "design.json").write_text(json.dumps(old))

    kept = gambrel("openapi", "--against", "same.json")
    broken = gambrel("openapi", "--against", "design.json")

    assert (kept.exit_code, kept.output) == (0, "No client of same.json breaks.\n")
    assert (broken.exit_code, broken.output) == (1, "GET /prices: is gone\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("openapi: 3.1.1", "malformed"),
        ('{"name": "shop"}', "no member `openapi`"),
        ('{"swagger": "2.0", "paths": {}}', "no member `openapi`"),
        ('{"openapi": "3.1.1", "paths": {"/": {"$ref": "#/gone"}}}', "there is no #/gone"),
        ('{"openapi": "3.1.1", "paths": {"/": {"$ref": "#/paths/~1"}}}', "stands for itself"),
        ('{"openapi": ' + 9_999 * "[", "no OpenAPI 3 in JSON"),
        ('{"openapi": "3.1.1", "paths": {"/": {"$ref": "a.json#/b"}}}', "there is no a.json#/b"),
    ],
)
def test_what_is_no_document_is_a_usage_error(gambrel, shop, text, reason):
    (shop / "old.json").write_text(text)

    result = gambrel("openapi", "--against", "old.json")

    assert result.exit_code == 2
    assert reason in result.stderr


def test_sockets_are_an_asyncapi_document(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App, WebSocket\n"
        "app = App()\n"
        "@app.websocket('/live')\n"
        "async def live(ws: WebSocket[str]) -> None: ...\n"
    )

    document = json.loads(gambrel("openapi", "--sockets").stdout)

    assert document["channels"]["live"]["messages"]["received"]["contentType"] == "text/plain"
