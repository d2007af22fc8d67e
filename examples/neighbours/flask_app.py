"""The guestbook: a Flask application, as its tutorial would have it."""

from flask import Flask, request, url_for

app = Flask(__name__)
entries: list[str] = []


@app.get("/")
def index() -> str:
    shown = "".join(f"<li>{len(entry)} letters</li>" for entry in entries)
    return f'<form action="{url_for("sign")}" method="post"></form><ul>{shown}</ul>'


@app.post("/sign")
def sign() -> tuple[str, int]:
    app.logger.warning("somebody signs")
    entries.append(request.form["text"])
    return "", 204


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("a mistake in the guestbook")
