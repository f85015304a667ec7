"""Leases that are kept: what each server does when it writes them down, each in its usual way.

reveille syncs each batch before its ACKs leave. Kea's memfile appends and never syncs; it has
multi-threading here. dnsmasq writes its whole file anew and does not sync it either.
"""

import shutil
import statistics

import hardship
from servers import PROJECT, Dnsmasq, Kea, Reveille, ReveilleMemif
from storms import MEMIF, VETH

# On a disk: /tmp may be memory.
FOLDER = PROJECT / "build/perf-leases"
# Machines at a time. A sync takes as long for many leases as for one, so it takes many to keep a
# server busy that syncs. Each server counts with its best.
OUTSTANDING = (256, 1024)


def fresh(name):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return FOLDER / name


def with_database(argv):
    argv = list(argv)
    argv[argv.index("--leases") + 1] = fresh("leases.db")
    return argv


class ReveilleDurable(Reveille):
    def command(self):
        return with_database(super().command())


class ReveilleDurableMemif(ReveilleMemif):
    def command(self):
        return with_database(super().command())


class KeaDurable(Kea):
    def settings(self):
        return {"lease-database": {"type": "memfile", "persist": True, "lfc-interval": 0,
                                   "name": str(fresh("kea-leases4.csv"))},
                "multi-threading": {"enable-multi-threading": True, "thread-pool-size": 2,
                                    "packet-queue-size": 64}}


class DnsmasqDurable(Dnsmasq):
    def command(self):
        return [*(word for word in super().command() if word != "--leasefile-ro"),
                f"--dhcp-leasefile={fresh('dnsmasq.leases')}"]


SERVERS = {ReveilleDurable: VETH, KeaDurable: VETH, DnsmasqDurable: VETH,
           ReveilleDurableMemif: MEMIF}


def peaks(bench):
    """{server: {machines at a time: leases a second of each round}}"""
    found = {}
    for number in range(bench.rounds):
        for server, port in SERVERS.items():
            if server is DnsmasqDurable and number > 0:
                continue  # it does a tenth of the others' work, and it takes long to start anew
            for outstanding in OUTSTANDING:
                def measure(server=server, at=port, most=outstanding):
                    return bench.served(server, lambda: bench.storms.dora(
                        server.name, most, bench.seconds, at, hardship.MACHINES))
                figures = hardship.all_new(bench, bench.cpus.while_near(measure))
                if figures is not None and figures["dora_per_s"] >= 2:
                    rounds = found.setdefault(server, {}).setdefault(outstanding, [])
                    rounds.append(figures["dora_per_s"])
    return found


def measure(bench):
    """{server: its peak in a closed loop by machines at a time, its latency at half of the best,
    and what is left of it in floods}."""
    found = {}
    for server, by_outstanding in peaks(bench).items():
        port = SERVERS[server]
        rates = {most: statistics.median(rounds) for most, rounds in by_outstanding.items()}
        best = max(rates.values())

        def at_half_load(server=server, rate=best / 2, at=port):
            return bench.served(server, lambda: bench.storms.run(
                server.name, ["--profile", "plain", "--only", "dhcp", "--rate", max(1, int(rate)),
                              "--timeout", 20], at, max(1, int(rate * bench.seconds))))
        half = bench.cpus.while_near(at_half_load)
        flood = hardship.floods(bench, server, port, max(rates, key=rates.get),
                                bench.flood_rounds if bench.is_own(server) else 1)
        if half and flood:
            found[server.name] = {"peaks": rates, "peak": best, "half": half, "flood": flood}
        if server is ReveilleDurable:
            carried = hardship.carried_floods(bench, server, port, max(rates, key=rates.get),
                                              bench.flood_rounds, flood)
            if carried and server.name in found:
                found[server.name]["carried"] = carried
    shutil.rmtree(FOLDER, ignore_errors=True)
    return found


def text(found, table):
    if "reveille" not in found:
        return "reveille did not run.\n"
    own = found["reveille"]["peak"]
    rows = []
    for name, each in found.items():
        half = each["half"]["latency"]["lease"]
        rows.append((name, *(f"{each['peaks'].get(most, 0):.0f}" for most in OUTSTANDING),
                     f"{own / each['peak']:.1f}", f"{half['p50_ms']:.2f}", f"{half['p99_ms']:.2f}",
                     each["half"]["failed"]))
    floods = [(name, each[what]) for name, each in found.items()
              for what in ("flood", "carried") if what in each]
    return (
        __doc__.split("\n\n")[1] + "\n\n" + table(
            ("server", *(f"leases/s, {most} at a time" for most in OUTSTANDING),
             "reveille is x times", "DORA at half load, p50 ms", "p99 ms", "failed at half load"),
            rows)
        + "\nMore than they can do:\n\n" + table(
            ("server", "times its peak", "leases/s", "of the round's peak",
             "frames without room on the wire", "a server without work at that rate"),
            [(name, flood["times"], *hardship.shown(flood)) for name, flood in floods])
        + "\n" + "".join(f"    {each['command']}\n" for each in (
            found["reveille"]["half"], *(flood for name, flood in floods if name == "reveille"))))
