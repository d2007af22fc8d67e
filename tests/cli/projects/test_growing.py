from gambrel.cli.projects.growing import grow

APP = """from gambrel import App

app = App()
SIZE = 3


@app.get("/")
async def hello() -> str:
    return "x" * SIZE
"""
TEST = """import app as target
from app import SIZE, app


def test_it():
    from app import hello
"""


def grown(files, folders=()):
    return grow(files, folders, ("app", "shed.app"), "shed", "routes", 100)


def test_tests_import_from_where_things_are_now():
    files = grown({"app.py": APP, "test_app.py": TEST}).files

    assert "test_app.py" not in files
    assert files["tests/test_app.py"] == (
        "from shed import app as target\nfrom shed.app import app\nfrom shed.routes import SIZE\n"
        "\n\ndef test_it():\n    from shed.routes import hello\n"
    )


def test_folders_go_with_the_app():
    assert grown({"app.py": APP}, ("static",)).moves == {"static": "shed/static"}


def test_commands_are_told_the_package_and_nothing_else_is_changed():
    unit = "ExecStart=/srv/.venv/bin/gambrel run app.py --uds x\n# see app.py\n"
    container = 'CMD ["gambrel", "run", "app.py", "--host"]\n'
    project = '[tool.pytest.ini_options]\ngambrel_app = "app.py"\n'

    files = grown(
        {
            "app.py": APP,
            "deploy/a.service": unit,
            "Dockerfile": container,
            "pyproject.toml": project,
        }
    ).files

    assert files["deploy/a.service"] == unit.replace("run app.py", "run shed")
    assert files["Dockerfile"] == container.replace("app.py", "shed")
    assert files["pyproject.toml"] == project.replace("app.py", "shed")


def test_files_that_ask_where_they_are_are_told():
    files = {"app.py": APP, "test_app.py": "HERE = __file__\n"}

    assert grown(files).to_look_at == ["tests/test_app.py"]
