"""Read requests of machines that do not exist: ten thousand senders that never answer.

    spoof.py INTERFACE MAC SERVER PORT FILE SECONDS RATE

Run in the swarm's namespace.
"""

import socket
import struct
import sys
import time

SENDERS = 10_000


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def frame(number, mac, server, port, file):
    payload = struct.pack(">H", 1) + file.encode() + b"\0octet\0blksize\0001456\0"
    udp = struct.pack(">HHHH", 2048 + number % 50_000, port, 8 + len(payload), 0) + payload
    source = socket.inet_aton("10.77.100.0")[:2] + struct.pack(">H", 0x6400 + number % 0x2700)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, server)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    sender = b"\x02\x5f" + struct.pack(">I", number)
    return mac + sender + b"\x08\x00" + head + udp


def main():
    interface, mac, server, port, file, seconds, rate = sys.argv[1:]
    frames = [frame(number, bytes.fromhex(mac.replace(":", "")), socket.inet_aton(server), int(port),
                    file) for number in range(SENDERS)]
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((interface, 0))
    begin = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - begin) < float(seconds):
        while sent < passed * float(rate):
            link.send(frames[sent % SENDERS])
            sent += 1
        time.sleep(0.005)
    print(sent)


if __name__ == "__main__":
    main()
