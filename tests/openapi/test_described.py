from gambrel.extend import json_schemas
from gambrel.openapi.described import JsonSchemas


def test_the_function_of_the_door_is_what_the_builder_is_lent():
    lent: JsonSchemas = json_schemas

    schemas, components = lent([int, list[str]], mode="output", ref_template="#/{name}")

    assert [schema["type"] for schema in schemas] == ["integer", "array"]
    assert components == {}
