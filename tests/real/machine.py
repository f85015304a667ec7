"""A virtual machine that boots from the network: QEMU in software emulation, serial console on file.

Software emulation works on every machine; REVEILLE_LAB_ACCEL=kvm is there for those who have it.
"""

import os
import re
import shutil
import subprocess

BIOS, UEFI = "bios", "uefi"
FIRMWARE_NAMES = {BIOS: "SeaBIOS + iPXE ROM", UEFI: "OVMF x64"}

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1bc")


class Machine:
    """One machine on a tap of the lab. `mac` names it in captures and logs."""

    def __init__(self, lab, name, firmware=BIOS, nic="virtio-net-pci", mac="52:54:00:77:00:01",
                 memory_mib=512, mtu=1500):
        self.name = name
        self.firmware = firmware
        self.nic = nic
        self.mac = mac
        self._lab = lab
        self._memory_mib = memory_mib
        self._mtu = mtu  # of its link; what the machine makes of it is its own affair
        self._process = None

    def start(self):
        tap = self._lab.tap(self._mtu)
        device = f"{self.nic},netdev=lan,mac={self.mac},bootindex=1"
        argv = ["qemu-system-x86_64", "-accel", os.environ.get("REVEILLE_LAB_ACCEL", "tcg"),
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-m", self._memory_mib, "-chardev", "stdio,id=console,signal=off",
                "-serial", "chardev:console",
                "-netdev", f"tap,id=lan,ifname={tap},script=no,downscript=no"]
        if self.firmware == BIOS:
            # Without graphics SeaBIOS and what it boots write to the serial line.
            argv += ["-machine", "pc,graphics=off"]
        else:
            variables = self._lab.log_folder / f"{self.name}.vars"
            shutil.copyfile(OVMF_VARS, variables)
            # No option ROM: the firmware's own drivers and its own PXE client, on IPv4 alone.
            device += ",romfile="
            argv += ["-machine", "q35",
                     "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF_CODE}",
                     "-drive", f"if=pflash,format=raw,unit=1,file={variables}",
                     "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]
        argv += ["-device", device]
        self._process = self._lab.spawn(self.name, self._lab.lan, argv, stdin=subprocess.PIPE)
        self._process.clean = lambda text: ESCAPES.sub("", text)
        return self

    def wait_for(self, pattern, timeout):
        """The first match of `pattern` on the serial console."""
        return self._process.wait_for(pattern, timeout)

    def console(self):
        return self._process.output()

    def type(self, line):
        self._process.popen.stdin.write(line.encode() + b"\n")
        self._process.popen.stdin.flush()

    def stop(self):
        self._process.stop()
