"""Disks that real clients boot from or mount, and an initrd with a root on AoE."""

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import images

# A disk without an operating system: reads its last sector, which says so, writes it again with
# another letter, reads that back, and stays. Everything goes through the BIOS, thus through iPXE.
BOOT_SECTOR = """
.code16
.global _start
_start:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  cld
  movb %dl, drive
  movb $0x42, %ah
  call disk
  movw $0x8000, %si
  call say
  movb $'W', 0x8000 + 14
  movw $0x4300, %ax
  call disk
  movb $'?', 0x8000 + 14
  movb $0x42, %ah
  call disk
  movw $0x8000, %si
  call say
stay:
  hlt
  jmp stay
disk:
  movw $packet, %si
  movb drive, %dl
  int $0x13
  jc failed
  ret
failed:
  movw $trouble, %si
  call say
  jmp stay
say:
  lodsb
  testb %al, %al
  jz done
  movb $0x0e, %ah
  movw $7, %bx
  int $0x10
  jmp say
done:
  ret
drive: .byte 0
packet: .byte 16, 0
  .word 1, 0x8000, 0
  .quad LAST_SECTOR
trouble: .asciz "lab-mark disk trouble\\r\\n"
.org 510
.word 0xaa55
"""
BOOT_TEXT = b"lab-mark disk Reads its last sector\r\n\0"

MODULES = ("virtio_pci", "virtio_net", "e1000", "aoe", "crc32c_generic", "ext4")

# The kernel came by TFTP; everything else is on the disk.
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
for module in /modules/*.ko; do insmod "$module"; done
for word in $(cat /proc/cmdline); do
  case $word in
    lab.root=*) root=${word#lab.root=} ;;
    lab.mtu=*) mtu=${word#lab.mtu=} ;;
  esac
done
tries=0
until [ -e /sys/class/net/eth0 ] || [ $tries -ge 50 ]; do sleep 0.1; tries=$((tries + 1)); done
ip link set eth0 mtu "$mtu" up
tries=0
until [ -b "/dev/etherd/$root" ] || [ $tries -ge 300 ]; do
  [ $((tries % 10)) = 0 ] && echo >/dev/etherd/discover
  sleep 0.1
  tries=$((tries + 1))
done
mount -t ext4 "/dev/etherd/$root" /root || echo "lab-mark no root"
echo "lab-mark root $root"
umount /proc /sys
exec switch_root /root /lab
"""

# What the machine runs from its disk.
LAB = """#!/bin/busybox sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
for word in $(cat /proc/cmdline); do
  case $word in
    lab.megabytes=*) megabytes=${word#lab.megabytes=} ;;
    lab.name=*) name=${word#lab.name=} ;;
  esac
done
echo "lab-mark disk $(cat /name) before=$(cat /written 2>/dev/null)"
echo "$name" >/written
# Bytes that this machine alone writes.
contents() {
  count=0
  while [ $count -lt $megabytes ]; do
    echo "$name $count"
    dd if=/bin/busybox bs=1M count=1 2>/dev/null
    count=$((count + 1))
  done
}
time_begin=$(cut -d. -f1 /proc/uptime)
# MD5: an emulated processor needs several times as long for SHA-256.
contents >/file
wanted=$(contents | md5sum)
sync
echo 3 >/proc/sys/vm/drop_caches
found=$(md5sum </file)
time_end=$(cut -d. -f1 /proc/uptime)
[ "$wanted" = "$found" ] && same=yes || same=no
echo "lab-mark file name=$(cat /written) same=$same seconds=$((time_end - time_begin))"
echo "lab-mark ready"
exec setsid cttyhack sh
"""

IPXE_SCRIPT = """#!ipxe
echo lab-mark ipxe ${{root-path}} ${{net0/ip}}
kernel vmlinuz initrd=initrd.img {arguments} lab.root={root} lab.mtu={mtu} lab.megabytes={megabytes} lab.name=${{net0/mac:hexraw}}
initrd initrd.img
boot
"""


def boot_sector_disk(path, sectors=131072):
    """A raw disk that says what it reads; made with the assembler."""
    with tempfile.TemporaryDirectory() as work:
        source, made, raw = (Path(work) / name for name in ("boot.s", "boot.o", "boot.bin"))
        source.write_text(BOOT_SECTOR.replace("LAST_SECTOR", str(sectors - 1)))
        subprocess.run(["as", "--32", "-o", made, source], check=True)
        linked = Path(work) / "boot.elf"
        subprocess.run(["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "-o", linked, made], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", linked, raw], check=True)
        code = raw.read_bytes()
    assert len(code) == 512, len(code)
    with open(path, "wb") as disk:
        disk.write(code)
        disk.truncate((sectors - 1) * 512)
        disk.seek(0, os.SEEK_END)
        disk.write(BOOT_TEXT.ljust(512, b"\0"))


def root_disk(path, name, megabytes=256):
    """An ext4 file system with busybox, as a whole disk. `name` is what it says of itself."""
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work)
        tree.chmod(0o755)
        for folder in ("bin", "dev", "proc", "sys", "sbin", "usr/bin", "usr/sbin"):
            (tree / folder).mkdir(parents=True)
        shutil.copyfile("/bin/busybox", tree / "bin" / "busybox")
        for applet in ("sh", "cat", "mount", "md5sum", "cut", "dd", "sync", "echo", "setsid",
                       "cttyhack"):
            (tree / "bin" / applet).symlink_to("busybox")
        (tree / "bin" / "busybox").chmod(0o755)
        (tree / "lab").write_text(LAB)
        (tree / "lab").chmod(0o755)
        (tree / "name").write_text(name + "\n")
        with open(path, "wb") as disk:
            disk.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", "-d", tree, path],
                       check=True, stdin=subprocess.DEVNULL)


def kernel_folder(folder, root, megabytes, mtu=1500):
    """An image folder whose kernel takes its root from an AoE disk."""
    folder.mkdir()
    image, modules = images.kernel()
    shutil.copyfile(image, folder / "vmlinuz")
    archive = images.Cpio()
    for name in ("bin", "dev", "modules"):
        archive.add(name, 0o040755)
    archive.add("dev/console", 0o020600, device=(5, 1))
    archive.add("bin/busybox", 0o100755, Path("/bin/busybox").read_bytes())
    archive.add("init", 0o100755, INIT.encode())
    for order, path in enumerate(images.modules_in_order(modules, MODULES)):
        archive.add(f"modules/{order:02}-{path.name}", 0o100644, path.read_bytes())
    (folder / "initrd.img").write_bytes(gzip.compress(archive.bytes(), compresslevel=1, mtime=0))
    (folder / "boot.ipxe").write_text(IPXE_SCRIPT.format(
        arguments=images.KERNEL_ARGUMENTS, root=root, megabytes=megabytes, mtu=mtu))
    return folder
