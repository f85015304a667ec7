"""A running reveille, asked and told through its control socket."""

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

import servers
from case import LabCase, only_reveille
from clients import Udhcpc


@only_reveille("about reveille itself")
class Controlled(LabCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-"))
        self.socket = Path(folder) / "control.sock"
        super().setUp()

    def make_server(self):
        self.config = self.socket.with_name("reveille.toml")
        self.config.write_text("")
        return servers.Reveille(self.lab, self.images, control=self.socket,
                                extra=("--config", self.config))

    def ask(self, *argv, status=0):
        done = subprocess.run([servers.REVEILLE, *argv, "--control", self.socket], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def test_status_counts_what_happened(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        client.bound()
        status = json.loads(self.ask("status", "--json"))
        subnet = status["subnets"][0]
        self.assertEqual(subnet["prefix"], "10.77.0.0/16")
        self.assertEqual(subnet["addresses"], 251)
        self.assertEqual(subnet["bound"] + subnet["offered"] + subnet["free"], 251)
        self.assertGreaterEqual(status["outcomes"]["dhcp_offered"], 1)
        self.assertEqual(status["process"], self.server_process())
        page = self.ask("status")
        self.assertIn("serving DHCP and TFTP on eth0 as 10.77.0.1/16", page)
        self.assertIn("dhcp_offered", page)

    def server_process(self):
        """The process that listens, seen from outside."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(self.socket))
            peer = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(peer[:4], "little")

    def test_socket_is_private_and_goes_with_the_server(self):
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)
        self.server.process.popen.terminate()
        self.assertEqual(self.server.process.wait(10), 0)
        self.assertFalse(self.socket.exists())
        said = self.ask("status", status=1)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertIn("no reveille answers", said)

    def test_strangers_cost_no_client_its_address(self):
        """Silent, endless and broken callers, more than there is room for, while a client boots."""
        callers = []
        for number in range(12):
            caller = socket.socket(socket.AF_UNIX)
            self.addCleanup(caller.close)
            caller.setblocking(False)
            try:
                caller.connect(str(self.socket))
                caller.send((b"x" * 65000, b"", os.urandom(3000) + b"\n", b"{}\n" * 100)[number % 4])
            except BlockingIOError:
                pass
            callers.append(caller)
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        client.bound()
        for caller in callers:
            caller.close()
        self.assertIn("dhcp_acked", self.ask("status"))

    def test_reload_takes_effect_and_costs_no_client_its_answer(self):
        """Clients come and go while the configuration changes under them."""
        before = Udhcpc(self.lab, self.lab.host("before")).start()
        address = before.bound()
        for number in range(20):
            self.config.write_text(f"[dhcp]\nlease_time = {1000 + number}\n")
            self.assertIn("reloaded: serving", self.ask("reload"))
        after = Udhcpc(self.lab, self.lab.host("after")).start()
        self.assertNotEqual(after.bound(), address)
        self.assertIn("lease time 1019", after.process.output())
        self.assertTrue(self.server.running())

    def test_wrong_file_changes_nothing(self):
        self.config.write_text("[dhcp]\nlease_time = 1234\n")
        self.ask("reload")
        self.config.write_text("[dhcp]\nlease_time = \"often\"\nno_such_key = 1\n")
        said = self.ask("reload", status=1)
        self.assertRegex(said, r"not reloaded, nothing has changed:\n.*reveille\.toml:2:14: error:")
        self.assertRegex(said, r"reveille\.toml:3:1: error:")
        self.server.process.popen.send_signal(signal.SIGHUP)  # by the signal, the log says why
        self.server.process.wait_for(r"(?s)(reveille\.toml:3:1: error:.*){2}", 10)
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        client.bound()
        self.assertIn("lease time 1234", client.process.output())

    def test_another_file_than_the_servers_is_not_taken_for_loaded(self):
        other = self.config.with_name("other.toml")
        other.write_text("[dhcp]\nlease_time = 4321\n")
        said = self.ask("reload", "--config", other, status=1)
        self.assertIn("not reloaded, nothing has changed:\nthis reveille runs with", said)
        self.assertIn("reloaded: serving", self.ask("reload", "--config", self.config))

    def test_a_link_that_is_lost_is_told(self):
        self.server.host.run("ip", "link", "set", "eth0", "down")
        self.server.process.wait_for("interface eth0 is down: no machine is heard on it", 10)
        self.assertRegex(self.ask("status"), r"eth0 .* down ")
        self.server.host.run("ip", "link", "set", "eth0", "up")
        self.server.process.wait_for("interface eth0: the link is up again", 10)
        Udhcpc(self.lab, self.lab.host("client")).start().bound()

    def test_what_needs_a_restart_is_named(self):
        self.config.write_text("[workers]\ncount = 2\n[tftp]\nretries = 3\n")
        self.assertIn("needs a restart: count in [workers]", self.ask("reload"))

    def tearDown(self):
        """These tests may end the server."""


if __name__ == "__main__":
    unittest.main()
