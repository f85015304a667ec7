"""Shared memory between reveille and programs that come and go: memif, with no network at all."""

import os
import signal
import time
import unittest

import images
import lab
import servers
from case import only_reveille
from test_storm import SWARM

ROUNDS = 12
START = 0.8  # seconds until frames flow
FILLING = 0.05  # seconds in which rings are full
LIMIT = 30  # seconds for anything

lab.end_on_signals()


@only_reveille("dnsmasq has no memif")
class PeersLeave(unittest.TestCase):
    """At any moment, without a word, in the middle of as many frames as fit."""

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"memif.{self.id()}"))
        self.host = self.lab.host("machine")
        self.socket = self.lab.log_folder / "memif.sock"

    def vdev(self, number, role):
        return ["--vdev", f"net_memif{number},role={role},id=0,bsize=2048,rsize=11,"
                          f"socket={self.socket},socket-abstract=no"]

    def server(self):
        self.socket.unlink(missing_ok=True)
        # DPDK's interrupt thread on the worker's CPU: it then runs in the middle of a burst.
        one_cpu = ["taskset", "--cpu-list", min(os.sched_getaffinity(0))]
        process = self.lab.spawn("server", self.host, [
            *one_cpu, servers.REVEILLE, "serve", *self.vdev(0, "server"), "--address",
            f"{servers.SERVER}/8", "--root", images.folder("bulk"), "--pool",
            "10.80.0.0-10.95.255.250", "--leases", "none", "--control", "", "--workers", 1])
        process.wait_for("serving", LIMIT)
        return process

    def swarm(self, *argv):
        return self.lab.spawn("swarm", self.host, [
            SWARM, *self.vdev(1, "client"), "--profile", "plain", "--quiet", *argv])

    def flood(self, number):
        return self.lab.spawn("flood", self.host, [
            SWARM, "flood", *self.vdev(1, "client"), "--rate", 5_000_000, "--seconds", 20,
            "--first-machine", 100_000_000 * number])

    def test_the_server_stays(self):
        server = self.server()
        for number in range(ROUNDS):
            flood = self.flood(number)
            time.sleep(START + number / 100)
            self.assertTrue(flood.running(), flood.tail())
            # A server that is away finds full rings, and beside them that they are to go.
            server.popen.send_signal(signal.SIGSTOP)
            time.sleep(FILLING)
            flood.popen.kill()
            flood.wait(LIMIT)
            server.popen.send_signal(signal.SIGCONT)
            time.sleep(2 * FILLING)
            self.assertTrue(server.running(), f"round {number}: the server ended with "
                                              f"{server.popen.returncode}\n{server.tail()}")
        swarm = self.swarm("-n", 100, "--only", "dhcp", "--timeout", 20)
        self.assertEqual(swarm.wait(LIMIT), 0, swarm.tail())

    def test_the_swarm_says_that_the_server_left(self):
        for number in range(ROUNDS // 4):
            server = self.server()
            swarm = self.swarm("-n", 20000, "--only", "dhcp", "--outstanding", 500, "--duration", 3,
                               "--timeout", 10)
            time.sleep(START + number / 100)
            server.popen.kill()
            server.wait(LIMIT)
            self.assertEqual(swarm.wait(LIMIT), 1, swarm.tail())
            self.assertIn("nothing came from the server in the last", swarm.output())


if __name__ == "__main__":
    unittest.main()
