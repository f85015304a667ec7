"""AoE over shared memory: one worker, beside testpmd with frames of the same size."""

import json
import statistics
import subprocess

import testpmd
from disks import ReveilleDisk, image
from servers import ReveilleMemif
from storms import MEMIF, SWARM

SECTORS = 2
FRAME = 14 + 10 + 12 + SECTORS * 512  # Ethernet, AoE, ATA, data
CLIENTS, DEPTH = 200, 8
LIMIT = 120
ROUNDS = 5  # at least
TRIES_FOR_EACH = 2
SAME = 0.85  # testpmd after a round and before it


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


def between(bench):
    """(testpmd's frames a second before and after, the swarm's figures): both wait for memory more
    than for anything else, and how fast that is changes within seconds."""
    before = testpmd.on_memif(FRAME)
    figures = bench.served(ReveilleDiskMemif, lambda: storm(bench, bench.seconds))
    return (before, testpmd.on_memif(FRAME)), figures


def measure(bench):
    """{"reveille": requests a second of each round, "testpmd": frames a second, the mean of before
    and after, "wrong": reads, "left_out": rounds in which testpmd changed}"""
    bench.say("AoE, memif, one core each")
    found = {"reveille": [], "testpmd": [], "wrong": 0, "left_out": 0}
    rounds = max(ROUNDS, bench.rounds)
    for _ in range(TRIES_FOR_EACH * rounds):
        if len(found["reveille"]) == rounds:
            break
        try:
            most, figures = bench.cpus.while_near(lambda: between(bench))
        except OSError as error:
            bench.say(f"testpmd: {error}")
            return {}
        if figures is None or None in most:
            continue
        found["wrong"] += figures["wrong"]
        if min(most) < SAME * max(most):
            found["left_out"] += 1
            continue
        found["reveille"].append(figures["requests_per_second"])
        found["testpmd"].append(statistics.mean(most))
    return found


def shares(found):
    """Per cent of testpmd's frames, of each round."""
    return [100 * own / most for own, most in zip(found["reveille"], found["testpmd"])]


def share_text(found):
    own = shares(found)
    return f"{statistics.median(own):.0f} % ({min(own):.0f} to {max(own):.0f})"


def span(values):
    return f"{min(values):.0f} to {max(values):.0f}"


def page(found, table, median):
    """The part of RESULTS.md."""
    if not found or not found["reveille"]:
        return "Not measured.\n"
    return table((f"testpmd macswap, frames/s of {FRAME} octets", "range",
                  "reveille, reads/s of 1 KiB", "range", "share", "wrong"),
                 [(f"{median(found['testpmd']):.0f}", span(found["testpmd"]),
                   f"{median(found['reveille']):.0f}", span(found["reveille"]),
                   share_text(found), found["wrong"])]) + (
        "\nEach round of reveille stands between two of testpmd, whose mean it is held against. "
        f"{found['left_out']} rounds were left out: testpmd's own differed by more than "
        f"{100 * (1 - SAME):.0f} %.\n")
