"""What happens on the lab's bridge, frame by frame: who asks, who answers, when.

Reads a capture while it is made. Times are the kernel's time stamps, so "seconds from the first
DISCOVER to the first image byte" is measured on the wire, for any server and any client.
"""

import dataclasses
import struct
import subprocess
import threading

from lab import BRIDGE_MAC, LabError

# Of file transfers only what begins and ends them: bulk data would drown the rest.
FILTER = ("udp and (port 67 or port 68 or port 4011 or port 69 or udp[8:2] = 5 or udp[8:2] = 6 "
          "or (udp[8:2] = 3 and udp[10:2] = 1))")

DHCP_MESSAGES = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak",
                 7: "release", 8: "inform"}
DHCP_COOKIE = bytes.fromhex("63825363")
ARCHITECTURE, MESSAGE, USER_CLASS, VENDOR_CLASS = 93, 53, 77, 60

# A frame from the bridge to itself, which goes no further: who captures it has captured all before.
MARK = (bytes.fromhex(BRIDGE_MAC.replace(":", "")) * 2 + bytes.fromhex("0800") +
        struct.pack("!BBHHHBBHII", 0x45, 0, 32, 0, 0, 1, 17, 0, 0, 0) +
        struct.pack("!HHHH", 4011, 4011, 12, 0))


@dataclasses.dataclass(frozen=True)
class Event:
    seconds: float  # since 1970
    mac: str        # the client's
    kind: str       # a DHCP message, or rrq, oack, data (block 1), error
    detail: str     # boot file, file name, error text
    address: str    # offered or acknowledged; of the peer otherwise
    server: str     # IPv4 address of the server side, empty while unknown
    port: int       # server side


class Observer:
    """Follows the bridge from `start` to `stop`; the events of all clients in order.

    Who asks for events is told of all that was on the bridge by then.
    """

    def __init__(self, lab, on_event=None):
        self._lab = lab
        self._on_event = on_event
        self._events = []
        self._lock = threading.Lock()
        self._process = None
        self._thread = None
        self._begun = threading.Event()
        self._socket = None
        self._marks_sent = 0
        self._marks_seen = 0
        self._seen = threading.Condition(self._lock)

    def start(self):
        argv = ["tcpdump", "-i", self._lab.lan.interface, "-U", "--immediate-mode", "-B", "8192",
                "-s", "1600", "-w", "-", FILTER]
        self._socket = self._lab.packet_socket(self._lab.lan)
        self._process = self._lab.spawn("capture", self._lab.lan, argv, stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        if not self._begun.wait(10):
            raise LabError(f"tcpdump does not begin:\n{self._process.tail()}")
        return self

    def stop(self):
        self._catch_up()
        self._process.stop()
        self._thread.join(5)
        self._socket = None

    def events(self, mac=None):
        self._catch_up()
        with self._lock:
            return [event for event in self._events if mac in (None, event.mac)]

    def timing(self, mac):
        return Timing(self.events(mac))

    def _catch_up(self):
        if self._socket is None or threading.current_thread() is self._thread:
            return
        with self._seen:
            self._marks_sent += 1
            mark = self._marks_sent
        self._socket.send(MARK + struct.pack("!I", mark))
        with self._seen:
            if not self._seen.wait_for(lambda: self._marks_seen >= mark, 30):
                raise LabError(f"tcpdump has come to a stop:\n{self._process.tail()}")

    def _follow(self):
        stream = self._process.popen.stdout
        with open(self._lab.log_folder / "capture.pcap", "wb") as copy:
            for seconds, frame in read_pcap(stream, copy, self._begun.set):
                if frame.startswith(MARK):
                    with self._seen:
                        self._marks_seen = struct.unpack_from("!I", frame, len(MARK))[0]
                        self._seen.notify_all()
                    continue
                event = parse(seconds, frame)
                if event:
                    with self._lock:
                        self._events.append(event)
                    if self._on_event:
                        self._on_event(event)


class Timing:
    """The milestones of one client's first boot stage."""

    def __init__(self, events):
        self.discover = next((e for e in events if e.kind == "discover"), None)
        self.ack = next((e for e in events if e.kind == "ack" and e.address != "0.0.0.0"), None)
        self.data = next((e for e in events if e.kind == "data"), None)
        self.files = list(dict.fromkeys(e.detail for e in events if e.kind == "rrq"))

    @property
    def seconds_to_first_byte(self):
        if self.discover and self.data:
            return self.data.seconds - self.discover.seconds
        return None

    @property
    def address(self):
        return self.ack.address if self.ack else None


def read_pcap(stream, copy=None, on_header=lambda: None):
    """Yields (seconds, frame) from a little-endian pcap stream until it ends."""
    def take(size):
        data = stream.read(size)
        if copy:
            copy.write(data)
            copy.flush()
        return data

    header = take(24)
    # Fractions of a second are microseconds, or nanoseconds in what DPDK writes.
    fractions = {b"\xd4\xc3\xb2\xa1": 1e6, b"\x4d\x3c\xb2\xa1": 1e9}.get(header[:4])
    if len(header) < 24 or fractions is None:
        return
    on_header()  # tcpdump writes it once the capture runs
    while len(record := take(16)) == 16:
        seconds, fraction, captured, _ = struct.unpack("<IIII", record)
        frame = take(captured)
        if len(frame) < captured:
            return
        yield seconds + fraction / fractions, frame


def parse(seconds, frame):
    """The event that a captured frame is, or None."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    at = 14 + (frame[14] & 15) * 4
    source, destination = (".".join(map(str, frame[i:i + 4])) for i in (26, 30))
    source_port, destination_port = struct.unpack_from("!HH", frame, at)
    payload = frame[at + 8:]
    to_mac, from_mac = frame[0:6].hex(":"), frame[6:12].hex(":")
    if {source_port, destination_port} & {67, 68, 4011}:
        return parse_dhcp(seconds, payload, source, max(source_port, destination_port))
    if len(payload) < 4:
        return None
    code, number = struct.unpack_from("!HH", payload)
    if destination_port == 69:
        name = payload[2:].split(b"\0")[0].decode(errors="replace")
        return Event(seconds, from_mac, "rrq", name, source, destination, 69) if code == 1 else None
    if code == 3 and number == 1:
        return Event(seconds, to_mac, "data", "", destination, source, source_port)
    if code == 6:
        return Event(seconds, to_mac, "oack", "", destination, source, source_port)
    if code == 5:
        text = payload[4:].split(b"\0")[0].decode(errors="replace")
        return Event(seconds, to_mac, "error", f"{number} {text}", destination, source, source_port)
    return None


def parse_dhcp(seconds, payload, source, port):
    if len(payload) < 240 or payload[236:240] != DHCP_COOKIE:
        return None
    options = dhcp_options(payload[240:])
    kind = DHCP_MESSAGES.get(options.get(MESSAGE, b"\0")[0])
    if kind is None:
        return None
    reply = payload[0] == 2
    address = ".".join(map(str, payload[16:20]))
    if reply:
        detail = payload[108:236].split(b"\0")[0].decode(errors="replace")
    else:
        detail = "iPXE" if b"iPXE" in options.get(USER_CLASS, b"") else \
            options.get(VENDOR_CLASS, b"").decode(errors="replace")
    return Event(seconds, payload[28:34].hex(":"), kind, detail, address, source if reply else "",
                 port)


def dhcp_options(data):
    options, at = {}, 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 2 > len(data):
            break
        length = data[at + 1]
        options.setdefault(data[at], data[at + 2:at + 2 + length])
        at += 2 + length
    return options
