"""The servers that are compared, each in its fastest sensible configuration, on one CPU."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from wire import ADDRESS, PREFIX_LENGTH, Pair

PROJECT = Path(__file__).resolve().parents[2]
INTERFACE = Pair.SERVER_INTERFACE
# Room for the machines of a flood, each of which is new.
POOL = ("10.128.0.0", "10.143.255.255")
# dhcpd makes a record for each address when it starts, and serves a few hundred machines a second.
DHCPD_POOL = ("10.128.0.0", "10.128.255.255")
# The swarm is the first CPU's; see start_dpdk() in perf/storm.
SWARM_CPU, CPU = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
NO_PEERS = ("ceiling", "reveille", "reveille, af_packet")  # in a table of servers
READY_LIMIT = 60  # seconds; ten thousand rules take a while to compile


class Server:
    """Runs while it is entered. Subclasses say how."""

    name = ""
    kernel_sockets = True
    udp_ports = ()  # which it has when it is ready

    def __init__(self, pair, work):
        self.pair = pair
        self.work = work  # a folder of its own; work / "root" holds the images
        self.log = work / f"{self.name}.log"

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def ready(self):
        shown = subprocess.run(self.pair.on_server(["ss", "-lunH"]), capture_output=True,
                               text=True, check=True).stdout
        return all(f":{port} " in shown for port in self.udp_ports)

    def __enter__(self):
        self.pair.kernel_address(self.kernel_sockets)
        argv = ["taskset", "-c", str(CPU), *self.command()]
        if self.kernel_sockets is not None:
            argv = self.pair.on_server(argv)
        else:
            ReveilleMemif.forget_socket()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True,
                                            env=dict(os.environ, **self.environment()))
        begin = time.monotonic()
        deadline = begin + READY_LIMIT
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        self.start_seconds = time.monotonic() - begin
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                pass
        # in.tftpd has a process for each transfer, in groups of their own.
        left = subprocess.run(["ip", "netns", "pids", self.pair.server], capture_output=True,
                              text=True, check=False).stdout.split()
        for pid in left:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def memory_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu_seconds(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


class Reveille(Server):
    name = "reveille"
    kernel_sockets = False
    port = ("--interface", INTERFACE)

    def command(self):
        # What --dhcp-boot, boot-file-name and filename say to the others.
        config = self.work / "reveille.toml"
        config.write_text('[boot]\ndefault_file = "boot.img"\n')
        return [PROJECT / "build/reveille", "serve", "--config", config, *self.port, "--address",
                f"{ADDRESS}/{PREFIX_LENGTH}", "--root", self.work / "root", "--pool",
                "-".join(POOL), "--leases", "none", "--quiet"]

    def ready(self):
        return "serving" in self.log.read_text()


class ReveilleAfPacket(Reveille):
    """Through the packet socket, as on an interface that the kernel uses too."""

    name = "reveille, af_packet"
    port = (*Reveille.port, "--driver", "af_packet")


class ReveilleMemif(Reveille):
    """The same over shared memory: no kernel on the way. The swarm is memif's client."""

    name = "reveille, memif"
    kernel_sockets = None
    SOCKET = f"/tmp/reveille-perf-{os.getpid()}.memif"
    port = ("--vdev", f"net_memif0,role=server,id=0,bsize=2048,rsize=11,socket={SOCKET},"
                      "socket-abstract=no")

    @classmethod
    def forget_socket(cls):
        """That of a server that was killed."""
        Path(cls.SOCKET).unlink(missing_ok=True)


class Dnsmasq(Server):
    name = "dnsmasq"
    udp_ports = (67, 69)

    def command(self):
        return ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                f"--interface={INTERFACE}", "--bind-interfaces", "--no-ping", "--leasefile-ro",
                f"--dhcp-range={POOL[0]},{POOL[1]},255.0.0.0,1h", "--dhcp-lease-max=1000000",
                "--dhcp-boot=boot.img", "--enable-tftp", f"--tftp-root={self.work / 'root'}",
                "--tftp-max=20000", "--user=root", "--pid-file", "--quiet-dhcp", "--quiet-tftp"]


class TftpdHpa(Server):
    name = "tftpd-hpa"
    udp_ports = (69,)

    def command(self):
        return ["in.tftpd", "--listen", "--foreground", "--address", f"{ADDRESS}:69", "--secure",
                "--user", "root", self.work / "root"]


class Atftpd(Server):
    name = "atftpd"
    udp_ports = (69,)

    def command(self):
        return [PROJECT / "build/perf-peers/atftpd/usr/sbin/atftpd", "--daemon", "--no-fork",
                "--logfile", "/dev/null", "--maxthread", "5000",
                "--bind-address", ADDRESS, "--user", "root.root", "--no-multicast",
                self.work / "root"]


class Kea(Server):
    name = "Kea"

    def settings(self):
        return {"lease-database": {"type": "memfile", "persist": False}}

    def environment(self):
        return {"KEA_LOCKFILE_DIR": "none", "KEA_PIDFILE_DIR": str(self.work)}

    def command(self):
        config = {"Dhcp4": {
            "interfaces-config": {"interfaces": [INTERFACE], "dhcp-socket-type": "raw"},
            **self.settings(),
            "valid-lifetime": 3600,
            "subnet4": [{"subnet": "10.0.0.0/8", "pools": [{"pool": " - ".join(POOL)}],
                         "boot-file-name": "boot.img", "next-server": ADDRESS}],
            "loggers": [{"name": "kea-dhcp4", "severity": "WARN",
                         "output_options": [{"output": "stderr"}]}]}}
        path = self.work / "kea.json"
        path.write_text(json.dumps(config))
        return ["kea-dhcp4", "-c", path]

    def ready(self):
        return _has_packet_socket(self.pair)


class Dhcpd(Server):
    name = "isc-dhcp-server"

    def command(self):
        config, leases = self.work / "dhcpd.conf", self.work / "dhcpd.leases"
        config.write_text("ping-check false; authoritative; default-lease-time 3600;\n"
                          "delayed-ack 28; max-ack-delay 5000;\n"
                          "subnet 10.0.0.0 netmask 255.0.0.0 {\n"
                          f"  range {DHCPD_POOL[0]} {DHCPD_POOL[1]}; filename \"boot.img\";\n"
                          f"  next-server {ADDRESS};\n}}\n")
        leases.write_text("")
        return ["dhcpd", "-f", "-q", "-4", "-cf", config, "-lf", leases, "--no-pid", INTERFACE]

    def ready(self):
        return _has_packet_socket(self.pair)


def _has_packet_socket(pair):
    shown = subprocess.run(pair.on_server(["ss", "-0nH"]), capture_output=True, text=True,
                           check=True).stdout
    return INTERFACE in shown
