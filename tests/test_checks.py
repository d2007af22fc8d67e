from gambrel.checks import Check, Level, Problem, run_checks


def test_problems_come_worst_first_and_deploy_checks_only_when_asked() -> None:
    checks = [
        Check(
            lambda app: [Problem("b", "", level=Level.INFO), Problem("a", "", level=Level.ERROR)]
        ),
        Check(lambda app: [Problem("c", "", level=Level.WARNING)], deploy=True),
    ]

    assert [p.id for p in run_checks(checks, None)] == ["a", "b"]
    assert [p.id for p in run_checks(checks, None, deploy=True)] == ["a", "c", "b"]
    assert [p.id for p in run_checks(checks, None, silenced=["a", "b"])] == ["a"]


def test_a_check_that_fails_is_a_problem_and_the_others_run() -> None:
    def broken(app: object) -> list[Problem]:
        raise RuntimeError("hidden")

    problems = run_checks([Check(broken), Check(lambda app: [Problem("x", "")])], None)

    assert [p.id for p in problems] == ["check.failed", "x"]
    assert "RuntimeError" in problems[0].message


def test_a_problem_reads_like_every_error_of_ours() -> None:
    problem = Problem("core.hosts", "no hosts", "set them", "app.py:1", Level.WARNING)

    assert str(problem) == ("[core.hosts] warning: no hosts\n  where: app.py:1\n  hint: set them")
    assert str(Problem("x", "y")) == "[x] error: y"


def test_a_start_does_not_wait_for_a_check_that_takes_long():
    checks = [
        Check(lambda _: [Problem("a", "quick")]),
        Check(lambda _: [Problem("b", "slow")], start=False),
    ]

    assert [found.id for found in run_checks(checks, None)] == ["a", "b"]
    assert [found.id for found in run_checks(checks, None, start=True)] == ["a"]


def test_what_several_checks_find_is_told_once():
    problem = Problem("a.b", "told")
    checks = [Check(lambda app: [problem]), Check(lambda app: [Problem("a.b", "told"), problem])]

    assert run_checks(checks, None) == [problem]
