"""What a run leaves behind: samples and failures, as JSON under results/."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.setup import Environment, describe_environment
from benchmarks.targets import DATABASES, OBSERVED, RESULTS, SOCKETS, TARGETS


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. `values` are named with their units; the first is the cost compared."""

    target: str
    workload: str
    headers: str
    round: int
    values: dict[str, float]

    @property
    def cost(self) -> float:
        """The CPU time that ratios are made of."""
        return next(iter(self.values.values()))


@dataclass(slots=True)
class Run:
    """One command's results. `failures`: "target" or "target workload" → why."""

    kind: str
    reference: str
    samples: list[Sample] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
    machine: dict[str, str] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)

    def fail(self, key: str, reason: str) -> None:
        """Notes, and prints once, that something could not be measured."""
        if key not in self.failures:
            print(f"FAILED {key}: {reason}", flush=True)
            self.failures[key] = " ".join(reason.split())

    def save(self) -> Path:
        """Adds the machine and the versions of what was measured, and writes the file."""
        self.machine = _describe_machine()
        measured = {sample.target.partition("@")[0] for sample in self.samples}
        known = {**TARGETS, **SOCKETS, OBSERVED.name: OBSERVED}
        if self.kind == "database":  # some of whose targets have the names of others
            known = {**DATABASES}
        for name in sorted({known[target].environment for target in measured}):
            self.environments[name] = describe_environment(name)
        RESULTS.mkdir(exist_ok=True)
        stamp = "".join(character for character in self.date if character.isdigit())
        path = RESULTS / f"{self.kind}-{stamp}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return path


def latest_run(kind: str) -> Run | None:
    """The newest saved run of this kind."""
    files = sorted(RESULTS.glob(f"{kind}-*.json"))
    if not files:
        return None
    saved = json.loads(files[-1].read_text())
    saved["samples"] = [Sample(**sample) for sample in saved["samples"]]
    return Run(**saved)


def _describe_machine() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = f"{models[0]}, {len(models)} logical" if models else platform.machine()
    return {"CPU": cpu, "Kernel": f"{platform.system()} {platform.release()}"}
