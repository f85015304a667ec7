"""Leases that outlive the server: killed outright, on a full disk, beside another server."""

import contextlib
import json
import sqlite3
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

    def leases(self, *words, status=0):
        done = lab.run([servers.REVEILLE, "leases", "--leases", self.server.leases(), "--control",
                        self.server.control, *words], check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

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
        self.assertIn("is in no pool", self.leases("reserve", "192.0.2.1", status=1))
        self.assertIn("is not an address", self.leases("reserve", "somewhere", status=1))
        self.assertNotEqual(Udhcpc(self.lab, client.host).start().bound(), address)
        # What was promised is on disk: it holds for the next server, too.
        self.server.process.popen.kill()
        self.server.process.popen.wait()
        self.assertIn(f"{address},reserved,", self.leases("--csv"))

        # With the server gone the same words go to the database.
        self.assertEqual(self.leases("release", address), f"{address}: released\n")
        self.server.process = self.lab.spawn("server2", self.server.host, self.server.command())
        self.server.process.wait_for("2 known", 30)

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
        self.assertIn("another reveille uses it", self.leases("import", file, status=1))

    def test_a_second_server_on_the_same_database_is_refused(self):
        other = self.lab.host("other")
        done = other.run(servers.REVEILLE, "serve", "--interface", "eth0", "--control", "",
                         "--leases", self.server.leases(), *self.server.options(), timeout=20,
                         check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, "another reveille uses it")


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
