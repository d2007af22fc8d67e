"""What the tests of the tutorial ask, of this app."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from flaskr.app import create_app
from flaskr.auth import hashed
from flaskr.db import Post, User, init
from gambrel import App, GambrelError
from gambrel.db import SyncSession
from gambrel.testing import Client, run_command


@pytest.fixture
def app(tmp_path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path / "instance"))
    return create_app()


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    """Return a visitor of a blog with two users, and a post of the first."""
    with Client(app, follow_redirects=True) as client:
        call(app, init)
        call(app, write_first)
        yield client


def call(app: App, function: Callable[..., Any]) -> Any:
    """Call a function with the database of the app."""
    assert app.tasks.loop is not None
    return asyncio.run_coroutine_threadsafe(app.call(function), app.tasks.loop).result()


def write_first(db: SyncSession) -> None:
    first, other = (User(username=name, password=hashed(name)) for name in ("test", "other"))
    db.add_all([first, other])
    db.flush()
    made = datetime(2018, 1, 1, tzinfo=UTC)
    db.add(Post(title="test title", body="test\nbody", author_id=first.id, created=made))


def password_of_a(db: SyncSession) -> str | None:
    return db.scalar(select(User.password).where(User.username == "a"))


def first_title(db: SyncSession) -> str | None:
    return db.scalar(select(Post.title).where(Post.id == 1))


def posts(db: SyncSession) -> int:
    return db.scalar(select(func.count(Post.id))) or 0


def log_in(client: Client, name: str = "test", password: str = "test") -> str:
    return client.post("/auth/login", data={"username": name, "password": password}).text


def test_hello(client):
    assert client.get("/hello").text == "Hello, World!"


def test_the_database_is_made_at_the_first_start(app):
    with Client(app) as client:
        assert client.get("/").status_code == 200
        call(app, init)  # that of a server may be older
        assert "Nothing was written yet." in client.get("/").text


def test_init_db_makes_the_tables_anew(client, app):
    assert call(app, posts) == 1

    result = run_command(["--app", "flaskr.app:create_app", "init-db"])

    assert (result.exit_code, result.stdout) == (0, "Initialized the database.\n")
    assert call(app, posts) == 0


def test_a_session_ends_with_its_request(client, app):
    kept = []

    def keep(db: SyncSession) -> None:
        kept.append(db)

    call(app, keep)

    with pytest.raises(GambrelError, match="after its unit of work has ended"):
        kept[0].get(User, 1)


# Who somebody is ------------------------------------------------------------------------------


def test_register(client, app):
    assert client.get("/auth/register").status_code == 200
    answer = client.post("/auth/register", data={"username": "a", "password": "a"})

    assert answer.url.path == "/auth/login"
    assert call(app, password_of_a) != "a"
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
def test_a_post_of_somebody_else_is_not_touched(client, app, path):
    log_in(client, "other", "other")

    assert client.post(path).status_code == 403
    assert 'href="/1/update"' not in client.get("/").text
    assert call(app, posts) == 1


@pytest.mark.parametrize("path", ["/2/update", "/2/delete"])
def test_a_post_that_is_not_there(client, path):
    log_in(client)
    answer = client.post(path)

    assert answer.status_code == 404
    assert "Post id 2 doesn't exist." in answer.text


def test_a_post_is_written_changed_and_deleted(client, app):
    log_in(client)
    assert client.get("/create").status_code == 200
    page = client.post("/create", data={"title": "created", "body": "a\nb"}).text
    assert page.index("created") < page.index("test title")

    assert 'value="test title"' in client.get("/1/update").text
    assert "updated" in client.post("/1/update", data={"title": "updated", "body": ""}).text
    assert call(app, first_title) == "updated"

    assert "updated" not in client.post("/1/delete").text
    assert call(app, posts) == 1


@pytest.mark.parametrize("path", ["/create", "/1/update"])
def test_a_title_is_required(client, path):
    log_in(client)

    assert "Title is required." in client.post(path, data={"title": "", "body": ""}).text


def test_a_page_of_another_site_cannot_act_for_a_visitor(client, app):
    log_in(client)
    answer = client.post("/1/delete", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert call(app, posts) == 1
