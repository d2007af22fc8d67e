"""What `systemctl` does on a host that is a folder; see `host.py`."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 60


def restart(root: Path, name: str) -> int:
    """Do what the unit says."""
    unit = read(root, name)
    pid = root / "pids" / name
    if pid.exists():
        stop(int(pid.read_text()))
    for setting, above in (("RuntimeDirectory", "run"), ("StateDirectory", "var/lib")):
        (root / above / unit[setting]).mkdir(parents=True, exist_ok=True)
    credential, _, file = unit["LoadCredential"].partition(":")
    folder = root / "credentials"
    folder.mkdir(exist_ok=True)
    (folder / credential).write_text(Path(file).read_text())
    settings = dict(word.split("=", 1) for word in shlex.split(unit["Environment"]))
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
        (root / "journal").open("a") as j,
    ):
        (root / "notify").unlink(missing_ok=True)
        told.bind(str(root / "notify"))
        told.settimeout(1)
        served = subprocess.Popen(
            shlex.split(unit["ExecStart"]),
            cwd=unit["WorkingDirectory"],
            env={
                **os.environ,
                **settings,
                "CREDENTIALS_DIRECTORY": str(folder),
                "NOTIFY_SOCKET": str(root / "notify"),
            },
            stdin=subprocess.DEVNULL,
            stdout=j,
            stderr=j,
            start_new_session=True,
        )
        pid.parent.mkdir(exist_ok=True)
        pid.write_text(str(served.pid))
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                if b"READY=1" in told.recv(4096):
                    return 0
            except TimeoutError:
                pass
            if served.poll() is not None:
                pid.unlink()
                return 1
    return 1


def read(root: Path, name: str) -> dict[str, str]:
    """Return the settings of a unit, with its paths below the folder."""
    text = (root / "etc/systemd/system" / f"{name}.service").read_text().replace("\\\n", " ")
    text = re.sub(r"/(srv|etc|run|var)/", rf"{root}/\1/", text)
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def stop(pid: int) -> None:
    """End a service, and wait until it has ended."""
    os.kill(pid, signal.SIGTERM)
    for _ in range(20 * SECONDS):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)


if __name__ == "__main__":
    where, command, *names = sys.argv[1:]
    with (Path(where) / "log").open("a") as log:
        print(command, *names, file=log)
    if command == "restart":
        sys.exit(restart(Path(where), *names))
