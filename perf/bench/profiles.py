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

LEAD = 0.9  # seconds until frames flow
SAMPLED = 1.2
RUN = LEAD + SAMPLED + 0.7  # of the swarm, from its first frame on
LIMIT = 60
WORKER, SWARM = "rte-worker-1", "reveille-storm"
FUNCTIONS = 5  # that are named
# Of a sample: where it was, by the object and the mark of the symbol; the first that matches.
KINDS = (("kernel", re.compile(r"\[k\]")),
         ("driver, buffers", re.compile(r"librte_net_|librte_m|libxdp|libbpf")),
         ("memcpy, memcmp", re.compile(r"libc\.so")),
         ("own code", re.compile(r"^reveille(-storm)?\b")),
         ("other", re.compile(r"")))


def runs(bench):
    """(what, server, what the swarm does)"""
    storms = bench.storms
    def flooded(rate, port):
        return lambda: storms.flood("profile", rate, RUN, port)
    return (
        ("TFTP, memif", ReveilleMemif, lambda: storms.tftp("profile", 1000, RUN, MEMIF)),
        ("DHCP, memif", ReveilleMemif, lambda: storms.dora("profile", 256, RUN, MEMIF, 50_000)),
        ("DHCP at a flood of 3 million a second, memif", ReveilleMemif, flooded(3e6, MEMIF)),
        ("durable DHCP at a flood of 1.5 million a second, memif", durable.ReveilleDurableMemif,
         flooded(1.5e6, MEMIF)),
        ("DHCP, veth", Reveille, lambda: storms.dora("profile", 64, RUN, VETH)),
        ("DHCP at a flood of 1.5 million a second, veth", Reveille, flooded(1.5e6, VETH)),
        ("AoE reads of 1 KiB, memif", disk_memif.ReveilleDiskMemif,
         lambda: disk_memif.storm(bench, RUN)))


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
    """{"kinds": {kind: per cent}, "functions": [(name, per cent)]} of samples()."""
    kinds, functions = collections.Counter(), collections.Counter()
    for share, where, symbol in found:
        mark = f"{where} {symbol}"
        kinds[next(kind for kind, pattern in KINDS if pattern.search(mark))] += share
        name = symbol.split("(anonymous namespace)::")[-1]
        name = re.sub(r"^\[[.k]\]\s*|\breveille::(storm::)?|[(<;].*", "", name).strip()
        if name and not name.startswith("0x"):
            functions[name.split()[-1]] += share
    return {"kinds": dict(kinds), "functions": functions.most_common(FUNCTIONS)}


def sampled(run, path):
    """run() with samples of all that runs in its middle."""
    perf = subprocess.Popen(
        ["sh", "-c", f"sleep {LEAD}; exec perf record --quiet --all-cpus --no-buildid-cache "
                     f"--freq 2000 --output {path} -- sleep {SAMPLED}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return run()
    finally:
        try:
            perf.wait(LIMIT)
        finally:
            perf.kill()


def measure(bench):
    """{what: {thread: summed()}}"""
    if shutil.which("perf") is None:
        return {}
    bench.say("profiles")
    found = {}
    path = bench.work / "samples"
    for what, server, run in runs(bench):
        path.unlink(missing_ok=True)
        threads = {}
        try:
            if bench.served(server, lambda of=run: sampled(of, path)) and path.exists():
                threads = {thread: summed(samples(path, thread)) for thread in (WORKER, SWARM)}
        except (OSError, subprocess.SubprocessError) as error:
            bench.say(f"  {what}: {error}")
        if threads and all(each["functions"] for each in threads.values()):
            found[what] = threads
        else:
            bench.say(f"  {what}: not sampled")
    shutil.rmtree(durable.FOLDER, ignore_errors=True)
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
