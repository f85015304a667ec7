"""The demonstration: a private network, reveille on it, and machines that nobody here wrote.

Every verdict comes from the machine itself: what its kernel says on the serial console, what
`ip` shows, the SHA-256 of what was downloaded. Times come from a capture of the network.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import clients  # noqa: E402
import disk_images  # noqa: E402
import images  # noqa: E402
import lab  # noqa: E402
import machine  # noqa: E402
import observe  # noqa: E402
import servers  # noqa: E402

BOOT_LIMIT = 170  # seconds, for machines that are emulated instruction by instruction
LEASE_LIMIT = 30


class Screen:
    """Lines as things happen, readable on a terminal and in a file."""

    def __init__(self):
        self._begin = time.monotonic()
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, who, text):
        print(f"{time.monotonic() - self._begin:6.1f} s  {self.bold(f'{who:12}')} {text}", flush=True)

    def bold(self, text):
        return f"\033[1m{text}\033[0m" if self._colour else text

    def table(self, header, rows):
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        for row in (header, ["-" * width for width in widths], *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


class Story:
    """Tells what the capture shows, each step of each client once."""

    def __init__(self, screen):
        self._screen = screen
        self._told = set()
        self._names = {}
        self._first = {}

    def know(self, mac, name):
        self._names[mac] = name

    def __call__(self, event):
        name = self._names.get(event.mac)
        text = self._text(event)
        if name and text and (name, text) not in self._told:
            self._told.add((name, text))
            self._screen.line(name, text)

    def _text(self, event):
        if event.kind == "discover":
            self._first.setdefault(event.mac, event.seconds)
            return f"DISCOVER ({event.detail or 'no vendor class'})"
        if event.kind in ("offer", "ack", "nak"):
            boot_file = f", boot file {event.detail}" if event.detail else ""
            return f"{event.kind.upper()} {event.address}{boot_file}"
        if event.kind == "rrq":
            return f"asks for {event.detail}"
        if event.kind == "data" and event.mac in self._first:
            seconds = event.seconds - self._first.pop(event.mac)
            return f"first image byte, {seconds:.3f} s after the first DISCOVER"
        if event.kind == "error" and not event.detail.startswith(("0", "8")):
            return f"TFTP error {event.detail}"
        return None


class VirtualMachine:
    """Boots a stock Debian kernel; done when its shell answers."""

    verdict = "booted"

    def __init__(self, network, name, firmware, nic, mac):
        self.name = name
        self.firmware = machine.FIRMWARE_NAMES[firmware]
        self.mac = mac
        self._machine = machine.Machine(network, name, firmware, nic, mac)

    def start(self, screen):
        screen.line(self.name, f"power on: {self.firmware}, {self._machine.nic}")
        self._machine.start()

    def finish(self, screen, payload, deadline):
        def step(pattern):
            return self._machine.wait_for(pattern, max(1, deadline - time.monotonic()))

        sent = step(r"lab-mark kernel via=\S+ payload=(\S*)\s")[1]
        screen.line(self.name, "Debian's kernel is up, with the initrd that was served")
        address = step(r"lab-mark address=(\S+)\s")[1]
        fetched = step(r"lab-mark tftp payload=(\S*)\s")[1]
        step("lab-mark shell")
        self._machine.type("echo lab-mark alive $((6 * 7))")
        step("lab-mark alive 42")
        screen.line(self.name, f"shell answers, address {address}")
        if (sent, fetched) != (payload, payload):
            raise lab.LabError("what arrived is not what was sent")
        return address

    def stop(self):
        self._machine.stop()


class DiskMachine(VirtualMachine):
    """The same kernel, with its root on a disk that reveille serves by ATA over Ethernet."""

    verdict = "booted from disk"
    MAC = "52:54:00:77:00:03"
    MEGABYTES = 4  # that it writes and reads back

    def __init__(self, network):
        super().__init__(network, "disk", machine.BIOS, "virtio-net-pci", self.MAC)

    def finish(self, screen, _, deadline):
        def step(pattern):
            return self._machine.wait_for(pattern, max(1, deadline - time.monotonic()))

        address = step(r"lab-mark ipxe aoe:e0\.1 (\S+)\s")[1]
        screen.line(self.name, f"iPXE is told of disk e0.1, address {address}")
        step(r"lab-mark disk demo before=\s")
        screen.line(self.name, "Debian's kernel runs from the disk, which nobody has written to")
        same, seconds = step(r"lab-mark file name=\S+ same=(\S+) seconds=(\d+)\s").groups()
        if same != "yes":
            raise lab.LabError("what was read back is not what was written")
        screen.line(self.name, f"{self.MEGABYTES} MiB written and read back in {seconds} s")
        return address

    @classmethod
    def prepare(cls, network, folder):
        """An image folder with what this machine loads, and the configuration that serves it."""
        whole = network.log_folder / "images"
        shutil.rmtree(whole, ignore_errors=True)
        shutil.copytree(folder, whole)
        disk_images.kernel_folder(whole / "disk", "e0.1", cls.MEGABYTES)
        disk = network.log_folder / "disk.img"
        disk_images.root_disk(disk, "demo")
        config = network.log_folder / "reveille.toml"
        config.write_text(
            f'[[disk]]\naddress = "e0.1"\nfile = {json.dumps(str(disk))}\n'
            f'clients = ["{cls.MAC}"]\n\n'
            f'[[host]]\nmac = "{cls.MAC}"\nboot_file = "disk/boot.ipxe"\n')
        return whole, config


class SmallClient:
    """A DHCP client of Debian takes an address, a TFTP client of Debian fetches a file."""

    firmware = "none (Linux)"
    verdict = "leased, fetched"

    def __init__(self, network, name, kind, tftp_client):
        self.name = name
        self._network = network
        self._tftp_client = tftp_client
        self._client = kind(network, network.host(name))
        self.mac = self._client.mac

    def start(self, screen):
        screen.line(self.name, f"{self._client.name} starts")
        self._client.start()

    def finish(self, screen, payload, _):
        address = self._client.bound(LEASE_LIMIT)
        shown = self._client.host.run("ip", "-o", "-4", "address", "show", "dev", "eth0").stdout
        if f" {address}/" not in shown:
            raise lab.LabError(f"{address} is not on the interface: {shown}")
        self._client.host.run("ping", "-c", "1", "-W", "2", servers.SERVER)
        digest, _ = clients.fetch(self._network, self._client.host, self._tftp_client,
                                  servers.SERVER, "payload.bin", 30)
        if digest != payload:
            raise lab.LabError(f"{self._tftp_client} got other bytes than were served")
        screen.line(self.name, f"{self._tftp_client} has fetched payload.bin, SHA-256 is right")
        return address

    def stop(self):
        self._client.process.stop()


def cast(network, disks):
    return [
        VirtualMachine(network, "bios", machine.BIOS, "virtio-net-pci", "52:54:00:77:00:01"),
        VirtualMachine(network, "uefi", machine.UEFI, "virtio-net-pci", "52:54:00:77:00:02"),
        *([DiskMachine(network)] if disks else []),
        SmallClient(network, "udhcpc", clients.Udhcpc, "busybox"),
        SmallClient(network, "dhclient", clients.Dhclient, "curl"),
        SmallClient(network, "networkd", clients.Networkd, "atftp"),
    ]


def play(network, server_class, screen):
    """Boots everything; the rows of the closing table, and whether all is well."""
    folder = images.folder("ipxe")
    payload = images.sha256(folder / "payload.bin")
    story = Story(screen)
    observer = observe.Observer(network, story).start()
    disks = server_class is servers.Reveille  # dnsmasq has none
    if disks:
        folder, config = DiskMachine.prepare(network, folder)
        server = server_class(network, folder, extra=["--config", config]).start()
    else:
        server = server_class(network, folder).start()
    screen.line(server.name, f"serves {folder.name}: {', '.join(sorted(os.listdir(folder)))}")
    players = cast(network, disks)
    for player in players:
        story.know(player.mac, player.name)
        player.start(screen)
    deadline = time.monotonic() + BOOT_LIMIT

    rows, good = [], True
    for player in sorted(players, key=lambda p: isinstance(p, VirtualMachine)):
        try:
            address = player.finish(screen, payload, deadline)
            verdict = player.verdict
        except lab.LabError as error:
            address, verdict, good = "-", "FAILED", False
            screen.line(player.name, f"failed: {error}")
        timing = observer.timing(player.mac)
        seconds = timing.seconds_to_first_byte
        rows.append([player.name, player.firmware, address,
                     timing.files[0] if timing.files else "-",
                     "-" if seconds is None else f"{seconds:.3f}", verdict])
        player.stop()
    if not server.running():
        screen.line(server.name, f"has ended on its own:\n{server.log()}")
        good = False
    server.stop()
    observer.stop()
    order = [player.name for player in players]
    return sorted(rows, key=lambda row: order.index(row[0])), good


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=("reveille", "dnsmasq"), default="reveille",
                        help="dnsmasq shows the same boot with another server")
    arguments = parser.parse_args()
    lab.end_on_signals()
    screen = Screen()
    server_class = {"reveille": servers.Reveille, "dnsmasq": servers.Dnsmasq}[arguments.server]
    try:
        with lab.Lab("demo") as network:
            rows, good = play(network, server_class, screen)
            logs = network.log_folder.relative_to(lab.PROJECT)
    except lab.LabError as error:
        sys.exit(f"scripts/demo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    print()
    screen.table(["client", "firmware", "address", "boot file", "s to first byte", "verdict"], rows)
    print(f"\n{'All booted.' if good else 'NOT all booted.'} "
          f"The server's log, the consoles and the capture are in {logs}.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
