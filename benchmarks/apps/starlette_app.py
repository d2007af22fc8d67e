"""Starlette."""

from orders import SECTIONS, Invalid, decode, receipt
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


async def filler(request):
    return JSONResponse({"id": request.path_params["id"]})


async def plaintext(request):
    return PlainTextResponse("Hello, World!")


async def message(request):
    return JSONResponse({"message": "Hello, World!"})


async def user(request):
    query = request.query_params
    try:
        limit = int(query.get("limit", 10))
    except ValueError as error:
        raise HTTPException(422) from error
    return JSONResponse({"id": request.path_params["id"], "limit": limit, "q": query.get("q")})


async def create(request):
    try:
        order = decode(await request.body())
    except Invalid as error:
        raise HTTPException(422) from error
    return JSONResponse(receipt(order))


app = Starlette(
    routes=[
        *(Route(f"/{section}/{{id:int}}", filler) for section in SECTIONS),
        Route("/plaintext", plaintext),
        Route("/json", message),
        Route("/users/{id:int}", user),
        Route("/orders", create, methods=["POST"]),
    ]
)
