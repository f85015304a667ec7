"""What the ports themselves carry: DPDK's testpmd on both ends, as many octets a frame as a DATA of
1456. One end makes frames (flowgen), the other swaps addresses and sends them back (macswap).

A run has the median of its seconds; who compares takes several runs in turn with the others'."""

import os
import re
import select
import signal
import statistics
import subprocess
import time
from pathlib import Path

from servers import CPU, PROJECT, SWARM_CPU
from wire import Pair, af_xdp

PROGRAM = PROJECT / "build/perf-peers/dpdk-dev/usr/bin/dpdk-testpmd"
FRAME = 1456 + 46
SECONDS = 5
MEBIBYTES = 256
SOCKET = f"/tmp/reveille-perf-{os.getpid()}-testpmd.memif"


def _memory():
    """Hugepages where there are some, as reveille and the swarm have them."""
    free = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
    enough = free.exists() and int(free.read_text()) * 2 >= 2 * MEBIBYTES
    return ["--in-memory"] if enough else ["--no-huge", "--no-shconf"]


class Testpmd:
    """Runs while it is entered."""

    def __init__(self, name, cpu, vdev, mode, namespace=None, frame=FRAME):
        argv = [PROGRAM, "--lcores", f"(0-1)@{cpu}", "--no-pci", *_memory(), "-m",
                str(MEBIBYTES), "--file-prefix", f"reveille-perf-{name}", "--no-telemetry",
                "--log-level", "error", "--vdev", vdev, "--", "--total-num-mbufs=16384",
                f"--forward-mode={mode}", f"--txpkts={frame}", "--stats-period=1", "--auto-start",
                "--no-lsc-interrupt"]
        self.argv = [*(["ip", "netns", "exec", namespace] if namespace else []), *argv]

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
                return
            except subprocess.TimeoutExpired:
                pass
            except ProcessLookupError:
                return

    def sent_per_second(self, seconds):
        """Frames sent, of each second that testpmd tells of."""
        text = b""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.process.stdout], [], [], left)[0]:
                part = os.read(self.process.stdout.fileno(), 65536)
                if not part:
                    break
                text += part
        return [int(rate) for rate in re.findall(r"Tx-pps:\s+(\d+)", text.decode(errors="replace"))]


def _forwarded(back, generator):
    with back:
        time.sleep(1.5)
        with generator:
            rates = back.sent_per_second(SECONDS)
    # It tells of the time before the first frame, too.
    busy = [rate for rate in rates if rate > 0]
    busy = busy[1:] or busy
    return statistics.median(busy) if busy else None


def on_veth(pair):
    """Frames forwarded a second, or None where testpmd did not run."""
    pair.kernel_address(False)
    return _forwarded(
        Testpmd("back", CPU, af_xdp(0, Pair.SERVER_INTERFACE), "macswap", pair.server),
        Testpmd("front", SWARM_CPU, af_xdp(1, Pair.SWARM_INTERFACE), "flowgen", pair.swarm))


def on_memif(frame=FRAME):
    Path(SOCKET).unlink(missing_ok=True)
    common = f"id=0,bsize=2048,rsize=11,socket={SOCKET},socket-abstract=no"
    try:
        return _forwarded(Testpmd("back", CPU, f"net_memif0,role=server,{common}", "macswap",
                                  frame=frame),
                          Testpmd("front", SWARM_CPU, f"net_memif1,role=client,{common}",
                                  "flowgen", frame=frame))
    finally:
        Path(SOCKET).unlink(missing_ok=True)
