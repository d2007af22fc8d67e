"""A form as the API document tells of it: its body, and what it is refused for."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec

from gambrel.core.http.bodies.forms import Upload
from gambrel.forms.fields import FieldSpec
from gambrel.forms.form import Definition
from gambrel.operations import BodyInfo, Operation, ParamInfo, ResponseInfo
from gambrel.origins import SAFE

__all__ = ["described"]

URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_FOREIGN = "A page of another site has sent it."
_WRONG = "The form again, with what is wrong."


def described(*definitions: Definition) -> Callable[[Operation], None]:
    """Return what adds a form to the operations that take one; of steps, any of them is sent."""

    def describe(operation: Operation) -> None:
        if operation.method in SAFE:
            return
        is_whole = len(definitions) == 1
        fields = [info for one in definitions for info in infos_of(one.fields, "", is_whole)]
        has_files = any(one.has_files for one in definitions)
        media_types = (MULTIPART,) if has_files else (URL_ENCODED,)  # as browsers send it
        if operation.body is not None:
            fields = [*operation.body.fields, *fields]
        required = any(info.required for info in fields)
        operation.body = BodyInfo(None, media_types, required, fields=fields)
        operation.responses.setdefault(403, ResponseInfo(403, _FOREIGN))
        operation.responses.setdefault(422, ResponseInfo(422, _WRONG, str, ("text/html",)))

    return describe


def infos_of(
    fields: tuple[FieldSpec, ...], prefix: str = "", required: bool = True
) -> Iterator[ParamInfo]:
    """Yield what is sent for each field; of rows, for the first one."""
    for spec in fields:
        name, is_required = prefix + spec.key, required and spec.required
        if spec.fields:
            below = f"{name}.0." if spec.widget == "rows" else f"{name}."
            yield from infos_of(spec.fields, below, is_required and spec.widget == "group")
        elif not spec.is_locked:
            takes_none = spec.widget in {"checkbox", "checkboxes", "lines"} or spec.is_many
            yield ParamInfo(
                name=name,
                alias=name,
                location="file" if spec.widget == "file" else "form",
                annotation=annotation_of(spec),
                required=is_required and not takes_none,
                description=str(spec.help),
            )


def annotation_of(spec: FieldSpec) -> Any:
    """Return the type of what is sent for a field."""
    if spec.widget == "file":
        return list[Upload] if spec.is_many else Upload
    if spec.is_closed and spec.choices:
        texts = [text for text, _ in spec.choices if text]
        return Annotated[spec.annotation, msgspec.Meta(extra_json_schema={"enum": texts})]
    return spec.annotation
