"""reveille as an operator meets it: it starts or says why not, idles quietly, ends when asked."""

import re
import resource
import subprocess
import time
import unittest
from pathlib import Path

import lab
import observe
import servers
from case import LabCase, only_reveille
from clients import Udhcpc

CPU_SHARE_MAX = 0.03
IDLE_SECONDS = 10
IDLE_TRIES = 3
NEW_FILE_SECONDS = 2.5


@only_reveille("about reveille itself")
class Serving(LabCase):
    def test_idle_costs_almost_nothing(self):
        """Adaptive idling: under three per cent of a core when nothing arrives."""
        time.sleep(2)
        # What else runs on the machine makes a wake-up dearer: the best of some tries counts.
        for _ in range(IDLE_TRIES):
            before = self.server.process.cpu_seconds()
            time.sleep(IDLE_SECONDS)
            share = (self.server.process.cpu_seconds() - before) / IDLE_SECONDS
            print(f"idle: {100 * share:.2f} % of a core")
            if share < CPU_SHARE_MAX:
                return
        self.fail("not under three per cent in any try")

    def test_ends_when_asked_and_shows_its_outcomes(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        client.bound()
        self.server.process.popen.terminate()
        self.assertEqual(self.server.process.wait(10), 0)
        log = self.server.log()
        for outcome in ("dhcp_offered", "dhcp_acked"):
            self.assertIn(outcome, log)

    def test_log_tells_the_steps_of_a_boot(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        line = self.server.process.wait_for(rf"(?m)^.*{client.mac}.*{re.escape(address)}.*$", 5)
        self.assertTrue(line)

    def test_answers_ping(self):
        host = self.lab.host("client", "10.77.2.1/16")
        self.assertIn(" 0% packet loss", host.run("ping", "-c", 3, "-i", "0.2", "-W", 2,
                                                  servers.SERVER).stdout)

    def test_new_file_is_served_within_two_seconds(self):
        host = self.lab.host("client", "10.77.2.1/16")
        # The best of three: the machine may be busy.
        seconds = min(self.seconds_until_served(host) for _ in range(3))
        self.assertLess(seconds, NEW_FILE_SECONDS)

    def seconds_until_served(self, host):
        name, target = f"late-{time.time_ns()}", self.lab.log_folder / "received"
        file = self.images / name
        self.addCleanup(file.unlink, missing_ok=True)
        file.write_bytes(b"a file that came late")
        begin = time.monotonic()
        while host.run("curl", "-s", "-m", 1, "-o", target, f"tftp://{servers.SERVER}/{name}",
                       check=False).returncode != 0:
            self.assertLess(time.monotonic() - begin, 20, "never served")
            time.sleep(0.1)
        seconds = time.monotonic() - begin
        self.assertEqual(target.read_bytes(), file.read_bytes())
        return seconds

    def tearDown(self):
        """These tests may end the server."""


@only_reveille("about reveille itself")
class OpenFiles(LabCase):
    def setUp(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        super().setUp()

    def test_as_many_as_the_hard_limit_allows(self):
        limits = Path(f"/proc/{self.server.process.popen.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()
        self.assertEqual(soft, hard)


@only_reveille("about reveille itself")
class Refusing(unittest.TestCase):
    """What cannot work is said in one sentence, with exit status 1, and nothing is left behind."""

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"reveille.{self.id()}"))
        self.host = self.lab.host("server")
        self.root = self.lab.log_folder / "root"
        self.root.mkdir()

    def refuse(self, *argv, says):
        done = self.host.run(servers.REVEILLE, *argv, timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, says)
        self.assertLess(len(done.stdout.strip().splitlines()), 4, done.stdout)

    def serve(self, interface="eth0", address="10.77.0.1/16", pool="10.77.1.0-10.77.1.9", root=None):
        return ("serve", "--interface", interface, "--address", address, "--pool", pool,
                "--root", root or self.root, "--leases", self.lab.log_folder / "leases.db")

    def test_interface_that_is_not_there(self):
        self.refuse(*self.serve(interface="nosuch0"), says="nosuch0")

    def test_folder_that_is_not_there(self):
        self.refuse(*self.serve(root="/nonexistent/boot"), says="/nonexistent/boot")

    def test_address_that_is_none(self):
        self.refuse(*self.serve(address="10.77.0.300/16"), says=r"10\.77\.0\.300")

    def test_pool_outside_its_network(self):
        self.refuse(*self.serve(pool="192.0.2.1-192.0.2.9"), says=r"192\.0\.2\.1")

    def test_interface_that_another_reveille_has(self):
        first = self.lab.spawn("first", self.host, [servers.REVEILLE, *self.serve()])
        second = self.lab.host("second", "10.77.0.200/16")
        for _ in range(40):
            if second.run("ping", "-c", 1, "-W", 1, servers.SERVER, check=False).returncode == 0:
                break
        self.refuse(*self.serve(), says="eth0")
        self.assertTrue(first.running(), first.tail())

    def test_check_names_file_line_and_column(self):
        config = self.lab.log_folder / "bad.toml"
        config.write_text('[tftp]\nblock_size_max = "big"\n\n[dhcp]\nno_such_key = 1\n')
        done = subprocess.run([servers.REVEILLE, "check", "--config", config], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"bad\.toml:2:\d+")
        self.assertRegex(done.stdout, r"bad\.toml:5:\d+")


@only_reveille("about reveille itself")
class Replaying(LabCase):
    def test_capture_of_a_real_client_gets_the_same_answers(self):
        """What was heard on the wire, sent through the workers once more, without a network."""
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        self.observer.stop()
        before = [(e.kind, e.address) for e in self.observer.events(client.mac) if e.server]
        self.assertIn(("ack", address), before)

        answers = self.lab.log_folder / "answers.pcap"
        done = subprocess.run(
            [servers.REVEILLE, "replay", self.lab.log_folder / "capture.pcap", "--out", answers,
             *self.server.options()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(answers, "rb") as stream:
            events = [observe.parse(*frame) for frame in observe.read_pcap(stream)]
        replayed = [(e.kind, e.address) for e in events if e and e.mac == client.mac]
        self.assertEqual(replayed, before)

        capture = (self.lab.log_folder / "capture.pcap").read_bytes()
        done = subprocess.run(
            [servers.REVEILLE, "replay", "capture.pcap", "--out", "./capture.pcap"],
            cwd=self.lab.log_folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("is the capture itself", done.stderr)
        self.assertEqual((self.lab.log_folder / "capture.pcap").read_bytes(), capture)


if __name__ == "__main__":
    unittest.main()
