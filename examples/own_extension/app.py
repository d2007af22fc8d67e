from gambrel import App
from own_extension.maintenance import OPEN_PATHS, Maintenance

app = App(extensions=[Maintenance()])
app.setup.add(OPEN_PATHS, "/imprint")


@app.get("/")
async def home() -> str:
    return "Open as usual."


@app.get("/imprint")
async def imprint() -> str:
    return "Gambrel Roofs, 1 Ridge Road"
