"""reveille-storm against a real server on a real (virtual) wire, and against what cannot work."""

import json
import unittest

import lab
import servers
from case import LabCase

SWARM = lab.PROJECT / "build" / "reveille-storm"
LIMIT = 60  # seconds


def storm(host, *argv):
    return host.run(SWARM, "--interface", host.interface, "--quiet", *argv, timeout=LIMIT,
                    check=False)


class Storm(LabCase):
    def storm(self, *argv):
        figures = self.lab.log_folder / "figures.json"
        done = storm(self.lab.host("swarm"), "--file", "payload.bin", "--expect",
                     f"payload.bin={self.images / 'payload.bin'}", "--blksize", 1456, "--json",
                     figures, *argv)
        return done, json.loads(figures.read_text())

    def test_everybody_boots_through_a_bad_network(self):
        done, figures = self.storm("-n", 30, "--profile", "ipxe:1,grub:1,pxelinux:1", "--loss", 1,
                                   "--duplicate", 1, "--reorder", 1, "--timeout", 50)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((figures["booted"], figures["failed"]), (30, 0), done.stdout)
        self.assertEqual(figures["bytes_unverified"], 0)
        self.assertGreater(figures["retransmissions"], 0)

    def test_copies_of_two_relays_are_answered_once(self):
        done, figures = self.storm("-n", 50, "--profile", "plain", "--relays", 2, "--first-relay",
                                   "10.77.3.1", "--server", servers.SERVER, "--timeout", 50)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(figures["booted"], 50)
        if self.server.name == "reveille":
            self.assertEqual(figures["answered_twice"], 0)

    def test_wrong_bytes_are_seen(self):
        other = self.lab.log_folder / "other.bin"
        changed = bytearray((self.images / "payload.bin").read_bytes())
        changed[len(changed) // 2] ^= 1
        other.write_bytes(changed)
        done, figures = self.storm("-n", 2, "--profile", "plain", "--expect",
                                   f"payload.bin={other}", "--timeout", 50)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(figures["failures"], {"wrong_bytes": 2}, done.stdout)


class Refusing(unittest.TestCase):
    """What cannot be measured is said, with an exit status; nothing hangs."""

    def setUp(self):
        self.host = self.enterContext(lab.Lab(f"storm.{self.id()}")).host("swarm")

    def test_no_such_interface(self):
        done = self.host.run(SWARM, "--interface", "none0", timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no interface none0", done.stdout)

    def test_no_server_for_relays(self):
        done = storm(self.host, "--relays", 1, "--first-relay", "10.77.3.1", "--server",
                     servers.SERVER)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"nobody answers ARP requests for {servers.SERVER}", done.stdout)

    def test_no_server_at_all(self):
        done = storm(self.host, "-n", 3, "--profile", "grub", "--timeout", 20)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"3: no DHCP server offered an address")

    def test_command_line(self):
        for argv, says in ((["--profile", "amiga"], "no profile amiga"),
                           (["--only", "tftp"], "needs --server"),
                           (["--duration", "1"], "needs --outstanding")):
            done = storm(self.host, *argv)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(says, done.stdout)


if __name__ == "__main__":
    unittest.main()
