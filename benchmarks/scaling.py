"""Does the price of a request grow with the number of routes? 1,000 against 10."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from benchmarks.measure import Plan, measure
from benchmarks.results import Run
from benchmarks.targets import Target

ROUTES = (10, 1000)
REFERENCE = f"@{ROUTES[0]}"


def with_routes(target: Target, routes: int) -> Target:
    """The target with this many routes, the measured ones registered last."""
    variables = {**target.variables, "BENCH_ROUTES": str(routes)}
    return replace(target, name=f"{target.name}@{routes}", variables=variables)


def measure_scaling(run: Run, targets: Iterable[Target], plan: Plan) -> Run:
    """Measures the typed route (W3) of every target with few and with many routes."""
    variants = [with_routes(target, routes) for target in targets for routes in ROUTES]
    return measure(run, variants, replace(plan, workloads=("W3",), headers=("1",)))
