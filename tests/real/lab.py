"""A private network on this machine: namespaces, one bridge, and the programs that run in them.

    with Lab("boot") as lab:
        server = lab.host("server", "10.77.0.1/16")
        tap = lab.tap("vm")
        process = lab.spawn("server", server, ["dnsmasq", ...])

Everything is found again by name: `reveille-<pid>-<start time>-<serial>-<host>`. What a lab leaves
behind when its owner is killed outright (its programs die with the owner) is swept away by the
next lab. Nothing outside those namespaces is touched. Needs root.
"""

import ctypes
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOGS = PROJECT / "build" / "lab" / "log"
NAMESPACES = Path("/run/netns")
NAME = re.compile(r"reveille-(\d+)-(\d+)-\d+-[a-z0-9]+")

CLONE_NEWNET = 0x40000000
BRIDGE_MAC = "02:00:00:00:00:77"  # a bridge would change its own with each port

_serial = itertools.count(1)


class LabError(Exception):
    """Something of the lab itself failed; the text says what."""


def run(argv, timeout=30, check=True):
    """Runs a short command without input; its output is a string."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, text=True,
                              errors="replace", check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"no end after {timeout} s: {' '.join(map(str, argv))}") from None
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))}: {done.stdout.strip()}")
    return done


def start_time(pid):
    """Clock ticks since boot; with the pid it names a process for good. None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def sweep():
    """Removes namespaces whose owner is gone, with whatever still runs in them."""
    for entry in NAMESPACES.glob("reveille-*"):
        match = NAME.fullmatch(entry.name)
        if match and start_time(match[1]) != int(match[2]):
            _remove_namespace(entry.name)


def _remove_namespace(name):
    for pid in run(["ip", "netns", "pids", name], check=False).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except (ValueError, ProcessLookupError):
            pass
    run(["ip", "netns", "delete", name], check=False)


class Host:
    """A namespace with one interface, `eth0`, on the lab's bridge."""

    def __init__(self, namespace, name):
        self.namespace = namespace
        self.name = name
        self.interface = "eth0"

    def command(self, *argv):
        return ["ip", "netns", "exec", self.namespace, *map(str, argv)]

    def run(self, *argv, timeout=30, check=True):
        return run(self.command(*argv), timeout=timeout, check=check)

    def mac(self):
        shown = run(["ip", "-n", self.namespace, "-o", "link", "show", self.interface]).stdout
        return re.search(r"link/ether ([0-9a-f:]{17})", shown)[1]

    def packet_socket(self):
        """Sends frames from this host's interface; of this process, which stays where it is. As
        long as it is open the namespace lives on without its name."""
        made = []

        def make():  # a thread of its own: it is the thread that enters the namespace
            with open(NAMESPACES / self.namespace) as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    return
            made.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
            made[0].bind((self.interface, 0))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if not made:
            raise LabError(f"no packet socket in {self.namespace}")
        return made[0]

    def lose(self, percent):
        """Loses that share of the UDP packets that arrive."""
        self.run("nft", "add table inet lab; add chain inet lab loss "
                 "{ type filter hook input priority 0; }; add rule inet lab loss "
                 f"meta l4proto udp numgen random mod 100 < {int(percent)} counter drop")

    def lost(self):
        """Packets that `lose` has dropped so far."""
        shown = self.run("nft", "list", "chain", "inet", "lab", "loss").stdout
        return int(re.search(r"counter packets (\d+)", shown)[1])

    def offload(self, on):
        """Whether this end of its link leaves checksums to the other end, as veth does."""
        self.run("ethtool", "-K", self.interface, "tx", "on" if on else "off")


class Process:
    """A program that the lab started, and will end."""

    def __init__(self, popen, name, log):
        self.popen = popen
        self.name = name
        self.log = log
        self.clean = str  # what takes terminal control out of the output

    def output(self):
        return self.clean(self.log.read_text(errors="replace"))

    def running(self):
        return self.popen.poll() is None

    def wait_for(self, pattern, timeout):
        """The first match of `pattern` in the output so far or to come."""
        deadline = time.monotonic() + timeout
        while True:
            running = self.running()
            if match := re.search(pattern, self.output()):
                return match
            if not running:
                raise LabError(f"{self.name} ended ({self.popen.returncode}) before it said "
                               f"/{pattern}/:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"{self.name} did not say /{pattern}/ in {timeout} s:\n{self.tail()}")
            time.sleep(0.05)

    def wait(self, timeout):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} did not end in {timeout} s:\n{self.tail()}") from None

    def tail(self, lines=30):
        return "\n".join("    " + line for line in self.output().splitlines()[-lines:])

    def cpu_seconds(self):
        """What it has used so far, in user and kernel mode."""
        stat = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self):
        """Resident memory, hugepages included."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        return sum(int(size) for size in re.findall(r"^(?:VmRSS|HugetlbPages):\s+(\d+) kB", status,
                                                    re.MULTILINE)) * 1024

    def stop(self, timeout=5):
        """Asks it to end, then insists. Its exit status."""
        if self.popen.stdin:
            self.popen.stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.running():
                break
            try:
                os.killpg(self.popen.pid, number)
                self.popen.wait(timeout)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        return self.popen.poll()


class Lab:
    def __init__(self, name):
        self.name = name
        self._prefix = f"reveille-{os.getpid()}-{start_time(os.getpid())}-{next(_serial)}"
        self._namespaces = []
        self._processes = []
        self._sockets = []
        self._ports = itertools.count(1)
        self.log_folder = LOGS / re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
        self.lan = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise LabError("a lab takes root: it makes network namespaces")
        sweep()
        shutil.rmtree(self.log_folder, ignore_errors=True)
        self.log_folder.mkdir(parents=True)
        try:
            self.lan = Host(self._namespace("lan"), "lan")
            self.lan.interface = "br0"
            # Silent itself: no IPv6 of its own, nothing learnt from multicast reports.
            self.lan.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                         "net.ipv6.conf.default.disable_ipv6=1")
            self._link("add", "br0", "address", BRIDGE_MAC, "type", "bridge",
                       "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
            self._link("set", "br0", "up")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
        while self._sockets:
            self._sockets.pop().close()
        while self._namespaces:
            _remove_namespace(self._namespaces.pop())

    def _namespace(self, host):
        name = f"{self._prefix}-{host}"
        run(["ip", "netns", "add", name])
        self._namespaces.append(name)
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        return name

    def _link(self, *argv):
        run(["ip", "-n", self.lan.namespace, "link", *argv])

    def host(self, name, address=None, mtu=1500):
        """A machine on the bridge; with no address it waits for a DHCP client to give it one."""
        host = Host(self._namespace(name), name)
        port = f"port{next(self._ports)}"
        self._link("add", port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        self._link("set", port, "master", "br0", "mtu", str(mtu), "up")
        run(["ip", "-n", host.namespace, "link", "set", "eth0", "mtu", str(mtu)])
        if address:
            run(["ip", "-n", host.namespace, "address", "add", address, "dev", "eth0"])
        run(["ip", "-n", host.namespace, "link", "set", "eth0", "up"])
        return host

    def tap(self, mtu=1500):
        """A port of the bridge for a virtual machine, which has to run in `lan`."""
        port = f"port{next(self._ports)}"
        run(["ip", "-n", self.lan.namespace, "tuntap", "add", port, "mode", "tap"])
        self._link("set", port, "master", "br0", "mtu", str(mtu), "up")
        return port

    def packet_socket(self, host):
        """See Host.packet_socket(); open for as long as the lab is."""
        self._sockets.append(host.packet_socket())
        return self._sockets[-1]

    def spawn(self, name, host, argv, stdin=subprocess.DEVNULL, stdout=None):
        """Starts a program; it dies with this process at the latest. Its log is <name>.log."""
        log = self.log_folder / f"{name}.log"
        with open(log, "wb") as file:
            popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *host.command(*argv)], stdin=stdin,
                stdout=stdout or file, stderr=file, start_new_session=True, cwd=self.log_folder)
        process = Process(popen, name, log)
        self._processes.append(process)
        return process


def end_on_signals():
    """Lets SIGTERM and SIGHUP unwind as Ctrl-C does, so that labs are closed."""
    def leave(number, _):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
