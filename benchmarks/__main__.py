"""The command line: `python -m benchmarks` sets up, measures everything and prints the page."""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import replace
from pathlib import Path

from benchmarks.load import HEADER_SETS, WORKLOADS
from benchmarks.measure import Plan, measure
from benchmarks.report import Run, latest_runs, render, render_page
from benchmarks.scaling import measure_scaling
from benchmarks.setup import find_interpreter, make_environments
from benchmarks.startup import measure_starts
from benchmarks.targets import Target, select

REFERENCE = "gambrel-async"


def main() -> None:
    """Runs one command."""
    options = _parser().parse_args()
    if options.command not in ("setup", "report"):
        _require_machine(options)
    COMMANDS[options.command](options)


def setup(options: argparse.Namespace) -> None:
    """Makes the environments of the targets, from the package registry."""
    names = dict.fromkeys(target.environment for target in select(options.targets))
    make_environments(names, options.python or find_interpreter(), fresh=options.fresh)


def check(options: argparse.Namespace) -> None:
    """Starts every target and checks its answers; measures nothing."""
    result = measure(select(options.targets), replace(_plan(options), rounds=1, headers=()))
    if result.failures:
        raise SystemExit(f"{len(result.failures)} failed")


def table(options: argparse.Namespace) -> None:
    """Measures the targets (default: all) in every workload."""
    _windows("table", REFERENCE, select(options.targets), _plan(options))


def compare(options: argparse.Namespace) -> None:
    """Measures targets side by side; ratios are to the first one."""
    targets = select(options.targets or [REFERENCE, "django-bolt"])
    _windows("compare", targets[0].name, targets, _plan(options))


def startup(options: argparse.Namespace) -> None:
    """Measures CPU and memory from start to the first response."""
    rounds = 1 if options.quick else options.rounds
    starts, failures = measure_starts(select(options.targets), rounds, options.server_cpu)
    _finish(Run("startup", REFERENCE, starts=starts, failures=failures))


def scaling(options: argparse.Namespace) -> None:
    """Measures the price of 1,000 routes against 10."""
    result = measure_scaling(select(options.targets), _plan(options))
    _finish(Run("scaling", REFERENCE, result.samples, failures=result.failures))


def report(options: argparse.Namespace) -> None:
    """Prints, or writes with --output, the page of the newest results of each kind."""
    runs = latest_runs()
    if not runs:
        raise SystemExit("no results yet: run `python -m benchmarks`")
    page = render_page(runs)
    if options.output:
        options.output.write_text(page)
    else:
        print(page)


def everything(options: argparse.Namespace) -> None:
    """Sets up, measures everything and prints the page (about an hour; less with --quick)."""
    for command in (setup, table, startup, scaling, report):
        command(options)


COMMANDS = {
    f.__name__: f for f in (setup, check, table, compare, startup, scaling, report, everything)
}


def _windows(kind: str, reference: str, targets: list[Target], plan: Plan) -> None:
    result = measure(targets, plan)
    _finish(Run(kind, reference, result.samples, failures=result.failures))


def _finish(run: Run) -> None:
    path = run.save()
    print(f"\n{render(run)}\nkept as benchmarks/results/{path.name}")


def _plan(options: argparse.Namespace) -> Plan:
    quick = options.quick
    return Plan(
        rounds=1 if quick else options.rounds,
        seconds=1 if quick else options.seconds,
        warmup=0 if quick else options.warmup,
        workloads=tuple(options.workloads),
        headers=("1",) if quick else tuple(options.headers),
        server_cpu=options.server_cpu,
        load_cpu=options.load_cpu,
    )


def _require_machine(options: argparse.Namespace) -> None:
    missing = [tool for tool in ("wrk", "taskset") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"install {' and '.join(missing)} first (Linux only)")
    if not {options.server_cpu, options.load_cpu} <= os.sched_getaffinity(0):
        raise SystemExit("two CPUs are needed: choose with --server-cpu and --load-cpu")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = "; ".join(f"{name}: {call.__doc__}" for name, call in COMMANDS.items())
    parser.add_argument("command", nargs="?", default="everything", choices=COMMANDS, help=commands)
    parser.add_argument("targets", nargs="*", help="names or beginnings of names; default: all")
    parser.add_argument("--quick", action="store_true", help="one short round, to see it work")
    parser.add_argument("--rounds", "--pairs", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=int, default=Plan.seconds, help="length of a window")
    parser.add_argument("--warmup", type=int, default=Plan.warmup, help="seconds before each")
    parser.add_argument("--workloads", nargs="+", default=list(WORKLOADS), choices=WORKLOADS)
    parser.add_argument("--headers", nargs="+", default=["1", "10"], choices=HEADER_SETS)
    parser.add_argument("--server-cpu", type=int, default=Plan.server_cpu)
    parser.add_argument("--load-cpu", type=int, default=Plan.load_cpu)
    parser.add_argument("--python", help="interpreter for the environments (3.12 or newer)")
    parser.add_argument("--fresh", action="store_true", help="make environments anew")
    parser.add_argument("--output", type=Path, help="file for the page, e.g. docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    main()
