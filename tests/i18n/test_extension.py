import asyncio
import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from gambrel import HTML, App, GambrelError, Request
from gambrel.extend import Setup
from gambrel.i18n import MESSAGE_CATALOGS, I18n, Languages, get_locale, gettext
from gambrel.i18n.extension import folder_of
from gambrel.templates import Templates
from gambrel.testing import Client, LiveServer
from tests.i18n.catalogs import write_catalog
from tests.i18n.site import make_site

GERMAN = {"accept-language": "de-AT, en;q=0.5"}


@pytest.fixture
def client(folder):
    with Client(make_site(folder)) as client:
        yield client


def heads(answer) -> tuple[str | None, str | None]:
    return answer.headers.get("content-language"), answer.headers.get("vary")


def test_async_and_plain_handlers_speak_the_language_of_the_visitor(client):
    assert client.get("/", headers=GERMAN).text == "Hallo Ann!"
    assert client.get("/thread?number=2", headers=GERMAN).text == "2 Gäste"
    assert client.get("/thread?number=2", headers={"accept-language": "ar"}).text == "ضيفان"
    assert client.get("/").text == "Hello Ann!"


def test_an_answer_tells_caches_what_it_depends_on_and_only_that(client):
    asked = client.get("/", headers=GERMAN)
    chosen = client.get("/", headers={**GERMAN, "cookie": "locale=en"})
    by_url = client.get("/ueber", headers={"accept-language": "ar"})

    assert heads(asked) == ("de", "cookie, accept-language")
    assert heads(chosen) == ("en", "cookie")
    assert heads(by_url) == ("de", None)
    assert heads(client.get("/silent", headers=GERMAN)) == (None, None)
    assert heads(client.get("/json", headers=GERMAN)) == ("de", "accept, cookie, accept-language")


def test_what_a_handler_says_of_its_language_stays(client):
    assert heads(client.get("/own", headers=GERMAN)) == ("x-own", "accept, cookie, accept-language")


def test_a_lazy_text_in_json_is_translated(client):
    assert client.get("/json", headers=GERMAN).json() == {"late": "Spät"}
    assert client.get("/json").json() == {"late": "Late"}


def test_a_lazy_text_tells_why_in_the_language_of_the_client(client):
    problem = client.get("/too-late-for-this", headers=GERMAN)
    page = client.get("/too-late-for-this", headers={"accept": "text/html"})

    assert (problem.status_code, problem.json()["detail"]) == (404, "Spät")
    assert "<p>Late</p>" in page.text


def test_an_answer_made_by_middleware_tells_caches_too(folder):
    app = make_site(folder)

    @app.middleware
    async def closed(request, call_next):
        return HTML(gettext("Late"))

    with Client(app) as client:
        for path in ("/", "/silent", "/nowhere"):
            answer = client.get(path, headers=GERMAN)
            assert (answer.text, heads(answer)) == ("Spät", ("de", "cookie, accept-language"))


@pytest.mark.parametrize("path", ["/page", "/page?stream=1"])
def test_templates_speak_it_whether_or_not_they_are_streamed(client, path):
    for _ in range(2):  # what is compiled is nobody's language
        english = client.get(path).text
        answer = client.get(path, headers=GERMAN)

        assert "1,234.5" in english
        assert "3 guests" in english
        assert '<html lang="de" dir="ltr" data-timezone-cookie="tz">' in answer.text
        assert "Spät" in answer.text
        assert "3 guests" in answer.text  # `%(count)s guest` is another message
        assert "1.234,5 /ueber de UTC" in answer.text
        assert heads(answer) == ("de", "cookie, accept-language")


def test_translations_bring_no_markup_into_a_page(client):
    page = client.get("/page", headers=GERMAN).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Guten <b>&lt;i&gt;</b>" in page


def test_a_stream_knows_its_language_before_it_begins_or_says_so(client):
    answer = client.get("/lines", headers=GERMAN)

    assert (answer.text, heads(answer)) == ("deSpät", ("de", "cookie, accept-language"))
    with pytest.raises(GambrelError, match="after the head of its answer had left") as told:
        client.get("/too-late", headers=GERMAN)
    assert told.value.code == "i18n.too-late"


def test_a_socket_speaks_the_language_it_began_with(client):
    with client.websocket("/socket", headers={**GERMAN, "cookie": "tz=Asia/Tokyo"}) as socket:
        socket.send("?")
        assert socket.receive() == "Spät Asia/Tokyo"


def test_a_stream_may_ask_for_the_zone_before_it_begins(client):
    answer = client.get("/zones", headers={"cookie": "tz=Asia/Tokyo"})

    assert (answer.text, heads(answer)) == ("True", (None, "cookie"))


def test_a_part_of_an_answer_may_be_in_another_language(client):
    assert client.get("/other", headers=GERMAN).text == "متأخر Spät"


def test_two_visitors_at_once_do_not_hear_each_other(folder):
    async def ask(client, tag):
        answer = await asyncio.to_thread(client.get, "/other", headers={"accept-language": tag})
        return answer.text

    with Client(make_site(folder)) as client, ThreadPoolExecutor(8) as pool:
        tags = ["de", "en", "ar"] * 20
        texts = list(
            pool.map(lambda tag: client.get("/raw", headers={"accept-language": tag}), tags)
        )

    said = {"de": "Spät", "en": "Late", "ar": "متأخر"}
    assert [one.text for one in texts] == [said[tag] for tag in tags]


def test_it_is_the_same_on_our_server(folder):
    with LiveServer(make_site(folder)) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        said = []
        for tag in ("de", "en", "ar", ""):
            for path in ("/raw", "/page?stream=1", "/lines"):
                connection.request("GET", path, headers={"accept-language": tag})
                answer = connection.getresponse()
                said.append((answer.headers["content-language"], "Spät" in answer.read().decode()))
        connection.close()

    assert (
        said == [("de", True)] * 3 + [("en", False)] * 3 + [("ar", False)] * 3 + [("en", False)] * 3
    )


def test_pages_of_errors_are_in_the_language_and_problem_documents_are_not(client):
    page = client.get("/fails", headers={"accept": "text/html", "accept-language": "ar"})
    missing = client.get("/nowhere", headers={"accept": "text/html", **GERMAN})
    problem = client.get("/fails", headers=GERMAN)

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "<h1>غير موجود</h1>" in page.text
    assert "<h1>Nicht gefunden</h1>" in missing.text
    assert heads(page) == ("ar", "accept, cookie, accept-language")
    assert problem.json()["title"] == "Not Found"
    assert heads(problem) == (None, "accept")


def test_a_path_in_a_language_that_nobody_speaks_is_not_found(client):
    assert client.get("/de/shop/3").status_code == 200
    assert client.get("/xx/shop/3").status_code == 404
    assert client.get("/de/shop/cart").status_code == 404


def test_urls_are_built_in_the_language_of_now(client):
    assert client.get("/de/shop/korb").text == "Spät /de/shop/korb /de/shop/3"
    assert client.get("/en/shop/cart").text == "Late /en/shop/cart /en/shop/3"
    assert client.get("/ueber").text == "/ueber"


def test_work_outside_of_requests_says_its_language(folder):
    app = make_site(folder)

    async def mail(languages: Languages) -> list[str]:
        said = [str(get_locale())]
        with languages.use("de"):
            said += [
                gettext("Late"),
                await asyncio.to_thread(gettext, "Late"),
                app.url_for("about"),
            ]
        return [*said, gettext("Late"), app.url_for("about")]

    async def run() -> list[str]:
        async with app.running():
            return await app.call(mail)

    assert asyncio.run(run()) == ["None", "Spät", "Spät", "/ueber", "Late", "/about"]


def test_a_task_goes_on_in_the_language_of_its_request(folder):
    app = make_site(folder)
    said: list[str] = []

    @app.get("/task")
    async def begin() -> str:
        async def work() -> None:
            said.append(gettext("Late"))

        app.tasks.spawn(work())
        return gettext("Late")

    with Client(app) as client:
        client.get("/task", headers=GERMAN)
    assert said == ["Spät"]


def test_catalogs_of_extensions_are_taken_and_the_app_goes_before(folder, tmp_path):
    theirs = tmp_path / "theirs"
    body = 'msgid "Late"\nmsgstr "Verspätet"\n\nmsgid "Theirs"\nmsgstr "Ihres"\n'
    write_catalog(theirs, "de", body)

    class Theirs:
        name, requires, settings = "theirs", (), None

        def install(self, setup: Setup) -> None:
            setup.add(MESSAGE_CATALOGS, theirs)

    app = App(extensions=[I18n("en", "de", folders=[folder]), Theirs()])

    @app.get("/")
    async def index() -> str:
        return f"{gettext('Late')} {gettext('Theirs')}"

    with Client(app) as client:
        assert client.get("/", headers=GERMAN).text == "Spät Ihres"


def test_an_app_does_not_start_without_its_catalogs(folder, tmp_path):
    for locales, where in ((["en", "fr"], folder), (["en", "de"], tmp_path / "nowhere")):
        app = App(extensions=[I18n(*locales, folders=[where])])
        with pytest.raises(GambrelError) as told, Client(app):
            pass
        assert str(where) in str(told.value)


def test_a_broken_catalog_keeps_an_app_from_starting(folder):
    file = write_catalog(folder, "de", 'msgid "a"\nmsgstr "b"\nrubbish\n')

    with pytest.raises(GambrelError, match=f"{file}:8"), Client(make_site(folder)):
        pass


def test_check_tells_what_is_wrong_with_catalogs_and_what_they_lack(folder):
    problems = {problem.id: problem for problem in make_site(folder).problems()}

    assert "%(nmae)s" in problems["i18n.placeholder"].message
    assert problems["i18n.markup"].where.startswith(str(folder / "de"))
    assert "i18n.stale" in problems


def test_a_task_that_an_answer_has_begun_speaks_its_language(folder):
    """Later than its head, of which nothing depends on that any more."""
    app, said, sent = App(extensions=[I18n("en", "de", folders=[folder])]), [], asyncio.Event()

    async def remind() -> None:
        await sent.wait()
        said.append(gettext("Late"))

    @app.post("/")
    async def begin() -> str:
        app.tasks.spawn(remind(), grace=1)
        return "begun"

    @app.post("/sent")
    async def tell() -> None:
        sent.set()

    with Client(app) as client:
        answer = client.post("/", headers=GERMAN)
        client.post("/sent")

    assert heads(answer) == (None, None)
    assert said == ["Spät"]


def test_who_has_to_wait_for_a_user_is_refused():
    async def user(request: Request) -> str:
        return "de"

    with pytest.raises(GambrelError, match="a page cannot wait") as told:
        I18n("en", user=user, folders=())  # type: ignore[arg-type]
    assert told.value.code == "i18n.order"


def test_an_order_that_says_nothing_is_refused():
    with pytest.raises(GambrelError, match="'cookies' says nothing of languages"):
        I18n("en", order=["cookies"])


def test_a_folder_is_beside_the_file_that_names_it():
    assert I18n("en").folders[0].path == folder_of(__file__) / "locales"
    assert folder_of("<stdin>").is_absolute()


def test_without_the_battery_texts_are_as_they_were_written():
    app = App(extensions=[Templates({"a.html": "{{ _('Late') }} {% trans %}x < y{% endtrans %}"})])

    @app.get("/")
    async def index() -> str:
        return gettext("Hello %(name)s!", name="Ann")

    with Client(app) as client:
        answer = client.get("/", headers=GERMAN)
        assert (answer.text, heads(answer)) == ("Hello Ann!", (None, None))
