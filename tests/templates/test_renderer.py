import pytest
from jinja2 import UndefinedError

from gambrel import App, GambrelError, Router
from gambrel.templates import Renderer, Template, Templates, page_values
from gambrel.testing import Client
from tests.templates.site import site


def renderer(texts: dict[str, str], **options: object) -> Renderer:
    return Templates(texts, **options).build(App())


def test_a_text_is_made_without_a_request():
    assert (
        renderer({"mail.txt": "Dear {{ name }}"}).render("mail.txt", {"name": "O'Neil"})
        == "Dear O'Neil"
    )


def test_a_handler_may_ask_for_the_renderer():
    app = App(extensions=[Templates({"mail.txt": "Dear {{ name }}"})])

    @app.get("/")
    async def preview(pages: Renderer) -> str:
        return pages.render("mail.txt", {"name": "you"})

    with Client(app) as client:
        assert client.get("/").text == "Dear you"


def test_a_missing_template_is_told_by_name_and_place():
    with pytest.raises(GambrelError, match=r"no template 'b.html' in the texts of app") as told:
        renderer({"a.txt": ""}).render("b.html")

    assert told.value.code == "templates.not-found"


def test_the_error_of_a_template_names_its_line():
    with pytest.raises(UndefinedError) as told:
        renderer({"index.html": "\n\n{{ nobody }}"}).render("index.html")

    lines = [(e.tb_frame.f_code.co_name, e.tb_lineno) for e in steps(told.value.__traceback__)]
    assert ("top-level template code", 3) in lines


def steps(trace):
    while trace is not None:
        yield trace
        trace = trace.tb_next


def test_a_page_has_the_values_that_all_have_and_its_own_win():
    texts = {"index.html": "{{ user }} {{ title }}"}
    context = [lambda request: {"user": "Ann", "title": "all"}]

    with Client(site(texts, {"title": "own"}, context=context)) as client:
        assert client.get("/").text == "Ann own"


def test_a_group_has_values_for_its_pages_alone():
    app = App(
        extensions=[Templates({"i.html": "{{ menu | default('none') }} {{ top | default('-') }}"})]
    )
    admin = Router("/admin", extra=page_values(lambda request: {"menu": "admin"}))
    deep = Router("/deep", extra=page_values(lambda request: {"top": "deep"}))

    for router in (app, admin, deep):

        @router.get("/page")
        async def page() -> Template:
            return Template("i.html")

    admin.include(deep)
    app.include(admin)
    with Client(app) as client:
        texts = [client.get(path).text for path in ("/page", "/admin/page", "/admin/deep/page")]

    assert texts == ["none -", "admin -", "admin deep"]


def test_a_block_is_the_whole_answer():
    rows = "{% block rows %}{% for row in rows %}<li>{{ row }}{% endfor %}{% endblock %}"
    texts = {"index.html": f"<main>{rows}</main>"}

    with Client(
        site(texts, page=lambda: Template("index.html", {"rows": [1, 2]}, block="rows"))
    ) as client:
        assert client.get("/").text == client.get("/").text == "<li>1<li>2"
