import pytest

from gambrel.core.binding import describe
from gambrel.openapi import described


def attributes(protocol: type) -> set[str]:
    declared = {name for name in vars(protocol) if isinstance(vars(protocol)[name], property)}
    return declared | set(protocol.__annotations__)


@pytest.mark.parametrize(
    ("protocol", "record"),
    [
        (described.Param, describe.ParamInfo),
        (described.Body, describe.BodyInfo),
        (described.Response, describe.ResponseInfo),
        (described.Operation, describe.Operation),
    ],
)
def test_bindings_records_have_what_the_document_reads(protocol, record):
    assert attributes(protocol) <= set(record.__struct_fields__)
