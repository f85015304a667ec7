"""What the real-client tests have in common: which server, which lab, what a good boot is.

REVEILLE_LAB_SERVER=dnsmasq runs the same tests against dnsmasq: it proves that the clients and
the tests are right, and gives the figures to compare with.
"""

import json
import os
import time
import unittest

import images
import lab
import machine
import observe
import servers

SERVERS = {"reveille": servers.Reveille, "dnsmasq": servers.Dnsmasq}
SERVER_NAME = os.environ.get("REVEILLE_LAB_SERVER", "reveille")
BOOT_TIMEOUT = 240  # seconds until the kernel of a machine speaks, in software emulation

lab.end_on_signals()


def only_reveille(reason):
    return unittest.skipIf(SERVER_NAME != "reveille", reason)


class LabCase(unittest.TestCase):
    """A test with a lab of its own, named after it."""

    flavour = "bulk"
    proxy = False
    extra = ()

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"{SERVER_NAME}.{self.id()}"))
        self.observer = observe.Observer(self.lab).start()
        self.images = images.folder(self.flavour)
        self.server = self.make_server().start()

    def make_server(self):
        if SERVER_NAME == "reveille":
            return servers.Reveille(self.lab, self.images, proxy=self.proxy, extra=self.extra)
        return SERVERS[SERVER_NAME](self.lab, self.images, proxy=self.proxy)

    def tearDown(self):
        self.assertTrue(self.server.running(), f"the server has ended:\n{self.server.log()}")

    def run(self, result=None):
        """Shows the server's side of a failure."""
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            folder = self.lab.log_folder
            print(f"logs and capture: {folder.relative_to(lab.PROJECT)}", flush=True)
            if (log := folder / "server.log").exists():
                print("\n".join(log.read_text(errors="replace").splitlines()[-40:]), flush=True)

    def kinds(self, mac):
        return [event.kind for event in self.observer.events(mac)]

    def assert_ends_with(self, mac, kind):
        """What the client was asked to send may take a moment."""
        deadline = time.monotonic() + 5
        while self.kinds(mac)[-1:] != [kind] and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.kinds(mac)[-1:], [kind])


class Boot:
    """One machine's way from power-on to a shell, checked step by step."""

    def __init__(self, case, firmware, nic, mac="52:54:00:77:00:01"):
        self.case = case
        self.machine = machine.Machine(case.lab, "machine", firmware, nic, mac)

    def check(self, via, boot_file, before_kernel=()):
        case, vm = self.case, self.machine.start()
        payload = images.sha256(case.images / "payload.bin")
        for mark in before_kernel:
            vm.wait_for(mark, BOOT_TIMEOUT)
        kernel = vm.wait_for(r"lab-mark kernel via=(\S+) payload=(\S*)\s", BOOT_TIMEOUT)
        case.assertEqual(kernel.groups(), (via, payload), "kernel arguments and initrd as served")
        address, leased_by = vm.wait_for(r"lab-mark address=(\S+) server=(\S*)\s", 60).groups()
        tftp = vm.wait_for(r"lab-mark tftp payload=(\S*)\s", 60)[1]
        case.assertEqual(tftp, payload, "the kernel's own TFTP client got other bytes")
        vm.wait_for("lab-mark shell", 30)
        vm.type("echo lab-mark alive $((6 * 7))")
        vm.wait_for("lab-mark alive 42", 30)

        timing = case.observer.timing(vm.mac)
        events = case.observer.events(vm.mac)
        case.assertEqual(timing.files[0].lstrip("/"), boot_file)
        expected = servers.ADDRESS_SERVER if case.proxy else servers.SERVER
        case.assertEqual(leased_by, expected)
        acknowledged = {e.address for e in events if e.kind == "ack" and e.address != "0.0.0.0"}
        case.assertEqual(acknowledged, {address}, "one machine, one address, from firmware to OS")
        case.assertNotIn("nak", [e.kind for e in events])
        case.assertIsNotNone(timing.seconds_to_first_byte)
        record_timing(case, vm, boot_file, timing)


def record_timing(case, vm, boot_file, timing):
    """For `timing` and the demo; one line of JSON in the log folder."""
    record = {"server": SERVER_NAME, "mode": "ProxyDHCP" if case.proxy else "DHCP server",
              "firmware": machine.FIRMWARE_NAMES[vm.firmware], "nic": vm.nic,
              "boot_file": boot_file, "seconds": round(timing.seconds_to_first_byte, 3)}
    (case.lab.log_folder / "timing.json").write_text(json.dumps(record) + "\n")
