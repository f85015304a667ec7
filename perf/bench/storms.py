"""Storms: one run of the swarm, its figures as a dictionary, and the command that made it."""

import json
import shlex
import subprocess
import time

from servers import PROJECT, ReveilleMemif
from wire import ADDRESS, Pair, af_xdp

SWARM = PROJECT / "build/reveille-storm"
FIRST_CLIENT = "10.77.128.1"
VETH = ("--vdev", af_xdp(1, Pair.SWARM_INTERFACE))
VETH_JUMBO = ("--interface", Pair.SWARM_INTERFACE)  # AF_XDP carries no more than a page
MEMIF = ("--vdev", f"net_memif1,role=client,id=0,bsize=2048,rsize=11,"
                   f"socket={ReveilleMemif.SOCKET},socket-abstract=no")
LIMIT = 200  # seconds for any run


class Storms:
    def __init__(self, pair, work):
        self.pair = pair
        self.work = work
        self.commands = []  # as they were run, without the file names of this machine
        self.machine = 0

    def run(self, label, argv, port=VETH, machines=1000):
        """The figures, or None when the swarm could not measure (its reason is printed)."""
        return self._figures(label, [SWARM, *port, "--machines", machines, *argv, "--label", label,
                                     "--quiet"], port, machines)

    def flood(self, label, rate, seconds, port=VETH):
        """`rate` new machines a second, each of which asks once."""
        return self._figures(label, [SWARM, "flood", *port, "--rate", int(rate), "--seconds",
                                     f"{seconds:.2f}", "--label", label], port,
                             int(rate * (seconds + 0.01)) + 1)

    def _figures(self, label, argv, port, machines):
        path = self.work / "figures.json"
        path.unlink(missing_ok=True)
        whole = [*argv, "--json", path]
        shown = shlex.join(str(part) for part in whole).replace(f"{PROJECT}/", "")
        for part in (f" --json {path}", " --quiet", f" --root {self.work / 'root'}"):
            shown = shown.replace(part, "")
        argv = [str(part) for part in whole] + ["--first-machine", str(self.machine)]
        self.machine += machines  # new ones each time: no server knows them yet
        if port is VETH:
            argv = self.pair.on_swarm(argv)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        if not path.exists():
            print(f"    {label}: {done.stderr.strip()[-300:]}", flush=True)
            return None
        figures = json.loads(path.read_text())
        figures["command"] = shown
        return figures

    def tftp(self, label, clients, seconds, port=VETH):
        """`clients` read boot.img again and again: MB/s."""
        return self.run(label, ["--profile", "plain", "--only", "tftp", "--server", ADDRESS,
                                "--first-address", FIRST_CLIENT, "--file", "boot.img", "--root",
                                self.work / "root", "--outstanding", clients, "--duration", seconds,
                                "--timeout", seconds + 40], port, clients)

    def dora(self, label, outstanding, seconds, port=VETH, machines=20000):
        return self.run(label, ["--profile", "plain", "--only", "dhcp", "--outstanding",
                                outstanding, "--duration", seconds, "--timeout", seconds + 20],
                        port, machines)

    def ceiling(self, what, clients, seconds, port=VETH, machines=20000):
        """The swarm and an ideal server over the same port, as two processes."""
        if what == "dhcp":
            return self.beside_ideal(
                lambda: self.dora("ceiling", clients, seconds, port, machines), port)
        return self.beside_ideal(lambda: self.tftp("ceiling", clients, seconds, port), port)

    def beside_ideal(self, measure, port=VETH):
        """What measure() gives while a server without any work answers."""
        self.pair.kernel_address(False)
        vdev = af_xdp(0, Pair.SERVER_INTERFACE) if port is VETH else ReveilleMemif.port[1]
        argv = ["taskset", "-c", _cpu(), SWARM, "ideal", "--vdev", vdev, "--responder-address",
                ADDRESS, "--content", self.work / "root/boot.img"]
        if port is VETH:
            argv = self.pair.on_server(argv)
        else:
            ReveilleMemif.forget_socket()
        ideal = subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            return measure()
        finally:
            ideal.terminate()
            ideal.wait(10)


def _cpu():
    from servers import CPU
    return str(CPU)
