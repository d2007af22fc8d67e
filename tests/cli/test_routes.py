import json

import pytest


def test_the_table_has_a_line_for_every_route(gambrel, shop):
    lines = gambrel("routes").output.splitlines()

    assert lines[0].split() == [
        "method",
        "path",
        "name",
        "handler",
        "where",
        "tags",
        "kind",
        "guards",
    ]
    assert lines[1].split() == ["GET", "/", "home", "app.home", "app.py:11", "async"]
    assert lines[2].split() == [
        *("GET", "/users/{id}", "show_user", "app.show_user", "app.py:16", "users", "thread")
    ]
    assert lines[3].split() == [
        *("POST", "/users", "add_user", "app.add_user", "app.py:21", "async", "staff")
    ]


def test_routes_of_an_extension_stand_where_it_declared_them(gambrel, shop):
    rows = json.loads(gambrel("routes", "app.py", "--json").output)
    document = next(row for row in rows if row["path"] == "/openapi.json")

    assert document["where"].startswith("gambrel/openapi/extension.py:")
    assert document["handler"] == "gambrel.openapi.extension.openapi_document"


def test_json_has_lists_where_there_may_be_several(gambrel, shop):
    rows = json.loads(gambrel("routes", "--json").output)

    assert rows[1] == {
        "method": ["GET"],
        "path": "/users/{id}",
        "name": "show_user",
        "handler": "app.show_user",
        "where": "app.py:16",
        "tags": ["users"],
        "kind": "thread",
        "guards": [],
    }


def test_mounts_externals_and_inline_handlers_are_told_apart(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from gambrel.mounts import Mounts\n"
        "app = App(defaults=(), extensions=[Mounts()])\n"
        "async def other(scope, receive, send): ...\n"
        "app.mount('/old', other)\n"
        "app.external('docs', 'https://docs.example/')\n"
        "@app.get('/b', inline=True)\n"
        "def b() -> str: return 'b'\n"
        "@app.get('/c')\n"
        "async def c():\n"
        "    yield 'c'\n"
    )

    rows = json.loads(gambrel("routes", "--json").output)

    assert {row["path"]: row["kind"] for row in rows} == {
        "/old/{path}": "mount",
        "https://docs.example/": "external",
        "/b": "inline",
        "/c": "async",
    }


def test_a_url_leads_to_its_route_with_its_parameters(gambrel, shop):
    result = gambrel("routes", "app.py", "match", "/users/3?page=2")

    assert result.exit_code == 0
    assert result.output.startswith("GET /users/3: app.show_user (app.py:16)\n  id = '3'\n")


def test_the_target_may_be_left_out_of_a_match(gambrel, shop):
    assert gambrel("routes", "match", "/users/3").exit_code == 0


def test_every_other_route_says_why_it_does_not_match(gambrel, shop):
    output = gambrel("routes", "match", "/users/3").output

    assert "the path has 2 segments, not 1" in output
    assert "matches" in output


def test_a_wrong_method_is_answered_with_the_right_ones(gambrel, shop):
    result = gambrel("routes", "match", "delete", "/users/3")

    assert result.exit_code == 1
    assert result.output.startswith("DELETE /users/3: 405, Allow: GET, HEAD, OPTIONS\n")
    assert "the method is DELETE, not GET" in result.output


def test_a_path_that_nothing_takes_is_exit_code_1(gambrel, shop):
    result = gambrel("routes", "match", "/nowhere")

    assert (result.exit_code, result.output.splitlines()[0]) == (1, "GET /nowhere: 404")


def test_a_slash_too_many_is_redirected(gambrel, shop):
    assert "308, to /users/3" in gambrel("routes", "match", "/users/3/").output


def test_a_match_as_json_has_verdict_and_candidates(gambrel, shop):
    found = json.loads(gambrel("routes", "match", "/users/3", "--json").output)

    assert found["matched"] is True
    assert found["params"] == {"id": "3"}
    assert [one["path"] for one in found["candidates"] if one["matched"]] == ["/users/{id}"]


def test_the_host_of_a_url_counts(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "app = App(hosts=['.example.com'])\n"
        "@app.get('/', host='api.example.com')\n"
        "async def api() -> str: return 'api'\n"
    )

    assert gambrel("routes", "match", "https://api.example.com/").exit_code == 0
    assert gambrel("routes", "match", "https://www.example.com/").exit_code == 1


def test_a_host_that_the_app_refuses_is_told(gambrel, shop):
    result = gambrel("routes", "match", "http://evil.example/users/3")

    assert result.exit_code == 1
    assert "400 whatever the route: host 'evil.example' is refused" in result.stderr
    assert "GAMBREL_HOSTS" in result.stderr


def test_conditions_leave_the_choice_open(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from gambrel.when import accept\n"
        "app = App()\n"
        "@app.get('/', when=accept('text/html'))\n"
        "async def page() -> str: return 'page'\n"
        "@app.get('/', when=accept('application/json'))\n"
        "async def data() -> str: return 'data'\n"
    )

    result = gambrel("routes", "match", "/")

    assert result.exit_code == 0
    assert "one of these, by the conditions that hold" in result.output
    assert "if accept('text/html')" in result.output


@pytest.mark.parametrize("url", ["/%zz", "/a%00b"])
def test_a_malformed_path_is_told_as_one(gambrel, shop, url):
    result = gambrel("routes", "match", url)

    assert result.exit_code == 1
    assert "400" in result.stderr + result.output


@pytest.mark.parametrize("name", ["show_user", "app.show_user", "/users/{id}"])
def test_the_generated_endpoint_is_shown_by_name_handler_or_path(gambrel, shop, name):
    output = gambrel("routes", "--source", name).output

    assert output.startswith("# GET /users/{id}, app.py:16\ndef endpoint(request):\n")


def test_an_endpoint_with_dependencies_says_why_there_is_no_source(gambrel, shop):
    output = gambrel("routes", "--source", "add_user").output

    assert output.startswith("# POST /users, app.py:21\n")


def test_a_name_that_no_route_has_is_told_with_the_nearest(gambrel, shop):
    result = gambrel("routes", "--source", "show_users")

    assert result.exit_code == 1
    assert "[cli.no-route]" in result.stderr
    assert "did you mean 'show_user'?" in result.stderr


@pytest.mark.parametrize("words", [["app.py", "find", "/"], ["match"], ["match", "GET", "/", "x"]])
def test_other_words_are_a_usage_error(gambrel, shop, words):
    assert gambrel("routes", *words).exit_code == 2


def test_a_route_that_lets_all_sites_in_is_shown(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "app = App(defaults=())\n"
        "@app.post('/hook', extra={'any_origin': True})\n"
        "async def hook() -> None: ...\n"
    )

    [row] = json.loads(gambrel("routes", "--json").output)

    assert row["guards"] == ["any origin"]
