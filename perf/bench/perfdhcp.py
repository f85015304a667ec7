"""Kea's own load generator against a server: a second opinion on the swarm's."""

import re
import subprocess

from servers import PROJECT, SWARM_CPU
from wire import ADDRESS, Pair, command

PROGRAM = PROJECT / "build/perf-peers/kea-admin/usr/sbin/perfdhcp"
OWN_ADDRESS = "10.77.0.250"


def exchanges_per_second(pair, offered, seconds):
    """Completed four-way exchanges a second at `offered` a second, or None."""
    interface = Pair.SWARM_INTERFACE
    command("ip", "-n", pair.swarm, "address", "add", f"{OWN_ADDRESS}/16", "dev", interface)
    try:
        done = subprocess.run(
            pair.on_swarm(["taskset", "-c", str(SWARM_CPU), str(PROGRAM), "-4", "-l", OWN_ADDRESS,
                           "-r", str(offered), "-R", "50000", "-p", str(seconds), "-W", "1",
                           ADDRESS]),
            capture_output=True, text=True, timeout=seconds + 30, check=False,
            stdin=subprocess.DEVNULL)
    finally:
        command("ip", "-n", pair.swarm, "address", "flush", "dev", interface)
    rate = re.search(r"Rate: ([0-9.e+]+) 4-way exchanges/second", done.stdout)
    return float(rate[1]) if rate else None
