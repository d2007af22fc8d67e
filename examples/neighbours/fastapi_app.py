"""The prices: a FastAPI application, with a model, a dependency and a lifespan."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

log = logging.getLogger("shop.fastapi")
PRICES: dict[int, int] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    PRICES[7] = 1200
    yield
    PRICES.clear()


class Price(BaseModel):
    item: int
    cents: int


def currency(currency: str = "EUR") -> str:
    return currency


app = FastAPI(lifespan=lifespan)


@app.get("/price/{item}")
async def price(item: int, currency: Annotated[str, Depends(currency)]) -> Price:
    log.warning("somebody asks for a price in %s", currency)
    return Price(item=item, cents=PRICES[item])
