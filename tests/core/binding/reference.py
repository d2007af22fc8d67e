"""The endpoint of a plan without dependencies as plain closures: what generated code must equal."""

from collections.abc import Callable
from typing import Any

from gambrel.core.binding.plan import Plan
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response


def plain_endpoint(plan: Plan) -> Callable[[Request], Any]:
    handler, failed, respond = plan.handler, plan.context.failed, plan.result.respond

    async def endpoint(request: Request) -> Response:
        try:
            if not plan.is_ready(request):
                await plan.load(request)
            arguments = plan.bind(request)
        except Exception as error:
            return await failed(request, plan.diagnose(request, error))
        try:
            return respond(request, await handler(**arguments))
        except Exception as error:
            return await failed(request, error)

    def sync_endpoint(request: Request) -> Any:
        try:
            arguments = plan.bind(request)
        except Exception as error:
            return failed(request, plan.diagnose(request, error))
        try:
            return respond(request, handler(**arguments))
        except Exception as error:
            return failed(request, error)

    is_coroutine = plan.signature.is_async and not plan.signature.is_generator
    return endpoint if is_coroutine else sync_endpoint
