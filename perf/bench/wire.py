"""The private network of a measurement: two namespaces, one veth pair, nothing else.

The server's end has an address only while a server runs on it that uses the kernel's sockets.
"""

import os
import subprocess

ADDRESS = "10.77.0.1"
PREFIX_LENGTH = 8


def command(*argv):
    subprocess.run([str(part) for part in argv], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def af_xdp(number, interface):
    """DPDK's device, as reveille has it on such an interface: the fastest way through the kernel."""
    return f"net_af_xdp{number},iface={interface},force_copy=1,busy_budget=0"


class Pair:
    SERVER_INTERFACE = "sv0"
    SWARM_INTERFACE = "sv1"

    def __init__(self):
        self.server = f"reveille-perf-{os.getpid()}-server"
        self.swarm = f"reveille-perf-{os.getpid()}-swarm"

    def __enter__(self):
        for namespace in (self.server, self.swarm):
            command("ip", "netns", "add", namespace)
        command("ip", "link", "add", self.SERVER_INTERFACE, "netns", self.server, "type", "veth",
                "peer", "name", self.SWARM_INTERFACE, "netns", self.swarm)
        for namespace, interface in ((self.server, self.SERVER_INTERFACE),
                                     (self.swarm, self.SWARM_INTERFACE)):
            command("ip", "netns", "exec", namespace, "sysctl", "-qw",
                    f"net.ipv6.conf.{interface}.disable_ipv6=1")
            command("ip", "-n", namespace, "link", "set", interface, "up")
            command("ip", "-n", namespace, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        for namespace in (self.swarm, self.server):
            subprocess.run(["ip", "netns", "delete", namespace], check=False)

    def kernel_address(self, wanted):
        command("ip", "-n", self.server, "address", "flush", "dev", self.SERVER_INTERFACE)
        if wanted:
            command("ip", "-n", self.server, "address", "add", f"{ADDRESS}/{PREFIX_LENGTH}", "dev",
                    self.SERVER_INTERFACE)

    def set_mtu(self, mtu):
        command("ip", "-n", self.server, "link", "set", self.SERVER_INTERFACE, "mtu", mtu)
        command("ip", "-n", self.swarm, "link", "set", self.SWARM_INTERFACE, "mtu", mtu)

    def on_server(self, argv):
        return ["ip", "netns", "exec", self.server, *argv]

    def on_swarm(self, argv):
        return ["ip", "netns", "exec", self.swarm, *argv]
