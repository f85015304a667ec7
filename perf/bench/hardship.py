"""More than a server can do (target 8), and nothing to do at all (target 10)."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from servers import SWARM_CPU
from storms import VETH
from wire import ADDRESS, Pair

FLOOD_SECONDS = 3
FLOOD_LEASES_MAX = 700_000  # the pool has a million addresses
SPOOFED_PER_SECOND = 2_500
NOBODYS_PORT = 9  # of UDP
IDLE_SECONDS = 4


def flood(storms, name, peak, port=VETH):
    """DHCP at ten times `peak`: what is left of it, and which share of the frames found no room on
    the wire. None where it could not be measured."""
    figures = storms.flood(name, 10 * peak, min(FLOOD_SECONDS, FLOOD_LEASES_MAX / peak), port)
    if figures is None or figures["interrupted"]:
        return None
    due = figures["offered_per_s"] * figures["seconds"] + figures["offers"]
    return {"peak": peak, "flood": figures["dora_per_s"], "no_room": figures["dropped"] / due,
            "command": figures["command"]}


def left(flood):
    """Per cent of the peak."""
    return 100 * flood["flood"] / flood["peak"]


def median_of(floods):
    """The figures of several floods at one rate as those of one; None without any."""
    if not floods:
        return None
    return dict(floods[0], **{key: statistics.median(each[key] for each in floods)
                              for key in ("flood", "no_room")})


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
