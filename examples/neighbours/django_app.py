"""The old shop: a Django project in one file, as it was before anybody had heard of Gambrel."""

import logging

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["localhost", "127.0.0.1", "testserver"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="a key of the old shop, which is no secret here",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()

log = logging.getLogger("shop.django")


def catalogue(request: HttpRequest) -> HttpResponse:
    log.warning("the catalogue is asked for")
    return HttpResponse(f'<a href="{reverse("item", args=[7])}">Item 7</a>')


def item(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"<h1>Item {number}</h1>")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a mistake in the old shop")


urlpatterns = [
    path("catalogue", catalogue, name="catalogue"),
    path("items/<int:number>", item, name="item"),
    path("broken", broken),
]
application = get_asgi_application()
