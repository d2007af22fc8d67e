"""What the tests of the tutorial ask, of this app."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaskr.app import create_app
from flaskr.auth import hashed
from flaskr.db import connect, connections, init
from gambrel import App
from gambrel.testing import Client, run_command


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with two users, and a post of the first."""
    file = tmp_path / "flaskr.sqlite"
    init(file)
    db = connect(file)
    with db:
        for name in ("test", "other"):
            db.execute("INSERT INTO user (username, password) VALUES (?, ?)", (name, hashed(name)))
        db.execute(
            "INSERT INTO post (title, body, author_id, created)"
            " VALUES ('test title', 'test' || x'0a' || 'body', 1, '2018-01-01 00:00:00')"
        )
    db.close()
    return file


@pytest.fixture
def app(database: Path) -> App:
    return create_app(database)


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with Client(app, follow_redirects=True) as client:
        yield client


def log_in(client: Client, name: str = "test", password: str = "test") -> str:
    return client.post("/auth/login", data={"username": name, "password": password}).text


def scalar(database: Path, sql: str) -> object:
    db = connect(database)
    try:
        return db.execute(sql).fetchone()[0]
    finally:
        db.close()


def test_hello(client):
    assert client.get("/hello").text == "Hello, World!"


def test_the_database_is_made_at_the_first_start(tmp_path):
    with Client(create_app(tmp_path / "new" / "flaskr.sqlite")) as client:
        assert "Nothing was written yet." in client.get("/").text


def test_init_db_makes_the_tables_anew(database, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(database.parent))

    result = run_command(["--app", "flaskr.app:create_app", "init-db"])

    assert (result.exit_code, result.stdout) == (0, "Initialized the database.\n")
    assert scalar(database, "SELECT count(*) FROM post") == 0


def test_a_connection_is_closed_after_its_request(database):
    generator = connections(database)()
    db = next(generator)
    with pytest.raises(StopIteration):
        next(generator)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("SELECT 1")


# Who somebody is ------------------------------------------------------------------------------


def test_register(client, database):
    assert client.get("/auth/register").status_code == 200
    answer = client.post("/auth/register", data={"username": "a", "password": "a"})

    assert answer.url.path == "/auth/login"
    assert scalar(database, "SELECT password FROM user WHERE username = 'a'") != "a"
    assert "Log Out" in log_in(client, "a", "a")


@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("", "", "Username is required."),
        ("a", "", "Password is required."),
        ("test", "test", "User test is already registered."),
    ],
)
def test_register_says_what_is_wrong(client, username, password, message):
    answer = client.post("/auth/register", data={"username": username, "password": password})

    assert message in answer.text
    assert message not in client.get("/auth/register").text


def test_log_in_and_out(client):
    assert client.get("/auth/login").status_code == 200
    page = log_in(client)
    assert "<span>test</span>" in page
    assert "Log Out" in page
    assert "Log In" in client.get("/auth/logout").text
    assert "Log In" in client.get("/").text


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [("a", "test", "Incorrect username."), ("test", "a", "Incorrect password.")],
)
def test_log_in_says_what_is_wrong(client, name, password, message):
    assert message in log_in(client, name, password)


# Posts ----------------------------------------------------------------------------------------


def test_the_index_shows_posts_and_a_link_to_those_of_ones_own(client):
    page = client.get("/").text
    assert all(text in page for text in ("Log In", "Register", "test title"))
    assert re.search(r"by test on 2018-01-01", page)
    assert "test<br>body" in page
    assert 'href="/1/update"' not in page

    own = log_in(client)
    assert 'href="/1/update"' in own
    assert 'href="/create"' in own
    assert 'href="/1/update"' not in log_in(client, "other", "other")


@pytest.mark.parametrize("path", ["/create", "/1/update", "/1/delete"])
def test_who_is_not_signed_in_is_sent_to_the_log_in(client, path):
    assert client.post(path).url.path == "/auth/login"


@pytest.mark.parametrize("path", ["/1/update", "/1/delete"])
def test_a_post_of_somebody_else_is_not_touched(client, database, path):
    log_in(client, "other", "other")

    assert client.post(path).status_code == 403
    assert 'href="/1/update"' not in client.get("/").text
    assert scalar(database, "SELECT count(*) FROM post") == 1


@pytest.mark.parametrize("path", ["/2/update", "/2/delete"])
def test_a_post_that_is_not_there(client, path):
    log_in(client)
    answer = client.post(path)

    assert answer.status_code == 404
    assert "Post id 2 doesn't exist." in answer.text


def test_a_post_is_written_changed_and_deleted(client, database):
    log_in(client)
    assert client.get("/create").status_code == 200
    page = client.post("/create", data={"title": "created", "body": "a\nb"}).text
    assert page.index("created") < page.index("test title")

    assert 'value="test title"' in client.get("/1/update").text
    assert "updated" in client.post("/1/update", data={"title": "updated", "body": ""}).text
    assert scalar(database, "SELECT title FROM post WHERE id = 1") == "updated"

    assert "updated" not in client.post("/1/delete").text
    assert scalar(database, "SELECT count(*) FROM post") == 1


@pytest.mark.parametrize("path", ["/create", "/1/update"])
def test_a_title_is_required(client, path):
    log_in(client)

    assert "Title is required." in client.post(path, data={"title": "", "body": ""}).text


def test_a_page_of_another_site_cannot_act_for_a_visitor(client, database):
    log_in(client)
    answer = client.post("/1/delete", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert scalar(database, "SELECT count(*) FROM post") == 1
