from gambrel.operations import BodyInfo, Operation, ParamInfo, ResponseInfo


def test_a_plain_operation_needs_only_method_path_and_name():
    operation = Operation("GET", "/", "home")

    assert (operation.params, operation.body, operation.responses) == ([], None, {})


def test_records_do_not_share_their_lists():
    first, second = Operation("GET", "/", "a"), Operation("GET", "/", "b")

    first.params.append(ParamInfo("q", "q", "query", str))
    first.responses[200] = ResponseInfo(200)
    BodyInfo(None).fields.append(ParamInfo("f", "f", "form", str))

    assert (second.params, second.responses, BodyInfo(None).fields) == ([], {}, [])
