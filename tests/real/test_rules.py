"""Rules of the configuration, on machines that tell themselves apart."""

import shutil
import unittest

import images
from case import BOOT_TIMEOUT, LabCase, only_reveille
from machine import BIOS, UEFI, Machine

# No file has a usual name: whatever boots here boots by rule.
RULES = '''
[[rule]]
name = "another machine"
when.mac = "52:54:00:77:00:99"
deny = true

[[rule]]
name = "iPXE on UEFI"
when.user_class = '^iPXE$'
when.arch = "x64-uefi"
boot_file = "scripts/uefi.ipxe"

[[rule]]
name = "iPXE on BIOS"
when.firmware = "ipxe"
when.not = { arch = ["x64-uefi", "x86-uefi"] }
ipxe_script = """
#!ipxe
echo lab-mark rule inline for {{mac}} at {{ip}}
chain scripts/bios.ipxe
"""

[[rule]]
name = "UEFI"
when.vendor_class = '^PXEClient:Arch:00007'
when.subnet = "10.77.0.0/16"
boot_file = "loaders/first.efi"
'''

SCRIPT = """#!ipxe
echo lab-mark rule {name} on ${{platform}}
shell
"""


@only_reveille("rules are reveille's own")
class Rules(LabCase):
    def make_server(self):
        folder = self.lab.log_folder / "images"
        (folder / "scripts").mkdir(parents=True)
        (folder / "loaders").mkdir()
        for name in ("uefi", "bios"):
            (folder / "scripts" / f"{name}.ipxe").write_text(SCRIPT.format(name=name))
        shutil.copy(images.folder("ipxe") / "snponly.efi", folder / "loaders" / "first.efi")
        config = self.lab.log_folder / "rules.toml"
        config.write_text(RULES)
        self.images = folder
        self.extra = ("--config", str(config))
        return super().make_server()

    def boot(self, firmware, mac, mark):
        machine = Machine(self.lab, f"machine-{mac[-2:]}", firmware, "virtio-net-pci", mac).start()
        machine.wait_for(f"lab-mark {mark}", BOOT_TIMEOUT)
        return [name.lstrip("/") for name in self.observer.timing(mac).files]

    def test_bios_and_uefi_get_files_of_their_own(self):
        bios = self.boot(BIOS, "52:54:00:77:00:01", "rule bios on pcbios")
        self.assertEqual(bios, ["rule-3.ipxe", "scripts/bios.ipxe"])
        uefi = self.boot(UEFI, "52:54:00:77:00:02", "rule uefi on efi")
        self.assertEqual(uefi, ["loaders/first.efi", "scripts/uefi.ipxe"])


if __name__ == "__main__":
    unittest.main()
