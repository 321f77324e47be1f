"""The programs that are compared, each configured as its users would, on free ports of the loopback interface."""

import csv
import os
import secrets
import subprocess

import lab
from report import Measured


class Cipherlink:
    """Our server from the runtime image, over version 2, with a client that it knows.

    engine: memory; or always or everysec, for a store on disk that is so durable
    """

    def __init__(self, place, engine="memory"):
        self.place = place
        self.program = lab.cipherlink()
        self.port = lab.free_port()
        lines = ["server:", f"  port: {self.port}", "  handshakes-per-second: 1000000"]
        (place.folder / "cipherlink.yaml").write_text("\n".join(lines) + "\n")
        if not (place.folder / "config").exists():
            identity = place.run([self.program, "keygen", "identity"])
            forward = ["--forward", "127.0.0.1:*"] if offers("forward", "-L") else []
            place.run([self.program, "authorize", identity.strip(), "--name", "bench", *forward])
        self.server = place.start([self.program, "serve", "-q", *engine_options(engine)], f"cipherlink-{self.port}.log")
        place.await_port(self.server, self.port)
        self.run("ping", "--accept-new-host-key", "--count", "1")

    def run(self, command, *words):
        # In front of the others: behind a verb of `kv` an option is an argument.
        return self.place.run([self.program, command, "-s", f"127.0.0.1:{self.port}", *words])

    def forward(self, target, *options):
        """Returns: the process of `forward -L` to a port of this machine, and the port where it listens"""
        port = lab.free_port()
        process = self.place.start([self.program, "forward", "-L", f"{port}:127.0.0.1:{target}", *options,
                                    "-s", f"127.0.0.1:{self.port}"], f"forward-{port}.log")
        self.place.await_log(process, "ready")
        return process, port

    def gateway(self):
        """Returns: the process of `gateway`, and the port where it listens for clients of Redis"""
        port = lab.free_port()
        process = self.place.start([self.program, "gateway", "--resp", port, "-s", f"127.0.0.1:{self.port}"],
                                   f"gateway-{port}.log")
        self.place.await_log(process, "ready")
        return process, port


def offers(command, word):
    """Whether this version has a command, and its help names a word."""
    done = subprocess.run([lab.cipherlink(), command, "--help"], capture_output=True, text=True)
    return done.returncode == 0 and word in done.stdout


def engine_options(engine):
    """Options of `serve` for a store; None if this version has no such store."""
    has_engines = offers("serve", "--engine")
    if engine == "memory":
        return ["--engine", "memory"] if has_engines else []
    return ["--engine", "rocksdb", "--durability", engine] if has_engines else None


class Redis:
    """Redis, or Valkey, which descends from it, with TLS, on another port without, and without a password.

    options: more of its options; without any, nothing is written to disk
    """

    def __init__(self, place, *options, family="redis"):
        self.place = place
        self.family = family
        self.port, self.plain_port = lab.free_port(), lab.free_port()
        self.server = place.start(self.command(*options), f"{family}-{self.port}.log")
        place.await_port(self.server, self.port)

    def command(self, *options):
        """The command line of the server."""
        certificate, key = self.place.certificate()
        folder = self.place.folder / f"{self.family}-{self.port}"
        folder.mkdir(exist_ok=True)
        return [lab.program(f"{self.family}-server"), "--bind", "127.0.0.1", "--port", self.plain_port,
                "--tls-port", self.port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate,
                "--tls-auth-clients", "no", "--dir", folder, "--save", "", *options]

    def client(self, name):
        """The beginning of the command line of its `benchmark` or `cli`."""
        return [lab.program(f"{self.family}-{name}"), "-h", "127.0.0.1", "-p", self.port, "--tls", "--cacert",
                self.place.certificate()[0]]


def redis_benchmark(place, client, verb, requests, keys, clients, window):
    """SET or GET of 64 bytes by `redis-benchmark`.

    client: the beginning of its command line
    """
    printed = place.run([*client, "--csv", "-t", verb, "-d", "64", "-r", keys, "-c", clients, "-P", window, "-n", requests])
    line = list(csv.DictReader(printed.splitlines()))[-1]
    return Measured(float(line["rps"]), requests, float(line["p99_latency_ms"]))


def redis_families():
    """The programs of Redis' family that are here, and their names in a table; Redis itself must be."""
    return [("redis", "Redis with TLS")] + ([("valkey", "Valkey with TLS")] if lab.has(lab.VALKEY) else [])


class Stunnel:
    """stunnel at both ends, TLS 1.3; the client checks the server's certificate."""

    def __init__(self, place, target):
        certificate, key = place.certificate()
        middle, self.port = lab.free_port(), lab.free_port()
        server = self._start(place, "server", [f"accept = 127.0.0.1:{middle}", f"connect = 127.0.0.1:{target}",
                                               f"cert = {certificate}", f"key = {key}"])
        place.await_port(server, middle)
        client = self._start(place, "client", ["client = yes", f"accept = 127.0.0.1:{self.port}",
                                               f"connect = 127.0.0.1:{middle}", f"CAfile = {certificate}",
                                               "verifyChain = yes"])
        place.await_port(client, self.port)
        self.processes = [server, client]

    @staticmethod
    def _start(place, side, service):
        file = place.folder / f"stunnel-{side}.conf"
        file.write_text("\n".join(["foreground = yes", "pid =", "debug = warning", "sslVersionMin = TLSv1.3",
                                   f"[{side}]", *service]) + "\n")
        return place.start([lab.program("stunnel"), file], f"stunnel-{side}.log")


class HaProxy:
    """HAProxy at both ends, TLS 1.3; the client checks the server's certificate."""

    def __init__(self, place, target):
        certificate, key = place.certificate()
        both = place.folder / "haproxy.pem"
        both.write_text(certificate.read_text() + key.read_text())
        both.chmod(0o600)
        middle, self.port = lab.free_port(), lab.free_port()
        server = self._start(place, "server", f"bind 127.0.0.1:{middle} ssl crt {both} ssl-min-ver TLSv1.3",
                             f"server target 127.0.0.1:{target}")
        place.await_port(server, middle)
        client = self._start(place, "client", f"bind 127.0.0.1:{self.port}",
                             f"server tunnel 127.0.0.1:{middle} ssl verify required ca-file {certificate}")
        place.await_port(client, self.port)
        self.processes = [server, client]

    @staticmethod
    def _start(place, side, bind, server):
        file = place.folder / f"haproxy-{side}.cfg"
        file.write_text("\n".join(["defaults", "  mode tcp", "  maxconn 4000", "  timeout connect 10s", "  timeout client 1h",
                                   "  timeout server 1h", f"listen {side}", f"  {bind}", f"  {server}"]) + "\n")
        return place.start([lab.program("haproxy"), "-db", "-f", file], f"haproxy-{side}.log")


class OpenSsh:
    """`ssh -L` with one cipher, to an sshd of its own."""

    def __init__(self, place, target, cipher):
        folder = place.folder / f"ssh-{cipher}"
        folder.mkdir(mode=0o700)
        for key in ("host", "user"):
            place.run([lab.program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", folder / key])
        middle, self.port = lab.free_port(), lab.free_port()
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd insists when it is started by root
        server = place.start([lab.program("sshd"), "-D", "-e", "-f", "/dev/null", "-p", middle,
                              "-h", folder / "host", "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none",
                              "-o", f"AuthorizedKeysFile={folder}/user.pub", "-o", "StrictModes=no"],
                             f"sshd-{cipher}.log")
        place.await_port(server, middle)
        client = place.start([lab.program("ssh"), "-F", "none", "-N", "-L", f"{self.port}:127.0.0.1:{target}",
                              "-c", cipher, "-i", folder / "user", "-p", middle, "-o", "IdentitiesOnly=yes",
                              "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
                              "-o", "UserKnownHostsFile=/dev/null", "-o", "ExitOnForwardFailure=yes", "127.0.0.1"],
                             f"ssh-{cipher}.log")
        place.await_port(client, self.port)
        self.processes = [server, client]


class Spiped:
    """spiped at both ends, with a key file; as many connections as it allows."""

    def __init__(self, place, target):
        key = place.folder / "spiped.key"
        key.write_bytes(secrets.token_bytes(32))
        middle, self.port = lab.free_port(), lab.free_port()
        common = ["-k", key, "-F", "-n", "500"]
        server = place.start([lab.program("spiped"), "-d", "-s", f"[127.0.0.1]:{middle}",
                              "-t", f"[127.0.0.1]:{target}", *common], "spiped-server.log")
        place.await_port(server, middle)
        client = place.start([lab.program("spiped"), "-e", "-s", f"[127.0.0.1]:{self.port}",
                              "-t", f"[127.0.0.1]:{middle}", *common], "spiped-client.log")
        place.await_port(client, self.port)
        self.processes = [server, client]
