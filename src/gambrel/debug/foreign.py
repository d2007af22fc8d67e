"""Names that other frameworks have, and what is written here instead.

`hints.py` and the command line ask `foreign_name`; the pages under docs/coming-from say more.
"""

import re
import traceback
from collections.abc import Mapping

__all__ = ["NAMES", "foreign_name"]

_DATABASE: Mapping[str, str] = dict.fromkeys(
    ("add", "commit", "execute", "get", "query", "scalar", "scalars", "select"),
    "`async with database.session() as db:`; in a handler, a parameter `db: AsyncSession`",
)
_MODEL: Mapping[str, str] = dict.fromkeys(
    ("objects", "query"), "`await db.scalars(select(Model))`, with a parameter `db: AsyncSession`"
)
_ROUTER = {
    "add_api_route": "`router.add(path, handler)`",
    "add_route": "`router.add(path, handler)`",
    "add_url_rule": "`router.add(path, handler)`",
    "api_route": "`@router.route(path, methods)`",
    "blueprint": "`app.include(router)`",
    "include_router": "`app.include(router)`",
    "register_blueprint": "`app.include(router)`",
    "websocket_route": "`@router.websocket(path)`",
    "ws": "`@router.websocket(path)`",
}
_APP = {
    "add_event_handler": "`@app.lifespan`, a function that yields once",
    "add_exception_handler": "`@app.on_error(ErrorType)`",
    "add_middleware": "`app.middleware(call)`, or an extension: `App(extensions=[CORS(...)])`",
    "after_request": "`@app.middleware` over `@after_request` of gambrel.middleware",
    "after_server_start": "`@app.lifespan`, a function that yields once",
    "after_server_stop": "`@app.lifespan`, a function that yields once",
    "before_request": "`@app.middleware` over `@before_request` of gambrel.middleware",
    "before_server_start": "`@app.lifespan`, a function that yields once",
    "before_server_stop": "`@app.lifespan`, a function that yields once",
    "cli": "`@app.command`",
    "config": "a settings class, asked for by its type",
    "ctx": "`@app.lifespan`, whose value handlers ask for by its type",
    "dependency_overrides": "`with client.override(dependency, factory):`",
    "errorhandler": "`@app.on_error(404)`",
    "exception": "`@app.on_error(ErrorType)`",
    "exception_handler": "`@app.on_error(ErrorType)`",
    "listener": "`@app.lifespan`, a function that yields once",
    "on_event": "`@app.lifespan`, a function that yields once",
    "on_request": "`@app.middleware`",
    "on_response": "`@app.middleware`",
    "run": "`gambrel dev app.py`, or `gambrel run app.py`",
    "state": "`@app.lifespan`, whose value handlers ask for by its type",
    "test_client": "`gambrel.testing.Client(app)`",
}
_REQUEST = {
    "COOKIES": "`request.cookies`",
    "FILES": "`await request.form()`, or a parameter `upload: Upload`",
    "GET": "`request.query`, or a parameter",
    "META": "`request.headers`",
    "POST": "`await request.form()`, or a parameter `Annotated[str, Form()]`",
    "args": "`request.query`, or a parameter",
    "ctx": "`request.state`",
    "files": "`await request.form()`, or a parameter `upload: Upload`",
    "get_json": "`await request.json()`, or a parameter of a type with fields",
    "match_info": "`request.params`, or parameters",
    "path_params": "`request.params`, or parameters",
    "query_params": "`request.query`, or a parameter",
    "user": "a dependency that reads who asks, such as that of the guide to logging in",
    "values": "`request.query` and `await request.form()`",
}
_MODULE = {
    "APIRouter": "`Router`",
    "AppStarted": "`from gambrel.extend import AppStarted`",
    "AppStopping": "`from gambrel.extend import AppStopping`",
    "BackgroundTasks": "`app.tasks.spawn(coroutine)`, or `response.on_close(call)`",
    "BaseModel": "`Struct` of msgspec; Pydantic's is taken as well",
    "Blueprint": "`Router`",
    "Client": "`from gambrel.testing import Client`",
    "CORS": "`from gambrel.middleware import CORS`",
    "CORSMiddleware": "`App(extensions=[CORS(...)])` of gambrel.middleware",
    "Compression": "`from gambrel.middleware import Compression`",
    "CompressionMiddleware": "`App(extensions=[Compression()])` of gambrel.middleware",
    "Feed": "`from gambrel.streams import Feed`",
    "Flask": "`App`",
    "FastAPI": "`App`",
    "HTTPException": '`abort(404, "...")`, or a class for its status, `raise NotFound("...")`',
    "GZipMiddleware": "`App(extensions=[Compression()])` of gambrel.middleware",
    "HTMLResponse": "`HTML`",
    "JSONResponse": "`JSON`, or return the value itself",
    "Meta": "`from msgspec import Meta`",
    "OpenAPI": "`from gambrel.openapi import OpenAPI`",
    "PlainTextResponse": "`Text`, or return a text",
    "RedirectResponse": "`Redirect`",
    "Sanic": "`App`",
    "StreamingResponse": "`Stream`, or return a generator",
    "Struct": "`from msgspec import Struct`",
    "TestClient": "`from gambrel.testing import Client`",
    "UploadFile": "`Upload`",
    "g": "`request.state`, or a dependency",
    "Session": "`from gambrel.db import SyncSession`, or that of gambrel.sessions",
    "UnprocessableContent": "`Unprocessable`",
    "UnprocessableEntity": "`Unprocessable`",
    "jsonify": "the value itself, returned",
    "redirect": "`Redirect`",
    "render_template": '`Template("index.html", {...})` of gambrel.templates',
    "request": "a parameter `request: Request`",
    "send_file": "`FileResponse`",
    "url_for": "`request.url_for(name)`",
    "websocket": "`@app.websocket(path)`, with a parameter `ws: WebSocket`",
}
_MODULES = {
    "responses": "`from gambrel import JSON, HTML, Redirect, ...`: most names are there",
    "requests": "`from gambrel import Request`: most names are there",
    "routing": "`from gambrel import Router`: most names are there",
    "staticfiles": "`App(extensions=[StaticFiles()])` of gambrel.files",
    "templating": "`App(extensions=[Templates()])` of gambrel.templates",
    "testclient": "`from gambrel.testing import Client`",
    "websockets.WebSocket": "`from gambrel import WebSocket`",
}
_ARGUMENTS = {
    "description": "`App(extensions=[OpenAPI(...)])` of gambrel.openapi",
    "docs_url": "`App(extensions=[OpenAPI(docs=...)])` of gambrel.openapi",
    "exception_handlers": "`@app.on_error(ErrorType)`",
    "lifespan": "`@app.lifespan`, a function that yields once",
    "openapi_url": "`App(extensions=[OpenAPI(...)])` of gambrel.openapi",
    "response_class": "a return annotation, such as `-> HTML`",
    "response_model": "`returns=Type`, or the return annotation alone",
    "title": "`App(extensions=[OpenAPI(...)])` of gambrel.openapi",
    "version": "`App(extensions=[OpenAPI(...)])` of gambrel.openapi",
}
_LIMITS = {
    name: f"`Annotated[T, Meta({name.replace('regex', 'pattern')}=...)]`: limits stand at the type"
    for name in ("ge", "gt", "le", "lt", "max_length", "min_length", "pattern", "regex")
}
_CORS = {
    "allow_credentials": "`credentials=`",
    "allow_headers": "`headers=`",
    "allow_methods": "`methods=`",
    "allow_origin_regex": "`origins=` with `https://*.example.com`",
    "allow_origins": "`origins=`",
    "expose_headers": "`expose=`",
    "resources": '`extra={"cors": CORSPolicy(...)}` at a group or a route',
    "supports_credentials": "`credentials=`",
}
_MARKERS = "(?:Body|Cookie|File|Form|Header|Path|Query)"

NAMES: Mapping[str, Mapping[str, str]] = {
    r"'(?:App|Router)' object has no attribute '(\w+)'": {**_ROUTER, **_APP},
    r"'Request' object has no attribute '(\w+)'": _REQUEST,
    r"'Database' object has no attribute '(\w+)'": _DATABASE,
    r"type object '\w+' has no attribute '(objects|query)'": _MODEL,
    r"cannot import name '(\w+)' from 'gambrel[\w.]*'": _MODULE,
    r"No module named 'gambrel\.([\w.]+)'": _MODULES,
    r"'(status_code)' of '\w+' object has no setter|keyword argument '(status_code)'": {
        "status_code": "`status`",
    },
    r"there is no setting '(\w+)'|a route has no option '(\w+)'": _ARGUMENTS,
    r"Unexpected keyword argument '(\w+)'.*\bCORS\(": _CORS,
    r"(Extra positional) arguments provided.*\bCORS\(": {
        "Extra positional": '`CORS(origins=["https://app.example.com"])`, each setting by its name',
    },
    rf"Unexpected keyword argument '(\w+)'.*\b{_MARKERS}\(": {
        **_LIMITS,
        "default": "`= value` behind the type: `limit: Annotated[int, Query()] = 10`",
    },
    rf"(Extra positional) arguments provided.*\b{_MARKERS}\(": {
        "Extra positional": "`q: Annotated[str, Query(alias=...)] = value`, each by its name",
    },
    r"(App)\.__init__\(\) takes 1 positional argument": {
        "App": "`App()`, without a name; extensions are `App(extensions=[...])`"
    },
    r"(Missing) required argument 'call'.*\bDepends\(": {
        "Missing": "`Annotated[Mailer, Depends(Mailer)]`: what is called is named",
    },
    r"parameter '(self)' of \S+ .*has no annotation": {
        "self": "`@app.route(path)` over the class, with methods `get` and `post`; or, for an "
        "object that is there, `app.add(path, views.show)`",
    },
    r"\[app.call\] a middleware is a function, and '(\w+)'": {
        "http": "`@app.middleware`, without a word",
    },
    r"'(method)' object is not subscriptable.*\.(?:form|json)\[": {
        "method": "a call: `(await request.form())[name]`, `(await request.json())[name]`"
    },
}
"""What an error says and where, with the name in a group; and what to write for each name."""


def foreign_name(error: BaseException) -> str | None:
    """Return what to write instead of a name of another framework; None for any other error."""
    lines = [frame.line or "" for frame in traceback.extract_tb(error.__traceback__)[-1:]]
    text = " ".join([str(error), *lines])
    for pattern, names in NAMES.items():
        if found := re.search(pattern, text):
            name = next(filter(None, found.groups()))
            if name in names:
                return f"Write {names[name]}."
    return None
