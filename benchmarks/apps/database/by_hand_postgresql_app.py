"""Our server, and psycopg by hand: the floor that the fast path is held against."""

from by_hand_pool import Pool
from data import CONNECTIONS, EXTRA, URL, any_id, some_ids
from structs import Fortune, World

from gambrel import App
from gambrel.templates import Template, Templates

FIND = "SELECT id, randomnumber FROM world WHERE id = %s"
SET = "UPDATE world SET randomnumber = %s WHERE id = %s"
pool = Pool(URL, CONNECTIONS)
app = App(extensions=[Templates()])


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
async def row() -> World:
    return World(*(await pool.rows(FIND, (any_id(),)))[0])


@app.get("/db/session")
async def row_in_transaction() -> World:
    async with pool.transaction("BEGIN READ ONLY") as connection:
        cursor = await connection.execute(FIND, (any_id(),))
        return World(*await cursor.fetchone())


@app.get("/queries")
async def rows(queries: int = 1) -> list[World]:
    async with pool.transaction("BEGIN READ ONLY") as connection:
        return [await find(connection, key) for key in some_ids(queries)]


@app.get("/fortunes")
async def fortunes() -> Template:
    found = [Fortune(*one) for one in await pool.rows("SELECT id, message FROM fortune")]
    found.append(Fortune(0, EXTRA))
    found.sort(key=lambda one: one.message)
    return Template("fortunes.html", {"fortunes": found})


@app.post("/updates")
async def updates(queries: int = 1) -> list[World]:
    async with pool.transaction("BEGIN") as connection:
        found = [await find(connection, key) for key in some_ids(queries)]
        for one in found:
            one.randomnumber = any_id()
        async with connection.cursor() as cursor:
            await cursor.executemany(SET, [(one.randomnumber, one.id) for one in found])
    return found


async def find(connection, id: int) -> World:
    return World(*await (await connection.execute(FIND, (id,))).fetchone())
