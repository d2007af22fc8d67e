import json
import re
import subprocess

import pytest

from gambrel import HTML, App, Request
from gambrel.i18n import I18n
from gambrel.testing import Client
from tests.i18n.catalogs import ARABIC, SIX, write_catalog


def make_app(folder) -> App:
    file = write_catalog(
        folder, "ar", ARABIC + '\nmsgctxt "m"\nmsgid "May"\nmsgstr "</script>"\n', SIX
    )
    file.rename(file.with_name("scripts.po"))
    write_catalog(folder, "ar", "", SIX)
    languages = I18n("en", "ar", folders=[folder])
    app = App(extensions=[languages])

    @app.get("/")
    async def index(request: Request) -> HTML:
        return HTML(f"<!doctype html><title>x</title>{languages.scripts.tag(request)}")

    return app


def test_each_language_has_a_script_with_what_scripts_say(tmp_path):
    with Client(make_app(tmp_path)) as client:
        page = client.get("/", headers={"accept-language": "ar"}).text
        path = re.search(r'<script src="(/_i18n/scripts/ar\.[0-9a-f]{12}\.js)">', page)
        assert path is not None
        answer = client.get(path[1])
        missing = client.get("/_i18n/scripts/de.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert "vary" not in answer.headers
    assert missing.status_code == 404
    told = json.loads(answer.text[answer.text.rindex("})(") + 3 : answer.text.rindex(");")])
    assert told["texts"]["Late"] == "متأخر"
    assert told["rules"][0][:5] == [0, 1, 2, 3, 3]
    assert len(told["rules"][0]) == 200


@pytest.mark.service("node")
def test_functions_of_the_script_are_those_of_python(tmp_path):
    with Client(make_app(tmp_path)) as client:
        page = client.get("/", headers={"accept-language": "ar"}).text
        code = client.get(re.findall(r'src="([^"]+)"', page)[0]).text
    calls = """
    console.log(JSON.stringify([
      gettext("Late"), gettext("Unknown %(a)s", {a: 1}), pgettext("m", "May"),
      [0, 1, 2, 3, 11, 100, 1003].map((n) => ngettext("%(num)s guest", "%(num)s guests", n)),
      ngettext("one", "many", 1), npgettext("x", "%(num)s a", "%(num)s b", 2),
      gettext("constructor"), ngettext("toString", "toStrings", 2), gettext("%(valueOf)s", {a: 1}),
      gettext("100%% %(a)s", {a: 1}), gettext("100%"), ngettext("%(num)s guest", "many", NaN),
    ]));"""
    result = subprocess.run(
        ["node", "-e", f"globalThis.window = globalThis;{code}{calls}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )

    forms = ["لا ضيوف", "ضيف واحد", "ضيفان", "3 ضيوف", "11 ضيفًا", "100 ضيف", "1003 ضيوف"]
    odd = ["constructor", "toStrings", "%(valueOf)s", "100% 1", "100%", "many"]
    assert json.loads(result.stdout) == [
        *("متأخر", "Unknown 1", "</script>", forms, "one", "2 b"),
        *odd,
    ]
