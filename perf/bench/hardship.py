"""More than a server can do (target 8), and nothing to do at all (target 10)."""

import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path

from servers import SWARM_CPU
from wire import ADDRESS, Pair

FLOOD = 10  # times a server's peak
CARRIED_SHARE = 0.9  # of what a veth carries at most, which is less than ten times our peak there
PEAK_SECONDS = 1.2  # a million machines are enough for it
FLOOD_SECONDS = 2
MACHINES = 1_000_000  # more than get a lease in one run, see all_new()
FLOOD_LEASES_MAX = 700_000  # the pool has a million addresses
SPOOFED_PER_SECOND = 2_500
NOBODYS_PORT = 9  # of UDP
IDLE_SECONDS = 4


def floods(bench, server, port, outstanding, rounds, times=FLOOD):
    """{"peaks", "floods": leases a second of each round, "no_room": shares of the frames that found
    no room on the wire, "times", "ideal": what a server without work gives at that rate, beside our
    own, "carried": frames a second that the wire took then, "command"}; None where it could not be
    measured. A round is a closed loop and, right after it, `times` as much as that gave. Both find a
    server that has just been started, and machines that are all new."""
    found = {"peaks": [], "floods": [], "no_room": [], "times": times}

    def both():
        peak = all_new(bench, bench.served(server, lambda: bench.storms.dora(
            server.name, outstanding, min(PEAK_SECONDS, bench.seconds), port, MACHINES)))
        rate = peak["dora_per_s"] if peak else 0
        if rate < 2:
            return 0, None
        return rate, bench.served(server, lambda: flood(
            bench.storms, server.name, rate, port, times))

    for _ in range(rounds):
        rate, figures = bench.cpus.while_near(both)
        if figures is None or figures["interrupted"]:
            continue
        found["peaks"].append(rate)
        found["floods"].append(figures["dora_per_s"])
        found["no_room"].append(figures["dropped"] / due(figures))
        found["command"] = figures["command"]
    if not found["floods"]:
        return None
    ideal = [] if not bench.is_own(server) else [figures for figures in (
        bench.cpus.while_near(lambda: bench.storms.beside_ideal(
            lambda: flood(bench.storms, "ceiling", statistics.median(found["peaks"]), port, times),
            port))
        for _ in range(bench.rounds)) if figures and not figures["interrupted"]]
    if ideal:
        found["ideal"] = statistics.median(each["dora_per_s"] for each in ideal)
        found["carried"] = statistics.median(
            (due(each) - each["dropped"]) / each["seconds"] for each in ideal)
    return found


def carried_floods(bench, server, port, outstanding, rounds, whole):
    """floods() again, of no more than the wire carries, by what `whole`, ten times, found."""
    if not whole or "carried" not in whole:
        return None
    # Each OFFER has a REQUEST on the wire, beside the DISCOVERs.
    times = CARRIED_SHARE * whole["carried"] / statistics.median(whole["peaks"]) - 1
    return floods(bench, server, port, outstanding, rounds, max(1.1, math.floor(10 * times) / 10))


def due(figures):
    """Frames: a DISCOVER of each machine, and a REQUEST for each OFFER."""
    return figures["offered_per_s"] * figures["seconds"] + figures["offers"]


def all_new(bench, figures):
    """The figures, or None where machines came a second time: they have their leases already."""
    if figures and figures["powered_on"] > MACHINES:
        bench.say(f"  {figures['powered_on']} machines came, more than there are")
        return None
    return figures


def flood(storms, name, peak, port, times):
    return storms.flood(name, times * peak, min(FLOOD_SECONDS, FLOOD_LEASES_MAX / peak), port)


def left(found):
    """Per cent of its own peak that each round's flood kept."""
    return [100 * flood / peak for flood, peak in zip(found["floods"], found["peaks"])]


def shown(found):
    """Leases a second, the share of the peak with its range, what had no room, and leases a second
    of a server without work, for tables."""
    shares = left(found)
    return (f"{statistics.median(found['floods']):.0f}", share_text(shares),
            f"{100 * statistics.median(found['no_room']):.0f} %",
            f"{found['ideal']:.0f}" if "ideal" in found else "-")


def share_text(shares):
    text = f"{statistics.median(shares):.0f} %"
    return text if len(shares) == 1 else f"{text} ({min(shares):.0f} to {max(shares):.0f})"


def with_spoofed_requests(pair, seconds, measure, port=69):
    """measure() while ten thousand strangers open transfers and never answer. With another port
    the same frames open none: what is lost then is the generator's and the wire's."""
    lead = 4.5 if port == 69 else 1  # all ten thousand have asked
    shown = subprocess.run(["ip", "-n", pair.server, "-j", "link", "show", Pair.SERVER_INTERFACE],
                           capture_output=True, text=True, check=True).stdout
    mac = json.loads(shown)[0]["address"]
    spoof = Path(__file__).with_name("spoof.py")
    process = subprocess.Popen(
        pair.on_swarm(["taskset", "-c", str(SWARM_CPU), sys.executable, "-B", str(spoof),
                       Pair.SWARM_INTERFACE, mac, ADDRESS, str(port), "boot.img",
                       str(seconds + 8), str(SPOOFED_PER_SECOND)]),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(lead)
        return measure()
    finally:
        process.kill()
        process.wait(10)


def footprint(server):
    """What a running server costs when nobody asks."""
    time.sleep(1)
    before = server.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    return {"start_s": server.start_seconds, "memory_mb": server.memory_mb(),
            "idle_percent": 100 * (server.cpu_seconds() - before) / IDLE_SECONDS}
