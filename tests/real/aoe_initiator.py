"""An AoE initiator on a raw socket: asks a target a fixed list of questions, prints each answer.

    aoe_initiator.py INTERFACE SHELF SLOT [again]

One line of JSON for each question: its name, and the fields of the answer or null for silence.
With `again` it writes nothing, and reads only what an earlier run has written.
Runs in a name space of the lab; knows nothing of which target answers.
"""

import hashlib
import json
import socket
import struct
import sys
import time

AOE = 0x88A2
BROADCAST = b"\xff" * 6
PATIENCE = 0.5


class Target:
    def __init__(self, interface, shelf, slot):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(AOE))
        self._socket.bind((interface, AOE))
        self._own = self._socket.getsockname()[4]
        self._address = BROADCAST
        self._shelf, self._slot = shelf, slot
        self._tag = 0x1000

    def ask(self, command, arguments, version=1, everywhere=False):
        """The whole answer to one packet, or None."""
        self._tag += 1
        shelf, slot = (0xFFFF, 0xFF) if everywhere else (self._shelf, self._slot)
        packet = struct.pack("!BBHBBI", version << 4, 0, shelf, slot, command, self._tag)
        frame = self._address + self._own + struct.pack("!H", AOE) + packet + arguments
        self._socket.send(frame.ljust(60, b"\0"))
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                answer = self._socket.recv(10000)
            except TimeoutError:
                break
            if answer[14] & 0x08 and struct.unpack_from("!I", answer, 20)[0] == self._tag:
                self._address = answer[6:12]
                return answer[14:]
        return None

    def config(self, operation=0, string=b"", **how):
        answer = self.ask(1, struct.pack("!HHBBH", 0, 0, 0, operation, len(string)) + string, **how)
        if answer is None:
            return None
        _, _, sectors, version, length = struct.unpack_from("!HHBBH", answer, 10)
        return header(answer) | {"sectors": sectors, "version": version, "string": length}

    def ata(self, command, lba=0, sectors=0, flags=0, feature=0, data=b"", **how):
        registers = struct.pack("<BBBBIHH", flags, feature, sectors, command, lba & 0xFFFFFFFF,
                                lba >> 32, 0)
        # Initiators ask again: a target may have to open something first.
        for _ in range(4):
            if (answer := self.ask(0, registers + data, **how)) is not None:
                return answer
        return None

    def registers(self, *arguments, data_bytes=0, **how):
        """The fields of an ATA answer, and a hash of so many bytes behind them."""
        answer = self.ata(*arguments, **how)
        if answer is None:
            return None
        flags, error, sectors, status = answer[10:14]
        return header(answer) | {
            "ata_flags": flags, "ata_error": error, "sectors": sectors, "status": status,
            "data": hashlib.sha256(answer[22:22 + data_bytes]).hexdigest()[:16]}


def header(answer):
    flags, error, shelf, slot, command = struct.unpack_from("!BBHBB", answer)
    return {"flags": flags, "error": error if flags & 0x04 else 0, "shelf": shelf, "slot": slot,
            "command": command}


def identity(target):
    """What initiators read of IDENTIFY DEVICE."""
    answer = target.ata(0xEC, sectors=1)
    if answer is None:
        return None
    words = struct.unpack_from("<256H", answer, 22)
    sectors = lambda first, count: sum(words[first + i] << 16 * i for i in range(count))
    return header(answer) | {"status": answer[13], "lba48": bool(words[83] & words[86] & 1 << 10),
                             "lba": bool(words[49] & 1 << 9), "sectors28": sectors(60, 2),
                             "sectors48": sectors(100, 4)}


def questions(target, last):
    """`last`: the number of the disk's last sector."""
    read, read_ext, write, write_ext, extended = 0x20, 0x24, 0x30, 0x34, 0x40
    pattern = bytes(range(256)) * 4
    yield "discover", target.config(everywhere=True)
    yield "config", target.config()
    yield "config of another string", target.config(1, b"other")
    yield "identify", identity(target)
    yield "read", target.registers(read, 0, 2, data_bytes=1024)
    yield "read extended", target.registers(read_ext, 3, 1, extended, data_bytes=512)
    yield "read the last", target.registers(read_ext, last, 1, extended, data_bytes=512)
    yield "read past the end", target.registers(read_ext, last, 2, extended)
    yield "read far past the end", target.registers(read_ext, last + 1000, 1, extended)
    yield "read too much", target.registers(read, 0, 9)
    yield "write", target.registers(write, 8, 2, 1, data=pattern)
    yield "write extended", target.registers(write_ext, 15, 2, extended | 1, data=pattern[::-1])
    yield "write the last", target.registers(write_ext, last, 1, extended | 1, data=pattern[:512])
    yield from readings(target, last)
    yield "write past the end", target.registers(write_ext, last, 2, extended | 1, data=pattern)
    yield "flush", target.registers(0xE7)
    yield "power mode", target.registers(0xE5)
    yield "no such command", target.registers(0x99)


def readings(target, last):
    """What questions() writes, read back."""
    read, read_ext, extended = 0x20, 0x24, 0x40
    yield "read it back", target.registers(read, 8, 2, data_bytes=1024)
    yield "read that back", target.registers(read_ext, 14, 2, extended, data_bytes=1024)
    yield "read the last back", target.registers(read_ext, last, 1, extended, data_bytes=512)


def main():
    interface, shelf, slot = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    target = Target(interface, shelf, slot)
    deadline = time.monotonic() + 20
    while target.config() is None and time.monotonic() < deadline:
        pass
    found = identity(target)
    asked = readings if sys.argv[4:] == ["again"] else questions
    for name, answer in asked(target, found["sectors48"] - 1):
        print(json.dumps([name, answer]), flush=True)


if __name__ == "__main__":
    main()
