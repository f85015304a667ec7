"""All measurements, one after the other, and the page that says what came out. See perf/run."""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import page
from servers import PROJECT, Atftpd, Dhcpd, Dnsmasq, Kea, Reveille, ReveilleMemif, TftpdHpa
from storms import MEMIF, SWARM, VETH, Storms
from wire import ADDRESS, Pair

IMAGE_BYTES = 1 << 20
CLIENTS = (50, 200, 1000)
DORA_OUTSTANDING = 64
STORM_MACHINES = 10_000
STORM_MACHINES_PEER = 1_000  # kernels keep 1024 neighbours unless told otherwise
REPORTS = PROJECT / "build/perf-report"


class Bench:
    def __init__(self, arguments, pair, work):
        self.rounds = arguments.rounds
        self.seconds = arguments.seconds
        self.pair = pair
        self.work = work
        self.storms = Storms(pair, work)
        self.begin = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.begin:6.0f} s  {text}", flush=True)

    def served(self, server, measure):
        """What `measure` gives while the server runs; None when it does not start."""
        try:
            with server(self.pair, self.work):
                return measure()
        except RuntimeError as error:
            self.say(str(error))
            return None

    def compared(self, servers, ceiling, measure):
        """{name: [figures of each round]}: everybody once, then everybody again, so that what
        else goes on in this machine hits all of them."""
        figures = {}
        for number in range(self.rounds):
            for name, run in [("ceiling", ceiling)] + [
                    (server.name, lambda server=server: self.served(server,
                                                                    lambda: measure(server.name)))
                    for server in servers]:
                result = run()
                if result is not None:
                    figures.setdefault(name, []).append(result)
            self.say(f"  round {number + 1} of {self.rounds}")
        return figures

    def tftp_on_veth(self):
        found = {}
        for clients in CLIENTS:
            self.say(f"TFTP, {clients} clients, veth")
            found[clients] = self.compared(
                [Reveille, Dnsmasq, TftpdHpa, Atftpd],
                lambda: self.storms.ceiling("tftp", clients, self.seconds),
                lambda name: self.storms.tftp(name, clients, self.seconds))
        return found

    def dhcp_on_veth(self):
        self.say("DHCP, veth")
        return self.compared(
            [Reveille, Dnsmasq, Kea, Dhcpd],
            lambda: self.storms.ceiling("dhcp", DORA_OUTSTANDING, self.seconds),
            lambda name: self.storms.dora(name, DORA_OUTSTANDING, self.seconds))

    def memif(self):
        self.say("memif, one core each")
        def measure():
            return {"tftp": self.storms.tftp("reveille, memif", 1000, self.seconds, MEMIF),
                    "dhcp": self.storms.dora("reveille, memif", 256, self.seconds, MEMIF, 50_000)}
        figures = self.served(ReveilleMemif, measure) or {}
        # The swarm's own two ends in one process: what it could do against a server without work.
        common = [SWARM, "ceiling", "--vdev", "net_memif1,role=client,id=3,bsize=2048,rsize=11,"
                  f"socket=/tmp/reveille-perf-{os.getpid()}-ceiling.memif,socket-abstract=no",
                  "--responder-vdev", "net_memif0,role=server,id=3,bsize=2048,rsize=11,"
                  f"socket=/tmp/reveille-perf-{os.getpid()}-ceiling.memif,socket-abstract=no",
                  "--profile", "plain", "--quiet", "--duration", self.seconds]
        for what, more in (("tftp", ["--only", "tftp", "--first-address", "10.77.128.1", "-n", 1000,
                                     "--outstanding", 1000]),
                           ("dhcp", ["--only", "dhcp", "-n", 50_000, "--outstanding", 256])):
            path = self.work / "ceiling.json"
            path.unlink(missing_ok=True)
            subprocess.run([str(part) for part in [*common, *more, "--json", path]], timeout=120,
                           stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if path.exists():
                figures[f"ceiling {what}"] = page.read(path)
        return figures

    def finishing(self):
        """Everybody once, all at the same moment: who boots, and when the last one has."""
        self.say("1000 machines at once")
        found = {}
        for server in (Reveille, Dnsmasq, TftpdHpa, Atftpd):
            def measure(name=server.name):
                return self.storms.run(name, ["--profile", "ipxe", "--only", "tftp", "--server",
                                              ADDRESS, "--first-address", "10.77.128.1", "--file",
                                              "boot.img", "--root", self.work / "root",
                                              "--timeout", 90])
            if (figures := self.served(server, measure)) is not None:
                found[server.name] = figures
        page.report(REPORTS / "1000-at-once.html", found.values(), self.work)
        return found

    def storm(self):
        """Target 7: ten thousand machines within a second, two relays, one per cent of loss."""
        self.say("the storm")
        def argv(timeout):
            return ["--profile", "ipxe", "--within", 1, "--relays", 2, "--server", ADDRESS,
                    "--first-relay", "10.77.15.1", "--loss", 1, "--file", "boot.img", "--root",
                    self.work / "root", "--timeout", timeout]
        found = {}
        runs = (("reveille, memif", ReveilleMemif, MEMIF, STORM_MACHINES),
                ("reveille, veth", Reveille, VETH, STORM_MACHINES_PEER),
                ("dnsmasq, veth", Dnsmasq, VETH, STORM_MACHINES_PEER))
        for label, server, port, machines in runs:
            figures = self.served(server, lambda: self.storms.run(label, argv(120), port, machines))
            if figures is not None:
                found[label] = figures
        page.report(REPORTS / "storm.html", found.values(), self.work)
        return found


def micro():
    """The engines alone, in cycles: {program: its output}."""
    found = {}
    for name in ("tftp-bench", "dhcp-bench"):
        done = subprocess.run([PROJECT / "build/perf" / name], capture_output=True, text=True,
                              timeout=240, check=False, stdin=subprocess.DEVNULL)
        found[name] = done.stdout.strip() if done.returncode == 0 else f"status {done.returncode}"
    return found


def main():
    parser = argparse.ArgumentParser(prog="perf/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison")
    parser.add_argument("--seconds", type=int, default=3, help="of each run")
    parser.add_argument("--output", type=Path, default=PROJECT / "perf/RESULTS.md")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="reveille-perf-"))
    try:
        work.chmod(0o755)
        (work / "root").mkdir()
        (work / "root/boot.img").write_bytes(os.urandom(IMAGE_BYTES))
        REPORTS.mkdir(parents=True, exist_ok=True)
        load = os.getloadavg()[0]
        with Pair() as pair:
            bench = Bench(arguments, pair, work)
            figures = {"tftp": bench.tftp_on_veth(), "dhcp": bench.dhcp_on_veth(),
                       "finishing": bench.finishing(), "memif": bench.memif(),
                       "storm": bench.storm()}
        print("micro benchmarks", flush=True)
        figures["micro"] = micro()
        figures["load"] = (load, os.getloadavg()[0])
        arguments.output.write_text(page.text(figures, arguments, statistics.median))
        print(f"{time.monotonic() - bench.begin:6.0f} s  {arguments.output}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
