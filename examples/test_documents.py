"""Every example keeps what its OpenAPI document promises, as far as Schemathesis can find out.

Schemathesis makes requests that fit the document and requests that do not, and looks at status,
media type, headers and body of each answer. `SCHEMATHESIS_EXAMPLES=5000` makes it look longer.
"""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from gambrel.testing import LiveServer

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")
TOKENS = """
[parameters]
"query.token" = "jessica"
"header.x-token" = "fake-super-secret-token"
"""
CURSOR = """
[parameters]
"query.after" = ""
"""


def keeps_its_promises(app, folder, document="openapi.json", config="", left_out=""):
    """Let Schemathesis examine an app on the native server; fail with its report."""
    (folder / "schemathesis.toml").write_text(config or "request-timeout = 15\n")
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    options = {
        "--phases": "examples,coverage,fuzzing,stateful",
        "--checks": "all",
        "--mode": "all",
        "--max-examples": EXAMPLES,
        "--seed": "1",
        "--warnings": "off",
    }
    if left_out:
        options["--exclude-checks"] = left_out
    with LiveServer(app) as server:
        done = subprocess.run(
            [
                *command,
                "run",
                f"{server.url}/{document}",
                *(text for option in options.items() for text in option),
                "--continue-on-failure",
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "API Operations:" in done.stdout, done.stdout + done.stderr
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)


FOLDER = Path(__file__).parent
ALONE = {"vhosts", "versions"}
"""Examples with tests of their own below."""
SETTINGS = {
    "bigger_app": TOKENS,
    "heroes_sql": CURSOR,
    "shared_news": "request-timeout = 1\n",  # its stream has no end
    "streams": "request-timeout = 2\n",
}
# Pages have rules of their own for what a visitor typed, and a form has texts only.
PAGES = "positive_data_acceptance,negative_data_rejection"
LEFT_OUT = {
    "booking": PAGES,
    "flaskr": PAGES,
    "neighbours": "unsupported_method",  # Django has the others still
    "polls": PAGES,
    "store": PAGES,
    "uploads": PAGES,
    "traced": "not_a_server_error",  # nobody answers its requests
}


@pytest.mark.parametrize(
    "example", sorted({file.parent.name for file in FOLDER.glob("*/app.py")} - ALONE)
)
def test_an_example_keeps_its_promises(example, tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path / "instance"))
    app = import_module(f"{example}.app").app

    config, left_out = SETTINGS.get(example, ""), LEFT_OUT.get(example, "")
    keeps_its_promises(app, tmp_path, config=config, left_out=left_out)


@pytest.mark.parametrize("site", ["", "shop.", "blog.", "status."])
def test_every_site_keeps_its_promises(site, tmp_path):
    document = f"openapi/{site}json" if site else "openapi.json"
    host = f'headers = {{ Host = "{site}localhost" }}'

    keeps_its_promises(import_module("vhosts.app").app, tmp_path, document, host)


def test_versions_keep_their_promises(tmp_path, monkeypatch):
    versions = import_module("versions.app")

    async def at_once(seconds):
        pass

    monkeypatch.setattr(versions, "sleep", at_once)

    keeps_its_promises(versions.app, tmp_path)
