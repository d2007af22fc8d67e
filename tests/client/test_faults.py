import httpx2
import pytest

from gambrel.client import AnswerTooLarge, CallAbandoned, CircuitOpen, UnsafeAddress


@pytest.mark.parametrize("fault", [AnswerTooLarge, CallAbandoned, CircuitOpen, UnsafeAddress])
def test_who_handles_errors_of_httpx2_handles_ours(fault):
    assert issubclass(fault, httpx2.TransportError)
    assert str(fault("why")) == "why"
