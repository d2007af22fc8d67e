"""What a request must bring; a dependency that returns nothing is there to refuse."""

from typing import Annotated

from gambrel import BadRequest, Header


async def query_token(token: str = "") -> None:
    if token != "jessica":
        raise BadRequest("No Jessica token provided")


async def header_token(x_token: Annotated[str, Header()] = "") -> None:
    if x_token != "fake-super-secret-token":
        raise BadRequest("X-Token header invalid")
