"""Leases that outlive the server: killed outright, on a full disk, beside another server."""

import contextlib
import json
import re
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import lab
import servers
from case import LabCase, only_reveille
from clients import Udhcpc


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    lab.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder])
    try:
        yield folder
    finally:
        lab.run(["umount", "--lazy", folder])


@only_reveille("about reveille itself")
class Killed(LabCase):
    def make_server(self):
        self.control = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-")))
        return servers.Reveille(self.lab, self.images, control=self.control / "control.sock")

    def run_leases(self, *words, status=0):
        done = lab.run([servers.REVEILLE, "leases", *words], check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def leases(self, *words, status=0):
        return self.run_leases("--leases", self.server.leases(), "--control", self.server.control,
                               *words, status=status)

    def test_every_lease_is_there_again_and_given_to_nobody_else(self):
        hosts = [self.lab.host(f"client{number}") for number in range(5)]
        before = {}
        for host in hosts[:3]:
            client = Udhcpc(self.lab, host).start()
            before[host] = client.bound()
            client.process.popen.kill()
        for round_ in range(5):
            self.server.process.popen.kill()
            self.server.process.popen.wait()
            with sqlite3.connect(f"file:{self.server.leases()}?mode=ro", uri=True) as database:
                rows = dict(database.execute("SELECT address, state FROM leases"))
            for address in before.values():
                self.assertEqual(rows.get(address), "bound", rows)
            self.server.process = self.lab.spawn(f"server{round_}", self.server.host,
                                                 self.server.command())
            self.server.process.wait_for(r"3 known, 3 of them bound", 30)
        again = {}
        for host in hosts:
            again[host] = Udhcpc(self.lab, host).start().bound()
        self.assertEqual(len(set(again.values())), len(hosts), again)
        for host, address in before.items():
            self.assertEqual(again[host], address)

    def test_an_operator_sees_releases_and_reserves(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()

        leases = self.leases
        self.assertRegex(leases(), rf"(?m)^{address} +bound +{client.mac} ")
        self.assertIn(f"{address},bound,{client.mac},", leases("--csv"))
        [row] = json.loads(leases("--json"))
        self.assertEqual((row["address"], row["state"]), (address, "bound"))
        self.assertEqual(row["until"] - row["since"], 3600)

        client.process.popen.kill()
        self.server.process.popen.terminate()
        self.assertEqual(self.server.process.wait(10), 0)
        leases("release", address)
        self.assertIn(",released,", leases("--csv"))
        leases("reserve", address)
        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("1 known, 0 of them bound", 30)
        other = Udhcpc(self.lab, self.lab.host("other")).start().bound()
        again = Udhcpc(self.lab, client.host).start().bound()
        self.assertEqual(len({address, other, again}), 3)

    def test_an_operator_releases_and_reserves_while_it_runs(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.process.popen.kill()
        # Else it answers the probe for an address that has just become free: a conflict.
        client.host.run("ip", "address", "flush", "dev", "eth0")
        self.assertEqual(self.leases("release", address), f"{address}: released\n")
        self.assertIn(f"{address},released,", self.leases("--csv"))
        self.assertIn("is free already", self.leases("release", address, status=1))
        self.assertEqual(self.leases("reserve", address), f"{address}: reserved\n")
        self.assertIn(f"{address},reserved,", self.leases("--csv"))
        said = self.leases("reserve", "192.0.2.1", status=1)
        self.assertIn("is in no pool", said)
        self.assertNotIn("another reveille uses it", said)
        # Who names a socket means who listens there, and no database.
        alone = ("--control", self.server.control)
        self.assertEqual(self.run_leases(*alone, "reserve", "10.77.1.200"),
                         "10.77.1.200: reserved\n")
        self.assertIn("10.77.1.200,reserved,", self.leases("--csv"))
        self.assertEqual(self.run_leases(*alone, "release", "10.77.1.200"),
                         "10.77.1.200: released\n")
        self.assertIn("name it by --leases", self.run_leases(*alone, status=1))
        self.assertIn("is not an address", self.leases("reserve", "somewhere", status=1))
        self.assertNotEqual(Udhcpc(self.lab, client.host).start().bound(), address)
        # What was promised is on disk: it holds for the next server, too.
        self.server.process.popen.kill()
        self.server.process.popen.wait()
        self.assertIn(f"{address},reserved,", self.leases("--csv"))

        # With the server gone the same words go to the database.
        self.assertEqual(self.leases("release", address),
                         f"{address}: released in {self.server.leases()}, "
                         "which no reveille has open\n")
        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("3 known", 30)

    def test_leases_of_another_server_are_taken_over(self):
        self.server.process.stop()
        self.server.leases().unlink()
        host = self.lab.host("client")
        later = int(time.time()) + 3600
        file = self.lab.log_folder / "kea-leases4.csv"
        file.write_text(
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,"
            "state,user_context\n"
            f"10.77.1.77,{host.mac()},,4000,{later},1,0,0,node,0,\n"
            f"10.77.1.78,nonsense,,4000,{later},1,0,0,,0,\n")
        said = self.leases("import", file)
        self.assertIn(f"{file}:3: left out: its hwaddr is no Ethernet address", said)
        self.assertIn("1 lease of Kea taken over, 1 of them bound; 1 left out", said)
        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("1 known, 1 of them bound", 30)
        self.assertEqual(Udhcpc(self.lab, host).start().bound(), "10.77.1.77")
        said = self.leases("import", file, status=1)
        self.assertIn(f"{file}:2: left out: 10.77.1.77 is in this database already", said)

    def test_leases_of_another_server_are_taken_over_while_it_runs(self):
        present = Udhcpc(self.lab, self.lab.host("present")).start()
        its = present.bound()
        host = self.lab.host("client")
        later = int(time.time()) + 3600
        file = self.lab.log_folder / "dnsmasq.leases"
        file.write_text(f"{later} {host.mac()} 10.77.1.77 node 01:{host.mac()}\n"
                        f"{later} 02:00:00:00:00:01 {its} * *\n"
                        f"{later} {present.mac} 10.77.1.78 * *\n"
                        "nonsense\n"
                        f"{later} 02:00:00:00:00:02 192.0.2.9 * *\n")
        said = self.leases("import", file)
        self.assertIn(f"{file}:2: left out: {its} is another client's here", said)
        self.assertIn(f"{file}:3: left out: the client of 10.77.1.78 has another address", said)
        self.assertIn(f"{file}:4: left out: it does not begin with a time", said)
        self.assertIn("2 leases of dnsmasq taken over, 2 of them bound; 3 left out", said)
        self.assertEqual(Udhcpc(self.lab, host).start().bound(), "10.77.1.77")
        present.renew()
        self.assertEqual(present.bound(count=2), its)
        # What is in no pool is on record, as it is when no server runs; what was said is on disk.
        self.server.process.popen.kill()
        self.server.process.popen.wait()
        self.assertIn("192.0.2.9,bound,02:00:00:00:00:02,", self.leases("--csv"))
        self.assertIn(f"10.77.1.77,bound,{host.mac()},", self.leases("--csv"))
        self.assertIn(f"{its},bound,{present.mac},", self.leases("--csv"))
        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("3 known, 3 of them bound", 30)

    def test_what_is_no_lease_file_changes_nothing_while_it_runs(self):
        file = self.lab.log_folder / "hosts"
        file.write_text("127.0.0.1 localhost\n")
        said = self.leases("import", file, status=1)
        self.assertIn(f"{file}: it is no lease file of ISC dhcpd, dnsmasq or Kea", said)
        self.assertNotIn("bound", self.leases("--csv"))

    def test_a_second_server_on_the_same_database_is_refused(self):
        other = self.lab.host("other")
        done = other.run(servers.REVEILLE, "serve", "--interface", "eth0", "--control", "",
                         "--leases", self.server.leases(), *self.server.options(), timeout=20,
                         check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, "another reveille uses it")


@only_reveille("about reveille itself")
class LargeImport(LabCase):
    """As many leases as a large site has, while clients are served."""

    COUNT = 50_000

    def make_server(self):
        self.control = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-")))
        return servers.Reveille(self.lab, self.images, pool=("10.77.1.0", "10.77.250.255"),
                                control=self.control / "control.sock")

    def command(self, *words):
        return [str(word) for word in (servers.REVEILLE, "leases", "--leases",
                                       self.server.leases(), "--control", self.server.control,
                                       *words)]

    def write_file(self):
        later = int(time.time()) + 36_000
        file = self.lab.log_folder / "dnsmasq.leases"
        with file.open("w") as lines:
            for number in range(self.COUNT):
                octets = number.to_bytes(3, "big")
                lines.write(f"{later} 02:99:00:{octets.hex(':')} "
                            f"10.77.{2 + (number >> 8)}.{number & 255} * *\n")
        return file

    def count(self):
        with contextlib.closing(
                sqlite3.connect(f"file:{self.server.leases()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM lease WHERE state = 1").fetchone()[0]

    def test_killed_in_the_middle_it_can_be_done_again(self):
        file = self.write_file()
        half = subprocess.Popen(self.command("import", file), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 60
        while self.count() < self.COUNT // 10:
            self.assertLess(time.monotonic(), deadline, "nothing is imported")
            time.sleep(0.01)
        self.server.process.popen.kill()
        self.server.process.popen.wait()
        said = half.communicate(timeout=60)[0]
        self.assertEqual(half.returncode, 1, said)
        told = re.search(r"\(([\d ]+) leases are taken over; to import all of them again", said)
        self.assertTrue(told, said)
        before = self.count()
        self.assertLess(before, self.COUNT)
        self.assertGreaterEqual(before, int(told[1].replace(" ", "")), "what was said is on disk")

        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("of them bound", 30)
        begin = time.monotonic()
        done = lab.run(self.command("import", file), check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"{before:,} left out".replace(",", " "), done.stdout)
        self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual(self.count(), self.COUNT)
        # The next one gets what is left.
        address = Udhcpc(self.lab, self.lab.host("client")).start().bound()
        self.assertNotIn(int(address.split(".")[2]), range(2, 2 + self.COUNT // 256))


@only_reveille("about reveille itself")
class Failing(unittest.TestCase):
    """What cannot be written is said in one sentence, with exit status 1."""

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"reveille.{self.id()}"))
        self.host = self.lab.host("server")
        self.root = self.lab.log_folder / "root"
        self.root.mkdir()

    def command(self, database):
        return [servers.REVEILLE, "serve", "--interface", "eth0", "--address", "10.77.0.1/16",
                "--pool", "10.77.1.0-10.77.1.99", "--root", self.root, "--leases", database,
                "--control", ""]

    def refuse(self, database, says):
        done = self.host.run(*self.command(database), timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, says)
        self.assertLess(len(done.stdout.strip().splitlines()), 4, done.stdout)

    def test_a_file_that_is_no_database(self):
        database = self.lab.log_folder / "leases.db"
        database.write_text("something else\n" * 1000)
        self.refuse(database, "file is not a database")
        self.assertTrue(database.read_text().startswith("something else"))

    def test_a_newer_database(self):
        database = self.lab.log_folder / "leases.db"
        server = self.lab.spawn("first", self.host, self.command(database))
        server.wait_for("a new database", 20)
        server.popen.terminate()
        self.assertEqual(server.wait(10), 0)
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        self.refuse(database, "newer version")

    def test_a_disk_that_is_full_at_the_start(self):
        with small_disk(self.lab.log_folder / "disk", 64) as disk:
            (disk / "ballast").write_bytes(bytes(60 * 1024))
            self.refuse(disk / "leases.db", r"leases\.db: .*(full|No space left)")

    def test_a_disk_that_becomes_full(self):
        """No ACK any more, one line that says why, and exit status 1."""
        with small_disk(self.lab.log_folder / "disk", 512) as disk:
            server = self.lab.spawn("server", self.host, self.command(disk / "leases.db"))
            server.wait_for("a new database", 20)
            with open(disk / "ballast", "wb", buffering=0) as ballast:
                with contextlib.suppress(OSError):
                    while ballast.write(bytes(4096)):
                        pass
            client = self.lab.host("client")
            asked = client.run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-t", "2", "-T", "1",
                               "-s", "/bin/true", check=False, timeout=40)
            self.assertNotIn("obtained", asked.stdout)
            self.assertEqual(server.wait(20), 1, server.tail())
            self.assertRegex(server.output(), r"leases\.db: .*full.*; no lease is given any more")

    def test_a_database_that_cannot_be_written_at_the_end(self):
        """Asked to end, it says what it could not write any more, with exit status 1."""
        database = self.lab.log_folder / "leases.db"
        server = self.lab.spawn("server", self.host, self.command(database))
        server.wait_for("a new database", 20)
        other = sqlite3.connect(database, isolation_level=None)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            client = self.lab.host("client")
            asked = client.run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-t", "1", "-T", "1",
                               "-s", "/bin/true", check=False, timeout=40)
            self.assertNotIn("obtained", asked.stdout)
            server.popen.terminate()
            self.assertEqual(server.wait(30), 1, server.tail())
        self.assertRegex(server.output(), r"leases\.db: .*locked; the last changes of leases are "
                                          "not on disk")


if __name__ == "__main__":
    unittest.main()
