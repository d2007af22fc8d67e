"""A host to deploy to, which is a folder: with ssh, sudo and systemctl of its own.

What a unit or a script says of `/srv`, `/etc`, `/run` and `/var` is below the folder. `systemctl
restart` does what the unit says: it ends the service, starts the new one, and waits for it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SSH = """#!/bin/sh
shift
below() {{ sed 's,/\\(srv\\|etc\\|run\\|var\\)/,{root}/\\1/,g'; }}
command="$(printf %s "$*" | below)"
case "$command" in
    sh*) below | $command ;;
    *) sh -c "$command" ;;
esac
"""
SUDO = '#!/bin/sh\nexec "$@"\n'
PYTHON3 = """#!/bin/sh
test "$1 $2" = "-m venv" || exec {python} "$@"
mkdir -p "$3/bin"
printf '#!/bin/sh\\nexec {python} -m gambrel.cli.main "$@"\\n' > "$3/bin/gambrel"
printf '#!/bin/sh\\necho pip "$@" >> {root}/log\\ntest -f requirements.txt\\n' > "$3/bin/pip"
chmod +x "$3/bin/gambrel" "$3/bin/pip"
"""
SYSTEMCTL = """#!/bin/sh
exec {python} {systemctl} {root} "$@"
"""


class Host:
    """A folder with a short name, for sockets are in it; gone with the test."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="host"))
        words = {
            "root": self.root,
            "python": sys.executable,
            "systemctl": Path(__file__).with_name("systemctl.py"),
        }
        scripts = {"ssh": SSH, "sudo": SUDO, "python3": PYTHON3, "systemctl": SYSTEMCTL}
        for name, text in scripts.items():
            path = self.root / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.format(**words) if "{" in text else text)
            path.chmod(0o755)

    def prepare(self, name: str, secret: str) -> None:
        """Do what the runbook says of a new host."""
        for folder in (f"srv/{name}/releases", "etc/systemd/system", f"etc/{name}"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "etc" / name / "secret").write_text(secret)

    def deploy(self, project: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a project against this host."""
        return subprocess.run(
            ["deploy/deploy.sh", "me@host", *args],
            cwd=project,
            env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def get(self, name: str, path: str) -> str:
        """Ask the service on its socket; return the whole answer, with its head."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(f"{self.root}/run/{name}/http.sock")
            host = f"{name.replace('_', '-')}.example"
            head = f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
            client.sendall(head.encode())
            return b"".join(iter(lambda: client.recv(65_536), b"")).decode()

    def log(self) -> str:
        """Return what was asked of systemctl and pip."""
        return (self.root / "log").read_text()

    def close(self) -> None:
        """End the service and forget the host."""
        for file in self.root.glob("pids/*"):
            pid = int(file.read_text())
            os.kill(pid, signal.SIGTERM)
            for _ in range(600):
                if not Path(f"/proc/{pid}").exists():
                    break
                time.sleep(0.05)
        shutil.rmtree(self.root)


def commit(project: Path) -> str:
    """Commit all of a project, and return the commit."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@shed.example")
    for args in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *args], cwd=project, check=True)
    made = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()
