"""Image folders for real clients, made from Debian's own boot loaders, kernel and busybox.

Each folder boots the same kernel and initrd by another way. Folders are cached under
build/lab/images and never change once they are there, so that tests may share them.
"""

import gzip
import hashlib
import os
import platform
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / "build" / "lab" / "images"

SERVER = "10.77.0.1"  # the boot server of every lab
KERNEL_ARGUMENTS = ("console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable random.trust_cpu=on "
                    f"lab.server={SERVER}")
MODULES = ("virtio_pci", "virtio_net", "e1000")
PAYLOAD_BYTES = 1_000_003  # ends in a short block at every usual block size
BULK_BYTES = 200 << 20

# What the machine runs once its kernel is up: take an address as any stock system does, fetch a
# file by TFTP, say so on the serial console, and hand over to a shell.
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
for module in /modules/*.ko; do insmod "$module"; done
for word in $(cat /proc/cmdline); do
  case $word in
    lab.via=*) via=${word#lab.via=} ;;
    lab.server=*) server=${word#lab.server=} ;;
  esac
done
echo "lab-mark kernel via=$via payload=$(sha256sum </payload | cut -c1-64)"
tries=0
until [ -e /sys/class/net/eth0 ] || [ $tries -ge 50 ]; do sleep 0.1; tries=$((tries + 1)); done
ip link set eth0 up
if udhcpc -i eth0 -n -q -t 8 -T 2 -s /lease >/tmp/udhcpc 2>&1; then
  . /tmp/lease
  echo "lab-mark address=$ip server=$serverid"
else
  cat /tmp/udhcpc
  echo "lab-mark address=none"
fi
busybox tftp -g -b 1468 -r payload.bin -l /tmp/payload.bin "$server" 69
echo "lab-mark tftp payload=$(sha256sum </tmp/payload.bin | cut -c1-64)"
echo "lab-mark shell"
exec setsid cttyhack sh
"""

LEASE = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
printf 'ip=%s\\nserverid=%s\\n' "$ip" "$serverid" >/tmp/lease
"""

IPXE_SCRIPT = """#!ipxe
echo lab-mark ipxe ${{net0/chip}} on ${{platform}}
{chain}kernel vmlinuz initrd=initrd.img {arguments} lab.via=ipxe-${{platform}}
initrd initrd.img
boot
"""

# The ROM of the card is iPXE as well, and so is given this script at once; it still has to fetch
# and start the binary of the folder, which then comes here a second time under another name.
IPXE_CHAIN_UNDIONLY = """iseq ${net0/chip} undionly || iseq ${platform} efi || chain undionly.kpxe
"""

# The BIOS shows the screen on the serial line and moves the cursor after a line's first letter.
PXELINUX_CONFIG = """SAY . lab-mark pxelinux
DEFAULT lab
PROMPT 0
LABEL lab
  KERNEL vmlinuz
  INITRD initrd.img
  APPEND {arguments} lab.via=pxelinux
"""

GRUB_CONFIG = """serial --unit=0 --speed=115200
terminal_output serial
insmod hashsum
insmod gcry_sha256
echo "lab-mark grub $grub_cpu-$grub_platform"
if hashsum --hash sha256 --check grub/sums --prefix "($root)"; then echo "lab-mark grub sums right"; fi
linux vmlinuz {arguments} lab.via=grub-$grub_platform
initrd initrd.img
boot
"""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def noise(size, seed):
    """Bytes that compress badly and are the same on every machine."""
    return random.Random(seed).randbytes(size)


def payload():
    return noise(PAYLOAD_BYTES, "payload")


def kernel():
    """The newest stock kernel that has its modules here: (vmlinuz, modules folder)."""
    found = []
    for image in Path("/boot").glob("vmlinuz-*-amd64"):
        modules = Path("/lib/modules") / image.name.removeprefix("vmlinuz-")
        if (modules / "modules.dep").exists() and any(modules.rglob("e1000.ko")):
            found.append((image.stat().st_mtime, image, modules))
    if not found:
        raise FileNotFoundError("no stock Debian kernel in /boot; scripts/setup lab installs one")
    _, image, modules = max(found)
    return image, modules


def modules_in_order(folder, wanted=MODULES):
    """Module files that those wanted need, dependencies first."""
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        name, _, after = line.partition(":")
        needs[Path(name).stem] = (name, after.split())
    ordered = []

    def add(path):
        _, after = needs[Path(path).stem]
        for other in reversed(after):
            add(other)
        if path not in ordered:
            ordered.append(path)

    for module in wanted:
        add(needs[module][0])
    return [folder / path for path in ordered]


class Cpio:
    """Writes the "newc" archive that Linux unpacks as its first root file system."""

    def __init__(self):
        self._data = bytearray()
        self._inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (encoded, content):
            self._data += part
            self._data += b"\0" * (-len(self._data) % 4)

    def bytes(self):
        self.add("TRAILER!!!", 0)
        return bytes(self._data)


def initrd(modules):
    archive = Cpio()
    for folder in ("bin", "dev", "modules"):
        archive.add(folder, 0o040755)
    archive.add("dev/console", 0o020600, device=(5, 1))
    archive.add("bin/busybox", 0o100755, Path("/bin/busybox").read_bytes())
    archive.add("init", 0o100755, INIT.encode())
    archive.add("lease", 0o100755, LEASE.encode())
    archive.add("payload", 0o100644, payload())
    for order, path in enumerate(modules_in_order(modules)):
        archive.add(f"modules/{order:02}-{path.name}", 0o100644, path.read_bytes())
    return gzip.compress(archive.bytes(), compresslevel=6, mtime=0)


def build_common(folder):
    image, modules = kernel()
    shutil.copyfile(image, folder / "vmlinuz")
    (folder / "initrd.img").write_bytes(initrd(modules))
    (folder / "payload.bin").write_bytes(payload())


def build_ipxe(folder, chain="", binaries=("undionly.kpxe", "snponly.efi")):
    build_common(folder)
    for name in binaries:
        shutil.copyfile(f"/usr/lib/ipxe/{name}", folder / name)
    script = IPXE_SCRIPT.format(arguments=KERNEL_ARGUMENTS, chain=chain)
    (folder / "boot.ipxe").write_text(script)


def build_undionly(folder):
    build_ipxe(folder, chain=IPXE_CHAIN_UNDIONLY)


def build_ipxe_drivers(folder):
    build_ipxe(folder, binaries=("ipxe.efi",))


def build_pxelinux(folder):
    build_common(folder)
    shutil.copyfile("/usr/lib/PXELINUX/pxelinux.0", folder / "pxelinux.0")
    shutil.copyfile("/usr/lib/syslinux/modules/bios/ldlinux.c32", folder / "ldlinux.c32")
    (folder / "pxelinux.cfg").mkdir()
    config = PXELINUX_CONFIG.format(arguments=KERNEL_ARGUMENTS)
    (folder / "pxelinux.cfg" / "default").write_text(config)


def build_grub(folder):
    build_common(folder)
    subprocess.run(["grub-mknetdir", f"--net-directory={folder}", "--subdir=grub", "--locales=",
                    "--fonts=", "--themes="],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True)
    shutil.copyfile(folder / "grub" / "x86_64-efi" / "core.efi", folder / "grubx64.efi")
    (folder / "grub" / "grub.cfg").write_text(GRUB_CONFIG.format(arguments=KERNEL_ARGUMENTS))
    sums = "".join(f"{sha256(folder / name)}  {name}\n" for name in ("vmlinuz", "initrd.img"))
    (folder / "grub" / "sums").write_text(sums)


def build_grub_named_server(folder):
    """GRUB takes its server from the DHCP ACK, which beside ProxyDHCP names the wrong one.

    Who runs GRUB there builds the server's address into its image, as is done here.
    """
    build_grub(folder)
    for target, core, modules in (("i386-pc-pxe", "i386-pc/core.0", ("pxe", "tftp")),
                                  ("x86_64-efi", "x86_64-efi/core.efi", ("efinet", "tftp"))):
        subprocess.run(["grub-mkimage", "-O", target, "-p", f"(tftp,{SERVER})/grub",
                        "-o", folder / "grub" / core, *modules],
                       check=True, stdin=subprocess.DEVNULL, capture_output=True)
    shutil.copyfile(folder / "grub" / "x86_64-efi" / "core.efi", folder / "grubx64.efi")


def build_bulk(folder):
    with open(folder / "bulk.bin", "wb") as file:
        for part in range(BULK_BYTES >> 20):
            file.write(noise(1 << 20, f"bulk {part}"))
    (folder / "payload.bin").write_bytes(payload())


FLAVOURS = {
    "ipxe": build_ipxe,
    "undionly": build_undionly,
    "ipxe-drivers": build_ipxe_drivers,
    "pxelinux": build_pxelinux,
    "grub": build_grub,
    "grub-named-server": build_grub_named_server,
    "bulk": build_bulk,
}


def fingerprint():
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(platform.machine().encode())
    digest.update(str(kernel()[0]).encode())
    return digest.hexdigest()[:12]


def folder(flavour):
    """The image folder of that flavour, built now if it is not there yet."""
    done = CACHE / f"{flavour}-{fingerprint()}"
    if done.exists():
        return done
    CACHE.mkdir(parents=True, exist_ok=True)
    for outdated in CACHE.iterdir():
        if outdated.name.rpartition("-")[0] == flavour:
            shutil.rmtree(outdated, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"{flavour}.", dir=CACHE))
    try:
        work.chmod(0o755)
        FLAVOURS[flavour](work)
        for path in work.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            os.rename(work, done)
        except OSError:  # another process was first
            if not done.exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return done
