"""Where the time goes, by samples of `perf` (linux-perf): what explains a figure better than words.

One run of each kind, sampled in its middle; both CPUs are busy all the time, for both ends poll. Shares
are those of one thread.
"""

import collections
import re
import shutil
import subprocess

import disk_memif
import durable
from servers import Reveille, ReveilleMemif
from storms import MEMIF, VETH

LEAD = 1.3  # seconds until frames flow
SAMPLED = 1.5
LIMIT = 60
WORKER, SWARM = "rte-worker-1", "reveille-storm"
FUNCTIONS = 5  # that are named
DRIVERS = re.compile(r"librte_net_|librte_m|libxdp|libbpf")
# Who does what; the first that matches.
KINDS = (("kernel", re.compile(r"\[kernel|\[vdso|\[unknown")), ("driver, buffers", DRIVERS),
         ("memcpy, memcmp", re.compile(r"libc\.so")), ("own code", re.compile(r"")))


def runs(bench):
    """(what, server, what the swarm does)"""
    storms, seconds = bench.storms, LEAD + SAMPLED + 1
    def flooded(name, peak, port):
        return lambda: storms.flood(name, 10 * peak, seconds, port)
    return (
        ("TFTP, memif", ReveilleMemif, lambda: storms.tftp("profile", 1000, seconds, MEMIF)),
        ("DHCP, memif", ReveilleMemif,
         lambda: storms.dora("profile", 256, seconds, MEMIF, 50_000)),
        ("DHCP at a flood of 4 million a second, memif", ReveilleMemif,
         flooded("profile", 400_000, MEMIF)),
        ("durable DHCP at a flood of 1.5 million a second, memif", durable.ReveilleDurableMemif,
         flooded("profile", 150_000, MEMIF)),
        ("DHCP, veth", Reveille, lambda: storms.dora("profile", 64, seconds, VETH)),
        ("DHCP at a flood of 1.5 million a second, veth", Reveille,
         flooded("profile", 150_000, VETH)),
        ("AoE reads of 1 KiB, memif", disk_memif.ReveilleDiskMemif,
         lambda: disk_memif.storm(bench)))


def samples(path, thread):
    """[(share, object, function)] of one thread, most first."""
    done = subprocess.run(
        ["perf", "report", "--input", path, "--stdio", "--quiet", "--no-children", "--comms",
         thread, "--percentage", "relative", "--sort", "dso,symbol", "--fields",
         "overhead,dso,symbol", "--field-separator", ";"],
        capture_output=True, text=True, timeout=LIMIT, check=False, stdin=subprocess.DEVNULL)
    found = []
    for line in done.stdout.splitlines():
        fields = [field.strip() for field in line.split(";", 2)]
        if len(fields) == 3 and re.fullmatch(r"[\d.]+%?", fields[0]):
            found.append((float(fields[0].rstrip("%")), fields[1], fields[2]))
    return found


def summed(found):
    """{"kinds": {kind: per cent}, "functions": [(per cent, name)]} of samples()."""
    kinds, functions = collections.Counter(), collections.Counter()
    for share, where, symbol in found:
        kinds[next(kind for kind, pattern in KINDS if pattern.search(where))] += share
        name = re.sub(r"^\[[.k]\]\s*|\breveille::(storm::)?|[(<;].*", "", symbol).strip()
        if name and not name.startswith("0x"):
            functions[name] += share
    return {"kinds": dict(kinds), "functions": functions.most_common(FUNCTIONS)}


def measure(bench):
    """{what: {thread: summed()}}"""
    if shutil.which("perf") is None:
        return {}
    bench.say("profiles")
    found = {}
    path = bench.work / "samples"
    for what, server, run in runs(bench):
        def sampled(of=run):
            perf = subprocess.Popen(["sh", "-c", f"sleep {LEAD}; exec perf record --quiet --all-cpus "
                                     f"--freq 2000 --output {path} -- sleep {SAMPLED}"],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
            try:
                figures = of()
            finally:
                perf.wait(LIMIT)
            return figures
        path.unlink(missing_ok=True)
        if bench.served(server, sampled) is None or not path.exists():
            bench.say(f"  {what}: not sampled")
            continue
        threads = {thread: summed(samples(path, thread)) for thread in (WORKER, SWARM)}
        if all(each["functions"] for each in threads.values()):
            found[what] = threads
    return found


def text(found, table):
    if not found:
        return "Not measured.\n"
    rows = []
    for what, threads in found.items():
        for thread, name in ((WORKER, "worker"), (SWARM, "swarm")):
            each = threads[thread]
            rows.append((what, name,
                         *(f"{each['kinds'].get(kind, 0):.0f} %" for kind, _ in KINDS),
                         ", ".join(f"{function} {share:.0f}"
                                   for function, share in each["functions"])))
    return "By `perf record`, one run each; per cent of the samples of each thread.\n\n" + table(
        ("run", "thread", *(kind for kind, _ in KINDS), "functions with most, %"), rows)
