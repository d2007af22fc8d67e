import pytest

from gambrel import GambrelError
from gambrel.db.migrations import Operation

VIEW = """
class CreateView(Operation):
    def __init__(self, name, query):
        self.name, self.query = name, query

    def apply(self):
        op.execute(f"CREATE VIEW {self.name} AS {self.query}")

    def revert(self):
        op.execute(f"DROP VIEW {self.name}")


"""


def test_an_operation_of_an_app_is_applied_and_reverted(bench):
    call = 'CreateView("one", "SELECT 1 AS n")'
    bench.write("0001_view", f"{call}.apply()", f"{call}.revert()", more=VIEW)

    bench.up()
    assert bench.rows("SELECT n FROM one") == [(1,)]

    bench.down()
    with pytest.raises(Exception, match="one"):
        bench.rows("SELECT n FROM one")


def test_one_that_does_not_say_how_cannot_be_undone():
    class Once(Operation):
        def apply(self) -> None:
            pass

    with pytest.raises(GambrelError, match="Once cannot be undone"):
        Once().revert()
