"""Django and its ORM, with the middleware of `startproject` that needs no session."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django_settings import SETTINGS

settings.configure(
    **SETTINGS,
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()

import django_models as models  # noqa: E402 - models need the settings


def plaintext(request):
    return HttpResponse("Hello, World!", content_type="text/plain")


def message(request):
    return JsonResponse({"message": "Hello, World!"})


def row(request):
    return JsonResponse(models.row())


def rows(request):
    return JsonResponse(models.rows(asked(request)), safe=False)


def fortunes(request):
    return render(request, "fortunes.html", models.fortunes())


@csrf_exempt  # as for an API that no browser's cookie opens
def updates(request):
    return JsonResponse(models.updates(asked(request)), safe=False)


def asked(request):
    return int(request.GET.get("queries", 1))


names = {"plaintext": plaintext, "json": message, "db": row, "queries": rows}
names |= {"fortunes": fortunes, "updates": updates}
urlpatterns = [path(name, view) for name, view in names.items()]
wsgi = get_wsgi_application()
