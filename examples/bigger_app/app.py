"""The whole application: what every request must bring, and where each part is."""

from bigger_app.dependencies import query_token
from bigger_app.routers import admin, items, users
from gambrel import App, Depends, Router

api = Router(dependencies=[Depends(query_token)])
api.include(users.router)
api.include(items.router)
api.include(admin.router, "/admin")


@api.get("/")
async def home() -> dict[str, str]:
    return {"message": "Hello Bigger Applications!"}


app = App()
app.include(api)
