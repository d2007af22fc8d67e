"""The command line: `python -m benchmarks` sets up, measures everything and prints the page."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from benchmarks.database import KINDS, measure_database
from benchmarks.database import REFERENCE as FAST
from benchmarks.load import HEADER_SETS, MICRO
from benchmarks.measure import Plan, measure
from benchmarks.observability import REFERENCE as BARE
from benchmarks.observability import measure_inside, measure_observability
from benchmarks.page import page_targets
from benchmarks.report import TITLES, render, render_page
from benchmarks.results import Run, latest_run
from benchmarks.scaling import REFERENCE as VARIANT
from benchmarks.scaling import measure_scaling
from benchmarks.setup import find_interpreter, make_environments
from benchmarks.sockets import REFERENCE as ECHO
from benchmarks.sockets import measure_sockets
from benchmarks.startup import measure_starts
from benchmarks.targets import DATABASES, SOCKETS, select

REFERENCE = "gambrel-async"
PAGES = ("page", "rows")
PAGE_REFERENCE = "gambrel-pool"  # a query blocks: its handler is a `def`


def main() -> None:
    """Runs one command."""
    options = _parser().parse_intermixed_args()
    if options.command not in ("setup", "report"):
        _require_machine(options)
    COMMANDS[options.command](options)


def setup(options: argparse.Namespace) -> None:
    """Make the environments of the targets, from the package registry."""
    others = [*SOCKETS.values(), *DATABASES.values()]
    chosen = [*select(options.targets), *([] if options.targets else others)]
    names = dict.fromkeys(target.environment for target in chosen)
    make_environments(names, options.python or find_interpreter(), fresh=options.fresh)


def check(options: argparse.Namespace) -> None:
    """Start the targets and check their answers; measure nothing."""
    plan = replace(_plan(options), rounds=1, headers=())
    targets = select(options.targets)
    run = measure(Run("check", REFERENCE), targets, plan)
    measure(run, page_targets(targets), replace(plan, workloads=PAGES))
    if run.failures:
        raise SystemExit(1)
    print(f"all right: {', '.join(target.name for target in targets)}")


def page(options: argparse.Namespace) -> None:
    """Measure a whole page (session, database row, template), and a table of fifty rows."""
    plan = replace(_plan(options), workloads=PAGES, headers=("10",))
    targets = page_targets(select(options.targets))
    _finish(measure(Run("page", PAGE_REFERENCE), targets, plan))


def table(options: argparse.Namespace) -> None:
    """Measure the targets in every workload."""
    _finish(measure(Run("table", REFERENCE), select(options.targets), _plan(options)))


def compare(options: argparse.Namespace) -> None:
    """Measure a few targets; ratios are to the first one."""
    targets = select(options.targets or [REFERENCE, "django-bolt"])
    _finish(measure(Run("compare", targets[0].name), targets, _plan(options)))


def database(options: argparse.Namespace) -> None:
    """Measure rows of PostgreSQL and SQLite: our fast path and sessions, by hand, and peers."""
    make_environments({one.environment: None for one in DATABASES.values()}, find_interpreter())
    targets = select(options.targets, DATABASES)
    _finish(measure_database(Run("database", FAST), targets, _plan(options), options.databases))


def startup(options: argparse.Namespace) -> None:
    """Measure CPU and memory from start to the first response."""
    plan = _plan(options)
    run = Run("startup", REFERENCE)
    _finish(measure_starts(run, select(options.targets), plan.rounds, plan.server_cpu))


def scaling(options: argparse.Namespace) -> None:
    """Measure the price of 1,000 routes against 10."""
    run = Run("scaling", VARIANT)
    _finish(measure_scaling(run, select(options.targets), _plan(options)))


def sockets(options: argparse.Namespace) -> None:
    """Measure messages over WebSockets, idle ones, and a broadcast to 10,000."""
    _finish(measure_sockets(Run("sockets", ECHO), SOCKETS.values(), _plan(options)))


def observability(options: argparse.Namespace) -> None:
    """Measure what access log, metrics and traces add to a request."""
    _finish(measure_observability(Run("observability", BARE), _plan(options)))


def inside(options: argparse.Namespace) -> None:
    """Measure the same without a network: twenty seconds."""
    _finish(measure_inside(Run("inside", BARE), _plan(options)))


def report(options: argparse.Namespace) -> None:
    """Print or write the page of the newest results of each kind."""
    runs = [run for kind in TITLES if (run := latest_run(kind))]
    if not runs:
        raise SystemExit("no results yet: run `python -m benchmarks`")
    if options.output:
        options.output.write_text(render_page(runs))
    else:
        print(render_page(runs))


def everything(options: argparse.Namespace) -> None:
    """Set up, measure everything, print the page: half an hour."""
    for command in (setup, *MEASURES, report):
        command(options)


MEASURES = (page, table, database, startup, scaling, sockets, observability, inside)
COMMANDS = {f.__name__: f for f in (everything, setup, check, *MEASURES, compare, report)}


def _finish(run: Run) -> None:
    path = run.save()
    print(f"\n{render(run)}\nkept as benchmarks/results/{path.name}")


def _plan(options: argparse.Namespace) -> Plan:
    quick = options.quick
    return Plan(
        rounds=1 if quick else options.rounds,
        seconds=1 if quick else options.seconds,
        warmup=0 if quick else options.warmup,
        workloads=options.workloads,
        headers=("1",) if quick else options.headers,
        server_cpu=options.server_cpu,
        load_cpu=options.load_cpu,
    )


def _require_machine(options: argparse.Namespace) -> None:
    missing = [tool for tool in ("wrk", "taskset") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"install {' and '.join(missing)} first (Linux only)")
    if not {options.server_cpu, options.load_cpu} <= os.sched_getaffinity(0):
        raise SystemExit("two CPUs are needed: choose with --server-cpu and --load-cpu")


def _some_of(choices: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    known = tuple(choices)

    def parse(text: str) -> tuple[str, ...]:
        asked = tuple(text.split(","))
        if not set(asked) <= set(known):
            raise argparse.ArgumentTypeError(f"use some of {','.join(known)}")
        return asked

    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    helped = "\n".join(f"  {name:13} {call.__doc__}" for name, call in COMMANDS.items())
    parser.add_argument(
        "command", nargs="?", default="everything", choices=COMMANDS, metavar="command", help=helped
    )
    parser.add_argument("targets", nargs="*", help="names or beginnings of names; default: all")
    parser.add_argument("--quick", action="store_true", help="one short round, to see it work")
    parser.add_argument("--rounds", "--pairs", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=int, default=Plan.seconds, help="length of a window")
    parser.add_argument(
        "--warmup", type=int, default=Plan.warmup, help="seconds before each workload"
    )
    parser.add_argument("--workloads", type=_some_of(MICRO), default=Plan.workloads)
    parser.add_argument("--headers", type=_some_of(HEADER_SETS), default=("1", "10"))
    parser.add_argument("--databases", type=_some_of(KINDS), default=KINDS)
    parser.add_argument("--server-cpu", type=int, default=Plan.server_cpu)
    parser.add_argument("--load-cpu", type=int, default=Plan.load_cpu)
    parser.add_argument("--python", help="interpreter for the environments (3.12 or newer)")
    parser.add_argument("--fresh", action="store_true", help="make environments anew")
    parser.add_argument("--output", type=Path, help="file for the page, e.g. docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    main()
