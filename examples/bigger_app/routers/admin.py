"""What only admins do. Where it is served, the app says."""

from bigger_app.dependencies import header_token
from gambrel import Depends, Router

router = Router(
    tags=["admin"],
    dependencies=[Depends(header_token)],
    responses={418: "I'm a teapot"},
)


@router.post("/")
async def update() -> dict[str, str]:
    return {"message": "Admin getting schwifty"}
