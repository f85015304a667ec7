"""Leases that outlive the server: killed outright, on a full disk, beside another server."""

import contextlib
import json
import sqlite3
import unittest

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

        def leases(*words, status=0):
            done = lab.run([servers.REVEILLE, "leases", "--leases", self.server.leases(), *words],
                           check=False)
            self.assertEqual(done.returncode, status, done.stdout)
            return done.stdout

        self.assertRegex(leases(), rf"(?m)^{address} +bound +{client.mac} ")
        self.assertIn(f"{address},bound,{client.mac},", leases("--csv"))
        [row] = json.loads(leases("--json"))
        self.assertEqual((row["address"], row["state"]), (address, "bound"))
        self.assertEqual(row["until"] - row["since"], 3600)
        self.assertIn("another reveille uses it", leases("release", address, status=1))

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


if __name__ == "__main__":
    unittest.main()
