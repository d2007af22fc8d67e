import asyncio
import threading

import pytest

from gambrel import GambrelError
from gambrel.observability.tracing.provider import end_within, exporter_names, make_provider


def test_the_variables_choose_exporters_and_protocol(monkeypatch):
    assert exporter_names() == ["otlp_proto_http"]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert exporter_names() == ["otlp_proto_grpc"]
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console, otlp")
    assert exporter_names() == ["console", "otlp_proto_grpc"]
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert exporter_names() == []


def test_an_exporter_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin_of_nobody")

    with pytest.raises(GambrelError, match="zipkin_of_nobody") as caught:
        make_provider(None, "shop")

    assert caught.value.code == "tracing.exporter"
    assert "pip install" in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "shop"),
        ({"OTEL_SERVICE_NAME": "till"}, "till"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=counter"}, "counter"),
    ],
)
def test_a_variable_names_the_service_before_the_app_does(monkeypatch, variables, name):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    assert make_provider(None, "shop").resource.attributes["service.name"] == name


def test_a_collector_that_hangs_holds_no_stop_up(caplog):
    released = threading.Event()

    try:
        assert asyncio.run(end_within(0.01, released.wait)) is False
    finally:
        released.set()
    assert "are lost" in caplog.text


def test_what_fails_at_the_end_is_logged(caplog):
    assert asyncio.run(end_within(10, lambda: 1 / 0)) is True
    assert "sending the last spans failed" in caplog.text
