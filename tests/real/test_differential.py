"""The same conversations with Kea and with reveille. Each difference stands here with its reason:
one that is new fails the test, and so does a reason that explains nothing any more."""

import ipaddress
import json
import subprocess
import time
import unittest
from pathlib import Path

import lab
import servers
from case import LabCase, only_reveille

SCRIPT = Path(__file__).with_name("dhcp_script.py")
SERVER = "10.77.0.1"
POOL = ("10.77.1.0", "10.77.1.250")
ALL_OPTIONS = {"55": "0103060f1c33363a3b"}  # mask, router, DNS, domain, broadcast, times, server

DISCOVER = {"send": "discover", "remember": "first", "options": ALL_OPTIONS}
REQUEST = {"send": "request", "requested": "$first", "server": SERVER, "remember": "leased",
           "options": ALL_OPTIONS}
RENEW = {"send": "request", "ciaddr": "$leased", "unicast": SERVER, "options": ALL_OPTIONS}

# Each is one machine. `remember` names the address of an answer, `$name` stands for it later.
CONVERSATIONS = {
    "plain": [DISCOVER, REQUEST],
    "asks twice": [DISCOVER, {**DISCOVER, "remember": "second"}, REQUEST],
    "broadcast flag": [{**DISCOVER, "broadcast": True}, {**REQUEST, "broadcast": True}],
    "wants a pool address": [{**DISCOVER, "requested": "10.77.1.200"}, REQUEST],
    "wants an address of no pool": [{**DISCOVER, "requested": "10.77.9.9"}, REQUEST],
    "wants an address of another network": [{**DISCOVER, "requested": "192.0.2.7"}, REQUEST],
    "selects another server": [DISCOVER, {**REQUEST, "server": "10.77.0.99"}],
    "reboots with its lease": [DISCOVER, REQUEST, {"send": "request", "requested": "$leased"}],
    "reboots with another address": [DISCOVER, REQUEST,
                                     {"send": "request", "requested": "10.77.1.222"}],
    "reboots, unknown": [{"send": "request", "requested": "10.77.1.223"}],
    "reboots in another network": [{"send": "request", "requested": "192.0.2.8"}],
    "renews": [DISCOVER, REQUEST, RENEW],
    "renews what it never had": [{**RENEW, "ciaddr": "10.77.1.224"}],
    "rebinds": [DISCOVER, REQUEST, {"send": "request", "ciaddr": "$leased"}],
    "selects what nobody offered": [{**REQUEST, "requested": "10.77.1.225"}],
    "releases and returns": [DISCOVER, REQUEST, {"send": "release", "ciaddr": "$leased",
                                                 "server": SERVER, "unicast": SERVER},
                             {**DISCOVER, "remember": "second"}],
    "declines and returns": [DISCOVER, REQUEST, {"send": "decline", "requested": "$leased",
                                                 "server": SERVER},
                             {**DISCOVER, "remember": "second"}],
    "informs": [{"send": "inform", "ciaddr": "10.77.0.77", "unicast": SERVER,
                 "options": ALL_OPTIONS}],
    "names itself": [{**DISCOVER, "options": {**ALL_OPTIONS, "61": "ff00112233"}},
                     {**REQUEST, "options": {**ALL_OPTIONS, "61": "ff00112233"}}],
    "renames itself": [{**DISCOVER, "options": {"61": "ff00112244"}},
                       {**REQUEST, "options": {"61": "ff00112244"}},
                       {**DISCOVER, "remember": "second", "options": {"61": "ff00112255"}}],
    "wants a short lease": [{**DISCOVER, "options": {"51": "00000078"}},
                            {**REQUEST, "options": {"51": "00000078"}}],
    "wants a long lease": [{**DISCOVER, "options": {"51": "00015180"}}],
    "asks for nothing": [{"send": "discover", "remember": "first"},
                         {"send": "request", "requested": "$first", "server": SERVER}],
    "rapid commit": [{**DISCOVER, "options": {**ALL_OPTIONS, "80": ""}}],
    "speaks BOOTP": [{"send": "bootp"}],
    "speaks nonsense": [{"send": "nonsense"}],
}

# What differs wherever it comes up: why.
EVERYWHERE = {
    "option 28": "a client that asks for the broadcast address is told; Kea tells what is "
                 "configured, and nobody configures what follows from the mask",
}
LEFT = ("a renewal in the first quarter of a lease gets the time that is left, and nothing is "
        "written (renewal_unrecorded); Kea writes each one")
SHORTER = "a client may ask for less; Kea only within limits that are configured"
# (conversation, step, what differs): why.
EXPLAINED = {
    **{(name, 2, f"option {code}"): LEFT for code in (51, 58, 59)
       for name in ("renews", "rebinds", "reboots with its lease")},
    **{("wants a short lease", step, f"option {code}"): SHORTER for code in (51, 58, 59)
       for step in (0, 1)},
    **{("asks twice", 1, field):
       "an offer is held for the machine that it was made to; Kea remembers none and goes on to "
       "the next address" for field in ("to", "yiaddr")},
    # RFC 2131 4.1.
    **{(name, step, "to_mac"):
       "what is broadcast is so in Ethernet as well; Kea sends it to the broadcast address in IP "
       "and to the client alone in Ethernet"
       for name, step in (("broadcast flag", 0), ("broadcast flag", 1),
                          ("reboots with another address", 2))},
    ("reboots in another network", 0, "type"):
        "RFC 2131 4.3.2: an address of another network is refused, whoever leased it; Kea does so "
        "only when it is authoritative",
    ("renews what it never had", 0, "type"):
        "without a record and without authority: silence, so that the server that knows the lease "
        "can answer; Kea makes a lease of it",
    ("informs", 0, "option 1"):
        "the mask is asked for and known (RFC 2131 4.3.5); Kea sends it with leases only",
    ("speaks BOOTP", 0, "type"): "BOOTP clients are served; Kea needs a hook library for that",
    **{("releases and returns", 3, field):
       "a machine gets its address back; Kea forgets who had it" for field in ("to", "yiaddr")},
    **{("renames itself", 2, field):
       "one machine has one address, whatever it calls itself (identity = \"mac\")"
       for field in ("to", "yiaddr")},
}


def symbolic(answers):
    """Addresses by when they first came up: which one a server gives is its own affair."""
    names, found = {}, []
    for answer in answers:
        answer = dict(answer)
        for field in ("yiaddr", "to", "ciaddr"):
            value = answer.get(field, "0.0.0.0")
            first, last = map(ipaddress.ip_address, POOL)
            if first <= ipaddress.ip_address(value) <= last:
                answer[field] = names.setdefault(value, f"address {len(names) + 1}")
        options = answer.pop("options", {})
        # A NAK says why in words of its own.
        found.append({**answer, **{f"option {code}": value for code, value in options.items()
                                   if code != "56"}})
    return found


def differences(own, other):
    """{(conversation, step, field): (reveille, Kea)}"""
    found = {}
    for name in CONVERSATIONS:
        for number, (mine, theirs) in enumerate(zip(symbolic(own[name]), symbolic(other[name]))):
            if mine["type"] != theirs["type"]:
                found[name, number, "type"] = (mine["type"], theirs["type"])
                continue
            for field in sorted({*mine, *theirs}):
                if mine.get(field) != theirs.get(field) and field not in EVERYWHERE:
                    found[name, number, field] = (mine.get(field), theirs.get(field))
    return found


@only_reveille("the comparison starts both servers itself")
class Differential(unittest.TestCase):
    def conversations(self, network):
        host = network.host("client")
        scripts = {name: {"mac": f"52:54:00:dd:00:{number:02x}", "steps": steps}
                   for number, (name, steps) in enumerate(CONVERSATIONS.items(), 1)}
        done = subprocess.run(host.command("/usr/bin/python3", SCRIPT, "eth0"), text=True,
                              input=json.dumps(scripts), capture_output=True, timeout=200,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def with_reveille(self):
        with lab.Lab(f"differential-reveille.{self.id()}") as network:
            host = network.host("server")
            host.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
            config = network.log_folder / "reveille.toml"
            config.write_text(f"""
[[interface]]
interface = "eth0"
address = "{SERVER}/16"
[[subnet]]
prefix = "10.77.0.0/16"
pools = ["{POOL[0]}-{POOL[1]}"]
routers = ["10.77.0.254"]
dns = ["10.77.0.53"]
domain = "lab.example"
[tftp]
enabled = false
[leases]
database = "{network.log_folder / 'leases.db'}"
[control]
socket = ""
""")
            server = network.spawn("server", host, [servers.REVEILLE, "serve", "--config", config])
            server.wait_for("serving", 60)
            answers = self.conversations(network)
            self.assertTrue(server.running(), server.tail())
            return answers

    def with_kea(self):
        with lab.Lab(f"differential-kea.{self.id()}") as network:
            host = network.host("server", f"{SERVER}/16")
            config = network.log_folder / "kea.json"
            config.write_text(json.dumps({"Dhcp4": {
                "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
                "lease-database": {"type": "memfile", "persist": False},
                "valid-lifetime": 3600, "calculate-tee-times": True,
                "subnet4": [{"subnet": "10.77.0.0/16", "pools": [{"pool": " - ".join(POOL)}],
                             "option-data": [
                                 {"name": "routers", "data": "10.77.0.254"},
                                 {"name": "domain-name-servers", "data": "10.77.0.53"},
                                 {"name": "domain-name", "data": "lab.example"}]}],
                "loggers": [{"name": "kea-dhcp4", "severity": "INFO",
                             "output_options": [{"output": "stderr"}]}]}}))
            server = network.spawn("server", host, [
                "env", "KEA_LOCKFILE_DIR=none", f"KEA_PIDFILE_DIR={network.log_folder}",
                "kea-dhcp4", "-c", config])
            server.wait_for("DHCP4_STARTED", 60)
            time.sleep(0.5)
            answers = self.conversations(network)
            self.assertTrue(server.running(), server.tail())
            return answers

    def test_every_difference_has_its_reason(self):
        found = differences(self.with_reveille(), self.with_kea())
        new = {key: value for key, value in found.items() if key not in EXPLAINED}
        gone = set(EXPLAINED) - set(found)
        self.assertFalse(new, "\n" + "\n".join(f"{key}: reveille {mine}, Kea {theirs}"
                                               for key, (mine, theirs) in new.items()))
        self.assertFalse(gone, "these are no differences any more")

    def test_a_difference_without_a_reason_is_found(self):
        same = {name: [{"type": "silence"}] * len(steps) for name, steps in CONVERSATIONS.items()}
        other = {**same, "plain": [{"type": "offer"}, {"type": "silence"}]}
        self.assertEqual(differences(other, same), {("plain", 0, "type"): ("offer", "silence")})


if __name__ == "__main__":
    unittest.main()
