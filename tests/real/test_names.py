"""One image folder, and each machine its own file: by name rules, and by templates."""

import shutil
import subprocess
import unittest

import lab
import observe
import servers
from case import BOOT_TIMEOUT, SERVER_NAME, only_reveille
from machine import Machine

KNOWN = "52:54:00:77:00:01"
STRANGER = "52:54:00:77:00:02"

PXELINUX = """
[boot.files]
x86-bios = "pxelinux.0"
[boot]
ipxe_script = "pxelinux.0"
[[tftp.rewrite]]
match = '^pxelinux\\.cfg/default$'
to = 'hosts/{{mac:hexhyp}}/pxelinux.cfg'
"""

GRUB = """
[boot]
ipxe_script = "grub/i386-pc/core.0"
[boot.files]
x86-bios = "grub/i386-pc/core.0"
[[tftp.rewrite]]
match = '^grub/grub\\.cfg$'
to = 'hosts/{{arch}}/{{mac:hexhyp}}.cfg'
"""

SCRIPT = """
[boot]
ipxe_script = '''
#!ipxe
echo lab-mark mac {{mac}} ${net0/mac} {{arch}} {{hostname|unnamed}} .
echo lab-mark ip {{ip}} ${net0/ip} from {{next_server}} .
chain nodes/{{mac:hexhyp}}.ipxe || echo lab-mark no script of its own
'''
"""

MARK_SCRIPT = "#!ipxe\necho lab-mark own script of ${net0/mac}\n"


def say(mark):
    return f"SAY . lab-mark {mark}\nPROMPT 0\nDEFAULT none\n"


@only_reveille("dnsmasq knows no rules for names")
class ByMachine(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"{SERVER_NAME}.{self.id()}"))
        self.observer = observe.Observer(self.lab).start()
        self.folder = self.lab.log_folder / "images"
        self.folder.mkdir()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def serve(self, config, proxy=False):
        path = self.lab.log_folder / "reveille.toml"
        path.write_text(config)
        self.server = servers.Reveille(self.lab, self.folder, proxy=proxy,
                                       extra=("--config", path)).start()

    def boot(self, mac):
        return Machine(self.lab, mac.replace(":", ""), mac=mac, memory_mib=256).start()

    def pxelinux(self, proxy):
        shutil.copyfile("/usr/lib/PXELINUX/pxelinux.0", self.folder / "pxelinux.0")
        shutil.copyfile("/usr/lib/syslinux/modules/bios/ldlinux.c32", self.folder / "ldlinux.c32")
        self.write("hosts/52-54-00-77-00-01/pxelinux.cfg", say("configuration of its own"))
        self.write("pxelinux.cfg/default", say("configuration for all"))
        self.serve(PXELINUX, proxy)
        known, stranger = self.boot(KNOWN), self.boot(STRANGER)
        known.wait_for("lab-mark configuration of its own", BOOT_TIMEOUT)
        stranger.wait_for("lab-mark configuration for all", BOOT_TIMEOUT)
        for machine in (known, stranger):
            self.assertIn("pxelinux.cfg/default", self.observer.timing(machine.mac).files,
                          "both asked for the same name")

    def script(self, proxy):
        self.write("nodes/52-54-00-77-00-01.ipxe", MARK_SCRIPT)
        self.serve(SCRIPT, proxy)
        known, stranger = self.boot(KNOWN), self.boot(STRANGER)
        for machine, mark in ((known, f"lab-mark own script of {KNOWN}"),
                              (stranger, "lab-mark no script of its own")):
            said = machine.wait_for(r"lab-mark mac (\S+) (\S+) (\S+) (\S+) \.", BOOT_TIMEOUT).groups()
            self.assertEqual(said, (machine.mac, machine.mac, "x86-bios", "unnamed"))
            ours, its_own, server = machine.wait_for(r"lab-mark ip (\S+) (\S+) from (\S+) \.",
                                                     60).groups()
            self.assertEqual((ours, server), (its_own, servers.SERVER))
            machine.wait_for(mark, 60)
            own = f"nodes/{machine.mac.replace(':', '-')}.ipxe"
            files = [file.lstrip("/") for file in self.observer.timing(machine.mac).files]
            self.assertEqual(files[:2], ["inline.ipxe", own])

    def test_pxelinux(self):
        self.pxelinux(proxy=False)

    def test_pxelinux_beside_another_server(self):
        self.pxelinux(proxy=True)

    def test_script(self):
        self.script(proxy=False)

    def test_script_beside_another_server(self):
        self.script(proxy=True)

    def test_grub(self):
        """The architecture is known from DHCP alone."""
        subprocess.run(["grub-mknetdir", f"--net-directory={self.folder}", "--subdir=grub",
                        "--locales=", "--fonts=", "--themes="],
                       check=True, stdin=subprocess.DEVNULL, capture_output=True)
        serial = "serial --unit=0 --speed=115200\nterminal_output serial\n"
        self.write("hosts/x86-bios/52-54-00-77-00-01.cfg",
                   f"{serial}echo lab-mark configuration of its own\n")
        self.write("grub/grub.cfg", f"{serial}echo lab-mark configuration for all\n")
        self.serve(GRUB)
        known, stranger = self.boot(KNOWN), self.boot(STRANGER)
        known.wait_for("lab-mark configuration of its own", BOOT_TIMEOUT)
        stranger.wait_for("lab-mark configuration for all", BOOT_TIMEOUT)


if __name__ == "__main__":
    unittest.main()
