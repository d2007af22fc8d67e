"""Flask with SQLAlchemy's plain session, one for each request."""

from data import CONNECTIONS, EXTRA, FILE, KIND, URL, any_id, some_ids
from flask import Flask, Response, jsonify, render_template, request
from models import Fortune, World
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import sessionmaker

address = f"sqlite:///{FILE}" if KIND == "sqlite" else URL.replace(":", "+psycopg:", 1)
engine = create_engine(address, pool_size=CONNECTIONS, max_overflow=0)
Session = sessionmaker(engine, expire_on_commit=False)
app = Flask(__name__)

if KIND == "sqlite":

    @event.listens_for(engine, "connect")
    def prepare(connection, _record):
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 5000"):
            connection.execute(f"PRAGMA {pragma}")


@app.get("/plaintext")
def plaintext():
    return Response("Hello, World!", content_type="text/plain")


@app.get("/json")
def message():
    return {"message": "Hello, World!"}


@app.get("/db")
def row():
    with Session() as db:
        return db.get_one(World, any_id()).shown()


@app.get("/queries")
def rows():
    with Session() as db:
        return jsonify([db.get_one(World, key).shown() for key in some_ids(asked())])


@app.get("/fortunes")
def fortunes():
    with Session() as db:
        found = [*db.scalars(select(Fortune)), Fortune(id=0, message=EXTRA)]
    found.sort(key=lambda one: one.message)
    return render_template("fortunes.html", fortunes=found)


@app.post("/updates")
def updates():
    with Session() as db:
        found = [db.get_one(World, key) for key in some_ids(asked())]
        for one in found:
            one.randomnumber = any_id()
        db.commit()
    return jsonify([one.shown() for one in found])


def asked() -> int:
    return request.args.get("queries", 1, type=int)
