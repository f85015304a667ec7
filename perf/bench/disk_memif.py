"""AoE over shared memory: one worker, beside testpmd with frames of the same size."""

import json
import subprocess

import testpmd
from disks import ReveilleDisk, image
from servers import ReveilleMemif
from storms import MEMIF, SWARM

SECTORS = 2
FRAME = 14 + 10 + 12 + SECTORS * 512  # Ethernet, AoE, ATA, data
CLIENTS, DEPTH = 200, 8
LIMIT = 120
ROUNDS = 3  # at least


class ReveilleDiskMemif(ReveilleDisk):
    kernel_sockets = None
    interface = f'vdev = "{ReveilleMemif.port[1]}"'


def storm(bench, seconds):
    path = bench.work / "disk-memif.json"
    path.unlink(missing_ok=True)
    argv = [SWARM, "disk", *MEMIF, "--image", image(bench.work), "--pattern", "-n", CLIENTS,
            "--depth", DEPTH, "--sectors", SECTORS, "--seconds", seconds, "--json", path]
    subprocess.run([str(part) for part in argv], timeout=LIMIT, stdin=subprocess.DEVNULL,
                   capture_output=True, check=False)
    return json.loads(path.read_text()) if path.exists() else None


def measure(bench):
    """{"reveille": requests a second of each round, "testpmd": frames a second, "wrong": reads}"""
    bench.say("AoE, memif, one core each")
    found = {"reveille": [], "testpmd": [], "wrong": 0}
    for _ in range(max(ROUNDS, bench.rounds)):
        try:
            most = bench.cpus.while_near(lambda: testpmd.on_memif(FRAME))
        except OSError as error:
            bench.say(f"testpmd: {error}")
            return {}
        figures = bench.cpus.while_near(
            lambda: bench.served(ReveilleDiskMemif, lambda: storm(bench, bench.seconds)))
        if figures is None or most is None:
            continue
        found["reveille"].append(figures["requests_per_second"])
        found["testpmd"].append(most)
        found["wrong"] += figures["wrong"]
    return found if found["reveille"] else {}


def share(found, median):
    """Per cent of testpmd's frames."""
    return 100 * median(found["reveille"]) / median(found["testpmd"])


def span(values):
    return f"{min(values):.0f} to {max(values):.0f}"


def page(found, table, median):
    """The part of RESULTS.md."""
    if not found:
        return "Not measured.\n"
    return table((f"testpmd macswap, frames/s of {FRAME} octets", "range",
                  "reveille, reads/s of 1 KiB", "range", "share", "wrong"),
                 [(f"{median(found['testpmd']):.0f}", span(found["testpmd"]),
                   f"{median(found['reveille']):.0f}", span(found["reveille"]),
                   f"{share(found, median):.0f} %", found["wrong"])])
