"""AoE: reveille and vblade on the same veth, with the same generator, every byte compared."""

import json
import shlex
import subprocess

from servers import INTERFACE, PROJECT, Reveille, Server
from storms import SWARM, VETH, VETH_JUMBO
from wire import ADDRESS, PREFIX_LENGTH

IMAGE_MEBIBYTES = 256    # in memory, or in the page cache
SECTORS = 2              # 1 KiB: what a frame of 1500 octets carries
JUMBO_SECTORS = 16       # 8 KiB
JUMBO = 9000
TRACE = PROJECT / "perf/boot.trace"  # of a kernel that boots its root; see there
CLIENTS = (1, 50, 1000)
LIMIT = 120


def image(work):
    """A file of the swarm's own: as random as any, but the swarm need not read it to compare."""
    path = work / "disk.img"
    if not path.exists():
        subprocess.run([str(SWARM), "image", str(path), "--mebibytes", str(IMAGE_MEBIBYTES)],
                       check=True, timeout=LIMIT)
    return path


class ReveilleDisk(Reveille):
    name = "reveille"
    mtu = 1500
    interface = f'interface = "{INTERFACE}"'
    limits = ""  # in [disks]

    def image(self):
        return image(self.work)

    def socket(self):
        return self.work / "control.sock"

    def command(self):
        config = self.work / "reveille-disk.toml"
        config.write_text(f"""
[[interface]]
{self.interface}
address = "{ADDRESS}/{PREFIX_LENGTH}"
mtu = {self.mtu}
[[disk]]
address = "e0.1"
file = "{self.image()}"
boot = false
[disks]
{self.limits}
[control]
socket = "{self.socket()}"
[images]
root = "{self.work / 'root'}"
""", encoding="ascii")
        return [PROJECT / "build/reveille", "serve", "--config", config, "--pool",
                "10.77.16.0-10.77.16.255", "--leases", "none", "--quiet"]


class ReveilleJumboDisk(ReveilleDisk):
    mtu = 9000


class Vblade(Server):
    """One process a disk; what one client writes all others read. Its image is a copy."""

    name = "vblade"
    kernel_sockets = False

    def command(self):
        path = self.work / "vblade.img"
        subprocess.run(["cp", "--sparse=never", image(self.work), path], check=True)
        return ["vblade", "-b", "1024", "0", "1", INTERFACE, path]

    def ready(self):
        shown = subprocess.run(self.pair.on_server(["ss", "-0nH"]), capture_output=True, text=True,
                               check=True).stdout
        return INTERFACE in shown


def run(bench, server, label, clients, depth, seconds, order, write, sectors):
    """The figures of one storm, with the target's CPU time a request."""
    path = bench.work / "disk.json"
    path.unlink(missing_ok=True)
    bench.storms.machine += clients
    port = VETH_JUMBO if sectors > SECTORS else VETH
    argv = [SWARM, "disk", *port, "--image", image(bench.work), "--pattern", "-n", clients,
            "--depth", depth, "--sectors", sectors, "--seconds", seconds, "--label", label]
    argv += ["--trace", TRACE] if order == "trace" else ["--order", order]
    if write:
        argv += ["--write", write, "--write-sectors", 128]
    shown = shlex.join(str(part) for part in argv).replace(f"{PROJECT}/", "")
    shown = shown.replace(str(image(bench.work)), "disk.img")
    argv += ["--first-machine", bench.storms.machine, "--json", path]
    before = server.cpu_seconds()
    done = subprocess.run(bench.pair.on_swarm([str(part) for part in argv]), timeout=LIMIT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    used = server.cpu_seconds() - before
    if not path.exists():
        bench.say(f"    {label}: {done.stderr.strip()[-300:]}")
        return None
    figures = json.loads(path.read_text())
    # Identifying and reading back what was written are requests too.
    requests = figures["compared_bytes"] / (512 * figures["sectors"]) + figures["writes"]
    figures["cpu_us"] = used * 1e6 / requests if requests else 0
    figures["command"] = shown
    return figures


def cases():
    """(name, clients, requests of each that are out, order, per cent that write, sectors)"""
    for clients in CLIENTS:
        depth = 16 if clients == 1 else 4 if clients == 50 else 1
        yield f"random reads, {clients} clients", clients, depth, "random", 0, SECTORS
    yield "sequential reads, 1 client", 1, 16, "sequential", 0, SECTORS
    yield "30 % writes, 50 clients", 50, 4, "random", 30, SECTORS
    yield "reads of a boot, 50 clients", 50, 4, "trace", 0, SECTORS
    yield "random reads of 8 KiB, MTU 9000, 50 clients", 50, 4, "random", 0, JUMBO_SECTORS
    yield "sequential reads of 8 KiB, MTU 9000, 1 client", 1, 16, "sequential", 0, JUMBO_SECTORS


def measure(bench):
    """{case: {target: [figures of each round]}}"""
    found = {}
    for name, clients, depth, order, write, sectors in cases():
        bench.say(f"AoE, {name}")
        jumbo = sectors > SECTORS
        bench.pair.set_mtu(JUMBO if jumbo else 1500)
        for _ in range(bench.rounds):
            for kind in (ReveilleJumboDisk if jumbo else ReveilleDisk, Vblade):
                server = kind(bench.pair, bench.work)
                figures = bench.cpus.while_near(lambda own=server: bench.served(
                    lambda *_: own,
                    lambda: run(bench, own, own.name, clients, depth, bench.seconds, order, write,
                                sectors)))
                if figures is not None:
                    found.setdefault(name, {}).setdefault(server.name, []).append(figures)
    bench.pair.set_mtu(1500)
    return found


def page(found, table, median):
    """The part of RESULTS.md."""
    if not found:
        return "Not measured.\n"
    rows = []
    for name, targets in found.items():
        for target, rounds in targets.items():
            middle = lambda field: median(each[field] for each in rounds)
            rows.append((name, target, f"{middle('requests_per_second'):.0f}",
                         f"{middle('mb_per_s'):.1f}", f"{middle('cpu_us'):.2f}",
                         sum(each["wrong"] for each in rounds),
                         sum(each["refused"] for each in rounds),
                         sum(each["repeated"] for each in rounds)))
    commands = {each["command"] for targets in found.values() for rounds in targets.values()
                for each in rounds[:1] if each["label"] == "reveille"}
    return table(("load", "target", "requests/s", "MB/s", "CPU us a request", "wrong", "refused",
                  "asked again"), rows) + \
        "\nRequests of 1 KiB unless said otherwise. Every byte was compared, and what was written read back.\n\n```\n" + \
        f"build/reveille-storm image disk.img --mebibytes {IMAGE_MEBIBYTES}\n" + \
        "\n".join(sorted(commands)) + "\n```\n"
