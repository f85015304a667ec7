"""Leases that are kept: what each server does when it writes them down, each in its usual way.

reveille syncs each batch before its ACKs leave. Kea's memfile appends and never syncs; it has
multi-threading here. dnsmasq writes its whole file anew and does not sync it either.
"""

import shutil

import hardship
from servers import PROJECT, Dnsmasq, Kea, Reveille

# On a disk: /tmp may be memory.
FOLDER = PROJECT / "build/perf-leases"
OUTSTANDING = 256  # as many as gather while a disk syncs
# More than get a lease in one run: who comes again gets one that is on the disk already.
MACHINES = 400_000


def fresh(name):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return FOLDER / name


class ReveilleDurable(Reveille):
    def command(self):
        argv = super().command()
        argv[argv.index("--leases") + 1] = fresh("leases.db")
        return argv


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


def measure(bench):
    """{server: its peak in a closed loop, its latency at half of that, what is left of it at ten
    times as much}."""
    found = {}
    for server in (ReveilleDurable, KeaDurable, DnsmasqDurable):
        def run(name=server.name):
            peak = bench.storms.dora(name, OUTSTANDING, bench.seconds, machines=MACHINES)
            if peak is None or peak["dora_per_s"] < 2:
                return None
            rate = peak["dora_per_s"]
            half = bench.storms.run(name, ["--profile", "plain", "--only", "dhcp", "--rate",
                                           max(1, int(rate / 2)), "--timeout", 20],
                                    machines=max(1, int(rate / 2 * bench.seconds)))
            flood = hardship.flood(bench.storms, name, rate)
            return {"peak": peak, "half": half, "flood": flood}
        figures = bench.served(server, run)
        if figures is not None and all(figures.values()):
            found[server.name] = figures
    shutil.rmtree(FOLDER, ignore_errors=True)
    return found


def text(found, table):
    if "reveille" not in found:
        return "reveille did not run.\n"
    own = found["reveille"]["peak"]["dora_per_s"]
    rows = []
    for name, each in found.items():
        peak, flood = each["peak"]["dora_per_s"], each["flood"]["dora_per_s"]
        half = each["half"]["latency"]["lease"]
        rows.append((name, f"{peak:.0f}", f"{own / peak:.1f}", f"{half['p50_ms']:.2f}",
                     f"{half['p99_ms']:.2f}", f"{flood:.0f}", f"{100 * flood / peak:.0f} %",
                     each["peak"]["failed"] + each["half"]["failed"]))
    return __doc__.split("\n\n")[1] + "\n\n" + table(
        ("server", "leases/s", "reveille is x times", "DORA at half load, p50 ms", "p99 ms",
         "leases/s at ten times the peak", "of the peak", "failed"), rows) + "\n" + "".join(
             f"    {found['reveille'][part]['command']}\n" for part in ("peak", "half", "flood"))
