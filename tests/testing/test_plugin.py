import subprocess
import sys

import pytest

from gambrel import testing

pytest_plugins = ["pytester"]

APP = """
from typing import Annotated
from gambrel import App, Depends

def season() -> str:
    return "winter"

app = App()

@app.get("/season")
async def ask(now: Annotated[str, Depends(season)]) -> str:
    return now
"""

# By module and never by entry point: the same whether or not the distribution is installed.
ARGS = ("-p", "no:gambrel", "-p", "gambrel.testing.plugin", "-p", "no:cacheprovider", "-q")


@pytest.fixture(autouse=True)
def loaded() -> list[object]:
    """Load everything: the run inside forgets the modules that it imported."""
    return [getattr(testing, name) for name in testing.__all__]


def run(
    pytester: pytest.Pytester, test: str, ini: str = "gambrel_app = app.py"
) -> pytest.RunResult:
    sys.modules.pop("app", None)  # of a test before
    pytester.makepyfile(app=APP, test_it=test)
    pytester.makeini(f"[pytest]\n{ini}\n")
    return pytester.runpytest_inprocess(*ARGS)


def test_the_client_is_one_of_the_app_named_in_the_configuration(pytester: pytest.Pytester):
    result = run(
        pytester,
        """
        def test_it(client, app):
            assert client.app is app
            assert client.get("/season").text == "winter"
        """,
    )

    result.assert_outcomes(passed=1)


def test_the_app_is_found_from_anywhere_below_the_configuration(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    pytester.makepyfile(app=APP)
    pytester.makeini("[pytest]\ngambrel_app = app.py:app\n")
    folder = pytester.mkdir("deep")
    (folder / "test_it.py").write_text("def test_it(client):\n    client.get('/season')\n")
    monkeypatch.chdir(folder)

    result = pytester.runpytest_inprocess(*ARGS)

    result.assert_outcomes(passed=1)


def test_a_fixture_of_the_project_says_which_app_it_is(pytester: pytest.Pytester):
    result = run(
        pytester,
        """
        import pytest
        from gambrel import App

        @pytest.fixture
        def app():
            return App()

        def test_it(client):
            assert client.get("/season").status_code == 404
        """,
        ini="",
    )

    result.assert_outcomes(passed=1)


def test_without_an_app_the_error_says_what_to_write(pytester: pytest.Pytester):
    result = run(pytester, "def test_it(client): ...", ini="")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*testing.no-app*", "*gambrel_app =*"])


def test_an_override_holds_until_the_end_of_its_test(pytester: pytest.Pytester):
    result = run(
        pytester,
        """
        from app import season

        def test_summer(client, override):
            override(season, lambda: "summer")
            assert client.get("/season").text == "summer"

        def test_winter(client):
            assert client.get("/season").text == "winter"
        """,
    )

    result.assert_outcomes(passed=2)


def test_the_async_client_is_entered_by_the_test(pytester: pytest.Pytester):
    result = run(
        pytester,
        """
        import asyncio

        def test_it(async_client):
            async def ask():
                async with async_client as client:
                    return (await client.get("/season")).text

            assert asyncio.run(ask()) == "winter"
        """,
    )

    result.assert_outcomes(passed=1)


def test_the_live_server_serves_the_app(pytester: pytest.Pytester):
    result = run(
        pytester,
        """
        import urllib.request

        def test_it(live_server):
            with urllib.request.urlopen(live_server.url + "/season", timeout=10) as answer:
                assert answer.read() == b"winter"
        """,
    )

    result.assert_outcomes(passed=1)


def test_the_plugin_does_not_load_the_client_before_it_is_used():
    code = "import sys, gambrel.testing.plugin; print('httpx2' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
