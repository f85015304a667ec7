"""Disks by ATA over Ethernet: iPXE boots from one, stock Debian kernels have their root on one."""

import json
import signal
import sys
import tempfile
import unittest
from pathlib import Path

import case
import disk_images
import images
import lab
import machine
import servers
from case import BOOT_TIMEOUT, only_reveille

HERE = Path(__file__).resolve().parent
SWARM = lab.PROJECT / "build" / "reveille-storm"
# What each machine writes and reads back: of frames of 1 KiB, an emulated one needs five times as
# long as of 8 KiB.
MEGABYTES = 200
MEGABYTES_OF_SHORT_FRAMES = 32
SECONDS_PER_MEGABYTE = 2


class DiskCase(unittest.TestCase):
    """A lab of its own, with whatever disks a test makes in its folder."""

    def setUp(self):
        self.lab = self.enterContext(lab.Lab(f"{case.SERVER_NAME}.{self.id()}"))
        self.folder = self.lab.log_folder
        self.root = self.folder / "images"
        # Names of sockets are short.
        self.short = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="reveille-")))

    kind = servers.Reveille
    mtu = 1500

    def serve(self, disks, extra=""):
        """Starts reveille with these [[disk]] tables, each a dictionary."""
        if not self.root.exists():
            self.root.mkdir()
        config = extra
        for disk in disks:
            config += "\n[[disk]]\n" + "".join(
                f"{key} = {json.dumps(value)}\n" for key, value in disk.items())
        path = self.folder / "reveille.toml"
        path.write_text(config)
        self.server = self.kind(self.lab, self.root, extra=["--config", path],
                                control=str(self.short / "control"))
        return self.server.start()

    def users(self):
        """What `reveille disks` says of the first disk's clients, by MAC address."""
        shown = lab.run([servers.REVEILLE, "disks", "--json", "--control",
                         self.server.control]).stdout
        return {client["client"]: client for client in json.loads(shown)[0]["clients"]}

    def kill_and_restart(self):
        """As a crash would, with the same command line."""
        self.server.process.popen.send_signal(signal.SIGKILL)
        self.server.process.wait(10)
        self.server.process = self.lab.spawn("server", self.server.host, self.server.command())

    def power_on(self, name="machine", mac="52:54:00:77:00:01", nic="virtio-net-pci"):
        return machine.Machine(self.lab, name, machine.BIOS, nic, mac, mtu=self.mtu).start()


def ask(case_, host, shelf=0, slot=1, *more):
    done = host.run(sys.executable, HERE / "aoe_initiator.py", "eth0", shelf, slot, *more,
                    timeout=60)
    return dict(json.loads(line) for line in done.stdout.splitlines())


@only_reveille("dnsmasq has no disks")
class Wire(DiskCase):
    """The same frames to reveille and to vblade, the target that Debian has."""

    def test_answers_are_those_of_vblade(self):
        disk = self.folder / "disk.img"
        disk.write_bytes(images.noise(1 << 20, "disk"))
        theirs = self.folder / "theirs.img"
        theirs.write_bytes(disk.read_bytes())
        self.serve([{"address": "e0.1", "file": str(disk)}])
        ours = ask(self, self.lab.host("initiator"))
        other = self.lab.host("vblade")
        self.lab.spawn("vblade", other, ["vblade", "1", "2", "eth0", str(theirs)])
        reference = ask(self, self.lab.host("second"), 1, 2)
        self.assertEqual(list(ours), list(reference))
        for name, answer in reference.items():
            self.compare(name, ours[name], answer)
        self.assertEqual(disk.read_bytes(), images.noise(1 << 20, "disk"), "the base was written")

    def compare(self, name, ours, theirs):
        if theirs is None or ours is None:
            self.assertEqual(ours, theirs, name)
            return
        # Where they are is what differs; how many sectors a frame may have is each one's own.
        same = dict(theirs, shelf=0, slot=1)
        if name == "flush":  # vblade answers with the registers of the command before
            same.update(status=0x40, ata_error=0)
        if "string" in same:
            same["sectors"] = ours["sectors"]
        self.assertEqual(ours, same, name)


@only_reveille("dnsmasq has no disks")
class Boot(DiskCase):
    def test_ipxe_boots_from_its_disk_with_no_further_configuration(self):
        disk = self.folder / "boot.img"
        disk_images.boot_sector_disk(disk)
        before = disk.read_bytes()
        self.serve([{"address": "e0.1", "file": str(disk)}])
        vm = self.power_on()
        vm.wait_for("lab-mark disk Reads its last sector", BOOT_TIMEOUT)
        vm.wait_for("lab-mark disk Weads its last", 20)
        self.assertEqual(disk.read_bytes(), before, "the shared image was written to")
        self.assertRegex(self.server.log(), r"uses disk e0\.1")

    def test_three_kernels_share_one_disk_and_see_their_own_writes(self):
        """iPXE, kernel by TFTP, root by AoE: nothing but reveille on the network."""
        self.kind, self.mtu = Jumbo, Jumbo.mtu
        self.write_and_read_back(MEGABYTES, machines=3, extra=Jumbo.INTERFACE)

    def test_kernel_reads_back_all_that_it_writes_in_usual_frames(self):
        self.write_and_read_back(MEGABYTES_OF_SHORT_FRAMES)

    def write_and_read_back(self, megabytes, machines=1, extra=""):
        disk = self.folder / "root.img"
        disk_images.root_disk(disk, "first", megabytes=2 * megabytes + 64)
        before = images.sha256(disk)
        disk_images.kernel_folder(self.root, "e0.1", megabytes, self.mtu)
        self.serve([{"address": "e0.1", "file": str(disk)}],
                   f'[boot]\nipxe_script = "boot.ipxe"\n{extra}')
        vms = [self.power_on(f"machine{i}", f"52:54:00:77:00:{i + 1:02x}")
               for i in range(machines)]
        for vm in vms:
            vm.wait_for(r"lab-mark ipxe aoe:e0\.1", BOOT_TIMEOUT)
        for vm in vms:
            vm.wait_for(r"lab-mark disk first before=\s", BOOT_TIMEOUT)
            own, same, seconds = vm.wait_for(
                r"lab-mark file name=(\S+) same=(\S+) seconds=(\d+)",
                BOOT_TIMEOUT + SECONDS_PER_MEGABYTE * machines * megabytes).groups()
            self.assertEqual((own, same), (vm.mac.replace(":", ""), "yes"))
            user = self.users()[vm.mac]
            self.assertGreaterEqual(user["overlay_bytes"], megabytes << 20)
            self.assertGreater(user["writes"], 0)
            print(f"{megabytes} MiB written, read back and hashed in {seconds} s, "
                  f"{machines} at once")
        self.assertEqual(images.sha256(disk), before, "the shared image was written to")


@only_reveille("dnsmasq has no disks")
class Jumbo(servers.Reveille):
    """On a link with long frames; what its interface is stands in its configuration."""

    mtu = 9000
    INTERFACE = f"""
[[interface]]
interface = "eth0"
address = "{servers.SERVER}/{servers.PREFIX_LENGTH}"
mtu = {mtu}
"""

    def command(self):
        argv = super().command()
        for option in ("--interface", "--address"):
            at = argv.index(option)
            del argv[at:at + 2]
        return argv


class Many(DiskCase):
    def storm(self, disk, *argv):
        figures = self.folder / "figures.json"
        host = self.lab.host("swarm", mtu=self.mtu)
        done = host.run(SWARM, "disk", "--interface", host.interface, "--image", disk, "--json",
                        figures, *argv, timeout=90, check=False)
        return done, json.loads(figures.read_text()) if figures.exists() else {}

    def test_hundreds_of_machines_share_one_disk_and_nobody_sees_another(self):
        disk = self.folder / "disk.img"
        disk.write_bytes(images.noise(64 << 20, "disk"))
        before = images.sha256(disk)
        self.serve([{"address": "e0.1", "file": str(disk)}])
        done, figures = self.storm(disk, "-n", 300, "--depth", 2, "--write", 30,
                                   "--write-sectors", 64, "--isolated", "--seconds", 3)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((figures["wrong"], figures["refused"], figures["silent"]), (0, 0, 0))
        self.assertGreater(figures["writes"], 300)
        self.assertEqual(len(self.users()), 300)
        self.assertEqual(images.sha256(disk), before, "the shared image was written to")

    def test_jumbo_frames_carry_eight_kibibytes(self):
        self.kind, self.mtu = Jumbo, Jumbo.mtu
        disk = self.folder / "disk.img"
        disk.write_bytes(images.noise(64 << 20, "disk"))
        self.serve([{"address": "e0.1", "file": str(disk)}], Jumbo.INTERFACE)
        done, figures = self.storm(disk, "-n", 20, "--sectors", 16, "--write", 30, "--isolated",
                                   "--seconds", 2)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((figures["wrong"], figures["refused"], figures["silent"]), (0, 0, 0))
        self.assertEqual(figures["sectors"], 16, "the target took fewer")
        self.assertGreater(figures["writes"], 20)

    def test_wrong_bytes_are_seen(self):
        disk, other = self.folder / "disk.img", self.folder / "other.img"
        disk.write_bytes(images.noise(1 << 20, "disk"))
        other.write_bytes(images.noise(1 << 20, "other"))
        self.serve([{"address": "e0.1", "file": str(disk)}])
        done, figures = self.storm(other, "-n", 2, "--seconds", 1)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertGreater(figures["wrong"], 0)


@only_reveille("dnsmasq has no disks")
class Durable(DiskCase):
    def test_private_root_survives_a_power_cut_and_kill_nine(self):
        disk = self.folder / "root.img"
        disk_images.root_disk(disk, "own")
        disk_images.kernel_folder(self.root, "e0.1", 1)
        self.serve([{"address": "e0.1", "file": str(disk), "mode": "private",
                     "clients": ["52:54:00:77:00:01"]}],
                   '[boot]\nipxe_script = "boot.ipxe"\n')
        before = self.power_on("before")
        before.wait_for(r"lab-mark disk own before=\s", BOOT_TIMEOUT)
        self.assertEqual(before.wait_for(r"lab-mark file name=\S+ same=(\S+)", BOOT_TIMEOUT)[1],
                         "yes")
        before.stop()  # QEMU ends at once: for the machine a power cut
        self.kill_and_restart()
        after = self.power_on("after")
        found = after.wait_for(r"lab-mark disk own before=(\S*)\s", BOOT_TIMEOUT)[1]
        self.assertEqual(found, after.mac.replace(":", ""), "what it wrote is not there")

    def test_overlay_in_a_file_survives_kill_nine(self):
        self.survives({"mode": "shared", "overlay": "file", "keep": True})

    def test_private_disk_survives_kill_nine(self):
        self.survives({"mode": "private"})

    def survives(self, how):
        """Writes, kills the server, reads: what was confirmed is there."""
        disk = self.folder / "disk.img"
        disk.write_bytes(images.noise(1 << 20, "disk"))
        if how.get("overlay") == "file":
            (self.folder / "overlays").mkdir()
            how = dict(how, overlay_folder=str(self.folder / "overlays"))
        host = self.lab.host("initiator")
        self.serve([{"address": "e0.1", "file": str(disk), "clients": [host.mac()], **how}])
        first = ask(self, host)
        self.assertEqual(first["write"]["status"], 0x40)
        self.assertNotEqual(first["read the last"], first["read the last back"])
        self.kill_and_restart()
        second = ask(self, host, 0, 1, "again")
        self.assertEqual(len(second), 3)
        for name, answer in second.items():
            self.assertEqual(first[name], answer, name)


if __name__ == "__main__":
    unittest.main()
