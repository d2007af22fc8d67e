"""Falcon, as ASGI and as WSGI application."""

import falcon
import falcon.asgi
from orders import SECTIONS, Invalid, decode, receipt


class Plaintext:
    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = "Hello, World!"

    async def on_get_async(self, request, response):
        self.on_get(request, response)


class Message:
    def on_get(self, request, response):
        response.media = {"message": "Hello, World!"}

    async def on_get_async(self, request, response):
        self.on_get(request, response)


class User:
    def on_get(self, request, response, id):
        limit = request.get_param_as_int("limit", default=10)
        response.media = {"id": id, "limit": limit, "q": request.get_param("q")}

    async def on_get_async(self, request, response, id):
        self.on_get(request, response, id)


class Orders:
    def answer(self, body, response):
        try:
            response.media = receipt(decode(body))
        except Invalid as error:
            raise falcon.HTTPUnprocessableEntity() from error

    def on_post(self, request, response):
        self.answer(request.bounded_stream.read(), response)

    async def on_post_async(self, request, response):
        self.answer(await request.stream.read(), response)


def add_routes(app, **options):
    for section in SECTIONS:
        app.add_route(f"/{section}/{{id:int}}", User(), **options)
    app.add_route("/plaintext", Plaintext(), **options)
    app.add_route("/json", Message(), **options)
    app.add_route("/users/{id:int}", User(), **options)
    app.add_route("/orders", Orders(), **options)
    return app


asgi = add_routes(falcon.asgi.App(), suffix="async")
wsgi = add_routes(falcon.App())
