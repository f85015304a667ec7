"""DHCP clients of operating systems: they get addresses, keep them and give them back."""

import ipaddress
import time
import unittest

import servers
from case import LabCase, only_reveille
from clients import DHCP_CLIENTS, Dhclient, Networkd, Udhcpc


def start_each(lab):
    return [kind(lab, lab.host(f"client{number}")).start()
            for number, kind in enumerate(DHCP_CLIENTS)]


class Leases(LabCase):
    def assert_in_pool(self, address):
        first, last = map(ipaddress.ip_address, servers.POOL)
        self.assertTrue(first <= ipaddress.ip_address(address) <= last, f"{address} is in no pool")

    def test_all_clients_at_once(self):
        clients = start_each(self.lab)
        addresses = [client.bound() for client in clients]
        for client, address in zip(clients, addresses):
            self.assert_in_pool(address)
            acknowledged = [e.address for e in self.observer.events(client.mac) if e.kind == "ack"]
            self.assertIn(address, acknowledged, client.name)
        self.assertEqual(len(set(addresses)), len(clients), f"not unique: {addresses}")

    def test_checksums_left_to_the_other_end(self):
        """veth carries pseudo-header sums only, unless told otherwise; both must be answered."""
        for number, offload in enumerate((True, False)):
            host = self.lab.host(f"client{number}")
            host.offload(offload)
            self.assert_in_pool(Udhcpc(self.lab, host).start().bound())

    def test_udhcpc_renews_and_releases(self):
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.renew()
        self.assertEqual(client.bound(count=2), address)
        client.release()
        self.assert_ends_with(client.mac, "release")
        kinds = self.kinds(client.mac)
        self.assertEqual(kinds[:6], ["discover", "offer", "request", "ack", "request", "ack"])
        self.assertEqual(kinds.count("discover"), 1, "renewed without starting over")

    def test_dhclient_comes_back(self):
        """INIT-REBOOT: a machine that remembers its address asks for it without a DISCOVER."""
        client = Dhclient(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.process.stop()
        self.assertEqual(client.start().bound(), address)
        self.assertEqual(self.kinds(client.mac).count("discover"), 1)
        client.release()
        self.assert_ends_with(client.mac, "release")

    def test_an_idle_server_hears_what_waits_for_its_arp_reply(self):
        """dhclient takes its address off right after its RELEASE, and the kernel drops what then
        still waits for an ARP reply."""
        for number in range(4):
            host = self.lab.host(f"client{number}")
            client = Dhclient(self.lab, host).start()
            client.bound()
            time.sleep(2.5)  # naps are as long as they get
            host.run("ip", "neighbour", "flush", "all")
            client.release()
            self.assert_ends_with(client.mac, "release")

    def test_released_address_is_free_again(self):
        """The same client gets its address back after it gave it up."""
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.release()
        client.process.stop()
        self.assertEqual(client.start().bound(), address)

    def test_networkd_keeps_its_lease_across_restart(self):
        client = Networkd(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.process.stop()
        self.assertEqual(client.start().bound(), address)


@only_reveille("the pool is reveille's to share out")
class SmallPool(LabCase):
    """A pool of three serves three machines, whoever asks on them."""

    def make_server(self):
        return servers.Reveille(self.lab, self.images, pool=("10.77.1.1", "10.77.1.3"))

    def test_three_addresses_serve_three_machines(self):
        clients = start_each(self.lab)
        addresses = {client.bound() for client in clients}
        self.assertEqual(addresses, {"10.77.1.1", "10.77.1.2", "10.77.1.3"})

    def test_another_client_on_the_same_machine_gets_its_address(self):
        """udhcpc and dhclient name themselves differently; the machine is the same."""
        client = Udhcpc(self.lab, self.lab.host("client")).start()
        address = client.bound()
        client.process.stop()
        self.assertEqual(Dhclient(self.lab, client.host).start().bound(), address)


class BesideAnotherServer(LabCase):
    """ProxyDHCP is of no concern to machines that are up and running."""

    proxy = True

    def test_running_systems_hear_nothing_of_the_proxy(self):
        clients = start_each(self.lab)
        for client in clients:
            client.bound()
            sources = {e.server for e in self.observer.events(client.mac) if e.server}
            self.assertEqual(sources, {servers.ADDRESS_SERVER}, client.name)


if __name__ == "__main__":
    unittest.main()
