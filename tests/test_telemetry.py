from gambrel import App
from gambrel.extend import FIGURES, WORK, Figure
from gambrel.observability.metrics import Metrics
from gambrel.observability.tracing import Tracing
from gambrel.testing import Client
from tests.observability.tracing.spans import Spans


class Queue:
    """A battery that knows neither metrics nor traces."""

    name = "queue"
    requires = ()
    settings = None

    def install(self, setup) -> None:
        setup.add(FIGURES, Figure("queue_length", "Jobs that wait.", lambda: 3))
        setup.add(FIGURES, Figure("queue_jobs_total", "Jobs.", lambda: 5.5, "counter"))
        self.hearers = lambda: setup.declarations.values(WORK)


def test_figures_of_a_battery_are_shown_by_another():
    with Client(App(extensions=[Queue(), Metrics()])) as client:
        text = client.get("/metrics").text

    assert "# TYPE queue_length gauge\nqueue_length 3" in text
    assert "# TYPE queue_jobs_total counter\nqueue_jobs_total 5.5" in text


def test_work_of_a_battery_is_heard_by_another():
    queue, spans = Queue(), Spans()
    app = App(extensions=[queue, Tracing(provider=spans.provider)])

    @app.get("/")
    async def index() -> None:
        for hear in queue.hearers():
            hear(lambda: ("run job", {"job": "mail"}), 0.01, None)

    with Client(app) as client:
        client.get("/")

    assert [one.name for one in spans.all()] == ["run job", "GET /"]


def test_where_nobody_listens_nobody_is_told():
    queue = Queue()
    with Client(App(extensions=[queue])):
        assert queue.hearers() == []
