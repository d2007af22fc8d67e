from gambrel.cli.files import folder_app
from gambrel.testing import Client
from tests.cli.processes import get


def test_a_folder_is_served_without_an_app(folder, start):
    (folder / "notes.txt").write_text("slate")
    run = start("files", "--port", "0")
    port = run.port()

    assert get(port, "/notes.txt") == (200, "slate")
    assert "notes.txt" in get(port, "/")[1]
    assert run.end() == 0
    assert run.seen == [f"Gambrel serves . at http://127.0.0.1:{port}"]


def test_a_page_in_it_may_have_styles_and_reach_no_other_site(folder):
    (folder / "index.html").write_text("<style>p {}</style>")
    with Client(folder_app(folder)) as client:
        response = client.get("/")

    assert response.text == "<style>p {}</style>"
    assert "default-src 'self' 'unsafe-inline'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-cache"


def test_no_folder_is_a_wrong_command_line(gambrel):
    assert gambrel("files", "nowhere").exit_code == 2


def test_an_address_that_others_reach_needs_hosts(gambrel, folder):
    result = gambrel("files", "--host", "0.0.0.0", "--port", "0")

    assert result.exit_code == 1
    assert "core.hosts" in result.output
