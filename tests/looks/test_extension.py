from gambrel import App
from gambrel.looks import Looks
from gambrel.looks.extension import HERE, name_of
from gambrel.mounts import Mounts
from gambrel.templates import Template, Templates
from gambrel.testing import Client


def app_of(**options: object) -> App:
    app = App(extensions=[Templates({"page.html": "<head>{{ looks }}</head>"}), Looks(**options)])

    @app.get("/")
    async def page() -> Template:
        return Template("page.html")

    return app


def test_a_page_has_a_stylesheet_and_a_script_that_are_kept_for_good():
    with Client(app_of()) as client:
        page = client.get("/").text
        names = [part.partition('"')[0] for part in page.split("/_looks/")[1:]]
        answers = [client.get(f"/_looks/{name}") for name in names]

    assert page.startswith('<head><link rel="stylesheet" href="/_looks/looks.')
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.headers["content-type"] for answer in answers] == [
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "image/svg+xml",
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {
        "public, max-age=31536000, immutable"
    }


def test_the_icon_may_be_left_out():
    with Client(app_of(icon=False)) as client:
        assert "icon" not in client.get("/").text


def test_they_may_be_elsewhere():
    with Client(app_of(prefix="/own")) as client:
        assert 'href="/own/looks.' in client.get("/").text


def test_a_name_changes_with_the_content():
    assert name_of("css", b"a") != name_of("css", b"b")
    assert name_of("css", b"a").endswith(".css")


def test_nothing_in_them_comes_from_elsewhere():
    for kind in ("css", "js", "svg"):
        text = (HERE / f"looks.{kind}").read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text
        assert "innerHTML" not in text
        assert "@import" not in text


def test_in_an_app_that_is_mounted_they_are_below_its_path():
    outer = App(extensions=[Mounts()])
    outer.mount("/inner", app_of())

    with Client(outer) as client:
        page = client.get("/inner/").text
        style = page.partition('href="')[2].partition('"')[0]

        assert style.startswith("/inner/_looks/looks.")
        assert client.get(style).status_code == 200
