"""Where a benchmark runs: a temporary folder, the processes in it, and an end that leaves nothing behind."""

import argparse
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "target" / "bench"
START_SECONDS = 20
# States of TCP sockets as /proc/net/tcp has them.
ESTABLISHED, LISTENING = "01", "0A"

# Debian's package for each program that is not ours.
PACKAGES = {
    "redis-server": "redis-server",
    "redis-benchmark": "redis-tools",
    "redis-cli": "redis-tools",
    "openssl": "openssl",
    "haproxy": "haproxy",
    "stunnel": "stunnel4",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "spiped": "spiped",
    "iperf3": "iperf3",
}


# Peers that not every Debian has: they are left out where they are missing.
VALKEY = "valkey-server"


class Failure(Exception):
    """Something that the user can put right; the message is one line."""


def program(name):
    """The path of a peer's program, also where only root's PATH has it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise Failure(f"{name} is missing: apt-get install {PACKAGES.get(name, name)}")
    return path


def has(name):
    """Whether a peer's program is there."""
    return (shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")) is not None


def processor_seconds(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def client_seconds():
    """User and system time so far of this process and of those that it ran to their end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def cipherlink():
    """The program of the runtime image; the image is built if it is missing."""
    path = PROJECT / "target" / "cipherlink" / "bin" / "cipherlink"
    if not path.exists():
        done = subprocess.run([PROJECT / "jlink" / "cipherlink", "--version"], stdout=subprocess.DEVNULL)
        if done.returncode != 0 or not path.exists():
            raise Failure("cannot build the runtime image: see above")
    return str(path)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def count_sockets(port, state):
    """How many TCP sockets have this local port and this state, a number of the kernel's in hexadecimal."""
    found = re.compile(rf"^\s*\d+: \S+:{port:04X} \S+ {state} ", re.MULTILINE)
    return sum(len(found.findall(pathlib.Path(file).read_text())) for file in ("/proc/net/tcp", "/proc/net/tcp6"))


def resident_bytes(pids):
    """The memory that these processes and their descendants hold, shared pages counted once for each."""
    children = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, rest = int(status.parent.name), status.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(rest[1]), []).append(pid)
    total, waiting = 0, list(pids)
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        with contextlib.suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
            total += int(found.group(1)) * 1024 if found else 0
    return total


class Lab:
    """Starts processes and ends them; use it with `with`. Its folder is on the project's disk, so that fsync is real."""

    def __init__(self):
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
        self.running = []
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CIPHERLINK_")}
        for variable, name in (("CONFIG", "config"), ("STATE", "state"), ("DATA", "data")):
            self.environment[f"XDG_{variable}_HOME"] = str(self.folder / name)

    def __enter__(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, log, **environment):
        """Starts a process in a group of its own; what it prints goes to a file of the lab's folder."""
        with open(self.folder / log, "wb") as output:
            process = subprocess.Popen([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                       env=self.environment | environment)
        process.log = self.folder / log
        self.running.append(process)
        return process

    def stop(self, process):
        """Ends a process and what it started."""
        if process in self.running:
            self.running.remove(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, command, **environment):
        """Runs a command to its end.

        Returns: what it printed on stdout
        """
        done = subprocess.run([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.environment | environment)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or ["it printed nothing"]
            raise Failure(f"{command[0]} ended with status {done.returncode}: {said[-1]}")
        return done.stdout

    def await_log(self, process, text):
        """Waits until a process has printed this."""
        self._await(process, lambda: text in process.log.read_text(errors="replace"), f"did not print '{text}'")

    def await_port(self, process, port):
        """Waits until a process listens. Nothing connects: a tunnel would pass that on to its target."""
        self._await(process, lambda: count_sockets(port, LISTENING) > 0, f"does not listen on port {port}")

    @staticmethod
    def _await(process, is_ready, problem):
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                said = process.log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
                raise Failure(f"{process.args[0]} {problem}: {said[-1]}")
            time.sleep(0.05)

    def certificate(self):
        """A self-signed certificate for 127.0.0.1 and its key.

        Returns: their two files
        """
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        if not certificate.exists():
            self.run([program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                      "-keyout", key, "-out", certificate])
        return certificate, key


def arguments(description, rows):
    """The command line that all benchmarks share."""
    width = max(len(row.name) for row in rows)
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="rows:\n" + "\n".join(f"  {row.name:{width}}  {row.title}" for row in rows))
    parser.add_argument("row", nargs="*", metavar="ROW", help="what to measure; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="times that each is measured, in turn (default: 5)")
    parser.add_argument("--seconds", type=float, default=4, help="how long each measurement takes (default: 4)")
    parser.add_argument("--quick", action="store_true", help="one round of one second: does it all still work?")
    parser.add_argument("--output", type=pathlib.Path, default=RESULTS, metavar="FOLDER",
                        help="where the figures and the picture go (default: target/bench)")
    given = parser.parse_args()
    unknown = set(given.row) - {row.name for row in rows}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if given.rounds < 1 or given.seconds <= 0:
        parser.error("--rounds and --seconds must be positive")
    if given.quick:
        given.rounds, given.seconds = 1, 1
    return given
