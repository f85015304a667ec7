"""TFTP clients of Debian fetch 200 MiB, over a good network and over one that loses packets."""

import unittest

import images
import servers
from case import LabCase, only_reveille
from clients import fetch

# client, window size: the client that knows RFC 7440 is tried both ways
CLIENTS = {"curl": ("curl", None), "busybox": ("busybox", None), "atftp": ("atftp", None),
           "atftp_window": ("atftp", 16)}
# curl asks for a retransmission time-out of six seconds (RFC 2349) unless it is told to use no
# options at all; 200 MiB in blocks of 512 bytes are then the longest of these transfers.
LOSSY_CLIENTS = dict(CLIENTS, curl=("curl-plain", None))


class TransferCase(LabCase):
    loss_percent = 0
    time_limit = 120

    def check(self, client, window):
        host = self.lab.host("client", "10.77.2.1/16")
        if self.loss_percent:
            host.lose(self.loss_percent)
        digest, seconds = fetch(self.lab, host, client, servers.SERVER, "bulk.bin",
                                self.time_limit, window=window)
        self.assertEqual(digest, images.sha256(self.images / "bulk.bin"))
        rate = images.BULK_BYTES / seconds / (1 << 20)
        print(f"{client} window={window or 1} loss={self.loss_percent}%: {seconds:.1f} s, "
              f"{rate:.1f} MiB/s")
        if self.loss_percent:
            self.assertGreater(host.lost(), 1000, "the network was to lose packets")


class GoodNetwork(TransferCase):
    """Nothing is lost but what the machines cannot take."""


@only_reveille("dnsmasq waits two seconds for each loss")
class LossyNetwork(TransferCase):
    mostly_waiting = True
    loss_percent = 5
    time_limit = 420


def transfer_test(client, window):
    return lambda self: self.check(client, window)


for _case, _clients in ((GoodNetwork, CLIENTS), (LossyNetwork, LOSSY_CLIENTS)):
    for _name, _parameters in _clients.items():
        setattr(_case, f"test_{_name}", transfer_test(*_parameters))


class Names(LabCase):
    """What may be asked for, and what may not."""

    flavour = "grub"

    def get(self, name):
        host = self.lab.host("client", "10.77.2.1/16")
        target = self.lab.log_folder / "received"
        done = host.run("curl", "-s", "-m", 10, "--path-as-is", "-o", target,
                        f"tftp://{servers.SERVER}/{name}", check=False)
        return done.returncode, target

    def test_name_with_folders(self):
        status, target = self.get("grub/x86_64-efi/core.efi")
        self.assertEqual(status, 0)
        self.assertEqual(images.sha256(target), images.sha256(self.images / "grubx64.efi"))

    def test_name_that_leaves_the_folder(self):
        """68: no such file; 69: not allowed."""
        status, target = self.get("../../../../etc/passwd")
        self.assertIn(status, (68, 69))
        self.assertFalse(target.exists() and target.stat().st_size)

    def test_write_is_refused(self):
        host = self.lab.host("client", "10.77.2.1/16")
        done = host.run("curl", "-s", "-m", 10, "-T", self.images / "vmlinuz",
                        f"tftp://{servers.SERVER}/new-file", check=False)
        self.assertIn(done.returncode, (69, 71, 72))
        self.assertFalse((self.images / "new-file").exists())


del TransferCase, _case

if __name__ == "__main__":
    unittest.main()
