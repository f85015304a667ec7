"""Boot servers on the lab's network: reveille, and dnsmasq to compare with or to stand beside.

The network is 10.77.0.0/16. The boot server is .0.1; where addresses come from another server
(ProxyDHCP) that one is .0.9.
"""

import time
from pathlib import Path

from images import SERVER
from lab import LabError, PROJECT

ADDRESS_SERVER = "10.77.0.9"
PREFIX_LENGTH = 16
POOL = ("10.77.1.0", "10.77.1.250")

# Asks for a file until the server says that there is none, which proves it to be at work.
PROBE = """
import socket, sys, time
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(0.05)
while True:
    try:
        asking.sendto(bytes([0, 1]) + b"is-it-there" + bytes(1) + b"octet" + bytes(1),
                      (sys.argv[1], 69))
        asking.recv(600)
        break
    except OSError:
        time.sleep(0.02)
"""

REVEILLE = PROJECT / "build" / "reveille"


def pool_argument(pool):
    return f"--dhcp-range={pool[0]},{pool[1]},255.255.0.0,1h"


def dnsmasq_arguments(lab, name):
    leases = lab.log_folder / f"{name}.leases"
    return ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null",
            "--port=0", "--user=root", "--interface=eth0", "--bind-interfaces", "--no-ping",
            "--pid-file=", f"--dhcp-leasefile={leases}", "--dhcp-authoritative"]


def start_address_server(lab):
    """A plain DHCP server that knows nothing of booting, as routers are."""
    host = lab.host("addresses", f"{ADDRESS_SERVER}/{PREFIX_LENGTH}")
    argv = dnsmasq_arguments(lab, "addresses") + [pool_argument(POOL)]
    process = lab.spawn("addresses", host, argv)
    process.wait_for(r"started, version", 10)
    return process


class Dnsmasq:
    """The server that most labs run today: boot file by architecture, iPXE gets its script."""

    name = "dnsmasq"

    def __init__(self, lab, images, proxy=False):
        self.lab = lab
        self.images = images
        self.proxy = proxy
        self.host = None
        self.process = None

    def start(self):
        if self.proxy:
            start_address_server(self.lab)
        self.host = self.lab.host("server", f"{SERVER}/{PREFIX_LENGTH}")
        argv = dnsmasq_arguments(self.lab, "server")
        argv += ["--enable-tftp", f"--tftp-root={self.images}", "--tftp-no-fail"]
        argv += ["--dhcp-match=set:ipxe,175", "--dhcp-match=set:bios,option:client-arch,0",
                 "--dhcp-match=set:uefi,option:client-arch,7",
                 "--dhcp-match=set:uefi,option:client-arch,9"]
        if self.proxy:
            argv.append(f"--dhcp-range={SERVER},proxy,255.255.0.0")
        else:
            argv.append(pool_argument(POOL))
        argv += self._boot_arguments()
        self.process = self.lab.spawn("server", self.host, argv)
        self.process.wait_for(r"started, version", 10)
        return self

    def _boot_arguments(self):
        files = boot_files_of(self.images)
        script = files.get("ipxe")
        arguments = []
        for kind, architectures in (("bios", ("x86PC",)), ("uefi", ("X86-64_EFI", "BC_EFI"))):
            if self.proxy:
                for architecture in architectures:
                    for tag, file in (("!ipxe", files.get(kind)),
                                      ("ipxe", script or files.get(kind))):
                        if file:
                            arguments.append(f"--pxe-service=tag:{tag},{architecture},lab,{file}")
            elif kind in files:
                condition = f"tag:{kind},tag:!ipxe" if script else f"tag:{kind}"
                arguments.append(f"--dhcp-boot={condition},{files[kind]}")
        if script and not self.proxy:
            arguments.append(f"--dhcp-boot=tag:ipxe,{script}")
        return arguments

    def running(self):
        return self.process.running()

    def log(self):
        return self.process.output()

    def stop(self):
        return self.process.stop()


class Reveille:
    """The server under test, as an operator would start it."""

    name = "reveille"
    mtu = 1500  # of its interface

    def __init__(self, lab, images, proxy=False, pool=POOL, extra=(), control=""):
        self.lab = lab
        self.images = images
        self.proxy = proxy
        self.pool = pool
        self.extra = list(extra)
        self.control = control  # path of the control socket; empty: none
        self.host = None
        self.process = None

    def start(self):
        if not REVEILLE.exists():
            raise LabError(f"{REVEILLE} is not built")
        if self.proxy:
            start_address_server(self.lab)
        # reveille answers for its address itself; the kernel's interface has none.
        self.host = self.lab.host("server", mtu=self.mtu)
        self.host.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
        self.process = self.lab.spawn("server", self.host, self.command())
        probe = self.lab.host("probe", f"10.77.0.200/{PREFIX_LENGTH}")
        probe.run("sysctl", "-qw", "net.ipv4.neigh.eth0.retrans_time_ms=50",
                  "net.ipv4.neigh.eth0.mcast_solicit=100")
        self._wait_until_it_answers(probe)
        return self

    def command(self):
        return [REVEILLE, "serve", "--interface", "eth0", "--control", self.control,
                "--leases", self.leases(), *self.options()]

    def leases(self):
        """A database of this lab alone."""
        return self.lab.log_folder / "leases.db"

    def options(self):
        # Each firmware boots through both drivers: the lab's veth is AF_XDP's by default.
        mode = (["--proxy", "--driver", "af_packet"] if self.proxy
                else ["--pool", f"{self.pool[0]}-{self.pool[1]}"])
        return ["--address", f"{SERVER}/{PREFIX_LENGTH}", "--root", self.images, *mode, *self.extra]

    def _wait_until_it_answers(self, probe, limit=60):
        process = self.lab.spawn("probe", probe, ["/usr/bin/python3", "-c", PROBE, SERVER])
        deadline = time.monotonic() + limit
        while process.running():
            if not self.process.running():
                raise LabError(f"reveille ended ({self.process.popen.returncode}):\n"
                               f"{self.process.tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"reveille does not answer:\n{self.process.tail()}")
            time.sleep(0.02)

    def running(self):
        return self.process.running()

    def log(self):
        return self.process.output()

    def stop(self):
        return self.process.stop()


def boot_files_of(images):
    """What each kind of client is told to fetch from a folder with the usual names."""
    names = {"bios": ("undionly.kpxe", "pxelinux.0", "grub/i386-pc/core.0"),
             "uefi": ("snponly.efi", "ipxe.efi", "grubx64.efi"), "ipxe": ("boot.ipxe",)}
    found = {}
    for kind, candidates in names.items():
        for name in candidates:
            if (Path(images) / name).exists():
                found[kind] = name
                break
    return found
