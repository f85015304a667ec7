"""Pools that come by reloads, and leases of another server that come before, after and beside."""

import json
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import servers
from case import LabCase, only_reveille

SCRIPT = Path(__file__).with_name("dhcp_script.py")
SERVER = "10.77.0.1"
PLAYERS = 8  # at a time


def owner(number):
    return f"02:77:00:00:00:{number:02x}"


def stranger(number):
    return f"02:99:00:00:00:{number:02x}"


def asks_for_any():
    return [{"send": "discover", "remember": "first"},
            {"send": "request", "requested": "$first", "server": SERVER}]


class Server(servers.Reveille):
    """All it knows stands in a file, and the file changes."""

    def options(self):
        return ["--config", self.extra[0], "--address", f"{SERVER}/{servers.PREFIX_LENGTH}",
                "--root", self.images]


class ReloadCase(LabCase):
    def make_server(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-")))
        self.config = folder / "reveille.toml"
        self.socket = folder / "control.sock"
        self.players = []
        self.write_pools("10.77.1.0-10.77.1.3")
        return Server(self.lab, self.images, extra=[self.config], control=self.socket)

    def write_pools(self, *pools, rules=()):
        """As an editor does: whole, or not yet."""
        new = self.config.with_suffix(".new")
        new.write_text('[workers]\ncount = 2\n[[subnet]]\nprefix = "10.77.0.0/16"\n'
                       f"pools = {json.dumps(pools)}\n" +
                       "".join(f"[[rule]]\nwhen.host_name = '{pattern}'\nlease_time = \"2h\"\n"
                               for pattern in rules))
        new.rename(self.config)

    def kill_and_restart(self, says):
        self.server.process.popen.kill()
        self.server.process.popen.wait()
        self.server.process = self.lab.spawn("server again", self.server.host,
                                             self.server.command())
        self.server.process.wait_for(says, 30)

    # ---- the control socket, with nothing between the word and the server

    def ask(self, command, **arguments):
        """The answer, to be read later; until then others may ask."""
        caller = socket.socket(socket.AF_UNIX)
        self.addCleanup(caller.close)
        caller.settimeout(30)
        caller.connect(str(self.socket))
        caller.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        return caller

    def answer(self, caller):
        answer = json.loads(caller.makefile().readline())
        self.assertIn("result", answer)
        return answer["result"]

    def reload(self):
        return self.ask("reload")

    def import_(self, leases):
        later = int(time.time()) + 3600
        return self.ask("import", leases=[[address, "bound", mac, later, ""]
                                          for mac, address in leases.items()])

    def assert_counts(self, **expected):
        """Of the subnet. Workers count ten times a second."""
        deadline = time.monotonic() + 5
        while True:
            subnet = self.answer(self.ask("status"))["subnets"][0]
            counted = {key: subnet[key] for key in expected}
            if counted == expected or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.assertEqual(counted, expected)

    # ---- clients, by the dozen

    def play(self, scripts):
        """What each is told in the end."""
        names = list(scripts)
        parts = [names[first::PLAYERS] for first in range(min(PLAYERS, len(names)))]
        while len(self.players) < len(parts):
            self.players.append(self.lab.host(f"player{len(self.players)}"))
        told = {}

        def run(host, part):
            given = json.dumps({mac: {"mac": mac, "steps": scripts[mac]} for mac in part})
            argv = host.command("/usr/bin/python3", SCRIPT, "eth0")
            done = subprocess.run([str(word) for word in argv], input=given, text=True,
                                  stdout=subprocess.PIPE, timeout=200, check=True)
            told.update(json.loads(done.stdout))

        threads = [threading.Thread(target=run, args=pair) for pair in zip(self.players, parts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(told), len(scripts))
        return {mac: answers[-1] for mac, answers in told.items()}

    def lease(self, macs):
        """The address of each that got one."""
        told = self.play({mac: asks_for_any() for mac in macs})
        return {mac: answer["yiaddr"] for mac, answer in told.items() if answer["type"] == "ack"}

    def assert_still_theirs(self, leased):
        """INIT-REBOOT, each with what it has."""
        told = self.play({mac: [{"send": "request", "requested": address}]
                          for mac, address in leased.items()})
        self.assertEqual({mac: answer["yiaddr"] for mac, answer in told.items()}, leased)


@only_reveille("about reveille itself")
class ImportedFirst(ReloadCase):
    """Leases are imported of addresses that no pool has, and then one has them."""

    def test_nobody_is_lent_what_was_imported_before_its_pool_came(self):
        imported = {owner(number): f"10.77.2.{number}" for number in range(6)}
        self.assertEqual(self.answer(self.import_(imported))["taken"], 6)
        self.write_pools("10.77.1.0-10.77.1.3", "10.77.2.0-10.77.2.9")
        self.assertEqual(self.answer(self.reload())["need_restart"],
                         ["6 addresses of the pools with a lease that no worker has read"])
        strangers = self.lease(stranger(number) for number in range(10))
        self.assertEqual(sorted(strangers.values()),
                         [f"10.77.1.{number}" for number in range(4)] +
                         [f"10.77.2.{number}" for number in range(6, 10)])
        self.kill_and_restart("14 known, 14 of them bound")
        self.assertEqual(self.lease(imported), imported)
        self.assert_still_theirs(strangers)
        self.assertEqual(self.lease([stranger(99)]), {})


@only_reveille("about reveille itself")
class Busy(ReloadCase):
    """Reloads and imports, each asked for while the last is under way."""

    ROUNDS = 12
    EACH = 10  # addresses that a reload brings
    OWNED = 5  # of them
    RULES = 300

    def test_the_last_file_counts_and_no_address_has_two_clients(self):
        pools = ["10.77.1.0-10.77.1.3"]
        imported = {}
        callers, imports = [], []
        for number in range(self.ROUNDS):
            net = f"10.77.{10 + number}"
            pools.append(f"{net}.0-{net}.{self.EACH - 1}")
            # Patterns that it has not seen take it a while.
            self.write_pools(*pools, rules=[f"^rack{number}-[a-z]+{each}-[0-9]{{2,9}}x$"
                                            for each in range(self.RULES)])
            callers.append(self.reload())
            news = {owner(number * self.OWNED + each): f"{net}.{each}"
                    for each in range(self.OWNED)}
            imports.append(self.import_(news))
            imported.update(news)
            # Now and then while the last one is under way, and now and then not.
            if number % 3 == 2:
                for caller in callers:
                    self.answer(caller)
                callers.clear()
        self.assertEqual([self.answer(caller)["left_out"] for caller in imports],
                         [[]] * self.ROUNDS)
        for caller in callers:
            self.answer(caller)
        self.assertEqual(self.answer(self.reload())["need_restart"], [])
        total = 4 + self.ROUNDS * self.EACH
        self.assert_counts(addresses=total, bound=len(imported))

        strangers = self.lease(stranger(number) for number in range(total - len(imported)))
        self.assertEqual(len(strangers), total - len(imported))
        self.assertEqual(self.lease(imported), imported)
        everybody = strangers | imported
        self.assertEqual(len(set(everybody.values())), total)
        self.kill_and_restart(f"{total} known, {total} of them bound")
        self.assert_still_theirs(everybody)
        self.assertEqual(self.lease([stranger(250)]), {})


if __name__ == "__main__":
    import unittest
    unittest.main()
