"""Shared memory between reveille and programs that come and go: memif, with no network at all."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import images
import lab
import servers
from case import only_reveille
from test_storm import SWARM

ROUNDS = 12
FILLING = 0.05  # seconds in which rings are full
LIMIT = 30  # seconds for anything

lab.end_on_signals()


@only_reveille("dnsmasq has no memif")
class PeersLeave(unittest.TestCase):
    """At any moment, without a word, in the middle of as many frames as fit."""

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"memif.{self.id()}"))
        self.host = self.lab.host("machine")
        # Paths of sockets are short.
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-")))
        self.socket, self.control = folder / "memif.sock", folder / "control.sock"
        cpus = sorted(os.sched_getaffinity(0))
        # DPDK's interrupt thread on the worker's CPU: it then runs in the middle of a burst.
        self.server_cpu, self.swarm_cpu = cpus[0], cpus[-1]

    def vdev(self, number, role):
        return ["--vdev", f"net_memif{number},role={role},id=0,bsize=2048,rsize=11,"
                          f"socket={self.socket},socket-abstract=no"]

    def spawn(self, name, cpu, *argv):
        return self.lab.spawn(name, self.host, ["taskset", "--cpu-list", cpu, *argv])

    def server(self):
        for socket in (self.socket, self.control):
            socket.unlink(missing_ok=True)
        process = self.spawn(
            "server", self.server_cpu, servers.REVEILLE, "serve", *self.vdev(0, "server"),
            "--address", f"{servers.SERVER}/8", "--root", images.folder("bulk"), "--pool",
            "10.80.0.0-10.95.255.250", "--leases", "none", "--control", self.control, "--workers",
            1)
        process.wait_for("serving", LIMIT)
        return process

    def swarm(self, *argv, name="swarm"):
        return self.spawn(name, self.swarm_cpu, SWARM, *self.vdev(1, "client"), "--profile",
                          "plain", "--quiet", *argv)

    def leasers(self, *argv):
        return self.swarm("-n", 20000, "--only", "dhcp", "--outstanding", 500, *argv)

    def readers(self, *argv):
        return self.swarm("-n", 20, "--only", "tftp", "--server", servers.SERVER,
                          "--first-address", "10.77.4.0", "--file", "payload.bin", "--root",
                          images.folder("bulk"), *argv)

    def frames(self):
        """That the server has received so far."""
        done = subprocess.run(
            [servers.REVEILLE, "status", "--json", "--control", self.control], timeout=LIMIT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return sum(worker["frames_received"] for worker in json.loads(done.stdout)["workers"])

    def wait_for_traffic(self, swarm):
        """Until many more frames come than are left over from before."""
        before, deadline = self.frames(), time.monotonic() + LIMIT
        while self.frames() < before + 10_000:
            self.assertTrue(swarm.running(), swarm.tail())
            self.assertLess(time.monotonic(), deadline, "no traffic")
            time.sleep(0.02)

    def wait_for_opening(self, process):
        """Until it waits for somebody to read its pipe."""
        openat, deadline, opening = "257 ", time.monotonic() + LIMIT, 0
        while opening < 10:  # looks in a row: other files are open at once
            self.assertTrue(process.running(), process.tail())
            self.assertLess(time.monotonic(), deadline, "it opens nothing")
            call = Path(f"/proc/{process.popen.pid}/syscall").read_text()
            opening = opening + 1 if call.startswith(openat) else 0
            time.sleep(0.02)

    def test_the_server_stays(self):
        server = self.server()
        for number in range(ROUNDS):
            flood = self.spawn(
                "flood", self.swarm_cpu, SWARM, "flood", *self.vdev(1, "client"), "--rate",
                5_000_000, "--seconds", 20, "--first-machine", 100_000_000 * number)
            self.wait_for_traffic(flood)
            # A server that is away finds full rings, and beside them that they are to go.
            server.popen.send_signal(signal.SIGSTOP)
            time.sleep(FILLING)
            flood.popen.kill()
            flood.wait(LIMIT)
            server.popen.send_signal(signal.SIGCONT)
            time.sleep(2 * FILLING)
            self.assertTrue(server.running(), f"round {number}: the server ended with "
                                              f"{server.popen.returncode}\n{server.tail()}")
        readers = self.readers("--timeout", 20)
        self.assertEqual(readers.wait(LIMIT), 0, readers.tail())

    def test_the_swarm_says_that_the_server_left(self):
        for _ in range(ROUNDS // 4):
            server = self.server()
            swarm = self.leasers("--duration", 4, "--timeout", 10)
            self.wait_for_traffic(swarm)
            server.popen.kill()
            server.wait(LIMIT)
            self.assertEqual(swarm.wait(LIMIT), 1, swarm.tail())
            self.assertIn("the server left", swarm.output())

    def test_a_swarm_that_has_ended_waits_for_nobody(self):
        """Its server leaves while it writes down what came out."""
        server = self.server()
        figures = self.lab.log_folder / "figures"
        os.mkfifo(figures)
        swarm = self.readers("--timeout", 20, "--json", figures)
        self.wait_for_opening(swarm)
        server.popen.kill()
        server.wait(LIMIT)
        time.sleep(2 * FILLING)
        reader = threading.Thread(target=figures.read_text)
        reader.start()
        self.assertEqual(swarm.wait(LIMIT), 0, swarm.tail())
        reader.join(LIMIT)

    def test_both_ends_in_one_process(self):
        ceiling = self.lab.spawn("ceiling", self.host, [
            SWARM, "ceiling", "--responder-vdev", self.vdev(0, "server")[1], *self.vdev(1, "client"),
            "-n", 100, "--profile", "plain", "--quiet"])
        self.assertEqual(ceiling.wait(LIMIT), 0, ceiling.tail())


if __name__ == "__main__":
    unittest.main()
