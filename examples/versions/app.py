"""Groups with versions, a slow answer, and a redirect."""

from asyncio import sleep
from typing import Annotated

from msgspec import Meta

from gambrel import App, Router

app = App()
robots = Router("/sentient/robot", version="1", slashes="strict")
ultron = Router("/ultron")
vision = Router("/vision")


@ultron.get("/name")
async def ultron_name() -> dict[str, str]:
    return {"name": "Ultron"}


@vision.get("/name")
async def vision_name() -> dict[str, str]:
    return {"name": "vision"}


@vision.get("/name", version="2")
async def new_vision_name() -> dict[str, str]:
    return {"name": "new vision"}


robots.include(ultron)
robots.include(vision)
app.include(robots)

app.redirect("/", "/sleep/3", status=302)


@app.get("/sleep/{t:float}")
async def wait(t: Annotated[float, Meta(ge=0, le=10)]) -> str:
    await sleep(t)
    return f"Slept {t} seconds."
