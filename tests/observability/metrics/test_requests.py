from gambrel.observability.metrics.requests import RequestMetrics
from gambrel.testing import make_request


def test_answers_are_counted_by_method_route_and_status():
    metrics = RequestMetrics()
    for status, seconds in ((200, 0.002), (200, 0.2), (404, 0.001)):
        metrics.observe(make_request("GET", "/x"), status, seconds)

    assert metrics.answers.values == {("GET", "", "200"): 2, ("GET", "", "404"): 1}
    assert sum(metrics.seconds.counts["GET", ""][:-1]) == 3
    assert round(metrics.seconds.counts["GET", ""][-1], 3) == 0.203


def test_a_client_cannot_make_series_of_its_own():
    metrics = RequestMetrics()
    for number in range(100):
        metrics.observe(make_request(f"M{number}", f"/{number}"), 501, 0.0)

    assert metrics.answers.values == {("OTHER", "", "501"): 100}
    assert metrics.known == {}
