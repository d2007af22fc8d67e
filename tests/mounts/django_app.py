"""A Django project in one file, configured on first use."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        DEBUG=False,
        ROOT_URLCONF=__name__,
        SECRET_KEY="x" * 50,
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()


def hello(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(f"{name} {request.path} {reverse('hello', args=['b'])}")


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.read())))


def numbers(request: HttpRequest) -> StreamingHttpResponse:
    async def later() -> AsyncIterator[str]:
        for n in range(3):
            yield str(n)

    def now() -> Iterator[str]:
        yield from map(str, range(3))

    is_async = hasattr(request, "scope")
    return StreamingHttpResponse(later() if is_async else now())


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("inside Django")


urlpatterns = [
    path("hello/<str:name>", hello, name="hello"),
    path("upload", upload),
    path("numbers", numbers),
    path("fail", fail),
]


def asgi_application() -> Any:
    return get_asgi_application()


def wsgi_application() -> Any:
    return get_wsgi_application()
