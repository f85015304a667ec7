"""What clients of a disk cost in memory: beyond the image and the blocks that they write."""

import json
import re
import subprocess
from pathlib import Path

from disks import ReveilleDisk
from servers import PROJECT
from storms import SWARM, VETH

IMAGE_BYTES = 4 << 30
CLIENTS = 1000
WRITE_SECTORS = 128  # 16 blocks of 4 KiB a client, all of which are written in the end
BLOCK = 4096
LIMIT = 180


class ReveilleSparse(ReveilleDisk):
    """The disk is a hole: its pages are memory as soon as they are loaded."""

    def image(self):
        path = self.work / "sparse.img"
        with open(path, "wb") as disk:
            disk.truncate(IMAGE_BYTES)
        return path

    limits = 'memory_max = "5 GiB"\n'

    def pss_bytes(self):
        """Its part of all memory it has; a large page counts whole."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(kilobytes) << 10 for kilobytes in
                   re.findall(r"^(?:Pss|Private_Hugetlb):\s+(\d+) kB", rollup, re.MULTILINE))


def storm(bench, server, *argv):
    path = bench.work / "disk-memory.json"
    path.unlink(missing_ok=True)
    whole = [SWARM, "disk", *VETH, "--image", server.image(), "-n", CLIENTS, "--first-machine",
             bench.storms.machine, *argv, "--json", path]
    done = subprocess.run(bench.pair.on_swarm([str(part) for part in whole]), timeout=LIMIT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if not path.exists():
        raise RuntimeError(f"disk memory: {done.stderr.strip()[-300:]}")
    return json.loads(path.read_text())


def written_blocks(bench, server):
    """How many blocks the server says that it keeps."""
    shown = subprocess.run(
        bench.pair.on_server([str(PROJECT / "build/reveille"), "disks", "--json", "--control",
                              str(server.socket())]),
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    return sum(client["overlay_bytes"] for client in json.loads(shown)[0]["clients"]) // BLOCK


def measure(bench):
    """{"before", "read", "written": octets of memory, "blocks": written, "clients": how many}"""
    bench.say(f"AoE, memory of {CLIENTS} clients")
    bench.storms.machine += CLIENTS
    server = ReveilleSparse(bench.pair, bench.work)

    def run():
        found = {"clients": CLIENTS, "image": IMAGE_BYTES, "before": server.pss_bytes()}
        storm(bench, server, "--depth", 1, "--seconds", 2)
        found["read"] = server.pss_bytes()
        storm(bench, server, "--depth", 1, "--seconds", 8, "--write", 60, "--write-sectors",
              WRITE_SECTORS)
        found["written"] = server.pss_bytes()
        found["blocks"] = written_blocks(bench, server)
        return found

    found = bench.served(lambda *_: server, run) or {}
    (bench.work / "sparse.img").unlink(missing_ok=True)
    return found


def per_client(found):
    """Octets a client: (after reading, after writing as well and without what was written)."""
    read = (found["read"] - found["before"]) / found["clients"]
    written = (found["written"] - found["before"] - found["blocks"] * BLOCK) / found["clients"]
    return read, written


def page(found, table):
    """The part of RESULTS.md."""
    if not found:
        return "Not measured.\n"
    read, written = per_client(found)
    mebibytes = lambda octets: f"{octets / (1 << 20):.1f}"
    rows = [("no client yet", mebibytes(found["before"]), "-", "-"),
            (f"{found['clients']} have read", mebibytes(found["read"]), "-", f"{read:.0f}"),
            ("and written", mebibytes(found["written"]), found["blocks"], f"{written:.0f}")]
    return table(("server", "memory, MiB", "blocks of 4 KiB written",
                  "octets a client beyond image and blocks"), rows)
