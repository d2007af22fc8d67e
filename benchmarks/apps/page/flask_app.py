"""Flask, with its own session and templates."""

from content import KEY, NAME, PEOPLE, ROWS
from flask import Flask, abort, render_template, session
from store import find

app = Flask(__name__)
app.secret_key = KEY


@app.get("/login")
def login():
    session["name"] = NAME
    return "welcome"


@app.get("/rows")
def rows():
    return render_template("rows.html", title="People", people=PEOPLE)


@app.get("/products/<int:id>")
def product(id):
    name = session.get("name") or abort(401)
    found = find(id) or abort(404)
    return render_template("product.html", name=name, product=found, rows=ROWS)
