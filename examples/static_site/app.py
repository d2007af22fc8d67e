from gambrel import App
from gambrel.files import StaticFiles
from gambrel.templates import Template, Templates

app = App(extensions=[StaticFiles(index=True), Templates()])

ROOFS = {"gambrel": "two slopes on each side", "gable": "one slope on each side"}


@app.get("/")
async def index() -> Template:
    return Template("index.html", {"roofs": ROOFS})
