"""Firmware, boot loaders and a stock Debian kernel, from power-on to a shell."""

import unittest

from case import Boot, LabCase
from machine import BIOS, UEFI

# flavour of the image folder, firmware, network card, file that the firmware fetches, what the
# kernel finds on its command line, marks on the way
WAYS = {
    "bios_virtio_rom": ("ipxe", BIOS, "virtio-net-pci", "boot.ipxe", "ipxe-pcbios",
                        ["lab-mark ipxe virtio-net on pcbios"]),
    "bios_e1000_undionly": ("undionly", BIOS, "e1000", "boot.ipxe", "ipxe-pcbios",
                            ["lab-mark ipxe 82540em on pcbios", "lab-mark ipxe undionly on pcbios"]),
    "bios_virtio_pxelinux": ("pxelinux", BIOS, "virtio-net-pci", "pxelinux.0", "pxelinux",
                             ["lab-mark pxelinux"]),
    "bios_e1000_grub": ("grub", BIOS, "e1000", "grub/i386-pc/core.0", "grub-pc",
                        ["lab-mark grub i386-pc", "lab-mark grub sums right"]),
    "uefi_ipxe_snponly": ("ipxe", UEFI, "virtio-net-pci", "snponly.efi", "ipxe-efi",
                          ["lab-mark ipxe SNP on efi"]),
    "uefi_ipxe_drivers": ("ipxe-drivers", UEFI, "virtio-net-pci", "ipxe.efi", "ipxe-efi",
                          ["lab-mark ipxe .* on efi"]),
    "uefi_grub": ("grub", UEFI, "virtio-net-pci", "grubx64.efi", "grub-efi",
                  ["lab-mark grub x86_64-efi", "lab-mark grub sums right"]),
}


def way_test(way):
    _, firmware, nic, boot_file, via, marks = WAYS[way]
    return lambda self: Boot(self, firmware, nic).check(via, boot_file, marks)


def flavour_of(way, proxy):
    """The image folder for that way of booting."""
    flavour = WAYS[way][0]
    return "grub-named-server" if proxy and flavour == "grub" else flavour


class BootCase(LabCase):
    def setUp(self):
        self.flavour = flavour_of(self._testMethodName.removeprefix("test_"), self.proxy)
        super().setUp()


class DhcpServer(BootCase):
    """The boot server leases the addresses as well."""


class ProxyDhcp(BootCase):
    """Addresses come from another server on the same network."""

    proxy = True


for _way in WAYS:
    setattr(DhcpServer, f"test_{_way}", way_test(_way))
    setattr(ProxyDhcp, f"test_{_way}", way_test(_way))

del BootCase

if __name__ == "__main__":
    unittest.main()
