APP = """
from collections.abc import AsyncIterator
from gambrel import App, Response, Text
from gambrel.extend import ENTRANCES, Band
from gambrel.openapi import OpenAPI


class Clock: ...


class Stamped:
    name = "stamped"
    requires = ("openapi",)
    settings = None

    def install(self, setup):
        setup.middleware(stamp, band=Band.EDGE)
        setup.response_header("x-stamp", "1")
        setup.add(ENTRANCES, greet)


def greet(request): ...
async def stamp(request, call_next): return await call_next(request)
async def count(request, call_next): return await call_next(request)
async def weigh(request, call_next): return await call_next(request)


app = App(defaults=[OpenAPI()], extensions=[Stamped()])
app.middleware(count)


@app.get("/", middleware=[weigh])
async def home() -> str: return "x"


@app.on_error(LookupError)
async def lost(request, error) -> Response: return Text("lost", 404)


@app.lifespan
async def clock() -> AsyncIterator[Clock]:
    yield Clock()
"""


def parts(output: str) -> dict[str, list[list[str]]]:
    """Return the rows of every part, by the first word of its title."""
    blocks = [block.splitlines() for block in output.strip().split("\n\n")]
    return {block[0].split(",")[0]: [line.split() for line in block[2:]] for block in blocks}


def test_every_part_names_what_it_holds_by_whom_and_where(gambrel, folder):
    (folder / "app.py").write_text(APP)

    shown = parts(gambrel("pipeline").output)

    assert shown["Entrances"] == [["app.greet", "stamped", "app.py:19"]]
    assert shown["Middleware"] == [
        ["EDGE", "app.stamp", "stamped", "app.py:17"],
        ["APP", "app.count", "app", "app.py:29"],
    ]
    assert shown["Middleware of routes"] == [["GET", "/", "weigh", "app.py:32"]]
    assert shown["Response headers"] == [["x-stamp", "1", "stamped", "app.py:18"]]
    assert shown["Error handlers"] == [["LookupError", "app.lost", "app", "app.py:36"]]
    assert shown["Lifespan"] == [["clock", "Clock", "app", "app.py:40"]]
    assert shown["Extensions"] == [
        ["openapi", "gambrel.openapi.extension.OpenAPI", "defaults"],
        ["stamped", "app.Stamped", "openapi", "extensions"],
    ]


def test_a_part_without_content_says_so(gambrel, folder):
    (folder / "app.py").write_text("from gambrel import App\n\napp = App(defaults=())\n")

    result = gambrel("pipeline")

    assert result.exit_code == 0
    assert "Middleware, outermost first: none" in result.output
    assert "Extensions, in order: none" in result.output
