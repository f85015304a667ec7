"""Plays one DHCP client word for word: messages as a list in, what was answered out, as JSON.

    python3 dhcp_script.py INTERFACE < script.json

Runs inside a host of the lab; see test_differential.py for what a script looks like.
"""

import ipaddress
import json
import socket
import struct
import sys
import time

COOKIE = bytes.fromhex("63825363")
TYPES = {"discover": 1, "request": 3, "decline": 4, "release": 7, "inform": 8, "nonsense": 17}
NAMES = {2: "offer", 5: "ack", 6: "nak"}
QUIET_SECONDS = 1.5  # no answer by then is silence


def octets(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def message(step, mac, xid):
    """The BOOTP message and its options."""
    flags = 0x8000 if step.get("broadcast") else 0
    fixed = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, xid, 0, flags,
                        octets(step.get("ciaddr", "0.0.0.0")), bytes(4), bytes(4), bytes(4), mac,
                        b"", b"")
    if step["send"] == "bootp":
        return fixed + COOKIE + b"\xff" + bytes(59)
    options = bytes([53, 1, TYPES[step["send"]]])
    for code, value in (("requested", 50), ("server", 54)):
        if code in step:
            options += bytes([value, 4]) + octets(step[code])
    for code, text in step.get("options", {}).items():
        value = bytes.fromhex(text)
        options += bytes([int(code), len(value)]) + value
    return (fixed + COOKIE + options + b"\xff").ljust(300, b"\0")


def frame(step, mac, payload, server_mac):
    source = octets(step.get("ciaddr", "0.0.0.0"))
    to_server = step.get("unicast")
    target = octets(to_server) if to_server else b"\xff" * 4
    udp = struct.pack("!HHHH", 68, 67, 8 + len(payload), 0) + payload
    pseudo = source + target + struct.pack("!BBH", 0, 17, len(udp))
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xffff) + udp[8:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, target)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return (server_mac if to_server else b"\xff" * 6) + mac + b"\x08\x00" + header + udp


def parse(data, xid):
    """The reply as a dictionary, or None when it is nothing for us."""
    if data[12:14] != b"\x08\x00" or data[23] != 17:
        return None
    udp = 14 + (data[14] & 15) * 4
    if struct.unpack("!H", data[udp + 2:udp + 4])[0] != 68:
        return None
    body = data[udp + 8:]
    if body[0] != 2 or struct.unpack("!I", body[4:8])[0] != xid:
        return None
    options, at = {}, 240
    while at < len(body) and body[at] != 255:
        if body[at] == 0:
            at += 1
            continue
        options[body[at]] = body[at + 2:at + 2 + body[at + 1]].hex()
        at += 2 + body[at + 1]
    kind = NAMES.get(int(options.pop(53, "00"), 16), "bootp")
    return {"type": kind, "yiaddr": str(ipaddress.ip_address(body[16:20])),
            "ciaddr": str(ipaddress.ip_address(body[12:16])), "broadcast": body[10] >> 7,
            "to_mac": data[:6].hex(":"), "to": str(ipaddress.ip_address(data[30:34])),
            "from_mac": data[6:12].hex(":"), "options": options}


def filled(value, memory):
    """`$first` and the like stand for addresses of earlier answers."""
    if isinstance(value, str) and value.startswith("$"):
        return memory.get(value[1:], "0.0.0.0")
    return value


def play(link, mac, script):
    memory, answers, server_mac = {}, [], b"\xff" * 6
    for number, step in enumerate(script):
        step = {key: filled(value, memory) for key, value in step.items()}
        xid = int.from_bytes(mac[2:], "big") ^ (number << 24)
        link.send(frame(step, mac, message(step, mac, xid), server_mac))
        answer = {"type": "silence"}
        deadline = time.monotonic() + QUIET_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            link.settimeout(left)
            try:
                found = parse(link.recv(2048), xid)
            except TimeoutError:
                break
            if found:
                answer = found
                break
        if "from_mac" in answer:
            server_mac = bytes.fromhex(answer.pop("from_mac").replace(":", ""))
            if "remember" in step and answer["yiaddr"] != "0.0.0.0":
                memory[step["remember"]] = answer["yiaddr"]
        answers.append(answer)
    return answers


def main():
    interface = sys.argv[1]
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    link.bind((interface, 0))
    # Clients that are not this interface are served, too.
    everything = struct.pack("IHH8s", socket.if_nametoindex(interface), 1, 0, b"")
    link.setsockopt(263, 1, everything)  # SOL_PACKET, PACKET_ADD_MEMBERSHIP: promiscuous
    scripts = json.load(sys.stdin)
    json.dump({name: play(link, bytes.fromhex(each["mac"].replace(":", "")), each["steps"])
               for name, each in scripts.items()}, sys.stdout)


if __name__ == "__main__":
    main()
