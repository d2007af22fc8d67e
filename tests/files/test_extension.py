import asyncio
from pathlib import Path

import pytest

from gambrel import App, GambrelError
from gambrel.files import STATIC_FOLDERS, FrontEnd, Static, StaticFiles, StaticFolder
from gambrel.files.static.site import FOREVER
from gambrel.testing import Client, run_command

HTML = {"accept": "text/html"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "site.css").write_text("body {}")
    (tmp_path / "index.html").write_text("<p>index")
    return tmp_path


def test_files_are_served_below_the_prefix_and_nowhere_else(folder):
    with Client(App(extensions=[StaticFiles(folder)])) as client:
        response = client.get("/static/css/site.css")

        assert (response.status_code, response.text) == (200, "body {}")
        assert response.headers["content-type"] == "text/css; charset=utf-8"
        for path in ("/css/site.css", "/static/", "/static", "/static/css/", "/static/css"):
            assert client.get(path).status_code == 404


def test_a_head_is_answered_and_other_methods_are_not(folder):
    with Client(App(extensions=[StaticFiles(folder)])) as client:
        for _ in range(2):
            head = client.head("/static/css/site.css")
            assert (head.status_code, head.text, head.headers["content-length"]) == (200, "", "7")
        assert client.post("/static/css/site.css").status_code == 405


def test_the_start_reads_what_pages_will_ask_for(folder):
    files = StaticFiles(folder)
    with Client(App(extensions=[files])):
        assert files.static is not None
        assert sorted(files.static.known) == ["css/site.css", "index.html"]


def test_a_handler_is_given_the_urls(folder):
    app = App(extensions=[StaticFiles(folder, "/assets")])

    @app.get("/")
    async def home(static: Static) -> str:
        return static.url("css/site.css")

    with Client(app) as client:
        url = client.get("/").text

        assert url.startswith("/assets/css/site.")
        assert client.get(url).headers["cache-control"] == FOREVER


def test_the_extension_itself_tells_urls_once_the_app_is_built(folder):
    files = StaticFiles(folder)
    with pytest.raises(GambrelError) as caught:
        files.url("css/site.css")
    App(extensions=[files]).build()

    assert caught.value.code == "files.not-built"
    assert files.url("css/site.css").startswith("/static/css/site.")


def test_a_relative_folder_is_beside_the_file_that_names_it():
    assert StaticFiles().folder == Path(__file__).parent / "static"
    assert FrontEnd("web/dist").folder == Path(__file__).parent / "web" / "dist"


def test_an_app_with_debug_serves_the_originals(folder):
    files = StaticFiles(folder)
    with Client(App(extensions=[files], debug=True)) as client:
        response = client.get("/static/css/site.css")

    assert files.url("css/site.css") == "/static/css/site.css"
    assert response.headers["cache-control"] == "no-cache"


def test_settings_of_a_deployment_hold(folder, monkeypatch):
    for name, value in (("MAX_AGE", "60"), ("VERSIONS", "query"), ("URL", "https://cdn.example")):
        monkeypatch.setenv(f"GAMBREL_MY_ASSETS__{name}", value)
    files = StaticFiles(folder, "/my-assets")
    with Client(App(extensions=[files])) as client:
        response = client.get("/my-assets/css/site.css")

    assert response.headers["cache-control"] == "public, max-age=60"
    assert files.url("css/site.css").startswith("https://cdn.example/css/site.css?v=")


def test_folders_of_extensions_come_after_that_of_the_app(folder, tmp_path_factory):
    theme = tmp_path_factory.mktemp("theme")
    (theme / "logo.svg").write_text("<svg/>")
    (theme / "index.html").write_text("theirs")
    app = App(extensions=[StaticFiles(folder)])
    app.setup.add(STATIC_FOLDERS, StaticFolder(theme))
    app.setup.add(STATIC_FOLDERS, StaticFolder(theme, under="theme"))
    app.setup.add(STATIC_FOLDERS, StaticFolder(theme, under="other", site="elsewhere"))

    with Client(app) as client:
        assert client.get("/static/index.html").text == "<p>index"
        assert client.get("/static/logo.svg").text == "<svg/>"
        assert client.get("/static/theme/index.html").text == "theirs"
        assert client.get("/static/other/index.html").status_code == 404


def test_a_file_that_two_extensions_bring_is_warned_of(folder, tmp_path_factory):
    app = App(extensions=[StaticFiles(folder)])
    for name in ("theme", "shop"):
        other = tmp_path_factory.mktemp(name)
        (other / "logo.svg").touch()
        (other / "index.html").touch()  # which the app replaces, on purpose
        app.setup.add(STATIC_FOLDERS, StaticFolder(other))

    found = [problem for problem in app.problems() if problem.id == "files.hidden"]

    assert ["logo.svg" in problem.message for problem in found] == [True]


def test_a_missing_folder_keeps_the_app_from_starting(tmp_path):
    with (
        pytest.raises(GambrelError, match="nowhere"),
        Client(App(extensions=[StaticFiles(tmp_path / "nowhere")])),
    ):
        pass


@pytest.mark.parametrize("kind", [StaticFiles, FrontEnd])
def test_a_missing_folder_is_told_by_the_check_as_well(tmp_path, kind):
    app = App(extensions=[kind(tmp_path / "nowhere")])

    assert [p.id for p in app.problems() if p.id.startswith("files.")] == ["files.no-folder"]
    assert [p.id for p in app.problems(start=True) if p.id.startswith("files.")] == []


def test_an_app_with_the_files_of_extensions_only_needs_no_folder(folder):
    app = App(extensions=[StaticFiles()])  # there is none beside this file but that of the tests
    app.extensions[0].folder = folder / "static"
    app.setup.add(STATIC_FOLDERS, StaticFolder(folder))

    with Client(app) as client:
        assert client.get("/static/index.html").text == "<p>index"


def test_an_index_is_shown_where_that_was_asked_for(folder):
    with Client(App(extensions=[StaticFiles(folder, index=True)])) as client:
        assert client.get("/static/").text == "<p>index"
        assert client.get("/static").headers["location"] == "/static/"
        assert client.get("/static/css/").status_code == 404


def test_a_folder_is_listed_where_that_was_asked_for(folder):
    (folder / "css" / "a&b.css").touch()
    (folder / "css" / ".hidden").touch()
    with Client(App(extensions=[StaticFiles(folder, listing=True)])) as client:
        page = client.get("/static/css/")

        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert '<a href="./a%26b.css">a&amp;b.css</a>' in page.text
        assert "hidden" not in page.text
        assert client.get("/static/").text == "<p>index"
        assert client.get("/static/css").headers["location"] == "/static/css/"
        for path in ("/static/nowhere", "/static/nowhere/", "/static/css/site.css/"):
            assert client.get(path).status_code == 404


def test_well_known_files_are_served_where_that_was_asked_for(folder):
    (folder / ".well-known").mkdir()
    (folder / ".well-known" / "security.txt").write_text("Contact:")
    for asked, status in ((False, 404), (True, 200)):
        with Client(App(extensions=[StaticFiles(folder, "/", well_known=asked)])) as client:
            assert client.get("/.well-known/security.txt").status_code == status
            assert client.get("/.well-known/.hidden").status_code == 404


def test_files_at_the_root_stand_behind_every_route(folder):
    app = App(extensions=[StaticFiles(folder, "/")])

    @app.post("/css/site.css")
    async def post() -> str:
        return "posted"

    @app.get("/index.html")
    async def own() -> str:
        return "own"

    with Client(app) as client:
        assert client.get("/index.html").text == "own"
        assert client.post("/css/site.css").text == "posted"
        assert client.post("/nowhere").status_code == 404


def test_two_sites_have_names_and_settings_of_their_own(folder):
    app = App(extensions=[StaticFiles(folder), StaticFiles(folder, "/media")])

    @app.get("/url")
    async def url(static: Static) -> str:
        return static.url("index.html")

    with Client(app) as client:
        assert client.get("/media/index.html").text == "<p>index"
        assert client.get("/url").text.startswith("/static/")
        assert (app.settings.static.max_age, app.settings.media.max_age) == (300, 300)


def test_one_extension_serves_two_apps(folder):
    files = StaticFiles(folder)

    async def run() -> None:
        for _ in range(2):
            async with App(extensions=[files]).running():
                assert files.url("index.html").startswith("/static/index.")

    asyncio.run(run())


@pytest.mark.parametrize("prefix", ["static", "", "//static", "/{a}", "/a//b"])
def test_a_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(GambrelError) as caught:
        StaticFiles(prefix=prefix)

    assert caught.value.code == "files.prefix"


def test_a_front_end_answers_what_the_app_does_not(folder):
    app = App(extensions=[FrontEnd(folder, kept="css/", api=["/api", "/rpc"])])

    @app.get("/api/items")
    async def items() -> list[int]:
        return [1]

    with Client(app) as client:
        assert client.get("/api/items").json() == [1]
        assert client.get("/", headers=HTML).text == "<p>index"
        deep = client.get("/users/5", headers=HTML)
        assert (deep.status_code, deep.text) == (200, "<p>index")
        assert deep.headers["cache-control"] == "no-cache"
        assert client.get("/css/site.css").headers["cache-control"] == FOREVER
        for path in ("/api/nothing", "/rpc/nothing", "/css/other.css"):
            assert client.get(path, headers=HTML).status_code == 404
        assert client.get("/users/5", headers={"accept": "application/json"}).status_code == 404
        assert client.post("/users/5", headers=HTML).status_code == 404


def test_a_front_end_may_stand_below_a_prefix(folder):
    with Client(App(extensions=[FrontEnd(folder, "/admin")])) as client:
        assert client.get("/admin", headers=HTML).text == "<p>index"
        assert client.get("/admin/users", headers=HTML).text == "<p>index"
        assert client.get("/users", headers=HTML).status_code == 404


def test_the_routes_are_not_in_the_document(folder):
    app = App(extensions=[StaticFiles(folder, index=True), FrontEnd(folder)])
    app.build()

    assert [operation for operation in app.operations() if not operation.hidden] == []


def test_collected_files_are_served_as_the_manifest_says(folder, tmp_path_factory, monkeypatch):
    target = tmp_path_factory.mktemp("build")
    (folder / "css" / "site.css").write_text('@import "all.css";' * 100)
    (folder / "css" / "all.css").write_text('@import "site.css";')  # a circle
    app = target / "collected_app.py"  # the name of no module that another test imports
    app.write_text(
        "from gambrel import App\nfrom gambrel.files import StaticFiles\n"
        f"app = App(extensions=[StaticFiles({str(folder)!r})])"
    )
    target /= "static"
    result = run_command(["--app", str(app), "static", "collect", str(target)])
    files = StaticFiles(folder)
    monkeypatch.setenv("GAMBREL_STATIC__COLLECTED", str(target))
    (folder / "css" / "site.css").unlink()

    with Client(App(extensions=[files])) as client:
        url = files.url("css/site.css")
        response = client.get(url, headers={"accept-encoding": "br"})

        assert result.exit_code == 0
        assert response.headers["cache-control"] == FOREVER
        assert response.headers["content-encoding"] == "br"
        assert files.static is not None
        assert files.static.integrity("css/site.css").startswith("sha384-")
        old = client.get("/static/css/site.00000000.css")
        assert (old.status_code, old.headers["cache-control"]) == (200, "public, max-age=300")
        assert client.get("/static/.manifest.json").status_code == 404


def test_collected_files_without_a_manifest_keep_the_app_from_starting(folder, monkeypatch):
    monkeypatch.setenv("GAMBREL_STATIC__COLLECTED", str(folder))

    with (
        pytest.raises(GambrelError, match="collect"),
        Client(App(extensions=[StaticFiles(folder)])),
    ):
        pass
