"""All measurements, one after the other, and the page that says what came out. See perf/run."""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import disk_memif
import disk_memory
import disks
import durable
import hardship
import page
import perfdhcp
import profiles
import rules
import targets
import testpmd
from cpus import Cpus
from servers import (PROJECT, Atftpd, Dhcpd, Dnsmasq, Kea, Reveille, ReveilleAfPacket,
                     ReveilleMemif, TftpdHpa)
from storms import MEMIF, VETH, Storms
from wire import ADDRESS, Pair

IMAGE_BYTES = 1 << 20
CLIENTS = (50, 200, 1000)
DORA_OUTSTANDING = 64
MEMIF_OUTSTANDING = 256
MEMIF_MACHINES = 50_000
HALF_OPEN_ROUNDS, HALF_OPEN_SECONDS = 5, 2
STORM_ROUNDS = 3
STORM_MACHINES = 10_000
STORM_MACHINES_PEER = 1_000  # kernels keep 1024 neighbours unless told otherwise
PARTS = ("micro", "dhcp", "durable", "tftp", "testpmd", "memif", "overload", "perfdhcp",
         "footprint", "storm", "finishing", "disks", "disk-memory", "disk-memif", "rules",
         "profiles")
REPORTS = PROJECT / "build/perf-report"


class Bench:
    def __init__(self, arguments, pair, work):
        self.rounds = arguments.rounds
        self.flood_rounds = 4 * arguments.rounds + 3  # short ones; a median of five moved by a tenth
        self.seconds = arguments.seconds
        self.pair = pair
        self.work = work
        self.storms = Storms(pair, work)
        self.cpus = Cpus()
        self.begin = time.monotonic()

    @staticmethod
    def is_own(server):
        return issubclass(server, Reveille)

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
                result = self.cpus.while_near(run)
                if result is not None:
                    figures.setdefault(name, []).append(result)
            self.say(f"  round {number + 1} of {self.rounds}")
        return figures

    def tftp_on_veth(self):
        found = {}
        for clients in CLIENTS:
            self.say(f"TFTP, {clients} clients, veth")
            found[clients] = self.compared(
                [Reveille, ReveilleAfPacket, Dnsmasq, TftpdHpa, Atftpd],
                lambda: self.storms.ceiling("tftp", clients, self.seconds),
                lambda name: self.storms.tftp(name, clients, self.seconds))
        return found

    def dhcp_on_veth(self):
        self.say("DHCP, veth")
        return self.compared(
            [Reveille, ReveilleAfPacket, Dnsmasq, Kea, Dhcpd],
            lambda: self.storms.ceiling("dhcp", DORA_OUTSTANDING, self.seconds),
            lambda name: self.storms.dora(name, DORA_OUTSTANDING, self.seconds))

    def rounds_of(self, runs):
        """{name: [figures of each round]} of {name: what measures}, in turn like compared()."""
        figures = {}
        for number in range(self.rounds):
            for name, run in runs.items():
                try:
                    result = self.cpus.while_near(run)
                except OSError as error:
                    self.say(f"{name}: {error}")
                    continue
                if result is not None:
                    figures.setdefault(name, []).append(result)
            self.say(f"  round {number + 1} of {self.rounds}")
        return figures

    def testpmd(self):
        self.say("testpmd and reveille, veth")
        return self.rounds_of({
            "testpmd": lambda: testpmd.on_veth(self.pair),
            "reveille": lambda: self.served(
                Reveille, lambda: self.storms.tftp("reveille", CLIENTS[-1], self.seconds))})

    def overload(self):
        """Target 8."""
        self.say("overload")
        found = {}
        for server, port, outstanding, rounds in (
                (ReveilleMemif, MEMIF, MEMIF_OUTSTANDING, self.flood_rounds),
                (Reveille, VETH, DORA_OUTSTANDING, self.flood_rounds),
                (Dnsmasq, VETH, DORA_OUTSTANDING, 1),
                (Kea, VETH, DORA_OUTSTANDING, 1)):
            floods = hardship.floods(self, server, port, outstanding, rounds)
            if floods is not None:
                found[server.name] = floods
            if server is Reveille:
                carried = hardship.carried_floods(self, server, port, outstanding, rounds, floods)
                if carried is not None:
                    found["carried"] = carried
        if (half_open := self.half_open()) is not None:
            found["half-open"] = half_open
        return found

    def half_open(self):
        """Rates without strangers around those with them: first of frames that nobody serves, then
        of read requests, whose transfers outlive the run. {"peak": the mean of both, "nobody",
        "flood": MB/s of each round}"""
        seconds = min(HALF_OPEN_SECONDS, self.seconds)
        def measure():
            return self.storms.tftp("reveille", 200, seconds)
        def beside(port):
            return hardship.with_spoofed_requests(self.pair, seconds, measure, port)
        def all_four():
            return (measure(), beside(hardship.NOBODYS_PORT), measure(), beside(69))
        found = {"peak": [], "nobody": [], "flood": []}
        for _ in range(max(HALF_OPEN_ROUNDS, self.rounds)):
            figures = self.cpus.while_near(lambda: self.served(Reveille, all_four))
            if figures is None or not all(figures) or not figures[0]["mb_per_s"]:
                continue
            before, nobody, between, flood = (each["mb_per_s"] for each in figures)
            found["peak"].append((before + between) / 2)
            found["nobody"].append(nobody)
            found["flood"].append(flood)
        return found if found["peak"] else None

    def perfdhcp(self, dhcp):
        self.say("perfdhcp")
        found = {}
        for server in (Reveille, Dnsmasq, Kea):
            rounds = dhcp.get(server.name)
            if not rounds:
                continue
            # A little more than the server did for the swarm: what it then completes is its rate.
            offered = int(1.2 * statistics.median(each["dora_per_s"] for each in rounds)) + 100
            rate = self.served(server, lambda rate=offered: perfdhcp.exchanges_per_second(
                self.pair, rate, self.seconds))
            if rate is not None:
                found[server.name] = {"offered": offered, "completed": rate}
        return found

    def footprint(self):
        self.say("idle")
        found = {}
        for server in (Reveille, Dnsmasq):
            running = server(self.pair, self.work)
            figures = self.served(lambda *_, own=running: own,
                                  lambda own=running: hardship.footprint(own))
            if figures is not None:
                found[server.name] = figures
        return found

    def durable(self):
        self.say("durable leases, veth")
        return durable.measure(self)

    def memif(self):
        self.say("memif, one core each")
        def reveille(measure):
            return lambda: self.served(ReveilleMemif, measure)
        return self.rounds_of({
            "testpmd": testpmd.on_memif,
            "tftp": reveille(lambda: self.storms.tftp("reveille, memif", 1000, self.seconds,
                                                      MEMIF)),
            "ceiling tftp": lambda: self.storms.ceiling("tftp", 1000, self.seconds, MEMIF),
            "dhcp": reveille(lambda: self.storms.dora("reveille, memif", MEMIF_OUTSTANDING,
                                                      self.seconds, MEMIF, MEMIF_MACHINES)),
            "ceiling dhcp": lambda: self.storms.ceiling("dhcp", MEMIF_OUTSTANDING, self.seconds,
                                                        MEMIF, MEMIF_MACHINES)})

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
        """Target 7: ten thousand machines within a second, two relays, one per cent of loss.
        {label: figures of each round}"""
        self.say("the storm")
        calm = ["--profile", "ipxe", "--within", 1, "--file", "boot.img", "--root",
                self.work / "root", "--timeout", 120]
        hard = [*calm, "--relays", 2, "--server", ADDRESS, "--first-relay", "10.77.15.1",
                "--loss", 1]
        found = {}
        runs = (("reveille, memif", ReveilleMemif, MEMIF, STORM_MACHINES, hard),
                ("reveille, no loss", ReveilleMemif, MEMIF, STORM_MACHINES, calm),
                ("reveille, veth", Reveille, VETH, STORM_MACHINES_PEER, hard),
                ("dnsmasq, veth", Dnsmasq, VETH, STORM_MACHINES_PEER, hard))
        for number in range(STORM_ROUNDS):
            for label, server, port, machines, argv in runs:
                if number > 0 and port is VETH:
                    continue  # the target is about the others
                def one(server=server, label=label, argv=argv, port=port, machines=machines):
                    return self.served(server, lambda: self.storms.run(label, argv, port, machines))
                figures = self.cpus.while_near(one) if port is MEMIF else one()
                if figures is not None:
                    found.setdefault(label, []).append(figures)
        page.report(REPORTS / "storm.html", [targets.middle(each) for each in found.values()],
                    self.work)
        return found


UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def micro(work, quick):
    """Whole workers and the engines alone, in cycles: {program: its output}, the workers' figures,
    and {decision: nanoseconds}."""
    found = {}
    figures, decisions = work / "worker.json", work / "policy.json"
    for name, argv in (("worker-bench", ["--json", figures, *(["--quick"] if quick else [])]),
                       ("tftp-bench", []), ("dhcp-bench", []), ("store-bench", ["build"]),
                       ("policy-bench", ["--benchmark_color=false",
                                         f"--benchmark_out={decisions}"]),
                       ("names-bench", ["--benchmark_color=false"])):
        done = subprocess.run([PROJECT / "build/perf" / name, *argv], capture_output=True,
                              text=True, timeout=240, check=False, stdin=subprocess.DEVNULL,
                              cwd=PROJECT)
        found[name] = done.stdout.strip() if done.returncode == 0 else f"status {done.returncode}"
    policy = json.loads(decisions.read_text())["benchmarks"] if decisions.exists() else []
    return (found, json.loads(figures.read_text()) if figures.exists() else {},
            {each["name"]: each["real_time"] * UNITS[each["time_unit"]] for each in policy})


def main():
    parser = argparse.ArgumentParser(prog="perf/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="of each comparison")
    parser.add_argument("--seconds", type=int, default=3, help="of each run")
    parser.add_argument("--short", action="store_true",
                        help="one round of two seconds: about half the time")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=f"of {', '.join(PARTS)}; the others have no figures then")
    parser.add_argument("--output", type=Path, default=PROJECT / "perf/RESULTS.md")
    arguments = parser.parse_args()
    if arguments.short:
        arguments.rounds, arguments.seconds = 1, 2
    # Whoever is ended cleans up all the same.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    work = Path(tempfile.mkdtemp(prefix="reveille-perf-"))
    try:
        work.chmod(0o755)
        (work / "root").mkdir()
        (work / "root/boot.img").write_bytes(os.urandom(IMAGE_BYTES))
        REPORTS.mkdir(parents=True, exist_ok=True)
        load = os.getloadavg()[0]
        with Pair() as pair:
            bench = Bench(arguments, pair, work)
            bench.say("micro benchmarks")
            programs, worker, policy = micro(work, arguments.short) \
                if "micro" in arguments.parts else ({}, {}, {})
            figures = {"micro": programs, "worker": worker, "policy": policy}
            parts = {"dhcp": bench.dhcp_on_veth, "durable": bench.durable,
                     "tftp": bench.tftp_on_veth,
                     "testpmd": bench.testpmd, "memif": bench.memif,
                     "overload": bench.overload,
                     "perfdhcp": lambda: bench.perfdhcp(figures["dhcp"]),
                     "footprint": bench.footprint, "storm": bench.storm,
                     "finishing": bench.finishing,
                     "disks": lambda: disks.measure(bench),
                     "disk-memory": lambda: disk_memory.measure(bench),
                     "disk-memif": lambda: disk_memif.measure(bench),
                     "rules": lambda: rules.measure(bench),
                     "profiles": lambda: profiles.measure(bench)}
            for name, run in parts.items():
                figures[name] = run() if name in arguments.parts else {}
        figures["cpus"] = bench.cpus.text()
        figures["minutes"] = (time.monotonic() - bench.begin) / 60
        figures["load"] = (load, os.getloadavg()[0])
        (REPORTS / "figures.json").write_text(json.dumps(figures, indent=1))
        arguments.output.write_text(page.text(figures, arguments, statistics.median))
        print(f"{time.monotonic() - bench.begin:6.0f} s  {arguments.output}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
