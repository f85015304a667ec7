"""DHCP and TFTP clients of Debian, each in a namespace of its own.

None of them may touch this machine's own resolver or host name: they run their own hook, or in
name spaces of their own.
"""

import hashlib
import re
import signal
import time

from lab import LabError

# udhcpc passes its reason as an argument, dhclient in the environment.
HOOK = """#!/bin/sh
case ${1:-$reason} in
  bound|renew) address=$ip length=$mask ;;
  BOUND|RENEW|REBIND|REBOOT) address=$new_ip_address length=$new_subnet_mask interface=$interface ;;
  deconfig|PREINIT|RELEASE|EXPIRE|STOP)
    ip address flush dev "$interface"; ip link set "$interface" up; exit 0 ;;
  *) exit 0 ;;
esac
ip address replace "$address/$length" dev "$interface"
echo "lab-bound ${1:-$reason} $address"
"""

NETWORKD = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/network /run/systemd/netif/leases /run/systemd/netif/links /run/systemd/netif/lldp
chown -R systemd-network: /run/systemd/netif
cat >/run/systemd/network/10-lab.network <<END
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
[DHCPv4]
UseHostname=no
END
# Where /sys is read-only networkd waits for no udev.
mount -o remount,ro /sys || mount -t sysfs -o ro sysfs /sys
export SYSTEMD_LOG_LEVEL=debug
exec /lib/systemd/systemd-networkd
"""


class DhcpClient:
    """A DHCP client on a host of its own. Subclasses say how it starts and what it prints."""

    name = ""

    def __init__(self, lab, host):
        self.lab = lab
        self.host = host
        self.process = None
        self.hook = lab.log_folder / f"{host.name}.hook"
        self.hook.write_text(HOOK)
        self.hook.chmod(0o755)

    @property
    def mac(self):
        return self.host.mac()

    def start(self):
        raise NotImplementedError

    def bound(self, timeout=20, count=1):
        """The address of its `count`-th binding."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = re.findall(self.binding, self.process.output())
            if len(found) >= count:
                return found[count - 1]
            time.sleep(0.05)
        raise LabError(f"{self.name} is not bound after {timeout} s:\n{self.process.tail()}")

    def signal(self, number):
        self.process.popen.send_signal(number)

    binding = r"lab-bound \w+ ([\d.]+)"


class Udhcpc(DhcpClient):
    name = "udhcpc"

    def start(self):
        argv = ["busybox", "udhcpc", "-f", "-i", "eth0", "-t", "5", "-T", "2", "-s", self.hook]
        self.process = self.lab.spawn(self.host.name, self.host, argv)
        return self

    def renew(self):
        self.signal(signal.SIGUSR1)

    def release(self):
        self.signal(signal.SIGUSR2)
        self.process.wait_for("entering released state", 5)


class Dhclient(DhcpClient):
    name = "dhclient"

    def start(self):
        argv = ["dhclient", "-4", "-d", "-1", "-cf", "/dev/null", *self._files(), "eth0"]
        self.process = self.lab.spawn(self.host.name, self.host, argv)
        return self

    def release(self):
        self.process.stop()
        self.host.run("dhclient", "-4", "-r", "-cf", "/dev/null", *self._files(), "eth0")

    def _files(self):
        leases = self.lab.log_folder / f"{self.host.name}.leases"
        leases.touch()
        return ["-lf", leases, "-pf", self.lab.log_folder / f"{self.host.name}.pid",
                "-sf", self.hook]


class Networkd(DhcpClient):
    name = "systemd-networkd"
    binding = r"DHCPv4 address ([\d.]+)/\d+.* acquired"

    def start(self):
        argv = ["unshare", "--mount", "--uts", "sh", "-ec", NETWORKD]
        self.process = self.lab.spawn(self.host.name, self.host, argv)
        return self


DHCP_CLIENTS = (Udhcpc, Dhclient, Networkd)


def tftp_command(client, server, name, target, block_size, window=None):
    """How that client fetches a file into `target`."""
    if client in ("curl", "curl-plain"):
        options = ["--tftp-blksize", block_size] if client == "curl" else ["--tftp-no-options"]
        return ["curl", "--silent", "--show-error", *options, "--output", target,
                f"tftp://{server}/{name}"]
    if client == "atftp":
        options = ["--option", f"blksize {block_size}"]
        if window:
            options += ["--option", f"windowsize {window}"]
        return ["atftp", *options, "--get", "--remote-file", name, "--local-file", target, server]
    if client == "busybox":
        return ["busybox", "tftp", "-g", "-b", block_size, "-r", name, "-l", target, server]
    raise ValueError(client)


def fetch(lab, host, client, server, name, timeout, block_size=1428, window=None):
    """Fetches a file and throws it away again: (SHA-256, seconds)."""
    target = lab.log_folder / f"{host.name}.received"
    begin = time.monotonic()
    process = lab.spawn(host.name, host,
                        tftp_command(client, server, name, target, block_size, window))
    status = process.wait(timeout)
    seconds = time.monotonic() - begin
    if status != 0:
        raise LabError(f"{client} ended with {status} after {seconds:.1f} s:\n{process.tail()}")
    digest = hashlib.sha256()
    with open(target, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    target.unlink()
    return digest.hexdigest(), seconds
