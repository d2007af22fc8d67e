"""Who somebody is: register, log in, log out."""

import hashlib
import hmac
import os
from typing import Annotated

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from flaskr.db import User
from gambrel import Depends, Form, Redirect, Request, Router
from gambrel.db import SyncSession
from gambrel.sessions import Flash, Session
from gambrel.templates import Template

__all__ = ["Author", "NotSignedIn", "Visitor", "auth"]

auth = Router("/auth")


class Credentials(Struct):
    """What the forms send."""

    username: str = ""
    password: str = ""


class NotSignedIn(Exception):
    """A page is only for those who are signed in."""


def visitor(session: Session, db: SyncSession) -> User | None:
    """Return who is signed in, or None."""
    key = session.get("user_id")
    return None if key is None else db.get(User, key)


Visitor = Annotated[User | None, Depends(visitor)]


def author(user: Visitor) -> User:
    """Return who is signed in. Raises NotSignedIn."""
    if user is None:
        raise NotSignedIn
    return user


Author = Annotated[User, Depends(author)]


@auth.get("/register")
def register_form(user: Visitor) -> Template:
    """Ask for a name and a password."""
    return Template("auth.html", {"title": "Register", "user": user})


@auth.post("/register")
def register(
    request: Request, given: Annotated[Credentials, Form()], db: SyncSession, flash: Flash
) -> Template | Redirect:
    """Make a user of it."""
    error = None
    if not given.username:
        error = "Username is required."
    elif not given.password:
        error = "Password is required."
    else:
        try:
            with db.begin_nested():
                db.add(User(username=given.username, password=hashed(given.password)))
        except IntegrityError:
            error = f"User {given.username} is already registered."
    if error is None:
        return Redirect(request.url_for("log_in_form"))
    flash.add(error, "error")
    return Template("auth.html", {"title": "Register", "user": None}, 422)


@auth.get("/login")
def log_in_form(user: Visitor) -> Template:
    """Ask who it is."""
    return Template("auth.html", {"title": "Log In", "user": user})


@auth.post("/login")
def log_in(
    request: Request,
    given: Annotated[Credentials, Form()],
    db: SyncSession,
    session: Session,
    flash: Flash,
) -> Template | Redirect:
    """Remember who it is: under another id, so that nobody has planted the one in use."""
    user = db.scalar(select(User).where(User.username == given.username))
    if user is None:
        flash.add("Incorrect username.", "error")
    elif not is_password(given.password, user.password):
        flash.add("Incorrect password.", "error")
    else:
        session.clear()
        session["user_id"] = user.id
        session.rotate()
        return Redirect(request.url_for("index"))
    return Template("auth.html", {"title": "Log In", "user": None}, 422)


@auth.get("/logout")
async def log_out(request: Request, session: Session) -> Redirect:
    """Forget who it is."""
    session.end()
    return Redirect(request.url_for("index"))


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    salt = os.urandom(16)
    return f"{salt.hex()}${derived(password, salt)}"


def is_password(password: str, kept: str) -> bool:
    """Say whether a password is the one that was kept."""
    salt, _, wanted = kept.partition("$")
    return hmac.compare_digest(derived(password, bytes.fromhex(salt)), wanted)


def derived(password: str, salt: bytes) -> str:
    """Return the key of a password and its salt, slow to guess."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1).hex()
