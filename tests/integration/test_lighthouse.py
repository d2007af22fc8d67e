"""The pages of flaskr have 100 of 100 for accessibility and best practices, says Lighthouse."""

import importlib
import json
import subprocess
from pathlib import Path

import httpx2
import pytest

from gambrel.testing import LiveServer
from tests.conftest import NODE_MODULES, chromium
from tests.pages import EXAMPLES

pytestmark = [pytest.mark.service("browser", "node"), pytest.mark.slow, pytest.mark.timeout(400)]
SCRIPT = Path(__file__).with_name("lighthouse.mjs")
SAME = {"sec-fetch-site": "same-origin"}


def shortcomings(cookie: str, urls: list[str]) -> list[str]:
    command = ["node", str(SCRIPT), str(NODE_MODULES), str(chromium()), cookie, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=350)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.skipif(not (NODE_MODULES / "lighthouse").is_dir(), reason="no lighthouse here")
def test_flaskr_has_full_marks_for_strangers_and_for_who_has_logged_in(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    app = importlib.import_module("flaskr.app").create_app()

    with LiveServer(app) as server, httpx2.Client(base_url=server.url, headers=SAME) as visitor:
        strangers = [f"{server.url}{path}" for path in ("/", "/auth/login", "/auth/register")]
        found = shortcomings("", strangers)
        ada = {"username": "ada", "password": "a long enough one"}
        visitor.post("/auth/register", data=ada)
        visitor.post("/auth/login", data=ada)
        visitor.post("/create", data={"title": "The first", "body": "A word."})
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        found += shortcomings(
            cookie, [f"{server.url}{path}" for path in ("/", "/create", "/1/update")]
        )

    assert found == []
