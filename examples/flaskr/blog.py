"""The posts: everybody reads them, and their authors change them."""

from sqlite3 import Connection
from typing import Annotated

from msgspec import Struct

from flaskr.auth import Author, Visitor
from flaskr.db import Post
from gambrel import Depends, Forbidden, Form, NotFound, Redirect, Router
from gambrel.sessions import Flash
from gambrel.templates import Template

__all__ = ["blog"]

blog = Router()
SELECT = (
    "SELECT p.id, title, body, created, author_id, username"
    " FROM post p JOIN user u ON p.author_id = u.id"
)


class Text(Struct):
    """What the form sends."""

    title: str = ""
    body: str = ""


def own_post(id: int, author: Author, db: Connection) -> Post:
    """Return a post of whoever asks. Raises NotFound, or Forbidden for one of somebody else."""
    row = db.execute(f"{SELECT} WHERE p.id = ?", [id]).fetchone()
    if row is None:
        raise NotFound(f"Post id {id} doesn't exist.")
    post = Post(**row)
    if post.author_id != author.id:
        raise Forbidden
    return post


OwnPost = Annotated[Post, Depends(own_post)]


@blog.get("/")
def index(user: Visitor, db: Connection) -> Template:
    """Show all posts, the newest first."""
    rows = db.execute(f"{SELECT} ORDER BY created DESC, p.id DESC").fetchall()
    return Template("index.html", {"posts": [Post(**row) for row in rows], "user": user})


@blog.get("/create")
async def create_form(author: Author) -> Template:
    """Ask for a post."""
    return Template(
        "edit.html", {"title": "New Post", "text": Text(), "post": None, "user": author}
    )


@blog.post("/create")
def create(
    author: Author, text: Annotated[Text, Form()], db: Connection, flash: Flash
) -> Template | Redirect:
    """Keep a new post."""
    if not text.title:
        flash.add("Title is required.", "error")
        page = {"title": "New Post", "text": text, "post": None, "user": author}
        return Template("edit.html", page, 422)
    db.execute(
        "INSERT INTO post (title, body, author_id) VALUES (?, ?, ?)",
        (text.title, text.body, author.id),
    )
    return Redirect("/", 303)


@blog.get("/{id:int}/update")
async def update_form(post: OwnPost, author: Author) -> Template:
    """Show a post to its author, to be changed."""
    page = {"title": f'Edit "{post.title}"', "text": post, "post": post, "user": author}
    return Template("edit.html", page)


@blog.post("/{id:int}/update")
def update(
    post: OwnPost, author: Author, text: Annotated[Text, Form()], db: Connection, flash: Flash
) -> Template | Redirect:
    """Keep a post that was changed."""
    if not text.title:
        flash.add("Title is required.", "error")
        page = {"title": f'Edit "{post.title}"', "text": text, "post": post, "user": author}
        return Template("edit.html", page, 422)
    db.execute("UPDATE post SET title = ?, body = ? WHERE id = ?", (text.title, text.body, post.id))
    return Redirect("/", 303)


@blog.post("/{id:int}/delete")
def delete(post: OwnPost, db: Connection) -> Redirect:
    """Forget a post."""
    db.execute("DELETE FROM post WHERE id = ?", [post.id])
    return Redirect("/", 303)
