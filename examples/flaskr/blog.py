"""The posts: everybody reads them, and their authors change them."""

from typing import Annotated

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from flaskr.auth import Author, Visitor
from flaskr.db import Post
from gambrel import Depends, Forbidden, Form, NotFound, Redirect, Request, Router
from gambrel.db import SyncSession
from gambrel.sessions import Flash
from gambrel.templates import Template

__all__ = ["blog"]

blog = Router()


class Text(Struct):
    """What the form sends."""

    title: str = ""
    body: str = ""


def own_post(id: int, author: Author, db: SyncSession) -> Post:
    """Return a post of whoever asks. Raises NotFound, or Forbidden for one of somebody else."""
    post = db.get(Post, id)
    if post is None:
        raise NotFound(f"Post id {id} doesn't exist.")
    if post.author_id != author.id:
        raise Forbidden
    return post


OwnPost = Annotated[Post, Depends(own_post)]


@blog.get("/")
def index(user: Visitor, db: SyncSession) -> Template:
    """Show all posts, the newest first."""
    newest = select(Post).options(joinedload(Post.author))
    posts = db.scalars(newest.order_by(Post.created.desc(), Post.id.desc())).all()
    return Template("index.html", {"posts": posts, "user": user})


@blog.get("/create")
async def create_form(author: Author) -> Template:
    """Ask for a post."""
    return Template(
        "edit.html", {"title": "New Post", "text": Text(), "post": None, "user": author}
    )


@blog.post("/create")
def create(
    request: Request,
    author: Author,
    text: Annotated[Text, Form()],
    db: SyncSession,
    flash: Flash,
) -> Template | Redirect:
    """Keep a new post."""
    if not text.title:
        flash.add("Title is required.", "error")
        page = {"title": "New Post", "text": text, "post": None, "user": author}
        return Template("edit.html", page, 422)
    db.add(Post(title=text.title, body=text.body, author_id=author.id))
    return Redirect(request.url_for("index"))


@blog.get("/{id:int}/update")
async def update_form(post: OwnPost, author: Author) -> Template:
    """Show a post to its author, to be changed."""
    page = {"title": f'Edit "{post.title}"', "text": post, "post": post, "user": author}
    return Template("edit.html", page)


@blog.post("/{id:int}/update")
def update(
    request: Request,
    post: OwnPost,
    author: Author,
    text: Annotated[Text, Form()],
    flash: Flash,
) -> Template | Redirect:
    """Keep a post that was changed."""
    if not text.title:
        flash.add("Title is required.", "error")
        page = {"title": f'Edit "{post.title}"', "text": text, "post": post, "user": author}
        return Template("edit.html", page, 422)
    post.title, post.body = text.title, text.body
    return Redirect(request.url_for("index"))


@blog.post("/{id:int}/delete")
def delete(request: Request, post: OwnPost, db: SyncSession) -> Redirect:
    """Forget a post."""
    db.delete(post)
    return Redirect(request.url_for("index"))
