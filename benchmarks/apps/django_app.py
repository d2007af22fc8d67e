"""Django with the safety middleware of `startproject`; async views when served as ASGI."""

import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from orders import SECTIONS, Invalid, decode, receipt

settings.configure(
    SECRET_KEY="only-for-the-benchmark-never-used-for-anything-real",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()


def plaintext(request):
    return HttpResponse("Hello, World!", content_type="text/plain")


def message(request):
    return JsonResponse({"message": "Hello, World!"})


def user(request, id):
    try:
        limit = int(request.GET.get("limit", 10))
    except ValueError:
        return HttpResponseBadRequest()
    return JsonResponse({"id": id, "limit": limit, "q": request.GET.get("q")})


@csrf_exempt
@require_POST
def create(request):
    try:
        return JsonResponse(receipt(decode(request.body)))
    except Invalid:
        return HttpResponse(status=422)


def filler(request, id):
    return JsonResponse({"id": id})


def view(function):
    """The view itself or, for ASGI, the same work without Django's hop to a thread."""
    if os.environ.get("BENCH_MODE") != "async":
        return function

    async def asynchronous(request, **parameters):
        return function(request, **parameters)

    asynchronous.csrf_exempt = getattr(function, "csrf_exempt", False)
    return asynchronous


urlpatterns = [
    *(path(f"{section}/<int:id>", view(filler)) for section in SECTIONS),
    path("plaintext", view(plaintext)),
    path("json", view(message)),
    path("users/<int:id>", view(user)),
    path("orders", view(create)),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
