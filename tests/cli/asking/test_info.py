import json
import platform
from importlib.metadata import version

APP = """
from gambrel import App
from gambrel.observability import Health

app = App(hosts=["secret.example"], extensions=[Health()])


@app.get("/")
async def home() -> str:
    return ""
"""


def test_a_report_has_versions_and_no_value_of_a_setting(gambrel, folder, monkeypatch):
    (folder / "app.py").write_text(APP)
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "0123456789abcdef" * 4)

    result = gambrel("info", "app.py")

    assert f"gambrel:    {version('gambrel')}\n" in result.output
    assert platform.python_version() in result.output
    assert f"msgspec {version('msgspec')}" in result.output
    assert "gambrel.observability.health.extension.Health" in result.output
    assert "settings:   hosts, secret_keys" in result.output.replace("environment, ", "")
    assert "secret.example" not in result.output
    assert "0123456789" not in result.output
    assert str(folder) not in result.output


def test_without_an_app_it_tells_of_the_surroundings_as_json_too(gambrel, folder):
    found = json.loads(gambrel("info", "--json").output)

    assert set(found) == {"gambrel", "python", "system", "packages"}
