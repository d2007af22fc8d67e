from gambrel.observability.metrics.kinds import SERIES, render
from gambrel.observability.metrics.requests import RequestMetrics
from gambrel.testing import make_request


def test_answers_are_counted_by_method_route_and_status():
    metrics = RequestMetrics()
    for status, seconds in ((200, 0.002), (200, 0.2), (404, 0.001)):
        metrics.observe(make_request("GET", "/x"), status, seconds)

    metrics.refresh()
    assert metrics.answers.values == {("GET", "", "200"): 2, ("GET", "", "404"): 1}
    assert sum(metrics.seconds.counts["GET", ""][:-1]) == 3
    assert round(metrics.seconds.counts["GET", ""][-1], 3) == 0.203


def test_a_client_cannot_make_series_of_its_own():
    metrics = RequestMetrics()
    for number in range(100):
        metrics.observe(make_request(f"M{number}", f"/{number}"), 501, 0.0)

    metrics.refresh()
    assert metrics.answers.values == {("OTHER", "", "501"): 100}
    assert metrics.known == {}


def test_figures_stay_what_they_are_however_often_they_are_read():
    metrics = RequestMetrics()
    for number in range(3):
        metrics.observe(make_request("GET", "/x"), 200, 0.002)
        shown = [render([metrics.answers, metrics.seconds]) for _ in range(2)]

        assert shown[0] == shown[1]
        assert f'http_requests_total{{method="GET",route="",status="200"}} {number + 1}' in shown[0]
        assert f'_bucket{{method="GET",route="",le="+Inf"}} {number + 1}' in shown[0]


def test_methods_and_statuses_without_end_are_counted_as_others():
    metrics = RequestMetrics()
    for number in range(SERIES + 50):
        metrics.observe(make_request("GET", "/x"), number, 0.0)
    metrics.refresh()

    assert len(metrics.answers.values) == SERIES + 1
    assert metrics.answers.values["other", "other", "other"] == 50
